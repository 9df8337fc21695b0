import type { ColumnType, Row, SyncState } from '../pipeline/contracts.ts';
import type { LoadColumn } from './database-encoding.ts';
import type { TableColumn } from './schema-column.ts';

/** Loading records that come as text, for engines that read that text as it is. */
export interface TextLoading {
  /** Whether a column takes the texts of values of a type, or nulls, and reads them as the values that they are. */
  takes(column: TableColumn, type: ColumnType | undefined): boolean;
  load(table: string, columns: readonly LoadColumn[], chunks: Iterable<Uint8Array>): Promise<void>;
  /** As `stage`, of a merge without rows; refuses two of one key, which must be seen to become one. */
  stage(merge: Merge, chunks: Iterable<Uint8Array>): Promise<void>;
}

/**
 * What a database must be able to do to be a destination. How rows are judged, which of them conflict and in which order
 * all of it happens is the same for every engine and stands in database-destination.ts; SQL stands in the engines.
 *
 * Tables are given by their bare names; all of them, the job's state among them, lie in the engine's schema.
 */
export interface DatabaseEngine {
  /** Its name in messages. */
  readonly product: string;
  /** Absent where values must be seen before they can be written. */
  readonly text?: TextLoading;
  connect(): Promise<void>;
  close(): Promise<void>;
  /** Cuts the connection, also amid a statement: what was not committed is undone by the server. */
  abandon(): void;

  /** Names that are one to the engine have one folded form. */
  fold(name: string): string;
  /** Why a name cannot be a table's or column's; undefined if it can. */
  nameProblem(name: string): string | undefined;
  /** A column as the engine would make it; `wide` = for the longest values that it can hold. */
  column(name: string, type: ColumnType, options: { readonly key: boolean; readonly wide: boolean }): TableColumn;
  /** Whether an error is the fault of some row, so that others may still be taken. */
  isDataError(error: unknown): boolean;
  /** In words for the user. */
  explain(error: unknown, doing: string): Error;

  /**
   * Looks up the rows of the job, of former generations too, calls `clear` with them, and leaves one: this attempt's.
   * All in one transaction where DDL allows it.
   * @returns the state that this generation of the job had
   * @throws ExecutorError when a later attempt has been here
   */
  takeFence(clear: (found: readonly FenceRow[]) => Promise<void>): Promise<KeptState | undefined>;
  /** Deletes the rows of loads that happen once (`load_…`, `once_…`) and have been complete for a day. */
  forgetOnce(): Promise<void>;
  /** Within a transaction. @throws ExecutorError when a later attempt has taken over */
  saveState(state: KeptState): Promise<void>;

  /** @throws ExecutorError if there is something of that name which is no table to write to */
  describe(table: string): Promise<Table | undefined>;
  isEmpty(table: string): Promise<boolean>;
  createTable(table: string, columns: readonly TableColumn[], keys: readonly string[]): Promise<void>;
  /** With its columns, defaults and indexes. */
  createLike(table: string, model: string): Promise<void>;
  /** A table of the columns `keys` of `model`, to note which rows were seen. */
  createSeen(table: string, model: string, keys: readonly string[]): Promise<void>;
  addColumns(table: string, columns: readonly TableColumn[]): Promise<void>;
  /** Gives a column another type, keeping what it holds. */
  retype(table: string, from: TableColumn, to: TableColumn): Promise<void>;
  /** @throws ExecutorError when there are rows of equal keys, or keys that cannot be indexed */
  createKey(table: string, keys: readonly string[]): Promise<void>;
  dropTables(tables: readonly string[]): Promise<void>;
  /** Whether an integer column holds something that a double cannot. */
  holdsInexact(table: string, column: string): Promise<boolean>;

