import { CliFailure } from './failure.ts';
import { interruptible } from './interrupt.ts';
import type { Client } from './remote/client.ts';
import { followSyncRun, type SyncJobView, type SyncLogLine, type SyncRunView } from './remote/sync-jobs.ts';
import { duration } from './run-view.ts';
import type { Output } from './terminal/output.ts';
import { Progress } from './terminal/progress.ts';
import type { Column } from './terminal/table.ts';
import { printable } from './terminal/width.ts';
import { counted } from './terminal/words.ts';

export const JOB_ARGUMENT = ['<job>', 'its name or id'] as const;

export const JOB_COLUMNS: readonly Column<SyncJobView>[] = [
  { header: 'ID', value: (job) => job.id },
  { header: 'NAME', value: (job) => job.name },
  { header: 'CONNECTOR', value: (job) => job.connector_type },
  { header: 'STATUS', value: (job) => job.status },
  { header: 'PROGRESS', value: percent, align: 'right' },
  { header: 'RECORDS', value: (job) => job.records_processed, align: 'right' },
  { header: 'NEXT RUN', value: (job) => (job.enabled ? job.next_run_at : 'rests') },
  { header: 'ERROR', value: (job) => job.error },
];

export const SYNC_RUN_COLUMNS: readonly Column<SyncRunView>[] = [
  { header: 'ID', value: (run) => run.id },
  { header: 'TRIGGER', value: (run) => run.trigger },
  { header: 'STATUS', value: (run) => run.status },
  { header: 'PROGRESS', value: percent, align: 'right' },
  { header: 'RECORDS', value: (run) => run.records_processed, align: 'right' },
  { header: 'ATTEMPT', value: (run) => run.attempt, align: 'right' },
  { header: 'STARTED', value: (run) => run.started_at },
  { header: 'TOOK', value: (run) => duration(secondsOf(run)), align: 'right' },
  { header: 'WORKER', value: (run) => run.worker_id },
  { header: 'ERROR', value: (run) => run.error },
];

function percent({ progress }: { readonly progress: number | null }): string | null {
  return progress === null ? null : `${progress} %`;
}

/** How long a run took; null while it has not ended. */
export function secondsOf({ started_at, finished_at }: SyncRunView): number | null {
  if (started_at === null || finished_at === null) return null;
  return (Date.parse(finished_at) - Date.parse(started_at)) / 1000;
}

const LEVEL_STYLES: Readonly<Record<string, 'yellow' | 'red' | 'dim'>> = {
  debug: 'dim',
  warning: 'yellow',
  error: 'red',
};

/** One line a line; with another format than the table's, one JSON object. */
export function printSyncLine(out: Output, line: SyncLogLine): void {
  if (out.format !== 'table') {
    out.line(JSON.stringify(line));
    return;
  }
  const style = LEVEL_STYLES[line.level];
  const text = `${line.timestamp}  ${line.level.padEnd(7)}  ${printable(line.message)}`;
  out.line(style ? out.style(style, text) : text);
}

const COUNTS = [
  ['records_written', 'written'],
  ['records_rejected', 'refused'],
  ['records_removed', 'removed'],
] as const;

/** What a run has done, in one line: `12,000 records read, 11,990 written, 10 refused`. */
export function describeResult({ result, records_processed: processed }: SyncRunView): string {
  const counts = fieldsOf(result);
  const { run_id: from } = fieldsOf(counts.taken_over_from);
  if (typeof from === 'string') return `nothing was left to do, for ${from} had done all of it`;
  const read = typeof counts.records_read === 'number' ? counts.records_read : processed;
  const rest = COUNTS.flatMap(([field, verb]) => {
    const count = counts[field];
    const isTold = typeof count === 'number' && (count > 0 || field === 'records_written');
    return isTold ? [`${count.toLocaleString('en')} ${verb}`] : [];
  });
  return [`${counted(read, 'record')} read`, ...rest].join(', ');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function settle(out: Output, job: SyncJobView, run: SyncRunView): void {
  const seconds = secondsOf(run);
  const took = seconds === null ? '' : ` after ${duration(seconds)}`;
  if (run.status === 'completed') {
    out.note(out.style('green', `${job.name} completed${took}: ${describeResult(run)}.`, out.stderr));
    return;
  }
  const why = run.error === null ? '' : `: ${printable(run.error)}`;
  throw new CliFailure('failed', `Run ${run.id} of ${job.name} ended as ${run.status}${took}${why}`);
}

/** `12,000 of 40,000 records, 3,000/s`, and the bar where the source can tell how much there is. */
class RunProgress {
  readonly #bar: Progress;
  #from: { readonly records: number; readonly at: number } | undefined;

  constructor(out: Output, name: string) {
    this.#bar = new Progress(out.stderr, name);
  }

  show({ status, records_processed: records, records_total: total }: SyncRunView): void {
    const now = performance.now();
    this.#from ??= { records, at: now };
    const seconds = (now - this.#from.at) / 1000;
    const rate = seconds < 1 ? 0 : Math.round((records - this.#from.records) / seconds);
    const done = total === null ? '' : `${records.toLocaleString('en')} of `;
    const speed = rate > 0 ? `, ${rate.toLocaleString('en')}/s` : '';
    if (status === 'running') this.#bar.update(records, total, done + counted(total ?? records, 'record') + speed);
    else this.#bar.update(0, null, status);
  }

  hide(): void {
    this.#bar.end();
  }
}

/**
 * Shows a run's log lines and progress until it has ended.
 * @param quiet only its progress, and on a terminal alone
 * @throws CliFailure when it did not succeed
 */
export async function followSync(
  client: Client,
  out: Output,
  job: SyncJobView,
  runId: string,
  { quiet = false }: { readonly quiet?: boolean } = {},
): Promise<void> {
  const progress = new RunProgress(out, job.name);
  const onLine = (line: SyncLogLine) => {
    if (quiet) return;
    progress.hide();
    printSyncLine(out, line);
  };
  const goesOn = `Run ${runId} of ${job.name} goes on. Watch it with "longshore job logs ${job.id} --follow", end it with "longshore job cancel ${job.id}".`;
  const watcher = { onLine, onProgress: (run: SyncRunView) => progress.show(run) };
  const run = await interruptible(goesOn, (signal) => followSyncRun(client, job.id, runId, watcher, signal)).finally(
    () => progress.hide(),
  );
  if (quiet && out.format !== 'table') out.record(run);
  settle(out, job, run);
}
