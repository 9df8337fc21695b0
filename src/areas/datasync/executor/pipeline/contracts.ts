/**
 * The parts of a pipeline: `source → batches → transformations → destination`. Each is a small contract; a conformance
 * suite holds every implementation to it.
 *
 * Exactly once in effect. A destination that has transactions keeps the job's state (`SyncState`) beside the rows and
 * commits both together: after a crash the run goes on from the last state that was committed, and rows after it were
 * never visible. `fence` keeps off an attempt that lost its lease but has not heard of it: a destination refuses
 * whoever comes with a lower one than it has seen.
 */
import type { Json } from '../../../../protocol/executor.ts';

/** A value on its way. Integers beyond 2^53 are bigints; times are Dates; dates without a time stay text. */
export type Value = null | boolean | number | bigint | string | Date | Uint8Array | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [name: string]: Value;
}

/** One record. Fields that are absent and fields that are null are different: an upsert leaves absent ones alone. */
export type Row = Record<string, Value>;

/** What a column holds; what a destination makes of it is its own. `text` takes anything. */
export const COLUMN_TYPES = [
  'boolean',
  'integer',
  'number',
  'decimal',
  'text',
  'date',
  'timestamp',
  'json',
  'binary',
] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** A record that could not be taken, for the quarantine. */
export interface Reject {
  /** Which record of the run's input, from 0; the same whenever the run reads it again. */
  readonly ordinal: number;
  /** Line of the file or body, from 1, where there are lines. */
  readonly line?: number | undefined;
  /** In words for the user. */
  readonly reason: string;
  readonly field?: string | undefined;
  /** What came, as text: at most some KiB of it. */
  readonly raw: string;
  /** `raw` is the record as JSON, all of it; set by the runner, which knows the record before its transformations. */
  readonly whole?: boolean;
}

/** A field of records that come as text. */
export interface TextField {
  readonly name: string;
  /** What every value of it is that is not null; undefined where all are. */
  readonly type: ColumnType | undefined;
  /** What each of them is as well, where there is a column for that. */
  readonly also?: ColumnType;
  /** Whether some are null. */
  readonly nulls: boolean;
}

/**
 * Records in the text that bulk loads read, for those that nothing has to look at: fields parted by tabs, records ended
 * by line feeds, null as \N; tab, line feed, CR and backslash escaped by a backslash; UTF-8, without NUL. Booleans are t
 * and f, integers and numbers plain decimals of at most 15 digits, days and times ISO 8601, UTC where they name no zone,
 * objects and lists JSON as `jsonText` writes it.
 */
export interface TextRecords {
  readonly count: number;
  /** All records have all of them, in this order. */
  readonly fields: readonly TextField[];
  readonly chunks: Iterable<Uint8Array>;
}

/** Some records of a source, in order. */
export interface Batch {
  /** The same as text, where `ReadFrom.text` asks for it and the source can tell; `rows` is made when it is read then. */
  readonly text?: TextRecords | undefined;
  readonly rows: Row[];
  /** Ordinals of `rows`, in step with them. */
  readonly ordinals: number[];
  /** What in this stretch of the source was no record at all. */
  readonly rejects: readonly Reject[];
  /** Where to read on after this batch; opaque to everybody but the source. */
  readonly position: Json;
}

/** Where a run begins to read. */
export interface ReadFrom {
  /** Of an earlier attempt of this run: go on right behind it. */
  readonly position: Json | undefined;
  /** Of the last complete run, when syncing incrementally: only what lies behind it. */
  readonly cursor: Json | undefined;
  /** Whether batches may come as text: nothing has to look at records between the source and the destination. */
  readonly text?: boolean;
}

/**
 * Reads records from somewhere. Holds at most a few batches in memory, whatever the size of what it reads: it reads on
 * when it is asked for more.
 */
export interface Source {
  /** What it knows of its columns before reading; absent = what the records show. */
  columns?(): Promise<readonly Column[] | undefined>;
  /** How many records there are to come, where it can tell cheaply. */
  total?(from: ReadFrom): Promise<number | undefined>;
  /**
   * @returns the cursor of the next incremental run; undefined leaves it as it is
   * @throws ExecutorError in words for the user; `retryable` says whether another attempt may fare better
   */
  read(from: ReadFrom): AsyncGenerator<Batch, Json | undefined>;
  close(): Promise<void>;
}

