import pg from 'pg';
import type { TestContext } from 'vitest';
import { afterFile } from '../../../../../../test/support/cleanup.ts';
import { createTestDatabase } from '../../../../../../test/support/database.ts';
import { noMariadb, TemporaryMariadb } from '../../../../../../test/support/temporary-mariadb.ts';
import type { DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';

/** A database to read from, on a real server. */
export interface Engine {
  readonly login: DatabaseLogin | UrlLogin;
  /** Runs statements one after the other. @returns the last one's rows */
  run(sql: string): Promise<Record<string, unknown>[]>;
  quote(name: string): string;
  /** Of text in any script, of times with microseconds. */
  readonly types: { readonly time: string };
  /** A SELECT that takes a minute before its first row. */
  readonly slow: string;
  /** Sessions that run a statement in which `slow` can be recognised. */
  sleepers(): Promise<number>;
  /** Ends the sessions of everybody who reads. */
  killReaders(): Promise<number>;
}

export interface EngineSetup {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  open(): Promise<Engine>;
}

export const ENGINES: readonly EngineSetup[] = [
  { name: 'postgresql', missing: undefined, open: openPostgres },
  { name: 'mariadb', missing: noMariadb, open: openMariadb },
];

/** Skips a test where its engine is not there. */
export function needs({ missing }: EngineSetup, context: TestContext): void {
  if (missing !== undefined) context.skip(missing);
}

async function openPostgres(): Promise<Engine> {
  const { directUrl } = await createTestDatabase({ migrated: false });
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: directUrl });
    await client.connect();
    try {
      const answer: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
      return (Array.isArray(answer) ? answer.at(-1) : answer)?.rows ?? [];
    } finally {
      await client.end();
    }
  };
  const readers = `FROM pg_stat_activity WHERE application_name = 'longshore' AND datname = current_database()`;
  return {
    login: { engine: 'postgresql', url: directUrl },
    run,
    quote: (name) => pg.escapeIdentifier(name),
    types: { time: 'timestamptz' },
    slow: 'SELECT 1 AS id, pg_sleep(60)::text AS slept',
    sleepers: async () => (await run(`SELECT 1 ${readers} AND state = 'active' AND query LIKE '%pg_sleep%'`)).length,
    killReaders: async () => (await run(`SELECT pg_terminate_backend(pid) ${readers}`)).length,
  };
}

async function openMariadb(): Promise<Engine> {
  const server = await TemporaryMariadb.create();
  afterFile(() => server.remove());
  const database = await server.createDatabase();
  const run = (sql: string) => server.administer(sql, database);
  const others = 'FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = DATABASE()';
  return {
    login: { ...server.login, database },
    run,
    quote: (name) => `\`${name.replaceAll('`', '``')}\``,
    types: { time: 'timestamp(6)' },
    slow: 'SELECT 1 AS id, SLEEP(60) AS slept',
    sleepers: async () => (await run(`SELECT 1 ${others} AND info LIKE '%SLEEP(60)%'`)).length,
    killReaders: async () => {
      // Connections that just go are not at a query any more.
      const ids = await run(`SELECT id ${others} AND command = 'Query'`);
      for (const { id } of ids) await run(`KILL ${String(id)}`);
      return ids.length;
    },
  };
}
