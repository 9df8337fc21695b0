import type mysql from 'mysql2/promise';
import type { ConnectOptions, DatabaseLogin } from '../../../../../connections/drivers/login.ts';
import { connectMysql, cutMysql, mysqlError } from '../../../../../connections/drivers/mysql.ts';
import type { Row } from '../../pipeline/contracts.ts';
import type { LoadColumn } from '../database-encoding.ts';
import type { DatabaseEngine, Fence, FenceRow, KeptState, Merge, Missing, Swap } from '../database-engine.ts';
import type { TableColumn } from '../schema-column.ts';
import * as catalog from './catalog.ts';
import * as merging from './merge.ts';
import { execute, load, qualified, query, RowsRefused, type Session } from './session.ts';
import { checkFence, ensureStateTable, forgetOnce, holdingTable, saveState, takeFence } from './state.ts';
import { alignColumns, exchangeRows, exchangeTables, isAttached, refuseDependants } from './swap.ts';
import { newColumn } from './types.ts';

const LONGEST_NAME = 64;

/** Collations under which texts that differ in anything are different, the best first; servers have some of them. */
const COLLATIONS = ['utf8mb4_0900_bin', 'utf8mb4_nopad_bin', 'utf8mb4_bin'];

/** Errors that are the fault of a row: its values, or a constraint that they break. */
const DATA_ERRORS = new Set([
  'ER_BAD_NULL_ERROR',
  'ER_DUP_ENTRY',
  'ER_NO_DEFAULT_FOR_FIELD',
  'ER_WARN_DATA_OUT_OF_RANGE',
  'WARN_DATA_TRUNCATED',
  'ER_TRUNCATED_WRONG_VALUE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'ER_DATA_TOO_LONG',
  'ER_DATA_OUT_OF_RANGE',
  'ER_ROW_IS_REFERENCED_2',
  'ER_NO_REFERENCED_ROW_2',
  'ER_INVALID_JSON_TEXT',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_CONSTRAINT_FAILED',
  'ER_NO_PARTITION_FOR_GIVEN_VALUE',
  'ER_CANT_CREATE_GEOMETRY_OBJECT',
  'ER_SIGNAL_EXCEPTION',
]);
/** MariaDB's CHECK, which the driver has no name for. */
const CHECK_FAILED = 4025;

/** What a run writes to. */
export interface MysqlTarget {
  readonly table: string;
  /** How many columns its key has. */
  readonly keys: number;
}

/** MySQL and MariaDB as a destination. See DatabaseEngine. */
export class MysqlEngine implements DatabaseEngine {
  readonly product = 'MySQL';
  readonly #login: DatabaseLogin;
  readonly #connect: ConnectOptions;
  readonly #schema: string;
  readonly #fence: Fence;
  readonly #target: MysqlTarget;
  #connection: mysql.Connection | undefined;
  #session: Session | undefined;

  constructor(login: DatabaseLogin, connect: ConnectOptions, schema: string, fence: Fence, target: MysqlTarget) {
    this.#login = login;
    this.#connect = connect;
    this.#schema = schema;
    this.#fence = fence;
    this.#target = target;
  }

  get #open(): Session {
    if (!this.#session) throw new Error('the destination is not open');
    return this.#session;
  }

