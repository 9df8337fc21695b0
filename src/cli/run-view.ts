import { CliFailure } from './failure.ts';
import { interruptible } from './interrupt.ts';
import type { Client } from './remote/client.ts';
import { followRun, type LogLineView, type LogPage, type RunView, waitForRun } from './remote/runs.ts';
import type { Output } from './terminal/output.ts';
import type { Column } from './terminal/table.ts';
import { printable } from './terminal/width.ts';

export function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 60) return `${Math.round(seconds * 100) / 100} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const RUN_COLUMNS: readonly Column<RunView>[] = [
  { header: 'ID', value: (run) => run.id, align: 'right' },
  { header: 'TASK', value: (run) => run.task_name },
  { header: 'STATUS', value: (run) => run.status },
  { header: 'ATTEMPT', value: (run) => run.attempt, align: 'right' },
  { header: 'STARTED', value: (run) => run.start_time },
  { header: 'TOOK', value: (run) => duration(run.duration_seconds), align: 'right' },
  { header: 'EXIT', value: (run) => run.exit_code, align: 'right' },
  { header: 'WORKER', value: (run) => run.worker_id },
  { header: 'ERROR', value: (run) => run.error_message },
];

/** @throws CliFailure for what is no run id */
export function runId(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(id)) {
    throw new CliFailure('usage', `"${text}" is no run id: it is a whole number, as "longshore task runs" shows it.`);
  }
  return id;
}

/** The message alone, as the task printed it; what is not its output (stderr, our own remarks) to standard error. */
function printLogLine(out: Output, line: LogLineView): void {
  if (out.format !== 'table') {
    out.line(JSON.stringify(line));
    return;
  }
  const text = printable(line.message);
  if (line.stream === 'stdout') out.line(text);
  else out.note(line.stream === 'system' ? out.style('dim', text, out.stderr) : text);
}

function settle(out: Output, run: RunView): void {
  const took = run.duration_seconds === null ? '' : ` after ${duration(run.duration_seconds)}`;
  if (run.status === 'success') {
    out.note(out.style('green', `Run ${run.id} succeeded${took}.`, out.stderr));
    return;
  }
  const why = run.error_message ? `: ${printable(run.error_message)}` : '';
  throw new CliFailure('failed', `Run ${run.id} of ${run.task_name} ended as ${run.status}${took}${why}`);
}

const goesOn = (id: number) =>
  `Run ${id} goes on. Watch it with "longshore run logs ${id} --follow", end it with "longshore run cancel ${id}".`;

/** Prints the run's log as it grows, then how it ended. @throws CliFailure when it did not succeed */
export async function followToEnd(client: Client, out: Output, id: number): Promise<void> {
  const run = await interruptible(goesOn(id), (signal) =>
    followRun(client, id, (line) => printLogLine(out, line), signal),
  );
  settle(out, run);
}

/** Waits in silence, then prints the run. @throws CliFailure when it did not succeed */
export async function waitToEnd(client: Client, out: Output, id: number): Promise<void> {
  const run = await interruptible(goesOn(id), (signal) => waitForRun(client, id, signal));
  if (out.format === 'table') out.list([run], RUN_COLUMNS);
  else out.record(run);
  settle(out, run);
}

/** The lines that a run has printed so far. */
export async function printLogs(client: Client, out: Output, id: number): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await client.get<LogPage>(`/api/runs/${id}/logs`, { after });
    for (const line of page.items) printLogLine(out, line);
    if (page.next === null) return;
    after = page.next;
  }
}
