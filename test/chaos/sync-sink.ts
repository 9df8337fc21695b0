import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TemporaryMariadb } from '../support/temporary-mariadb.ts';
import { TemporaryPostgres } from '../support/temporary-postgres.ts';
import type { WireProtocol } from './sync-wire.ts';

/** A row as it is compared, whichever database it comes from. */
export type SinkRow = readonly [id: number, name: string, amount: number, note: string | null, at: string];

/** What is synced to, and may be killed. */
export interface Sink {
  readonly engine: 'postgresql' | 'mariadb' | 'file';
  /** How it is reached; files are not. */
  readonly database?: {
    readonly protocol: WireProtocol;
    readonly port: number;
    readonly login: { readonly database: string; readonly username: string };
  };
  /** Makes a table of the rows. */
  fill(table: string, rows: readonly SinkRow[], keyed: boolean): Promise<void>;
  /** All that is in a table; undefined when there is none. */
  rows(table: string): Promise<SinkRow[] | undefined>;
  /** Tables that syncs into this one have made for themselves. */
  scratch(table: string): Promise<string[]>;
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export type SinkEngine = 'postgresql' | 'mariadb';

const DATABASE = 'sink';

const scratchOf = (table: string) => `^${table}__(new|old|seen)_`;

export async function openSink(engine: SinkEngine): Promise<Sink> {
  return engine === 'postgresql' ? openPostgres() : openMariadb();
}

const text = (value: string | null) =>
  value === null ? 'NULL' : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** As the sync makes it by itself. */
const COLUMNS = {
  postgresql: 'id bigint, name text, amount double precision, note text, at text',
  mariadb: 'id bigint, name longtext, amount double, note longtext, at longtext',
};

function creation(engine: SinkEngine, table: string, rows: readonly SinkRow[], keyed: boolean): string[] {
  const escaped = engine === 'postgresql' ? 'E' : '';
  const literal = (value: string | null) => (value === null ? 'NULL' : `${escaped}${text(value)}`);
  const values = rows.map(
    ([id, name, amount, note, at]) => `(${id}, ${literal(name)}, ${amount}, ${literal(note)}, ${literal(at)})`,
  );
  return [
    `CREATE TABLE ${table} (${COLUMNS[engine]}${keyed ? ', PRIMARY KEY (id)' : ''})`,
    ...(rows.length > 0 ? [`INSERT INTO ${table} VALUES ${values.join(', ')}`] : []),
  ];
}

/** What is pushed has its id under a name of its own. */
function rowOf({ id, _id, name, amount, note, at }: Record<string, unknown>): SinkRow {
  return [
    Number(id ?? _id),
    String(name),
    Number(amount),
    note === null || note === undefined ? null : String(note),
    String(at),
  ];
}

async function openPostgres(): Promise<Sink> {
  const cluster = await TemporaryPostgres.create();
  await cluster.start();
  await cluster.createDatabase(DATABASE);
  const run = (sql: string) => cluster.administer(sql, DATABASE);
  return {
    engine: 'postgresql',
    database: {
      protocol: 'postgresql',
      port: cluster.port,
      login: { database: DATABASE, username: 'postgres' },
    },
    fill: async (table, rows, keyed) => {
      for (const sql of creation('postgresql', table, rows, keyed)) await run(sql);
    },
    rows: async (table) => {
      const [found] = await run(`SELECT to_regclass('${table}') AS it`);
      return found?.it === null ? undefined : (await run(`SELECT * FROM ${table}`)).map(rowOf);
    },
    scratch: async (table) => {
      const found = await run(`SELECT tablename AS name FROM pg_tables WHERE tablename ~ '${scratchOf(table)}'`);
      return found.map(({ name }) => String(name));
    },
    kill: () => cluster.kill(),
    start: () => cluster.start(),
    remove: () => cluster.remove(),
  };
}

async function openMariadb(): Promise<Sink> {
  const server = await TemporaryMariadb.create();
  const database = await server.createDatabase();
  const run = (sql: string) => server.administer(sql, database);
  return {
    engine: 'mariadb',
    database: { protocol: 'mysql', port: server.port, login: { database, username: 'root' } },
    fill: async (table, rows, keyed) => {
      for (const sql of creation('mariadb', table, rows, keyed)) await run(sql);
    },
    rows: async (table) => {
      const found = await run(`SHOW TABLES LIKE '${table}'`);
      return found.length === 0 ? undefined : (await run(`SELECT * FROM ${table}`)).map(rowOf);
    },
    scratch: async (table) => {
      const named = `TABLE_SCHEMA = DATABASE() AND TABLE_NAME REGEXP '${scratchOf(table)}'`;
      const found = await run(`SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${named}`);
      return found.map(({ name }) => String(name));
    },
    kill: () => server.kill(),
    start: () => server.start(),
    remove: () => server.remove(),
  };
}

/** Where exports go: lines of JSON, of which the last may be broken off. */
export function openFolder(folder: string): Sink {
  const nothing = async () => undefined;
  return {
    engine: 'file',
    fill: () => Promise.reject(new Error('files begin empty')),
    rows: async (name) => {
      const text = await readFile(path.join(folder, name), 'utf8').catch(() => '');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      return whole.split('\n').flatMap((line) => (line === '' ? [] : [rowOf(JSON.parse(line))]));
    },
    scratch: async () => [],
    kill: nothing,
    start: nothing,
    remove: nothing,
  };
}