  async connect(): Promise<void> {
    this.#connection = await connectMysql(this.#login, this.#connect);
    this.#session = await settle(this.#connection, this.#schema);
    await ensureStateTable(this.#session);
  }

  async close(): Promise<void> {
    // A connection that is gone already has nothing to be told.
    await this.#connection?.end().catch(() => {});
    this.#connection = undefined;
    this.#session = undefined;
  }

  abandon(): void {
    if (this.#connection) cutMysql(this.#connection);
  }

  /** Its column names know no case. */
  fold(name: string): string {
    return name.toLowerCase();
  }

  nameProblem(name: string): string | undefined {
    if (name === '') return 'it is empty';
    if (name.includes('\0')) return 'it holds a NUL character';
    if (name.endsWith(' ')) return 'it ends in a space';
    if (/[\u{10000}-\u{10ffff}]/u.test(name)) return 'it holds a character beyond U+FFFF';
    const { length } = name;
    return length > LONGEST_NAME ? `it has ${length} characters, and MySQL takes ${LONGEST_NAME}` : undefined;
  }

  column(name: string, type: TableColumn['type'], options: { key: boolean; wide: boolean }): TableColumn {
    const keys = options.key ? this.#target.keys : 0;
    return newColumn(name, type, { keys, wide: options.wide, collation: this.#open.collation });
  }

  isDataError(error: unknown): boolean {
    if (error instanceof RowsRefused) return true;
    if (!(error instanceof Error)) return false;
    const { code, errno } = error as { code?: string; errno?: number };
    return DATA_ERRORS.has(code ?? '') || errno === CHECK_FAILED;
  }

  explain(error: unknown, doing: string): Error {
    return mysqlError(error, doing);
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await execute(this.#open, 'START TRANSACTION');
    try {
      const result = await work();
      await execute(this.#open, 'COMMIT');
      return result;
    } catch (error) {
      // What fails here is the connection, with which the transaction is gone.
      await execute(this.#open, 'ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    await execute(this.#open, 'SAVEPOINT part');
    try {
      return await work();
    } catch (error) {
      await execute(this.#open, 'ROLLBACK TO SAVEPOINT part').catch(() => {});
      throw error;
    }
  }

  /** Each change is its own transaction: the fence is looked at before, and holds again when rows are written. */
  async change(work: () => Promise<void>): Promise<void> {
    // Several runs may write to one table: what one finds out of it, no other changes before it is done.
    await holdingTable(this.#open, this.#target.table, async () => {
      // Asked while others wait: whoever takes over meanwhile changes tables after this.
      await checkFence(this.#open, this.#fence);
      await work();
    });
  }

  takeFence(clear: (found: readonly FenceRow[]) => Promise<void>): Promise<KeptState | undefined> {
    return takeFence(this.#open, this.#fence, (work) => this.transaction(work), clear);
  }

  forgetOnce(): Promise<void> {
    return forgetOnce(this.#open);
  }

  saveState(state: KeptState): Promise<void> {
    return saveState(this.#open, this.#fence, state);
  }

  describe(table: string) {
    return catalog.describeTable(this.#open, table);
  }

  isEmpty(table: string): Promise<boolean> {
    return catalog.isEmpty(this.#open, table);
  }

  createTable(table: string, columns: readonly TableColumn[], keys: readonly string[]): Promise<void> {
    return catalog.createTable(this.#open, table, columns, keys);
  }

  createLike(table: string, model: string): Promise<void> {
    return catalog.createLike(this.#open, table, model);
  }

  createSeen(table: string, model: string, keys: readonly string[]): Promise<void> {
    return catalog.createSeen(this.#open, table, model, keys);
  }

  addColumns(table: string, columns: readonly TableColumn[]): Promise<void> {
    return catalog.addColumns(this.#open, table, columns);
  }

  retype(table: string, from: TableColumn, to: TableColumn): Promise<void> {
    return catalog.retype(this.#open, table, from, to);
  }

  createKey(table: string, keys: readonly string[]): Promise<void> {
    return catalog.createKey(this.#open, table, keys);
  }

  dropTables(tables: readonly string[]): Promise<void> {
    return catalog.dropTables(this.#open, tables);
  }

  holdsInexact(table: string, column: string): Promise<boolean> {
    return catalog.holdsInexact(this.#open, table, column);
  }

  load(table: string, columns: readonly LoadColumn[], rows: readonly Row[]): Promise<void> {
    return load(this.#open, qualified(this.#open, table), columns, rows);
  }

  stage(merge: Merge): Promise<void> {
    return merging.stage(this.#open, merge);
  }

  contenders(merge: Merge, timestampColumn: string | undefined) {
    return merging.contenders(this.#open, merge, timestampColumn);
  }

  complete(merge: Merge): Promise<void> {
    return merging.complete(this.#open, merge);
  }

  differences(merge: Merge, limit: number) {
    return merging.differences(this.#open, merge, limit);
  }

  countDifferences(merge: Merge): Promise<number> {
    return merging.countDifferences(this.#open, merge);
  }

  merge(merge: Merge): Promise<number> {
    return merging.mergeStaged(this.#open, merge);
  }

  noteSeen(merge: Merge, seen: string): Promise<void> {
    return merging.noteSeen(this.#open, merge, seen);
  }

  countMissing(missing: Missing) {
    return merging.countMissing(this.#open, missing);
  }

  removeMissing(missing: Missing): Promise<number> {
    return merging.removeMissing(this.#open, missing);
  }

  /**
   * A table cannot be renamed and a row be written at once. So the state says first, complete, that the swap is to
   * follow: whoever opens the job next does it if it was broken off in between. Where triggers or foreign keys hang on
   * the table, its rows are exchanged instead, which one transaction can do with the state.
   */
  async swap(swap: Swap, state: KeptState): Promise<void> {
    const session = this.#open;
    if (await isAttached(session, swap.table)) {
      await refuseDependants(session, swap.table);
      await alignColumns(session, swap);
      await this.transaction(async () => {
        await exchangeRows(session, swap);
        await this.saveState(state);
      });
      return await this.dropTables([swap.aside]);
    }
    const told = { ...state, destination: { ...state.destination, swap } };
    await this.transaction(() => this.saveState(told));
    await exchangeTables(session, swap);
  }

  completeSwap(swap: Swap): Promise<void> {
    return exchangeTables(this.#open, swap);
  }
}

/** Strict, so that a value which does not fit is an error and not another value. */
async function settle(connection: mysql.Connection, schema: string): Promise<Session> {
  const plain = { connection, schema, bulk: false, mariadb: false, collation: 'utf8mb4_bin' };
  await execute(
    plain,
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE'",
  );
  const [server] = await query<{ version: string; bulk: number }>(
    plain,
    'SELECT VERSION() AS version, @@GLOBAL.local_infile AS bulk',
  );
  const mariadb = /mariadb/i.test(server?.version ?? '');
  // A worker that is gone without a word must not hold its locks for long, and whoever takes over waits until they are
  // free: by itself it would give up earlier, and so often that the run fails. MySQL has no such setting.
  if (mariadb) await execute(plain, 'SET SESSION idle_transaction_timeout = 300, innodb_lock_wait_timeout = 330');
  const found = await query<{ name: string }>(
    plain,
    'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (?)',
    [COLLATIONS],
  );
  const names = new Set(found.map(({ name }) => name));
  return {
    ...plain,
    bulk: server?.bulk === 1,
    mariadb,
    collation: COLLATIONS.find((name) => names.has(name)) ?? plain.collation,
  };
}
