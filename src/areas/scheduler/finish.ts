import { createHmac } from 'node:crypto';
import { jobOwner, runOwner, SecretDraft, type Vault } from '../../connections/vault.ts';
import type { OnReport } from '../../engine/daemons/reporter.ts';
import { jobGet, jobPause } from '../../engine/queries/job.ts';
import { enqueue, getRun } from '../../engine/runs.ts';
import { rfc3339 } from '../../kernel/clock.ts';
import type { Json } from '../../protocol/executor.ts';
import type { SecretRef } from '../../protocol/secret-refs.ts';
import { shownUrl } from '../../protocol/secret-urls.ts';
import type { Tx } from '../../store/store.ts';
import { runAnswer } from './answers.ts';
import type { RunStatus } from './dialect.ts';
import { type OnFinish, OUTCOMES } from './schemas.ts';
import { AREA } from './tasks.ts';

const NOTICE_RETRIES = 8;
const NOTICE_RETRY_SECONDS = 5;
const NOTICE_TIMEOUT_SECONDS = 30;

/**
 * What follows the end of a task's run: its schedule is paused when it failed, and its webhook is told. In the
 * engine's transaction for the report, so each happens once.
 */
export function onTaskReport(vault: Vault): OnReport {
  return async (tx, report) => {
    if (report.type !== 'finished') return;
    const run = await getRun(tx, AREA, report.runId);
    const job = run.jobId === null ? undefined : await jobGet(tx, AREA, run.jobId);
    if (!job) return;
    const answer = runAnswer(run);
    if (job.pauseOnFailure && answer.status === 'failed') await jobPause(tx, job.id);
    if (!isWanted(job.onFinish, answer.status)) return;
    const hook = (await vault.reveal(tx, jobOwner(job.id), job.onFinish)) as Hook;
    const { output: _, ...notice } = answer;
    await sendNotice(tx, vault, hook, job, { event: 'run.finished', run: notice });
  };
}

function isWanted(onFinish: Json, status: RunStatus): boolean {
  if (onFinish === null) return false;
  const { on = OUTCOMES } = onFinish as Pick<OnFinish, 'on'>;
  return on.some((outcome) => outcome === status);
}

/** `on_finish` with its secrets; one that cannot be resolved is a reference still. */
type Hook = { readonly url: string | SecretRef; readonly secret?: string | SecretRef };

/**
 * The notice is a run of its own: durable from this transaction on, tried again when the receiver is away, through
 * the guarded dispatcher of the http executor, and with a log that tells what came of it. Its URL, where that has a
 * secret, is sealed as the run's own: the task may be gone before it is delivered. Where a secret cannot be resolved, the
 * run is made all the same, and fails saying so: nothing else would tell that the notice is not sent.
 */
async function sendNotice(
  tx: Tx,
  vault: Vault,
  { url, secret }: Hook,
  task: { readonly name: string; readonly createdBy: number | null },
  notice: object,
): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const body = JSON.stringify({ ...notice, sent_at: rfc3339(new Date()) });
  const signature =
    typeof secret === 'string' ? createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex') : secret;
  const headers = {
    'Content-Type': 'application/json',
    'X-Longshore-Timestamp': timestamp,
    ...(signature === undefined ? {} : { 'X-Longshore-Signature': signature }),
  };
  const draft = new SecretDraft();
  const shown = typeof url === 'string' ? shownUrl(url) : undefined;
  const spec = { url: shown === undefined ? url : draft.seal(url, shown), method: 'POST', headers, body };
  const [runId] = await enqueue(tx, [
    {
      jobId: null,
      area: AREA,
      kind: 'http',
      name: `notice: ${task.name}`,
      spec,
      trigger: 'system',
      priority: 'normal',
      tags: [],
      retryCount: NOTICE_RETRIES,
      retryDelaySeconds: NOTICE_RETRY_SECONDS,
      timeoutSeconds: NOTICE_TIMEOUT_SECONDS,
      fireAt: null,
      runAt: null,
      concurrency: null,
      watched: false,
      createdBy: task.createdBy,
    },
  ]);
  if (runId !== undefined && shown !== undefined) await vault.save(tx, runOwner(runId), draft, spec);
}
