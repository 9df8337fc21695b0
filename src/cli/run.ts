import { Command } from 'commander';
import type { Page } from './remote/client.ts';
import type { RunView } from './remote/runs.ts';
import { followToEnd, printLogs, RUN_COLUMNS, runId, waitToEnd } from './run-view.ts';
import { withSession } from './session.ts';
import { wholeNumber } from './values.ts';

export function runCommand(): Command {
  const run = new Command('run');

  run
    .command('list')
    .description('the runs of all tasks, the latest first')
    .option('--status <status>', 'only these, such as running or failed')
    .option('--notices', 'also the runs that deliver notices of on_finish')
    .option('--limit <n>', 'at most so many, up to 100', wholeNumber(1), 20)
    .action(
      withSession<{ status?: string; notices?: boolean; limit: number }>(async ({ client, out }, options) => {
        const { status, notices, limit } = options;
        const query = { page: 1, size: Math.min(limit, 100), status, notices };
        const runs = await (await client()).get<Page<RunView>>('/api/runs', query);
        out.list(runs.items, RUN_COLUMNS, { empty: 'No runs.' });
      }),
    );

  run
    .command('show')
    .argument('<run>', 'its id')
    .description('all that is known of a run')
    .action(
      withSession(async ({ client, out }, _options, id) => {
        out.record(await (await client()).get<RunView>(`/api/runs/${runId(id)}`));
      }),
    );

  run
    .command('wait')
    .argument('<run>', 'its id')
    .description('wait until a run has ended; the exit code tells how')
    .action(
      withSession(async ({ client, out }, _options, id) => {
        await waitToEnd(await client(), out, runId(id));
      }),
    );

  run
    .command('logs')
    .argument('<run>', 'its id')
    .description('what a run has printed')
    .option('-f, --follow', 'go on until the run has ended; the exit code tells how')
    .action(
      withSession<{ follow?: boolean }>(async ({ client, out }, options, id) => {
        if (options.follow) await followToEnd(await client(), out, runId(id));
        else await printLogs(await client(), out, runId(id));
      }),
    );

  for (const [verb, description, say] of [
    ['cancel', 'end a run that waits or runs', 'is being cancelled'],
    ['pause', 'let a run rest, where its executor can go on later', 'is being paused'],
    ['resume', 'let a paused run go on', 'goes on'],
  ] as const) {
    run
      .command(verb)
      .argument('<run>', 'its id')
      .description(description)
      .action(
        withSession(async ({ client, out }, _options, id) => {
          const changed = await (await client()).request<RunView>('POST', `/api/runs/${runId(id)}/${verb}`);
          out.done(`Run ${id} of ${changed.task_name} ${say}.`, changed);
        }),
      );
  }

  return run;
}
