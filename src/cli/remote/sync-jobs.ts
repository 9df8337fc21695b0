import { sleep } from '../../kernel/clock.ts';
import { CliFailure } from '../failure.ts';
import type { Client, Page } from './client.ts';
import { patiently } from './patience.ts';

export const JOBS_PATH = '/v1/sync/jobs';

/** How far a run is, as the data-sync area shows it. */
interface SyncProgress {
  readonly status: string;
  /** Percent; null while nobody can tell how much there is. */
  readonly progress: number | null;
  readonly records_processed: number;
  readonly records_total: number | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly eta: string | null;
  readonly error: string | null;
}

/** A sync job in a list; only what the commands read. */
export interface SyncJobView extends SyncProgress {
  readonly id: string;
  readonly name: string;
  readonly connector_type: string;
  readonly enabled: boolean;
  readonly next_run_at: string | null;
}

/** A run of a sync job. */
export interface SyncRunView extends SyncProgress {
  readonly id: string;
  readonly trigger: string;
  readonly attempt: number;
  readonly worker_id: string | null;
  readonly result: unknown;
}

/** A sync job's answer to `start`, `pause`, `resume` and `cancel`. */
export interface ControlledView {
  readonly id: string;
  readonly run_id: string;
  readonly status: string;
}

export interface SyncLogLine {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly metadata: { readonly run_id: string; readonly stream: string };
}

/** The most lines of one answer. */
const LOG_PAGE = 5000;

/** The sync job of exactly this name, if there is one. */
export async function findSyncJobByName(client: Client, name: string): Promise<SyncJobView | undefined> {
  for await (const job of client.pages<SyncJobView>(JOBS_PATH, { search: name }, 'per_page')) {
    if (job.name === name) return job;
  }
  return undefined;
}

/**
 * The sync job of this name, else of this id.
 * @throws CliFailure `notFound`
 */
export async function findSyncJob(client: Client, which: string): Promise<SyncJobView> {
  const job = await findSyncJobByName(client, which);
  if (job) return job;
  if (/^job_\d+$/.test(which)) return client.get<SyncJobView>(`${JOBS_PATH}/${which}`);
  throw new CliFailure('notFound', `There is no sync job "${which}". "longshore job list" shows them.`);
}

/** The runs of a job, the newest first. */
export async function listSyncRuns(client: Client, jobId: string, limit: number): Promise<SyncRunView[]> {
  const query = { page: 1, per_page: Math.min(limit, 100) };
  return (await client.get<Page<SyncRunView>>(`${JOBS_PATH}/${jobId}/runs`, query)).items;
}

export interface SyncLogFilter {
  readonly level?: string | undefined;
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
}

/** The newest lines of all runs of a job, the oldest of them first. */
export async function readSyncLogs(client: Client, jobId: string, filter: SyncLogFilter): Promise<SyncLogLine[]> {
  const { level, since, limit = LOG_PAGE } = filter;
  const query = { level, since, limit: Math.min(limit, LOG_PAGE) };
  return (await client.get<{ logs: SyncLogLine[] }>(`${JOBS_PATH}/${jobId}/logs`, query)).logs;
}

async function findSyncRun(client: Client, jobId: string, runId: string): Promise<SyncRunView> {
  const run = (await listSyncRuns(client, jobId, 100)).find(({ id }) => id === runId);
  if (!run) throw new CliFailure('notFound', `Run ${runId} is none of the latest runs of ${jobId} any more.`);
  return run;
}

/** Hands over the log lines of one run, each once, though each answer begins where the last one ended. */
class LogTail {
  readonly #client: Client;
  readonly #jobId: string;
  readonly #runId: string;
  #since: string | undefined;
  /** Lines of the instant `#since` that have been handed over. */
  #seen = 0;

  constructor(client: Client, jobId: string, runId: string) {
    this.#client = client;
    this.#jobId = jobId;
    this.#runId = runId;
  }

  async next(): Promise<SyncLogLine[]> {
    const lines = await readSyncLogs(this.#client, this.#jobId, { since: this.#since });
    const fresh = lines.filter(({ metadata }) => metadata.run_id === this.#runId).slice(this.#seen);
    const last = fresh.at(-1)?.timestamp;
    if (last === undefined) return [];
    const atLast = fresh.filter(({ timestamp }) => timestamp === last).length;
    this.#seen = last === this.#since ? this.#seen + atLast : atLast;
    this.#since = last;
    return fresh;
  }
}

export interface SyncWatcher {
  onLine(line: SyncLogLine): void;
  onProgress(run: SyncRunView): void;
}

/**
 * Hands over a run's log lines and progress as they come, and resolves with the run when it has ended. A server that
 * goes away meanwhile is waited for.
 */
export async function followSyncRun(
  client: Client,
  jobId: string,
  runId: string,
  watcher: SyncWatcher,
  signal: AbortSignal,
): Promise<SyncRunView> {
  const tail = new LogTail(client, jobId, runId);
  for (let pauseMs = 100; ; pauseMs = Math.min(1000, pauseMs * 1.5)) {
    // In this order: the lines of a run that has ended are all there.
    const run = await patiently(signal, () => findSyncRun(client, jobId, runId));
    for (const line of await patiently(signal, () => tail.next())) watcher.onLine(line);
    watcher.onProgress(run);
    if (run.finished_at !== null) return run;
    signal.throwIfAborted();
    await sleep(pauseMs, signal);
  }
}
