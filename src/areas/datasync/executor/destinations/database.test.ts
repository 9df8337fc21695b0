import mysql from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { DestinationUnderTest } from '../../../../../test/conformance/destination/stage.ts';
import { describeDestination } from '../../../../../test/conformance/destination.ts';
import { afterFile } from '../../../../../test/support/cleanup.ts';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import { noMariadb, TemporaryMariadb } from '../../../../../test/support/temporary-mariadb.ts';
import { openDatabaseDestination } from './database.ts';

const exactInteger = (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
const asRfc3339 = (time: string) => new Date(`${time.replace(' ', 'T').replace(/(\+00)?$/, '')}Z`).toISOString();

const POSTGRES_TYPES: Record<string, string> = {
  ...{ bigint: 'integer', integer: 'integer', 'double precision': 'number', numeric: 'decimal', text: 'text' },
  ...{ boolean: 'boolean', date: 'date', 'timestamp with time zone': 'timestamp', jsonb: 'json', bytea: 'binary' },
};

const POSTGRES_PARSERS: Record<number, (text: string) => unknown> = {
  [pg.types.builtins.INT8]: exactInteger,
  [pg.types.builtins.DATE]: (text) => text,
  [pg.types.builtins.TIMESTAMPTZ]: (text) => (/^\d{4}-/.test(text) ? asRfc3339(text) : text),
  [pg.types.builtins.BYTEA]: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
};

async function postgres(): Promise<DestinationUnderTest> {
  const { directUrl } = await createTestDatabase({ migrated: false });
  const url = new URL(directUrl);
  // The server that the tests bring along listens on a socket alone.
  const socket = url.searchParams.get('host');
  const getTypeParser = ((oid: number) =>
    POSTGRES_PARSERS[oid] ?? pg.types.getTypeParser(oid)) as pg.CustomTypesConfig['getTypeParser'];
  const run = async (sql: string): Promise<Record<string, unknown>[]> => {
    const options = '-c TimeZone=UTC -c DateStyle=ISO';
    const client = new pg.Client({ connectionString: directUrl, types: { getTypeParser }, options });
    await client.connect();
    try {
      const answer: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
      return (Array.isArray(answer) ? answer.at(-1) : answer)?.rows ?? [];
    } finally {
      await client.end();
    }
  };
  const quote = (name: string) => pg.escapeIdentifier(name);
  return {
    login: { engine: 'postgresql', url: directUrl },
    loginThrough: (port) => {
      const through = new URL(directUrl);
      through.searchParams.delete('host');
      [through.hostname, through.port] = ['127.0.0.1', String(port)];
      return { engine: 'postgresql', url: through.href };
    },
    address: socket
      ? { path: `${socket}/.s.PGSQL.${url.port || 5432}` }
      : { host: url.hostname, port: Number(url.port || 5432) },
    schema: 'public',
    run,
    quote,
    caseful: true,
    rows: (table, orderBy = 'id') => run(`SELECT * FROM ${quote(table)} ORDER BY ${orderBy}`),
    types: async (table) => {
      const found = await run(
        `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
          WHERE attrelid = ${pg.escapeLiteral(quote(table))}::regclass AND attnum > 0 AND NOT attisdropped`,
      );
      return Object.fromEntries(found.map(({ name, type }) => [name, POSTGRES_TYPES[String(type)] ?? String(type)]));
    },
    tables: async () => {
      const found = await run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
      return found.map(({ tablename }) => String(tablename));
    },
    killWriters: async () => {
      const writers =
        "application_name = 'longshore test' AND datname = current_database() AND state LIKE '%transaction%'";
      return (await run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${writers}`)).length;
    },
  };
}

const MARIADB_TYPES: Record<string, string> = {
  ...{ bigint: 'integer', int: 'integer', double: 'number', decimal: 'decimal', longtext: 'text', varchar: 'text' },
  ...{ date: 'date', datetime: 'timestamp', longblob: 'binary' },
};

async function mariadb(options: readonly string[] = []): Promise<DestinationUnderTest> {
  const server = await TemporaryMariadb.create(options);
  afterFile(() => server.remove());
  const database = await server.createDatabase();
  const run = async (sql: string, values: unknown[] = []) => {
    const connection = await mysql.createConnection({
      ...{ host: '127.0.0.1', port: server.port, user: 'root', charset: 'utf8mb4', database, multipleStatements: true },
      ...{ dateStrings: true, supportBigNumbers: true, jsonStrings: true },
    });
    try {
      const [rows] = await connection.query(sql, values);
      return rows as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };
  const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``;
  const types = async (table: string) => {
    const columns = await run(
      `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
      [table],
    );
    const checks = await run(
      `SELECT CONSTRAINT_NAME AS name FROM information_schema.CHECK_CONSTRAINTS
        WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = ? AND CHECK_CLAUSE LIKE 'json_valid%'`,
      [table],
    );
    const json = new Set(checks.map(({ name }) => name));
    const typeOf = ({ name, type, full }: Record<string, unknown>) => {
      if (json.has(name)) return 'json';
      return full === 'tinyint(1)' ? 'boolean' : (MARIADB_TYPES[String(type)] ?? String(type));
    };
    return Object.fromEntries(columns.map((column) => [String(column.name), typeOf(column)]));
  };
  const parse = (type: string | undefined, value: unknown) => {
    if (value === null) return null;
    if (type === 'boolean') return value === 1;
    if (type === 'json') return JSON.parse(String(value)) as unknown;
    if (type === 'decimal') return String(value).replace(/\.?0+$/, '');
    if (type === 'timestamp') return asRfc3339(String(value).slice(0, 23));
    return Buffer.isBuffer(value) ? value.toString('base64') : value;
  };
  return {
    login: { ...server.login, database },
    loginThrough: (port) => ({ ...server.login, database, port }),
    address: { host: '127.0.0.1', port: server.port },
    schema: undefined,
    run,
    quote,
    caseful: false,
    rows: async (table, orderBy = 'id') => {
      const known = await types(table);
      const found = await run(`SELECT * FROM ${quote(table)} ORDER BY ${orderBy}`);
      return found.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, parse(known[name], value)])),
      );
    },
    types,
    tables: async () => (await run('SHOW TABLES')).map((row) => String(Object.values(row)[0])),
    killWriters: async () => {
      const found = await run(
        'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = DATABASE()',
      );
      for (const { id } of found) await run(`KILL ${String(id)}`);
      return found.length;
    },
  };
}

describeDestination('PostgreSQL', postgres);
describeDestination('MariaDB', () => mariadb(), noMariadb);
describeDestination('MariaDB without LOAD DATA LOCAL', () => mariadb(['--local-infile=OFF']), noMariadb);

describe('database destination', () => {
  it('refuses engines that it cannot write to', () => {
    const login = { engine: 'oracle', host: 'db.example.com', database: 'd', username: 'u' } as const;
    const spec = { table: 't', mode: 'append', keyColumns: [], schemaPolicy: 'evolve', onMissing: 'keep' } as const;
    const rest = {
      missingThreshold: 1,
      conflict: { strategy: 'source_wins' },
      changeEvents: false,
      fullRefresh: true,
    } as const;
    const fence = { jobKey: 'job_1:0', runId: 1, epoch: 1 };
    const connect = { applicationName: 'longshore test', allowPrivate: true };
    expect(() => openDatabaseDestination({ ...spec, ...rest, ...fence, login, connect, log: () => {} })).toThrow(
      /oracle.*only to postgresql, mysql and mariadb/,
    );
  });
});
