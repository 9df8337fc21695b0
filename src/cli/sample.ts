import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../kernel/package.ts';
import { CliFailure } from './failure.ts';
import { describeResult, secondsOf } from './job-view.ts';
import { type Applied, applyDocuments } from './manifest/apply.ts';
import { type ManifestDocument, parseManifest } from './manifest/parse.ts';
import { pythonVersion } from './python.ts';
import type { Client, Page } from './remote/client.ts';
import { type FileView, type LoadView, type RequestView, uploadFile, waitForLoad } from './remote/loads.ts';
import { type LogPage, type RunView, waitForRun } from './remote/runs.ts';
import { type ControlledView, findSyncJobByName, followSyncRun, JOBS_PATH } from './remote/sync-jobs.ts';
import { findTask, type TaskView } from './remote/tasks.ts';
import { duration } from './run-view.ts';
import { deliver } from './sample/deliver.ts';
import type { SampleSource } from './sample/source.ts';
import type { Output } from './terminal/output.ts';
import type { Column } from './terminal/table.ts';
import { printable } from './terminal/width.ts';
import { counted } from './terminal/words.ts';

interface Outcome {
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly attempts: number;
  readonly seconds: number | null;
  /** What came of it, in one line; or why nothing did. */
  readonly said: string;
}

const OUTCOME_COLUMNS: readonly Column<Outcome>[] = [
  { header: 'NAME', value: (outcome) => outcome.name },
  { header: 'KIND', value: (outcome) => outcome.kind },
  { header: 'STATUS', value: (outcome) => outcome.status },
  { header: 'ATTEMPTS', value: (outcome) => outcome.attempts, align: 'right' },
  { header: 'TOOK', value: (outcome) => duration(outcome.seconds), align: 'right' },
  { header: 'OUTCOME', value: (outcome) => outcome.said },
];
const SUCCESSES = new Set(['success', 'completed']);

/** The sync job that reads the service which the sample brings along. */
const CITIES = 'sample-cities';
const FOLDER = path.join(packageRoot, 'examples');
/** The file that is uploaded, and the dataset that it becomes. */
const UPLOAD = { file: path.join(FOLDER, 'manifest.csv'), source: 'sample-manifest' } as const;
const ARRIVAL = { container: 'LSHU100000', port: 'Rotterdam', tonnes: 16.61 } as const;

/** The last line of the task's own output, else of anything about the run. */
async function lastLine(client: Client, run: RunView): Promise<string> {
  const { items } = await client.get<LogPage>(`/api/runs/${run.id}/logs`);
  const printed = items.filter((line) => line.message.trim() !== '');
  const last = printed.findLast((line) => line.stream === 'stdout') ?? printed.at(-1);
  return run.error_message ?? last?.message.trim() ?? '';
}

async function runTask(client: Client, name: string, signal: AbortSignal): Promise<Outcome> {
  const task = await findTask(client, name);
  const common = { name, kind: task.executor };
  if (task.executor === 'python' && (await pythonVersion()) === undefined) {
    const said = `There is no python3 on this machine; install it, then "longshore task run ${name}".`;
    return { ...common, status: 'not run', attempts: 0, seconds: null, said };
  }
  const started = await client.request<RunView>('POST', `/api/tasks/${task.id}/trigger`, { signal });
  const run = await waitForRun(client, started.id, signal);
  const said = await lastLine(client, run);
  return { ...common, status: run.status, attempts: run.attempt, seconds: run.duration_seconds, said };
}

async function runSync(client: Client, jobId: string, name: string, signal: AbortSignal): Promise<Outcome> {
  const { run_id } = await client.request<ControlledView>('POST', `${JOBS_PATH}/${jobId}/start`, { signal });
  const watcher = { onLine: () => undefined, onProgress: () => undefined };
  const run = await followSyncRun(client, jobId, run_id, watcher, signal);
  const said = run.error ?? describeResult(run);
  return { name, kind: 'sync', status: run.status, attempts: run.attempt, seconds: secondsOf(run), said };
}

/** What became of something that was sent, once it is loaded. */
async function loaded<T extends LoadView>(
  how: { readonly name: string; readonly kind: string; readonly startedAt: number },
  load: Promise<T>,
  records: (load: T) => number | null,
): Promise<Outcome> {
  const { name, kind, startedAt } = how;
  const view = await load;
  const said = view.error ?? `${counted(records(view) ?? 0, 'record')} in dataset ${name}`;
  const seconds = (performance.now() - startedAt) / 1000;
  return { name, kind, status: view.status, attempts: 1, seconds, said };
}

