import path from 'node:path';
import { Command, Option } from 'commander';
import { LOG_LINE_LEVELS } from '../protocol/executor.ts';
import { CliFailure } from './failure.ts';
import { addSyncRecords } from './job-records.ts';
import { followSync, JOB_ARGUMENT, JOB_COLUMNS, printSyncLine, SYNC_RUN_COLUMNS } from './job-view.ts';
import { parseFields } from './manifest/parse.ts';
import type { Client } from './remote/client.ts';
import {
  type ControlledView,
  findSyncJob,
  JOBS_PATH,
  listSyncRuns,
  readSyncLogs,
  type SyncJobView,
  type SyncLogFilter,
} from './remote/sync-jobs.ts';
import { withSession } from './session.ts';
import { textOrFile, wholeNumber } from './values.ts';

const FILE_OPTION = ['-f, --file <file>', 'the job, as YAML or JSON; - for standard input'] as const;

async function fieldsOf(client: Client, file: string): Promise<Record<string, unknown>> {
  const folder = file === '-' ? process.cwd() : path.dirname(file);
  const origin = { origin: file === '-' ? 'standard input' : file, folder, server: client.server };
  return parseFields(await textOrFile(file, { bare: true }), origin, 'sync_job');
}

function addChanges(job: Command): void {
  job
    .command('create')
    .requiredOption(...FILE_OPTION)
    .option('--name <name>', 'another name than the file says')
    .description('make a sync job')
    .addHelpText('after', '\nWhat stands in it is described in docs/data-sync.md.')
    .action(
      withSession<{ file: string; name?: string }>(async (session, { file, name }) => {
        const client = await session.client();
        const body = { ...(await fieldsOf(client, file)), ...(name === undefined ? {} : { name }) };
        const created = await client.request<SyncJobView>('POST', JOBS_PATH, { body });
        session.out.done(`Sync job ${created.name} (${created.id}) is made.`, created);
      }),
    );

  job
    .command('update')
    .argument(...JOB_ARGUMENT)
    .requiredOption(...FILE_OPTION)
    .description('change the fields that the file names, keep the rest')
    .action(
      withSession<{ file: string }>(async (session, { file }, which) => {
        const client = await session.client();
        const body = await fieldsOf(client, file);
        const { id } = await findSyncJob(client, which);
        const updated = await client.request<SyncJobView>('PUT', `${JOBS_PATH}/${id}`, { body });
        session.out.done(`Sync job ${updated.name} is changed; it takes effect at the next run.`, updated);
      }),
    );

  job
    .command('delete')
    .argument(...JOB_ARGUMENT)
    .description('delete a job that is not running; what it has synced stays')
    .action(
      withSession(async (session, _options, which) => {
        const client = await session.client();
        const { id, name } = await findSyncJob(client, which);
        await client.request('DELETE', `${JOBS_PATH}/${id}`);
        session.out.done(`Sync job ${name} is deleted.`, { id, name, deleted: true });
      }),
    );

  job
    .command('reset')
    .argument(...JOB_ARGUMENT)
    .description('forget how far it has synced: the next run begins from the start')
    .action(
      withSession(async (session, _options, which) => {
        const client = await session.client();
        const { id, name } = await findSyncJob(client, which);
        await client.request('POST', `${JOBS_PATH}/${id}/reset`);
        session.out.done(`Sync job ${name} begins from the start at its next run.`, { id, name, reset: true });
      }),
    );
}

function addControls(job: Command): void {
  job
    .command('start')
    .argument(...JOB_ARGUMENT)
    .description('start a run')
    .option('-f, --follow', 'show its log and progress until it has ended; the exit code tells how')
    .option('--wait', 'the same, showing only how it ended')
    .action(
      withSession<{ follow?: boolean; wait?: boolean }>(async (session, { follow, wait }, which) => {
        const client = await session.client();
        const found = await findSyncJob(client, which);
        const started = await client.request<ControlledView>('POST', `${JOBS_PATH}/${found.id}/start`);
        if (follow || wait) await followSync(client, session.out, found, started.run_id, { quiet: !follow });
        else session.out.done(`Run ${started.run_id} of ${found.name} is started.`, started);
      }),
    );

  for (const [verb, description, say] of [
    ['pause', 'let its run rest at the next checkpoint', 'is being paused'],
    ['resume', 'let its paused run go on from there', 'goes on'],
    ['cancel', 'end its run; what it has committed stays', 'is being cancelled'],
  ] as const) {
    job
      .command(verb)
      .argument(...JOB_ARGUMENT)
      .description(description)
      .action(
        withSession(async (session, _options, which) => {
          const client = await session.client();
          const { id, name } = await findSyncJob(client, which);
          const changed = await client.request<ControlledView>('POST', `${JOBS_PATH}/${id}/${verb}`);
          session.out.done(`Run ${changed.run_id} of ${name} ${say}.`, changed);
        }),
      );
  }
}

