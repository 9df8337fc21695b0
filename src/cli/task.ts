import { Command, Option } from 'commander';
import { CliFailure } from './failure.ts';
import type { Client, Page } from './remote/client.ts';
import type { RunView } from './remote/runs.ts';
import { findTask, type TaskView } from './remote/tasks.ts';
import { followToEnd, printLogs, RUN_COLUMNS, waitToEnd } from './run-view.ts';
import { withSession } from './session.ts';
import { addTaskOptions, type TaskOptions, taskBody } from './task-body.ts';
import type { Column } from './terminal/table.ts';
import { wholeNumber } from './values.ts';

const TASK_COLUMNS: readonly Column<TaskView>[] = [
  { header: 'ID', value: (task) => task.id, align: 'right' },
  { header: 'NAME', value: (task) => task.name },
  { header: 'EXECUTOR', value: (task) => task.executor },
  { header: 'STATUS', value: (task) => task.status },
  { header: 'PRIORITY', value: (task) => task.priority },
  { header: 'SCHEDULE', value: (task) => task.schedule },
  { header: 'NEXT RUN', value: (task) => task.next_run_time },
  { header: 'LAST RUN', value: (task) => task.last_run?.status },
];

const TASK_ARGUMENT = ['<task>', 'its name or id'] as const;

async function trigger(client: Client, name: string): Promise<RunView> {
  const task = await findTask(client, name);
  return client.request<RunView>('POST', `/api/tasks/${task.id}/trigger`);
}

function addChanges(task: Command): void {
  addTaskOptions(task.command('create').argument('<name>', 'what it is called').description('make a task')).action(
    withSession<TaskOptions>(async ({ client, out }, options, name) => {
      const body = { name, ...(await taskBody(options, true)) };
      const created = await (await client()).request<TaskView>('POST', '/api/tasks', { body });
      out.done(`Task ${created.name} (${created.id}) is made.`, created);
    }),
  );

  addTaskOptions(
    task
      .command('update')
      .argument(...TASK_ARGUMENT)
      .description('change what is given, keep the rest'),
  )
    .option('--name <name>', 'rename it')
    .action(
      withSession<TaskOptions & { name?: string }>(async (session, { name, ...options }, which) => {
        const body = { ...(name === undefined ? {} : { name }), ...(await taskBody(options, false)) };
        if (Object.keys(body).length === 0) throw new CliFailure('usage', 'Say what to change.');
        const client = await session.client();
        const { id } = await findTask(client, which);
        const updated = await client.request<TaskView>('PUT', `/api/tasks/${id}`, { body });
        session.out.done(`Task ${updated.name} is changed.`, updated);
      }),
    );

  task
    .command('delete')
    .argument(...TASK_ARGUMENT)
    .description('delete a task; its running runs are cancelled')
    .action(
      withSession(async (session, _options, which) => {
        const client = await session.client();
        const { id, name } = await findTask(client, which);
        await client.request('DELETE', `/api/tasks/${id}`);
        session.out.done(`Task ${name} is deleted.`, { id, name, deleted: true });
      }),
    );

  const states = [
    ['pause', 'paused', 'rest its schedule; by hand it still runs'],
    ['resume', 'active', 'take its schedule up again'],
    ['disable', 'disabled', 'no run at all, not even by hand'],
    ['enable', 'active', 'let it run again'],
  ] as const;
  for (const [verb, status, description] of states) {
    task
      .command(verb)
      .argument(...TASK_ARGUMENT)
      .description(description)
      .action(
        withSession(async (session, _options, which) => {
          const client = await session.client();
          const { id } = await findTask(client, which);
          const changed = await client.request<TaskView>('PUT', `/api/tasks/${id}`, { body: { status } });
          session.out.done(`Task ${changed.name} is ${changed.status}.`, changed);
        }),
      );
  }
}

function addReads(task: Command): void {
  task
    .command('list')
    .description('the tasks')
    .addOption(new Option('--status <status>', 'only these').choices(['active', 'paused', 'disabled']))
    .option('--search <text>', 'only those whose name contains it')
    .option('--limit <n>', 'at most so many', wholeNumber(1))
    .action(
      withSession<{ status?: string; search?: string; limit?: number }>(async ({ client, out }, options) => {
        const { status, search, limit = Number.POSITIVE_INFINITY } = options;
        const tasks: TaskView[] = [];
        for await (const one of (await client()).pages<TaskView>('/api/tasks', { status, search })) {
          if (tasks.length >= limit) break;
          tasks.push(one);
        }
        out.list(tasks, TASK_COLUMNS, {
          empty: 'No tasks. Make one with "longshore task create" or "longshore apply -f".',
        });
      }),
    );

  task
    .command('show')
    .argument(...TASK_ARGUMENT)
    .description('all that is known of a task')
    .action(withSession(async ({ client, out }, _options, which) => out.record(await findTask(await client(), which))));

  task
    .command('runs')
    .argument(...TASK_ARGUMENT)
    .description('its runs, the latest first')
    .option('--limit <n>', 'at most so many, up to 100', wholeNumber(1), 20)
    .action(
      withSession<{ limit: number }>(async (session, { limit }, which) => {
        const client = await session.client();
        const { id } = await findTask(client, which);
        const runs = await client.get<Page<RunView>>(`/api/tasks/${id}/runs`, { page: 1, size: Math.min(limit, 100) });
        session.out.list(runs.items, RUN_COLUMNS, { empty: 'It has not run yet.' });
      }),
    );

  task
    .command('logs')
    .argument(...TASK_ARGUMENT)
    .description('what its latest run has printed')
    .option('-f, --follow', 'go on until that run has ended; the exit code tells how')
    .action(
      withSession<{ follow?: boolean }>(async (session, { follow }, which) => {
        const client = await session.client();
        const { id, name } = await findTask(client, which);
        const [latest] = (await client.get<Page<RunView>>(`/api/tasks/${id}/runs`, { page: 1, size: 1 })).items;
        if (!latest)
          throw new CliFailure('notFound', `Task ${name} has not run yet. Run it with "longshore task run ${name}".`);
        await (follow ? followToEnd : printLogs)(client, session.out, latest.id);
      }),
    );
}

function addRuns(task: Command): void {
  task
    .command('trigger')
    .argument(...TASK_ARGUMENT)
    .description('start a run and come back at once')
    .action(
      withSession(async ({ client, out }, _options, which) => {
        const run = await trigger(await client(), which);
        out.done(`Run ${run.id} of ${run.task_name} is started.`, run);
      }),
    );

  task
    .command('run')
    .argument(...TASK_ARGUMENT)
    .description('start a run, show what it prints, and end as it ends')
    .option('--wait', 'show only how it ended')
    .option('-f, --follow', 'show what it prints (as without any option)')
    .action(
      withSession<{ wait?: boolean; follow?: boolean }>(async (session, options, which) => {
        const client = await session.client();
        const run = await trigger(client, which);
        const watch = options.wait && !options.follow ? waitToEnd : followToEnd;
        await watch(client, session.out, run.id);
      }),
    );
}

export function taskCommand(): Command {
  const task = new Command('task');
  addReads(task);
  addChanges(task);
  addRuns(task);
  return task;
}