  transaction<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Makes and changes tables: in one transaction where the engine can. What is left of it after a crash does no harm.
   * @throws ExecutorError when a later attempt has taken over
   */
  change(work: () => Promise<void>): Promise<void>;
  /** Undoes what `work` did if it fails; within a transaction. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;

  /** Bulk load straight into a table. */
  load(table: string, columns: readonly LoadColumn[], rows: readonly Row[]): Promise<void>;
  /** Bulk load into a temporary table, anew at every call; within the transaction that merges it. */
  stage(merge: Merge): Promise<void>;
  /** Rows of the target that differ from what is staged for them, locked. */
  contenders(merge: Merge, timestampColumn: string | undefined): Promise<Contender[]>;
  /** Fills what masks leave alone from the target, and `_longshore_base` from the source. */
  complete(merge: Merge): Promise<void>;
  /**
   * Takes those rows from what is staged that the target has just like that: they need no lock, no log and no second
   * look. For merges without base; absent where that costs more than it saves.
   */
  dropSame?(merge: Merge): Promise<void>;
  differences(merge: Merge, limit: number): Promise<Difference[]>;
  countDifferences(merge: Merge): Promise<number>;
  /** @returns rows inserted and rows that are others now */
  merge(merge: Merge): Promise<number>;
  noteSeen(merge: Merge, seen: string): Promise<void>;

  /** Rows, and those of them whose keys were not seen; rows that are marked as deleted do not count. */
  countMissing(missing: Missing): Promise<{ readonly rows: number; readonly missing: number }>;
  removeMissing(missing: Missing): Promise<number>;
  /**
   * Puts `aside` in the place of `table`, and saves `state` with that: every reader sees the one table or the other.
   * Where the engine cannot do both at once, the state tells of the swap until it is done.
   */
  swap(swap: Swap, state: KeptState): Promise<void>;
  /** Ends a swap that was broken off; may have happened already. */
  completeSwap(swap: Swap): Promise<void>;
}

export interface Table {
  readonly columns: readonly TableColumn[];
  /** The columns of each unique index that a key can rely on. */
  readonly uniqueKeys: readonly (readonly string[])[];
}

export interface Fence {
  readonly jobKey: string;
  readonly runId: number;
  readonly epoch: number;
}

/** What the row of a job holds, of the attempt that wrote it last. */
export interface FenceRow {
  readonly runId: number;
  readonly state: KeptState | undefined;
}

/** A job's state with what the destination itself has to remember. */
export interface KeptState extends SyncState {
  readonly destination: {
    /** The table was empty when the run began. */
    readonly filling: boolean;
    /** Changes told of. */
    readonly told: number;
    /** Tables that are the run's alone, and go with it. */
    readonly scratch: readonly string[];
    /** A swap that may or may not have happened yet. */
    readonly swap?: Swap;
  };
}

export interface Swap {
  readonly aside: string;
  readonly table: string;
  /** A free name, for the table that goes. */
  readonly old: string;
}

/** Rows on their way from staging into a table. */
export interface Merge {
  readonly table: string;
  readonly columns: readonly LoadColumn[];
  readonly rows: readonly Row[];
  /**
   * For each row, a character for each of `columns`: TAKE, ABSENT or KEEP. Absent = each row has all of them.
   */
  readonly masks: readonly string[] | undefined;
  /** Whether `_longshore_base` is kept. */
  readonly base: boolean;
  /** Whether `_deleted_at` is emptied: the rows are there again. */
  readonly revive: boolean;
}

/** The source's value is taken. */
export const TAKE = '0';
/** The source has no such field: the target keeps its value, and the base too. */
export const ABSENT = '1';
/** The target keeps its value, and the source's is remembered as base. */
export const KEEP = '2';

export const BASE_COLUMN = '_longshore_base';
export const DELETED_COLUMN = '_deleted_at';
/** Columns of the staging table beside those of the data. */
export const MASK_COLUMN = '_longshore_mask';
export const ROW_COLUMN = '_longshore_row';
export const STATE_TABLE = '_longshore_sync';

/** A row that is already there and differs from what is staged for it. */
export interface Contender {
  /** Its index among the staged rows. */
  readonly row: number;
  /**
   * For each column: whether the source differs from the base (1), the target from the base (2), and the two from each
   * other (4). A row without a base was never synced: its target counts as unchanged.
   */
  readonly changed: readonly number[];
  /** The source's row is older by the timestamp column. */
  readonly stale: boolean;
  /** JSON objects by column, as text. */
  readonly base: string | null;
  readonly source: string;
  readonly target: string;
}

/** What a merge is about to change. */
export interface Difference {
  /** Texts of the key columns. */
  readonly key: readonly string[];
  /** JSON objects by column, as text; null = the row is new. */
  readonly old: string | null;
  readonly new: string;
}

/** Rows of a table whose keys were not seen. */
export interface Missing {
  readonly table: string;
  readonly seen: string;
  readonly keys: readonly string[];
  /** They are marked as deleted, else deleted. */
  readonly mark: boolean;
}
