/** Written by the documentation of server and driver; not yet run against a server. */
import type mssql from 'mssql';
import type { ConnectOptions, DatabaseLogin } from '../../../../../connections/drivers/login.ts';
import { connectSqlServer, sqlServerDriver, sqlServerError } from '../../../../../connections/drivers/sqlserver.ts';
import type { ExecutorError } from '../../../../../protocol/executor.ts';
import type { DatabaseReader, Dialect, Note, RawRow, SourceColumn, Statement, TableName } from './reader.ts';
import { RowQueue } from './row-queue.ts';
import { sqlServerColumn } from './sqlserver-types.ts';

const dialect: Dialect = {
  quote: (name) => `[${name.replaceAll(']', ']]')}]`,
  placeholder: (position) => `@p${position}`,
  nulls: 'first',
  // There is no read-only transaction, and statements need no semicolon between them: parentheses hold a query to one.
  takesQueries: false,
  first: (rows, what, rest) => `SELECT TOP (${rows}) ${what} ${rest}`,
};

export async function openSqlServerReader(
  login: DatabaseLogin,
  options: ConnectOptions,
  note: Note,
): Promise<DatabaseReader> {
  const driver = await sqlServerDriver();
  const pool = await connectSqlServer(login, options);
  try {
    const { recordset } = await pool
      .request()
      .query<{ state: number }>('SELECT snapshot_isolation_state AS state FROM sys.databases WHERE name = DB_NAME()');
    const snapshot = recordset[0]?.state === 1;
    if (!snapshot)
      note('the database does not allow snapshots: what changes while it is read may be read in either state');
    const transaction = pool.transaction();
    // It is always rolled back.
    await transaction.begin(snapshot ? driver.ISOLATION_LEVEL.SNAPSHOT : driver.ISOLATION_LEVEL.READ_COMMITTED);
    return new SqlServerReader(pool, transaction);
  } catch (error) {
    await pool.close().catch(() => {});
    throw sqlServerError(error, 'beginning to read');
  }
}

class SqlServerReader implements DatabaseReader {
  readonly dialect = dialect;
  readonly #pool: mssql.ConnectionPool;
  readonly #transaction: mssql.Transaction;
  #interrupt: (() => void) | undefined;
  #ended: Promise<void> | undefined;

  constructor(pool: mssql.ConnectionPool, transaction: mssql.Transaction) {
    this.#pool = pool;
    this.#transaction = transaction;
  }

  async describe(relation: string): Promise<readonly SourceColumn[]> {
    const { recordset } = await this.#request([`SELECT * FROM ${relation}`]).query<{
      name: string;
      declared: string | null;
      nullable: boolean;
      error: string | null;
    }>(
      `SELECT name, system_type_name AS declared, is_nullable AS nullable, error_message AS error
         FROM sys.dm_exec_describe_first_result_set(@p1, NULL, 0)
        WHERE is_hidden = 0 OR error_message IS NOT NULL ORDER BY column_ordinal`,
    );
    const refused = recordset.find(({ error }) => error !== null);
    if (refused) throw Object.assign(new Error(refused.error ?? ''), { code: 'EREQUEST', number: 0 });
    // A type of the user's own (CLR) has no system name.
    return recordset.map(({ name, declared, nullable }) => sqlServerColumn(name, declared ?? 'hierarchyid', nullable));
  }

  async tableKey(table: TableName): Promise<readonly string[]> {
    const { recordset } = await this.#request([objectName(table)]).query<{ name: string }>(
      `SELECT c.name FROM sys.indexes i
         JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0
         JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
        WHERE i.object_id = OBJECT_ID(@p1) AND i.is_primary_key = 1 ORDER BY k.key_ordinal`,
    );
    return recordset.map(({ name }) => name);
  }

  async estimate(table: TableName): Promise<number | undefined> {
    const { recordset } = await this.#request([objectName(table)]).query<{ estimate: string | null }>(
      'SELECT SUM(rows) AS estimate FROM sys.partitions WHERE object_id = OBJECT_ID(@p1) AND index_id IN (0, 1)',
    );
    const estimate = recordset[0]?.estimate;
    return estimate === null || estimate === undefined ? undefined : Number(estimate);
  }

  async *rows({ sql, values }: Statement, fetchSize: number): AsyncGenerator<RawRow[]> {
    const request = this.#request(values);
    request.stream = true;
    request.arrayRowMode = true;
    const queue = new RowQueue(fetchSize, request);
    request.on('row', (row: RawRow) => queue.push(row));
    request.on('error', (error) => queue.fail(error));
    request.on('done', () => queue.finish());
    this.#interrupt = () => {
      queue.fail(new Error('the connection was ended'));
      request.cancel();
    };
    void request.query(sql);
    try {
      for (let rows = await queue.next(); rows; rows = await queue.next()) yield rows;
    } finally {
      if (!queue.complete) this.abort();
    }
  }

  explain(error: unknown, doing: string): ExecutorError {
    return sqlServerError(error, doing);
  }

  abort(): void {
    if (this.#ended) return;
    // The server is told by the same connection: it listens while it works.
    this.#interrupt?.();
    this.#ended = this.#pool.close().catch(() => {});
  }

  async close(): Promise<void> {
    this.#ended ??= this.#rollback();
    await this.#ended;
  }

  async #rollback(): Promise<void> {
    await this.#transaction.rollback().catch(() => {});
    await this.#pool.close().catch(() => {});
  }

  #request(values: readonly unknown[]): mssql.Request {
    const request = this.#transaction.request();
    for (const [index, value] of values.entries()) request.input(`p${index + 1}`, value);
    return request;
  }
}

function objectName({ schema, table }: TableName): string {
  return schema === undefined ? dialect.quote(table) : `${dialect.quote(schema)}.${dialect.quote(table)}`;
}
