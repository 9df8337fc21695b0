import type { Connection as CoreConnection } from 'mysql2';
import type { Connection, FieldPacket, RowDataPacket } from 'mysql2/promise';
import type { ConnectOptions, DatabaseLogin } from '../../../../../connections/drivers/login.ts';
import { connectMysql, mysqlError } from '../../../../../connections/drivers/mysql.ts';
import type { ExecutorError } from '../../../../../protocol/executor.ts';
import { mysqlColumn } from './mysql-types.ts';
import type { DatabaseReader, Dialect, Note, RawRow, SourceColumn, Statement, TableName } from './reader.ts';
import { RowQueue } from './row-queue.ts';

const dialect: Dialect = {
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  placeholder: () => '?',
  nulls: 'first',
  takesQueries: true,
  first: (rows, what, rest) => `SELECT ${what} ${rest} LIMIT ${rows}`,
};

/** Seconds that the server waits for us to take more rows: as long as the destination takes to write. */
const PATIENCE_SECONDS = 3600;

export async function openMysqlReader(
  login: DatabaseLogin,
  options: ConnectOptions,
  note: Note,
): Promise<DatabaseReader> {
  const connection = await connectMysql(login, options);
  try {
    const [[server]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version, CONNECTION_ID() AS id');
    const limit = /mariadb/i.test(String(server?.version)) ? 'max_statement_time' : 'max_execution_time';
    await connection.query(`SET SESSION net_write_timeout = ${PATIENCE_SECONDS}, ${limit} = 0`);
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    const { signal: _, ...unaborted } = options;
    return new MysqlReader(connection, Number(server?.id), () => connectMysql(login, unaborted), note);
  } catch (error) {
    connection.destroy();
    throw mysqlError(error, 'beginning to read');
  }
}

class MysqlReader implements DatabaseReader {
  readonly dialect = dialect;
  readonly #connection: Connection;
  readonly #id: number;
  readonly #connectAgain: () => Promise<Connection>;
  readonly #note: Note;
  /** Fails when the session is ended here: a connection that is destroyed leaves unsaid what became of its queries. */
  readonly #aborted: Promise<never>;
  #fail: () => void = () => {};
  #ended: Promise<void> | undefined;

  constructor(connection: Connection, id: number, connectAgain: () => Promise<Connection>, note: Note) {
    this.#connection = connection;
    this.#id = id;
    this.#connectAgain = connectAgain;
    this.#note = note;
    this.#aborted = new Promise((_, reject) => {
      this.#fail = () => reject(new Error('the session was ended'));
    });
    this.#aborted.catch(() => {});
  }

  /** The promises' side of the driver collects all rows; the other one is beneath it, and is not in its types. */
  get #core(): CoreConnection {
    return (this.#connection as unknown as { connection: CoreConnection }).connection;
  }

  async describe(relation: string): Promise<readonly SourceColumn[]> {
    const [, fields] = await this.#ask(`SELECT * FROM ${relation} LIMIT 0`, []);
    return fields.map((field) => mysqlColumn(field, this.#note));
  }

  async tableKey({ schema, table }: TableName): Promise<readonly string[]> {
    const [rows] = await this.#ask(
      `SELECT index_name AS name, column_name AS col FROM information_schema.statistics s
        WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND non_unique = 0
          AND NOT EXISTS (SELECT 1 FROM information_schema.statistics n
                           WHERE n.table_schema = s.table_schema AND n.table_name = s.table_name
                             AND n.index_name = s.index_name
                             AND (n.nullable = 'YES' OR n.sub_part IS NOT NULL OR n.column_name IS NULL))
        ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index`,
      [schema ?? null, table],
    );
    return rows.filter((row) => row.name === rows[0]?.name).map((row) => String(row.col));
  }

  async estimate({ schema, table }: TableName): Promise<number | undefined> {
    const [[row]] = await this.#ask(
      `SELECT table_rows AS estimate FROM information_schema.tables
        WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?`,
      [schema ?? null, table],
    );
    return typeof row?.estimate === 'number' ? row.estimate : undefined;
  }

  async #ask(sql: string, values: readonly unknown[]): Promise<[RowDataPacket[], FieldPacket[]]> {
    const answer = this.#connection.query<RowDataPacket[]>(sql, [...values]);
    return await Promise.race([answer, this.#aborted]);
  }

  async *rows({ sql, values }: Statement, fetchSize: number): AsyncGenerator<RawRow[]> {
    const queue = new RowQueue(fetchSize, this.#core);
    const fail = (error: unknown) => queue.fail(error);
    // The loss of a connection is told to whoever listens to the connection alone; our own end of it, to nobody.
    const lost = () => fail(new Error('the connection was lost'));
    this.#aborted.catch(fail);
    this.#core.on('error', fail);
    this.#core.on('end', lost);
    const query = this.#core.query({ sql: this.#connection.format(sql, [...values]), rowsAsArray: true });
    query.on('result', (row: RawRow) => queue.push(row));
    query.on('error', fail);
    query.on('end', () => queue.finish());
    try {
      for (let rows = await queue.next(); rows; rows = await queue.next()) yield rows;
    } finally {
      this.#core.off('error', fail);
      this.#core.off('end', lost);
      if (!queue.complete) this.abort();
    }
  }

  explain(error: unknown, doing: string): ExecutorError {
    return mysqlError(error, doing);
  }

  abort(): void {
    if (this.#ended) return;
    this.#connection.destroy();
    this.#fail();
    // A server that computes does not notice that its client is gone.
    this.#ended = this.#kill().catch(() => {});
  }

  async #kill(): Promise<void> {
    const connection = await this.#connectAgain();
    try {
      await connection.query(`KILL ${this.#id}`);
    } finally {
      await connection.end();
    }
  }

  async close(): Promise<void> {
    this.#ended ??= this.#connection.end().catch(() => {});
    await this.#ended;
  }
}
