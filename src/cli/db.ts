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

function addBackup(db: Command): void {
  db.command('backup')
    .argument('<file>', 'where to; must not exist yet')
    .description('write everything that is in the database to a file, while Longshore goes on working')
    .action(
      withSession(async (session, _options, file) => {
        const progress = new Progress(session.out.stderr, 'Backup');
        const report = await withStore(session.config(), (store) =>
          backup(store, file, (done, total, table) => progress.update(done, total, table)),
        ).finally(() => progress.end());
        session.out.done(
          `${report.rows} rows of ${report.tables} tables are in ${file} (${formatBytes(report.bytes)}).`,
          report,
        );
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
