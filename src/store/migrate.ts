import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Kysely, type Migration, type MigrationProvider, Migrator, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { AppError, UsageError } from '../kernel/errors.ts';
import { isUnavailable, sqlState } from './store.ts';

const OLDEST_SERVER = 150_000;

/** Reads `NNNN_name.sql` files; the order is that of their names. Forward only: there is no way down. */
class SqlFiles implements MigrationProvider {
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const names = (await readdir(this.#folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
    const entries = names.map(async (name): Promise<[string, Migration]> => {
      const text = await readFile(path.join(this.#folder, name), 'utf8');
      return [name.slice(0, -'.sql'.length), { up: async (db) => void (await sql.raw(text).execute(db)) }];
    });
    return Object.fromEntries(await Promise.all(entries));
  }
}

/** SQLSTATEs that say "not with this address": a wrong user or password, a database that is not there. */
const WRONG_ADDRESS = /^(28|3D000)/;

/** What to tell whoever set the address, when the first statement fails. */
function explainFirstFailure(error: unknown): unknown {
  const { message } = error as Error;
  if (WRONG_ADDRESS.test(sqlState(error) ?? '')) return new UsageError(`DATABASE_URL: ${message}.`);
  // A refusal of every address that a name has is an error without a message of its own.
  const why = message || String((error as { code?: unknown }).code);
  return isUnavailable(error)
    ? new AppError('unavailable', `DATABASE_URL: the database cannot be reached (${why}).`, { cause: error })
    : error;
}

interface MigrationOptions {
  /** The last migration to apply, by name, instead of the latest: what a backup of an older version is restored into. */
  readonly upTo?: string;
}

export interface MigrationReport {
  readonly applied: string[];
}

/**
 * Brings the database to this version's schema. Safe when any number of processes call it at once: one of them works
 * in a transaction under an advisory lock that ends with it, the others wait and find nothing to do.
 * @throws UsageError for a server that is too old or lets us not in, or a schema that a newer version has made
 * @throws AppError `unavailable` while it cannot be reached
 */
export async function migrate(url: string, folder: string, options: MigrationOptions = {}): Promise<MigrationReport> {
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 10_000 });
  // A connection that breaks fails the statement at hand; without listeners it would end the process.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const version = await sql<{ n: number }>`SELECT current_setting('server_version_num')::int AS n`
      .execute(db)
      .catch((error: unknown) => {
        throw explainFirstFailure(error);
      });
    const number = version.rows[0]?.n ?? 0;
    if (number < OLDEST_SERVER) {
      throw new UsageError(
        `DATABASE_URL: PostgreSQL ${Math.floor(number / 10_000)} is too old; Longshore needs 15 or later.`,
      );
    }
    const migrator = new Migrator({
      db,
      provider: new SqlFiles(folder),
      migrationTableSchema: 'longshore',
      migrationTableName: 'migrations',
      migrationLockTableName: 'migrations_lock',
    });
    const { error, results } = await (options.upTo === undefined
      ? migrator.migrateToLatest()
      : migrator.migrateTo(options.upTo));
    if (error) {
      if (error instanceof Error && /corrupted migrations/.test(error.message)) {
        throw new UsageError(
          `The database's schema is not one that this version knows (${error.message}). It was made by a newer Longshore: upgrade this one.`,
        );
      }
      throw error;
    }
    return { applied: (results ?? []).map((result) => result.migrationName) };
  } finally {
    await db.destroy();
  }
}