interface ListOptions {
  readonly status?: string;
  readonly connector?: string;
  readonly search?: string;
  readonly limit?: number;
}

function addReads(job: Command): void {
  job
    .command('list')
    .description('the sync jobs, the newest first')
    .addOption(
      new Option('--status <status>', 'only those whose latest run is').choices([
        ...['pending', 'running', 'paused', 'completed', 'failed', 'cancelled'],
      ]),
    )
    .option('--connector <type>', 'only those that read from it, such as rest_api')
    .option('--search <text>', 'only those whose name contains it')
    .option('--limit <n>', 'at most so many', wholeNumber(1))
    .action(
      withSession<ListOptions>(async ({ client, out }, options) => {
        const { status, connector: connector_type, search, limit = Number.POSITIVE_INFINITY } = options;
        const jobs: SyncJobView[] = [];
        const query = { status, connector_type, search };
        for await (const one of (await client()).pages<SyncJobView>(JOBS_PATH, query, 'per_page')) {
          if (jobs.length >= limit) break;
          jobs.push(one);
        }
        out.list(jobs, JOB_COLUMNS, {
          empty: 'No sync jobs. Make one with "longshore job create -f" or "longshore apply -f".',
        });
      }),
    );

  job
    .command('show')
    .argument(...JOB_ARGUMENT)
    .description('all that is known of a job')
    .action(
      withSession(async (session, _options, which) => {
        const client = await session.client();
        const { id } = await findSyncJob(client, which);
        session.out.record(await client.get<object>(`${JOBS_PATH}/${id}`));
      }),
    );

  job
    .command('runs')
    .argument(...JOB_ARGUMENT)
    .description('its runs, the latest first')
    .option('--limit <n>', 'at most so many, up to 100', wholeNumber(1), 20)
    .action(
      withSession<{ limit: number }>(async (session, { limit }, which) => {
        const client = await session.client();
        const { id } = await findSyncJob(client, which);
        const runs = await listSyncRuns(client, id, limit);
        session.out.list(runs, SYNC_RUN_COLUMNS, { empty: 'It has not run yet.' });
      }),
    );
}

function addLogs(job: Command): void {
  job
    .command('logs')
    .argument(...JOB_ARGUMENT)
    .description('what its runs have logged, the oldest line first')
    .addOption(new Option('--level <level>', 'lines of this level and above').choices([...LOG_LINE_LEVELS]))
    .option('--since <time>', 'lines of this time and later, RFC 3339')
    .option('--limit <n>', 'the newest so many lines, up to 5000', wholeNumber(1), 1000)
    .option('-f, --follow', 'show its latest run until that has ended; the exit code tells how')
    .action(
      withSession<SyncLogFilter & { follow?: boolean }>(async (session, { follow, ...filter }, which) => {
        const client = await session.client();
        const found = await findSyncJob(client, which);
        if (!follow) {
          for (const line of await readSyncLogs(client, found.id, filter)) printSyncLine(session.out, line);
          return;
        }
        // Previews and what else the system starts are not what somebody wants to watch.
        const latest = (await listSyncRuns(client, found.id, 100)).find(({ trigger }) => trigger !== 'system');
        if (!latest) {
          const mend = `Start it with "longshore job start ${found.name}".`;
          throw new CliFailure('notFound', `Sync job ${found.name} has not run yet. ${mend}`);
        }
        await followSync(client, session.out, found, latest.id);
      }),
    );
}

export function jobCommand(): Command {
  const job = new Command('job');
  addReads(job);
  addChanges(job);
  addControls(job);
  addLogs(job);
  addSyncRecords(job);
  return job;
}