/** What a destination remembers of a job, committed together with the rows that it speaks of. */
export interface SyncState {
  /** The run that wrote it. */
  readonly run_id: number;
  /** Of the last batch committed by that run; null when that run is complete. */
  readonly position: Json;
  /** For the next incremental run. */
  readonly cursor: Json;
  /** Records read and refused by that run so far: ordinals go on from here. */
  readonly read: number;
  readonly written: number;
  readonly rejected: number;
  readonly complete: boolean;
  /** A hash of what the run was to do: a later run of the same job goes on from here only if it is to do the same. */
  readonly definition: string;
  /** Of a run that had nothing left to do: the one that had done it, of which the counts are. */
  readonly taken_over_from?: number;
}

/** A row that was already there and is another one now, or is new; only where the job asks for change events. */
export interface RowChange {
  readonly operation: 'create' | 'update' | 'delete';
  readonly record_id: string;
  /** Of an update: the columns that differ. */
  readonly changes?: { readonly [column: string]: { readonly old: Json; readonly new: Json } };
}

/** The row at the destination was changed by somebody else since the last sync, and so was the source's. */
export interface FoundConflict {
  readonly record_id: string;
  readonly conflict_type: 'version' | 'stale';
  readonly base: Json;
  readonly source: Json;
  readonly target: Json;
  /** What was done about it; `pending` waits for somebody to decide. */
  readonly resolution: 'source_wins' | 'target_wins' | 'merged' | 'pending';
}

export interface WriteOutcome {
  /** Rows that took effect: inserted or updated. */
  readonly written: number;
  readonly rejects: readonly Reject[];
  readonly changes: readonly RowChange[];
  /** Changes that were too many to tell of. */
  readonly changesOmitted: number;
  readonly conflicts: readonly FoundConflict[];
}

export interface WriteBatch {
  /** The same as text. Whoever can do with that leaves `rows` alone. */
  readonly text?: TextRecords;
  readonly rows: readonly Row[];
  /** In step with `rows`. */
  readonly ordinals: readonly number[];
  /** What is true once this batch is committed, as counted before it is written. */
  readonly state: SyncState;
  /**
   * The destination awaits it with what it has found, right before it commits: what is told of a batch is durable
   * before the batch is, so a crash between the two repeats it instead of losing it.
   */
  beforeCommit(outcome: WriteOutcome): Promise<void>;
}

/**
 * Takes records. One writer at a time; `open` first, then any number of `write`, then `finish` or `abort`.
 * Rows of a full refresh that overwrites become visible with `finish`, all others with their `write`.
 */
export interface Destination {
  /** Whether rows and state are committed together; else the run is at least once, with keys where there are some. */
  readonly exactlyOnce: boolean;
  /** Whether it makes use of records that come as text. */
  readonly takesText?: boolean;
  /**
   * Takes the fence and looks up what was committed last.
   * @throws ExecutorError when a later attempt has been here
   */
  open(): Promise<SyncState | undefined>;
  /** Durable when it resolves. */
  write(batch: WriteBatch): Promise<WriteOutcome>;
  /** Ends a run that has read all: swaps tables, treats rows that vanished, commits the final state. */
  finish(state: SyncState): Promise<FinishOutcome>;
  /** Frees what `open` took; what was committed stays. Also after `finish`. */
  close(): Promise<void>;
}

export interface FinishOutcome {
  /** Rows that vanished from the source and were marked or deleted. */
  readonly removed: number;
}

/** Turns rows into rows: one into none, one or several. Compiled once per run. */
export interface Transform {
  /**
   * Whether rows are judged by rows before them: an attempt that goes on in the middle of its source then reads from the
   * beginning again, and passes over what was written.
   */
  readonly remembers: boolean;
  /** Whether it lets every row go on as it is. */
  readonly idle?: boolean;
  /** @returns the rows that go on, and the refused ones; must not keep or change what it was given */
  apply(rows: readonly Row[], ordinals: readonly number[]): TransformOutcome;
}

export interface TransformOutcome {
  readonly rows: Row[];
  readonly ordinals: number[];
  readonly rejects: readonly Reject[];
  /** A rule that is to end the run, not to refuse a row. */
  readonly failure?: string;
}
