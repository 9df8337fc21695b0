import path from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../kernel/package.ts';
import { migrate } from '../store/migrate.ts';
import { backup } from './archive/backup.ts';
import { listMigrations } from './archive/catalog.ts';
import { restore } from './archive/restore.ts';
import { withDatabaseUrl, withStore } from './database.ts';
import { withSession } from './session.ts';
import { formatBytes, Progress } from './terminal/progress.ts';

const MASTER_KEY_WARNING =
  'The master key is NOT in the backup: without it no stored secret can be read again. Keep a copy of it elsewhere (master.key in the data directory, or what LONGSHORE_MASTER_KEY holds).';

const WAREHOUSE_ELSEWHERE =
  'The warehouse is a database of its own (LONGSHORE_WAREHOUSE_URL): it is not in the backup, its own tools save it.';
/** Things that are named; more would bury the rest. */
const NAMED = 20;

function leftOutRemark(leftOut: readonly string[]): string {
  const more = leftOut.length > NAMED ? [`… and ${leftOut.length - NAMED} more`] : [];
  const lines = [...leftOut.slice(0, NAMED), ...more].map((line) => `  ${line}`);
  return [
    'Of the schema data, only tables with their keys and plain indexes are in the backup. Not in it:',
    ...lines,
  ].join('\n');
}

function addBackup(db: Command): void {
  db.command('backup')
    .argument('<file>', 'where to; must not exist yet')
    .description('write everything that is in the database to a file, while Longshore goes on working')
    .option('--no-warehouse', 'without the tables of the warehouse, which syncs can fill again')
    .action(
      withSession<{ warehouse: boolean }>(async (session, options, file) => {
        const config = session.config();
        const progress = new Progress(session.out.stderr, 'Backup');
        const warehouse = options.warehouse && config.warehouseUrl === undefined;
        const onProgress = (done: number, total: number, table: string) => progress.update(done, total, table);
        const report = await withStore(config, (store) => backup(store, file, { warehouse, onProgress })).finally(() =>
          progress.end(),
        );
        session.out.done(
          `${report.rows} rows of ${report.tables} tables are in ${file} (${formatBytes(report.bytes)}).`,
          report,
        );
        if (report.left_out.length > 0) session.out.note(leftOutRemark(report.left_out));
        if (config.warehouseUrl !== undefined && options.warehouse) session.out.note(WAREHOUSE_ELSEWHERE);
        session.out.note(session.out.style('yellow', MASTER_KEY_WARNING, session.out.stderr));
      }),
    );

  db.command('restore')
    .argument('<file>', 'a backup')
    .description('put a backup into an empty database')
    .action(
      withSession(async (session, _options, file) => {
        const progress = new Progress(session.out.stderr, 'Restore');
        const report = await withStore(session.config(), (store, url) =>
          restore(store, url, file, (phase, done, total) => progress.update(done, total, phase)),
        ).finally(() => progress.end());
        session.out.done(
          `${report.rows} rows of ${report.tables} tables are back, as of ${report.created_at}. Start Longshore with the same master key as before.`,
          report,
        );
      }),
    );
}

export function dbCommand(): Command {
  const db = new Command('db');

  db.command('migrate')
    .description("bring the database to this version's schema")
    .action(
      withSession(async (session) => {
        const folder = path.join(packageRoot, 'src/store/migrations');
        const report = await withDatabaseUrl(session.config(), (url) => migrate(url, folder));
        const said =
          report.applied.length === 0 ? 'The schema is up to date.' : `Applied: ${report.applied.join(', ')}.`;
        session.out.done(said, report);
      }),
    );

  db.command('status')
    .description('which database, how large, which schema')
    .action(
      withSession(async (session) => {
        const status = await withStore(session.config(), async (store) => {
          const [server] = await store.query<{ version: string; name: string; bytes: number }>(
            `SELECT current_setting('server_version') AS version, current_database() AS name,
                    pg_database_size(current_database()) AS bytes`,
          );
          return { ...server, migrations: await listMigrations(store) };
        });
        session.out.record({ kind: session.config().databaseUrl === undefined ? 'embedded' : 'external', ...status });
      }),
    );

  addBackup(db);
  return db;
}
