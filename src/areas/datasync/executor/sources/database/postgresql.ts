import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { ConnectOptions, DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';
import { connectPostgres, postgresError, quotePostgres } from '../../../../../connections/drivers/postgresql.ts';
import type { ExecutorError } from '../../../../../protocol/executor.ts';
import { FetchPace } from './fetch-pace.ts';
import { type CatalogueType, isScalar, postgresType } from './postgresql-types.ts';
import type { DatabaseReader, Dialect, Note, RawRow, SourceColumn, Statement, TableName } from './reader.ts';

const dialect: Dialect = {
  quote: quotePostgres,
  placeholder: (position) => `$${position}`,
  nulls: 'last',
  takesQueries: true,
  first: (rows, what, rest) => `SELECT ${what} ${rest} LIMIT ${rows}`,
};

/** Every value as the server writes it: keys stay exact, and each column converts its own. */
const AS_TEXT: pg.CustomTypesConfig = { getTypeParser: () => (text: string) => text };

/**
 * How the session writes values, whatever server, database or role are set to; and no time limit: reading lasts as
 * long as the destination takes to write. One snapshot for all that is read.
 */
const BEGIN = `
  BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL IntervalStyle = 'iso_8601';
  SET LOCAL bytea_output = 'hex';
  SET LOCAL extra_float_digits = 1;
  SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL synchronize_seqscans = off`;

export async function openPostgresReader(
  login: DatabaseLogin | UrlLogin,
  options: ConnectOptions,
  note: Note,
): Promise<DatabaseReader> {
  const client = await connectPostgres(login, options);
  try {
    await client.query(BEGIN);
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return new PostgresReader(client, rows[0]?.pid ?? 0, () => connectPostgres(login, withoutSignal(options)), note);
  } catch (error) {
    client.connection.stream.destroy();
    throw postgresError(error, 'beginning to read');
  }
}

/** What ends a session is done after its signal has aborted. */
function withoutSignal({ signal: _, ...options }: ConnectOptions): ConnectOptions {
  return options;
}

class PostgresReader implements DatabaseReader {
  readonly dialect = dialect;
  readonly #client: pg.Client;
  readonly #pid: number;
  readonly #connectAgain: () => Promise<pg.Client>;
  readonly #note: Note;
  #ended: Promise<void> | undefined;

  constructor(client: pg.Client, pid: number, connectAgain: () => Promise<pg.Client>, note: Note) {
    this.#client = client;
    this.#pid = pid;
    this.#connectAgain = connectAgain;
    this.#note = note;
  }

  async describe(relation: string): Promise<readonly SourceColumn[]> {
    const { fields } = await this.#client.query(`SELECT * FROM ${relation} LIMIT 0`);
    const catalogue = await this.#catalogueTypes(fields.map((field) => field.dataTypeID));
    const required = await this.#requiredColumns(fields);
    return fields.map(({ name, dataTypeID, tableID, columnID }) => {
      const { type, convert } = postgresType(dataTypeID, catalogue.get(dataTypeID), name, this.#note);
      const nullable = !required.has(`${tableID}.${columnID}`);
      return { name, type, nullable, convert: (raw) => convert(raw as string) };
    });
  }

  async #catalogueTypes(oids: readonly number[]): Promise<Map<number, CatalogueType>> {
    const unknown = oids.filter((oid) => !isScalar(oid));
    if (unknown.length === 0) return new Map();
    const { rows } = await this.#client.query<{ oid: number; element: number | null; delimiter: string }>(
      `SELECT t.oid::int8::float8 AS oid, e.delimiter,
              (CASE e.typtype WHEN 'd' THEN e.typbasetype ELSE e.oid END)::int8::float8 AS element
         FROM pg_type t LEFT JOIN LATERAL (SELECT oid, typtype, typbasetype, typdelim AS delimiter FROM pg_type
                                           WHERE oid = t.typelem AND t.typcategory = 'A') e ON true
        WHERE t.oid = ANY ($1::oid[])`,
      [unknown],
    );
    return new Map(
      rows.map(({ oid, element, delimiter }) => [oid, { element: element ?? undefined, delimiter: delimiter ?? ',' }]),
    );
  }

  async #requiredColumns(fields: readonly pg.FieldDef[]): Promise<Set<string>> {
    const tables = [...new Set(fields.map((field) => field.tableID))].filter((oid) => oid !== 0);
    if (tables.length === 0) return new Set();
    const { rows } = await this.#client.query<{ place: string }>(
      `SELECT attrelid::int8 || '.' || attnum AS place FROM pg_attribute
        WHERE attrelid = ANY ($1::oid[]) AND attnotnull AND attnum > 0`,
      [tables],
    );
    return new Set(rows.map(({ place }) => place));
  }

  async tableKey(table: TableName): Promise<readonly string[]> {
    const { rows } = await this.#client.query<{ columns: string[] }>(
      `SELECT array_agg(a.attname::text ORDER BY k.position) AS columns
         FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
          AND i.indexprs IS NULL AND k.position <= i.indnkeyatts
        GROUP BY i.indexrelid, i.indisprimary
       HAVING bool_and(a.attnotnull)
        ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1`,
      [relationOf(table)],
    );
    return rows[0]?.columns ?? [];
  }

  async estimate(table: TableName): Promise<number | undefined> {
    // A partitioned table's rows are its parts'. What nobody has analysed yet has -1.
    const { rows } = await this.#client.query<{ rows: number | null }>(
      `SELECT CASE WHEN bool_and(reltuples >= 0) THEN sum(reltuples)::float8 END AS rows FROM pg_class
        WHERE relkind IN ('r', 'm', 'f') AND oid IN
          (SELECT to_regclass($1)::oid UNION SELECT relid::oid FROM pg_partition_tree(to_regclass($1)))`,
      [relationOf(table)],
    );
    return rows[0]?.rows ?? undefined;
  }

  async *rows({ sql, values }: Statement, fetchSize: number): AsyncGenerator<RawRow[]> {
    const cursor = this.#client.query(new Cursor<RawRow>(sql, [...values], { rowMode: 'array', types: AS_TEXT }));
    const pace = new FetchPace(fetchSize);
    let complete = false;
    try {
      for (;;) {
        const asked = pace.next;
        const rows = await cursor.read(asked);
        pace.note(rows);
        if (rows.length > 0) yield rows;
        if (rows.length < asked) break;
      }
      complete = true;
    } finally {
      if (complete) await cursor.close();
      else this.abort();
    }
  }

  explain(error: unknown, doing: string): ExecutorError {
    return postgresError(error, doing);
  }

  abort(): void {
    if (this.#ended) return;
    this.#client.connection.stream.destroy();
    // A server that computes does not notice that its client is gone.
    this.#ended = this.#cancel().catch(() => {});
  }

  async #cancel(): Promise<void> {
    const client = await this.#connectAgain();
    try {
      await client.query('SELECT pg_terminate_backend($1)', [this.#pid]);
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    this.#ended ??= this.#client.end().catch(() => {});
    await this.#ended;
  }
}

function relationOf({ schema, table }: TableName): string {
  return schema === undefined ? dialect.quote(table) : `${dialect.quote(schema)}.${dialect.quote(table)}`;
}
