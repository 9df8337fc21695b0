import { Command } from 'commander';
import { CliFailure } from './failure.ts';
import type { Client } from './remote/client.ts';
import { withSession } from './session.ts';
import type { Column } from './terminal/table.ts';
import { repeated, wholeNumber } from './values.ts';
import { addWorkerStart } from './worker-start.ts';

/** A worker as the scheduler area shows it; only what the commands read. */
interface WorkerView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly enabled: boolean;
  readonly last_heartbeat: string | null;
  readonly current_tasks: number;
  readonly max_tasks: number;
  readonly tags: string[];
}

const WORKER_COLUMNS: readonly Column<WorkerView>[] = [
  { header: 'ID', value: (worker) => worker.id },
  { header: 'NAME', value: (worker) => worker.name },
  { header: 'STATUS', value: (worker) => (worker.enabled ? worker.status : `${worker.status}, draining`) },
  { header: 'TASKS', value: (worker) => `${worker.current_tasks}/${worker.max_tasks}`, align: 'right' },
  { header: 'TAGS', value: (worker) => worker.tags },
  { header: 'LAST HEARTBEAT', value: (worker) => worker.last_heartbeat },
];

const WORKER_ARGUMENT = ['<worker>', 'its name or id'] as const;
const workerPath = (id: string) => `/api/workers/${encodeURIComponent(id)}`;

async function findWorker(client: Client, which: string): Promise<WorkerView> {
  const workers = await client.get<WorkerView[]>('/api/workers');
  const byId = workers.find((worker) => worker.id === which);
  if (byId) return byId;
  const named = workers.filter((worker) => worker.name === which);
  if (named.length > 1) {
    throw new CliFailure('conflict', `${named.length} workers are called "${which}": name one by its id.`);
  }
  if (named[0]) return named[0];
  throw new CliFailure('notFound', `There is no worker "${which}". "longshore worker list" shows them.`);
}

interface WorkerChanges {
  maxTasks?: number;
  tag?: string[];
}

function addOperations(worker: Command): void {
  for (const [verb, enabled, description] of [
    ['drain', false, 'let it end what it runs, and give it nothing new'],
    ['enable', true, 'give it runs again'],
  ] as const) {
    worker
      .command(verb)
      .argument(...WORKER_ARGUMENT)
      .description(description)
      .action(
        withSession(async (session, _options, which) => {
          const client = await session.client();
          const { id } = await findWorker(client, which);
          const changed = await client.request<WorkerView>('PUT', workerPath(id), { body: { enabled } });
          session.out.done(enabled ? `Worker ${id} takes runs again.` : `Worker ${id} drains.`, changed);
        }),
      );
  }

  worker
    .command('set')
    .argument(...WORKER_ARGUMENT)
    .description('change how much it takes, and of what')
    .option('--max-tasks <n>', 'runs at a time', wholeNumber(1))
    .option('--tag <tag>', 'a tag that it has; may be repeated', repeated)
    .action(
      withSession<WorkerChanges>(async (session, { maxTasks, tag }, which) => {
        if (maxTasks === undefined && tag === undefined) throw new CliFailure('usage', 'Say what to change.');
        const client = await session.client();
        const { id } = await findWorker(client, which);
        const body = { ...(maxTasks === undefined ? {} : { max_tasks: maxTasks }), ...(tag ? { tags: tag } : {}) };
        const changed = await client.request<WorkerView>('PUT', workerPath(id), { body });
        session.out.done(`Worker ${id} is changed.`, changed);
      }),
    );
}

export function workerCommand(): Command {
  const worker = new Command('worker');
  addWorkerStart(worker);

  worker
    .command('list')
    .description('the workers')
    .action(
      withSession(async ({ client, out }) => {
        const workers = await (await client()).get<WorkerView[]>('/api/workers');
        out.list(workers, WORKER_COLUMNS, { empty: 'No workers. Start one with "longshore worker start".' });
      }),
    );

  worker
    .command('show')
    .argument(...WORKER_ARGUMENT)
    .description('all that is known of a worker')
    .action(
      withSession(async (session, _options, which) => {
        const client = await session.client();
        session.out.record(await client.get<WorkerView>(workerPath((await findWorker(client, which)).id)));
      }),
    );

  addOperations(worker);
  return worker;
}
