/** What a reader of files and the process that parses for it say to each other; sent as structured clones. */
import type { Column, Value } from '../pipeline/contracts.ts';
import type { ReadOptions } from './reading.ts';

/** Formats that are read here and there in the file, by libraries that trust what it says of itself. */
export type ConfinedFormat = 'parquet' | 'excel';

export interface ParseJob {
  readonly format: ConfinedFormat;
  /** Path of the file. */
  readonly file: string;
  readonly options: ReadOptions;
  /** Ordinal of the first record that is wanted. */
  readonly from: number;
  /** Of what the file may be unpacked to. */
  readonly maxBytes: number;
}

/** `more` asks for one more message with rows. */
export type ToParser = { readonly type: 'start'; readonly job: ParseJob } | { readonly type: 'more' };

/** What the file is made of. Records before `from` count in `total`. */
export interface Opened {
  readonly columns: readonly Column[];
  readonly total: number;
}

/** A parsed file: rows in the order of `columns`, some at a time. */
export interface ParsedFile extends Opened {
  readonly rows: AsyncIterable<Value[][]> | Iterable<Value[][]>;
}

export type FromParser =
  | ({ readonly type: 'opened' } & Opened)
  | { readonly type: 'rows'; readonly rows: Value[][] }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly message: string };

/** Rows a message: some hundred KB, so that little waits and little is asked for. */
export const ROWS_PER_MESSAGE = 1000;
