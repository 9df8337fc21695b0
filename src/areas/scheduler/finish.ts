import { createHmac } from 'node:crypto';
import { jobGet, jobPause } from '../../engine/queries/job.ts';
import type { ReportRow } from '../../engine/queries/report.ts';
import { enqueue, getRun } from '../../engine/runs.ts';
import { rfc3339 } from '../../kernel/clock.ts';
import type { Tx } from '../../store/store.ts';
import { runAnswer } from './answers.ts';
import type { OnFinish, OUTCOMES } from './schemas.ts';
import { AREA } from './tasks.ts';

type Outcome = (typeof OUTCOMES)[number];

const NOTICE_RETRIES = 8;
const NOTICE_RETRY_SECONDS = 5;
const NOTICE_TIMEOUT_SECONDS = 30;

/**
 * What follows the end of a task's run: its schedule is paused when it failed, and its webhook is told. In the
 * engine's transaction for the report, so each happens once.
 */
export async function onTaskReport(tx: Tx, report: ReportRow): Promise<void> {
  if (report.type !== 'finished') return;
  const run = await getRun(tx, AREA, report.runId);
  const job = run.jobId === null ? undefined : await jobGet(tx, AREA, run.jobId);
  if (!job) return;
  const answer = runAnswer(run);
  if (job.pauseOnFailure && answer.status === 'failed') await jobPause(tx, job.id);
  const outcome = answer.status as Outcome;
  const onFinish = job.onFinish as OnFinish | null;
  const wanted = onFinish?.on ?? ['success', 'failed', 'cancelled'];
  if (onFinish && wanted.includes(outcome)) {
    const { output: _, ...notice } = answer;
    await sendNotice(
      tx,
      onFinish,
      { name: job.name, createdBy: job.createdBy },
      { event: 'run.finished', run: notice },
    );
  }
}

/**
 * The notice is a run of its own: durable from this transaction on, tried again when the receiver is away, through
 * the guarded dispatcher of the http executor, and with a log that tells what came of it.
 */
async function sendNotice(
  tx: Tx,
  { url, secret }: OnFinish,
  task: { name: string; createdBy: number | null },
  notice: object,
): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1000).toString();
  const body = JSON.stringify({ ...notice, sent_at: rfc3339(new Date()) });
  const signature = secret && createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  const headers = {
    'Content-Type': 'application/json',
    'X-Longshore-Timestamp': timestamp,
    ...(signature ? { 'X-Longshore-Signature': signature } : {}),
  };
  await enqueue(tx, [
    {
      jobId: null,
      area: AREA,
      kind: 'http',
      name: `notice: ${task.name}`,
      spec: { url, method: 'POST', headers, body },
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
}
