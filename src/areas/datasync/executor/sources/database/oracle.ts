/** Written by the documentation of server and driver; not yet run against a server. */
import type { Connection, Driver, ExecuteOptions } from 'oracledb';
import type { ConnectOptions, DatabaseLogin } from '../../../../../connections/drivers/login.ts';
import { connectOracle, oracleDriver, oracleError } from '../../../../../connections/drivers/oracle.ts';
import type { ExecutorError } from '../../../../../protocol/executor.ts';
import { oracleColumn } from './oracle-types.ts';
import type { DatabaseReader, Dialect, RawRow, SourceColumn, Statement, TableName } from './reader.ts';

const dialect: Dialect = {
  // Between quotes there can be no other: names with one do not exist.
  quote: (name) => `"${name.replaceAll('"', '')}"`,
  placeholder: (position) => `:${position}`,
  nulls: 'last',
  takesQueries: true,
  first: (rows, what, rest) => `SELECT ${what} ${rest} FETCH FIRST ${rows} ROWS ONLY`,
};

/** How the session reads and writes values, whatever the login is set to. */
const SESSION = "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,' NLS_SORT = BINARY NLS_COMP = BINARY TIME_ZONE = 'UTC'";

export async function openOracleReader(login: DatabaseLogin, options: ConnectOptions): Promise<DatabaseReader> {
  const driver = await oracleDriver();
  const connection = await connectOracle(login, options);
  try {
    await connection.execute(SESSION);
    // One snapshot for all that is read.
    await connection.execute('SET TRANSACTION READ ONLY');
    return new OracleReader(driver, connection);
  } catch (error) {
    await connection.close({ drop: true }).catch(() => {});
    throw oracleError(error, 'beginning to read');
  }
}

class OracleReader implements DatabaseReader {
  readonly dialect = dialect;
  readonly #driver: Driver;
  readonly #connection: Connection;
  #ended: Promise<void> | undefined;

  constructor(driver: Driver, connection: Connection) {
    this.#driver = driver;
    this.#connection = connection;
  }

  async describe(relation: string): Promise<readonly SourceColumn[]> {
    const { metaData = [] } = await this.#connection.execute(`SELECT * FROM ${relation} WHERE 1 = 0`);
    return metaData.map(oracleColumn);
  }

  async tableKey({ schema, table }: TableName): Promise<readonly string[]> {
    const rows = await this.#all(
      `SELECT k.column_name FROM all_constraints c
         JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name
        WHERE c.constraint_type = 'P' AND c.owner = NVL(:1, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA'))
          AND c.table_name = :2 ORDER BY k.position`,
      [schema ?? null, table],
    );
    return rows.map(([name]) => String(name));
  }

  async estimate({ schema, table }: TableName): Promise<number | undefined> {
    const rows = await this.#all(
      `SELECT num_rows FROM all_tables
        WHERE owner = NVL(:1, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND table_name = :2`,
      [schema ?? null, table],
    );
    const estimate = rows[0]?.[0];
    return estimate === null || estimate === undefined ? undefined : Number(estimate);
  }

  async #all(sql: string, values: readonly unknown[]): Promise<readonly RawRow[]> {
    const { rows = [] } = await this.#connection.execute(sql, values, { outFormat: this.#driver.OUT_FORMAT_ARRAY });
    return rows;
  }

  async *rows({ sql, values }: Statement, fetchSize: number): AsyncGenerator<RawRow[]> {
    const { resultSet } = await this.#connection.execute(sql, values, this.#fetch(fetchSize));
    if (!resultSet) throw new Error('the statement gave no rows');
    let complete = false;
    try {
      for (;;) {
        const rows = await resultSet.getRows(fetchSize);
        if (rows.length === 0) break;
        yield rows;
      }
      complete = true;
    } finally {
      if (complete) await resultSet.close();
      else this.abort();
    }
  }

  #fetch(fetchSize: number): ExecuteOptions {
    const { DB_TYPE_VARCHAR, DB_TYPE_NUMBER, DB_TYPE_CLOB, DB_TYPE_NCLOB, DB_TYPE_BLOB, DB_TYPE_RAW } = this.#driver;
    return {
      resultSet: true,
      outFormat: this.#driver.OUT_FORMAT_ARRAY,
      fetchArraySize: fetchSize,
      prefetchRows: fetchSize,
      fetchTypeHandler: ({ dbType }) => {
        // A number of Oracle's has up to 38 digits.
        if (dbType === DB_TYPE_NUMBER) return { type: DB_TYPE_VARCHAR };
        if (dbType === DB_TYPE_CLOB || dbType === DB_TYPE_NCLOB) return { type: DB_TYPE_VARCHAR };
        return dbType === DB_TYPE_BLOB ? { type: DB_TYPE_RAW } : undefined;
      },
    };
  }

  explain(error: unknown, doing: string): ExecutorError {
    return oracleError(error, doing);
  }

  abort(): void {
    this.#ended ??= this.#break();
  }

  async #break(): Promise<void> {
    await this.#connection.break().catch(() => {});
    await this.#connection.close({ drop: true }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#ended ??= this.#connection.close().catch(() => {});
    await this.#ended;
  }
}