async function upload(client: Client, signal: AbortSignal): Promise<Outcome> {
  const { file, source } = UPLOAD;
  const startedAt = performance.now();
  const options = { source, mode: 'upsert', key_columns: ['container'] };
  const { file_id } = await uploadFile(client, { file, options, signal });
  const load = waitForLoad<FileView>(client, `/v1/sync/files/${file_id}`, signal);
  return loaded({ name: source, kind: 'file', startedAt }, load, (view) => view.records_count);
}

async function receive(client: Client, webhook: Applied, signal: AbortSignal): Promise<Outcome> {
  const startedAt = performance.now();
  const eventId = await deliver(client, String(webhook.id), webhook.secret ?? '', ARRIVAL);
  const request = `/v1/sync/push/requests/${eventId.replace('evt_', 'req_')}`;
  const load = waitForLoad<RequestView>(client, request, signal);
  return loaded({ name: webhook.name, kind: 'webhook', startedAt }, load, (view) => view.accepted);
}

async function readDocuments(server: string): Promise<ManifestDocument[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((name) => readFile(path.join(FOLDER, name), 'utf8')));
  return texts.flatMap((text, index) => parseManifest(text, { origin: files[index] ?? '', folder: FOLDER, server }));
}

interface CitiesConnector {
  readonly type: string;
  readonly config: { readonly base_url: string };
}

/** Serves the cities where `connector` looks for them. @returns the connector that finds them, if that is another */
async function serveCities(source: SampleSource, connector: CitiesConnector): Promise<CitiesConnector | undefined> {
  const { config } = connector;
  await source.start(Number(new URL(config.base_url).port));
  return source.url === config.base_url ? undefined : { ...connector, config: { ...config, base_url: source.url } };
}

/** Loads the sample workspace and runs each part of it once. */
async function runAll(client: Client, source: SampleSource, signal: AbortSignal): Promise<Outcome[]> {
  const documents = await readDocuments(client.server);
  for (const [index, document] of documents.entries()) {
    if (document.name !== CITIES) continue;
    const connector = await serveCities(source, document.fields.connector as CitiesConnector);
    if (connector) documents[index] = { ...document, fields: { ...document.fields, connector } };
  }
  const applied = await applyDocuments(client, documents, false);
  const runs = applied.map((one) => {
    if (one.kind === 'sync_job') return runSync(client, String(one.id), one.name, signal);
    return one.kind === 'webhook' ? receive(client, one, signal) : runTask(client, one.name, signal);
  });
  return Promise.all([...runs, upload(client, signal)]);
}

/** After a restart: the sample's sync job finds its source again, also where that had to move. */
async function serveAgain(out: Output, client: Client, source: SampleSource): Promise<void> {
  const job = await findSyncJobByName(client, CITIES);
  if (!job) return;
  const { connector } = await client.get<{ connector: CitiesConnector }>(`${JOBS_PATH}/${job.id}`);
  const isOurs = URL.canParse(connector.config.base_url) && new URL(connector.config.base_url).hostname === '127.0.0.1';
  if (connector.type !== 'rest_api' || !isOurs) return;
  const moved = await serveCities(source, connector);
  if (!moved) return;
  try {
    await client.request('PUT', `${JOBS_PATH}/${job.id}`, { body: { connector: moved } });
  } catch (error) {
    // Somebody has made it a job of their own, which is no reason not to start.
    if (!(error instanceof CliFailure)) throw error;
    out.note(`${CITIES} does not find its source, which is at ${source.url} now: ${error.message}`);
  }
}

/**
 * Runs the sample workspace and shows what became of it; where there are tasks already, it only serves what the sample's
 * sync job reads.
 * @param source is started here; the caller stops it
 */
export async function runSample(out: Output, client: Client, source: SampleSource, signal: AbortSignal): Promise<void> {
  if ((await client.get<Page<TaskView>>('/api/tasks', { page: 1, size: 1 })).total > 0) {
    out.line('The workspace is not empty: the sample is left out.');
    await serveAgain(out, client, source);
    return;
  }
  out.line('Running the sample workspace…');
  const outcomes = await runAll(client, source, signal);
  // Cut also where there is no terminal: what a task says may be long, and this is a glance, not its log.
  out.list(outcomes, OUTCOME_COLUMNS, { widthElsewhere: 100 });
  for (const { name, status, said } of outcomes) {
    if (!SUCCESSES.has(status)) out.note(out.style('yellow', `${name}: ${printable(said)}`, out.stderr));
  }
}
