import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../kernel/package.ts';
import { applyDocuments } from './manifest/apply.ts';
import { parseManifest } from './manifest/parse.ts';
import { pythonVersion } from './python.ts';
import type { Client, Page } from './remote/client.ts';
import { type LogPage, type RunView, waitForRun } from './remote/runs.ts';
import { findTask, type TaskView } from './remote/tasks.ts';
import { duration } from './run-view.ts';
import type { Output } from './terminal/output.ts';
import type { Column } from './terminal/table.ts';
import { printable } from './terminal/width.ts';

interface Outcome {
  readonly task: string;
  readonly executor: string;
  readonly status: string;
  readonly attempts: number;
  readonly seconds: number | null;
  /** The last line that the run printed, or why there is none. */
  readonly said: string;
}

const OUTCOME_COLUMNS: readonly Column<Outcome>[] = [
  { header: 'TASK', value: (outcome) => outcome.task },
  { header: 'EXECUTOR', value: (outcome) => outcome.executor },
  { header: 'STATUS', value: (outcome) => outcome.status },
  { header: 'ATTEMPTS', value: (outcome) => outcome.attempts, align: 'right' },
  { header: 'TOOK', value: (outcome) => duration(outcome.seconds), align: 'right' },
  { header: 'LAST LINE', value: (outcome) => outcome.said },
];

/** The last line of the task's own output, else of anything about the run. */
async function lastLine(client: Client, run: RunView): Promise<string> {
  const { items } = await client.get<LogPage>(`/api/runs/${run.id}/logs`);
  const printed = items.filter((line) => line.message.trim() !== '');
  const last = printed.findLast((line) => line.stream === 'stdout') ?? printed.at(-1);
  return run.error_message ?? last?.message.trim() ?? '';
}

async function runOnce(client: Client, task: TaskView, signal: AbortSignal): Promise<Outcome> {
  const started = await client.request<RunView>('POST', `/api/tasks/${task.id}/trigger`, { signal });
  const run = await waitForRun(client, started.id, signal);
  return {
    task: task.name,
    executor: task.executor,
    status: run.status,
    attempts: run.attempt,
    seconds: run.duration_seconds,
    said: await lastLine(client, run),
  };
}

/** Loads the sample workspace and runs each of its tasks once. */
async function runAll(client: Client, signal: AbortSignal): Promise<Outcome[]> {
  const folder = path.join(packageRoot, 'examples');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
  const documents = texts.flatMap((text, index) => parseManifest(text, files[index] ?? '', folder, client.server));
  await applyDocuments(client, documents, false);
  const tasks = await Promise.all(documents.map(({ name }) => findTask(client, name)));
  const python = await pythonVersion();
  return Promise.all(
    tasks.map(async (task) =>
      task.executor === 'python' && python === undefined ? withoutPython(task) : runOnce(client, task, signal),
    ),
  );
}

function withoutPython(task: TaskView): Outcome {
  return {
    task: task.name,
    executor: task.executor,
    status: 'not run',
    attempts: 0,
    seconds: null,
    said: `There is no python3 on this machine; install it, then "longshore task run ${task.name}".`,
  };
}

/** Runs the sample workspace and shows what became of it; where there are tasks already, only says so. */
export async function runSample(out: Output, client: Client, signal: AbortSignal): Promise<void> {
  if ((await client.get<Page<TaskView>>('/api/tasks', { page: 1, size: 1 })).total > 0) {
    out.line('The workspace is not empty: the sample is left out.');
    return;
  }
  out.line('Running the sample workspace…');
  const outcomes = await runAll(client, signal);
  // Cut also where there is no terminal: what a task says may be long, and this is a glance, not its log.
  out.list(outcomes, OUTCOME_COLUMNS, { widthElsewhere: 80 });
  for (const { task, status, said } of outcomes) {
    if (status !== 'success') out.note(out.style('yellow', `${task}: ${printable(said)}`, out.stderr));
  }
}
