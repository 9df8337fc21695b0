import type pg from 'pg';
import type { ConnectOptions, DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';
import { connectPostgres, postgresError, sqlStateOf } from '../../../../../connections/drivers/postgresql.ts';
import type { Row } from '../../pipeline/contracts.ts';
import type { LoadColumn } from '../database-encoding.ts';
import type {
  DatabaseEngine,
  Fence,
  FenceRow,
  KeptState,
  Merge,
  Missing,
  Swap,
  TextLoading,
} from '../database-engine.ts';
import type { TableColumn } from '../schema-column.ts';
import * as catalog from './catalog.ts';
import * as merging from './merge.ts';
import { execute, qualified, type Session } from './session.ts';
import { ensureStateTable, forgetOnce, holdFence, saveState, takeFence } from './state.ts';
import { putInPlace } from './swap.ts';
import { newColumn, takesTextOf } from './types.ts';

const LONGEST_NAME = 63;

/**
 * A worker that is gone without a word (its machine lost power) must not hold its locks for long; one that waits for
 * its server to take what was found must be given time.
 */
const BEGIN = `BEGIN;
  SET LOCAL idle_in_transaction_session_timeout = '5min'; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL client_encoding = 'UTF8'; SET CONSTRAINTS ALL IMMEDIATE`;

/** A row's fault: its data (22), a constraint (23), two rows of one key in a statement, a key too long to be indexed. */
const DATA_ERROR = /^(?:22|23|21000$|54000$)/;

/** PostgreSQL as a destination. See DatabaseEngine. */
export class PostgresEngine implements DatabaseEngine {
  readonly product = 'PostgreSQL';
  readonly text: TextLoading = {
    takes: takesTextOf,
    load: (table, columns, chunks) => merging.loadText(this.#session, table, columns, chunks),
    stage: (merge, chunks) => merging.stageText(this.#session, merge, chunks),
  };
  readonly #login: DatabaseLogin | UrlLogin;
  readonly #connect: ConnectOptions;
  readonly #schema: string;
  readonly #fence: Fence;
  readonly #table: string;
  #client: pg.Client | undefined;

  /** @param table what the run writes to */
  constructor(login: DatabaseLogin | UrlLogin, connect: ConnectOptions, schema: string, fence: Fence, table: string) {
    this.#login = login;
    this.#connect = connect;
    this.#schema = schema;
    this.#fence = fence;
    this.#table = table;
  }

  get #session(): Session {
    if (!this.#client) throw new Error('the destination is not open');
    return { client: this.#client, schema: this.#schema };
  }

  async connect(): Promise<void> {
    this.#client = await connectPostgres(this.#login, this.#connect);
    await ensureStateTable(this.#session);
  }

  async close(): Promise<void> {
    // A connection that is gone already has nothing to be told.
    await this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  abandon(): void {
    this.#client?.connection.stream.destroy();
  }

  fold(name: string): string {
    return name;
  }

  nameProblem(name: string): string | undefined {
    if (name === '') return 'it is empty';
    if (name.includes('\0')) return 'it holds a NUL character';
    const bytes = Buffer.byteLength(name);
    return bytes > LONGEST_NAME ? `it has ${bytes} bytes, and PostgreSQL takes ${LONGEST_NAME}` : undefined;
  }

  column(name: string, type: TableColumn['type']): TableColumn {
    return newColumn(name, type);
  }

  isDataError(error: unknown): boolean {
    return DATA_ERROR.test(sqlStateOf(error) ?? '');
  }

  explain(error: unknown, doing: string): Error {
    return postgresError(error, doing);
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const session = this.#session;
    await execute(session, BEGIN);
    try {
      const result = await work();
      await execute(session, 'COMMIT');
      return result;
    } catch (error) {
      // What fails here is the connection, with which the transaction is gone.
      await execute(session, 'ROLLBACK').catch(() => {});
      throw error;
    }
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const session = this.#session;
    await execute(session, 'SAVEPOINT part');
    try {
      const result = await work();
      await execute(session, 'RELEASE part');
      return result;
    } catch (error) {
      await execute(session, 'ROLLBACK TO part; RELEASE part').catch(() => {});
      throw error;
    }
  }

  async change(work: () => Promise<void>): Promise<void> {
    await this.transaction(async () => {
      await holdFence(this.#session, this.#fence);
      // Several runs may write to one table: what one finds out of it, no other changes before it is done. Runs into
      // other tables do not wait: one that stands still is not to hold up all.
      await execute(this.#session, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `longshore table ${qualified(this.#session, this.#table)}`,
      ]);
      await work();
    });
  }

  takeFence(clear: (found: readonly FenceRow[]) => Promise<void>): Promise<KeptState | undefined> {
    return this.transaction(() => takeFence(this.#session, this.#fence, clear));
  }

  forgetOnce(): Promise<void> {
    return forgetOnce(this.#session);
  }

  saveState(state: KeptState): Promise<void> {
    return saveState(this.#session, this.#fence, state);
  }

  describe(table: string) {
    return catalog.describeTable(this.#session, table);
  }

  isEmpty(table: string): Promise<boolean> {
    return catalog.isEmpty(this.#session, table);
  }

  createTable(table: string, columns: readonly TableColumn[], keys: readonly string[]): Promise<void> {
    return catalog.createTable(this.#session, table, columns, keys);
  }

  createLike(table: string, model: string): Promise<void> {
    return catalog.createLike(this.#session, table, model);
  }

  createSeen(table: string, model: string, keys: readonly string[]): Promise<void> {
    return catalog.createSeen(this.#session, table, model, keys);
  }

  addColumns(table: string, columns: readonly TableColumn[]): Promise<void> {
    return catalog.addColumns(this.#session, table, columns);
  }

  retype(table: string, from: TableColumn, to: TableColumn): Promise<void> {
    return catalog.retype(this.#session, table, from, to);
  }

  createKey(table: string, keys: readonly string[]): Promise<void> {
    return catalog.createKey(this.#session, table, keys);
  }

  dropTables(tables: readonly string[]): Promise<void> {
    return catalog.dropTables(this.#session, tables);
  }

  holdsInexact(table: string, column: string): Promise<boolean> {
    return catalog.holdsInexact(this.#session, table, column);
  }

  load(table: string, columns: readonly LoadColumn[], rows: readonly Row[]): Promise<void> {
    return merging.load(this.#session, table, columns, rows);
  }

  stage(merge: Merge): Promise<void> {
    return merging.stage(this.#session, merge);
  }

  contenders(merge: Merge, timestampColumn: string | undefined) {
    return merging.contenders(this.#session, merge, timestampColumn);
  }

  complete(merge: Merge): Promise<void> {
    return merging.complete(this.#session, merge);
  }

  dropSame(merge: Merge): Promise<void> {
    return merging.dropSame(this.#session, merge);
  }

  differences(merge: Merge, limit: number) {
    return merging.differences(this.#session, merge, limit);
  }

  countDifferences(merge: Merge): Promise<number> {
    return merging.countDifferences(this.#session, merge);
  }

  merge(merge: Merge): Promise<number> {
    return merging.mergeStaged(this.#session, merge);
  }

  noteSeen(merge: Merge, seen: string): Promise<void> {
    return merging.noteSeen(this.#session, merge, seen);
  }

  countMissing(missing: Missing) {
    return merging.countMissing(this.#session, missing);
  }

  removeMissing(missing: Missing): Promise<number> {
    return merging.removeMissing(this.#session, missing);
  }

  async swap(swap: Swap, state: KeptState): Promise<void> {
    await this.transaction(async () => {
      await putInPlace(this.#session, swap);
      await this.saveState(state);
    });
  }

  /** Nothing: a swap and its state are one transaction here. */
  async completeSwap(): Promise<void> {}
}
