import { Command } from 'commander';
import type { RunView } from './remote/runs.ts';
import { followToEnd, printLogs, runId, waitToEnd } from './run-view.ts';
import { withSession } from './session.ts';

export function runCommand(): Command {
  const run = new Command('run');

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

  run
    .command('cancel')
    .argument('<run>', 'its id')
    .description('end a run that waits or runs')
    .action(
      withSession(async ({ client, out }, _options, id) => {
        const cancelled = await (await client()).request<RunView>('POST', `/api/runs/${runId(id)}/cancel`);
        out.done(`Run ${id} of ${cancelled.task_name} is being cancelled.`, cancelled);
      }),
    );

  return run;
}
