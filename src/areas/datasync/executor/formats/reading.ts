/** What all readers of files have in common: how they are asked, and what they answer. */
import { ExecutorError } from '../../../../protocol/executor.ts';
import type { Column, Reject, Row, TextRecords } from '../pipeline/contracts.ts';
import { BATCH_BYTES } from '../pipeline/value-size.ts';
import type { FileConfig, FileOptions } from '../spec/files.ts';
import type { RecordForm } from './json-template.ts';

/** How a file is read, as its connector says it. */
export type ReadOptions = Pick<FileConfig, Exclude<keyof typeof FileOptions, 'format' | 'compression'>>;

/** How a text is written. */
export interface TextShape {
  /** The WHATWG name, such as `utf-8`. */
  readonly encoding: string;
  readonly lineEnd: '\n' | '\r';
}

/** A part of a text that is read by itself, and what the beginning of the whole tells of it. */
export interface FileBlock {
  /** The number of its first line in the whole, where a header is looked for on line 1 alone. */
  readonly line: number;
  readonly text: TextShape;
  /** Of a csv. */
  readonly csv?: { readonly delimiter: string; readonly columns: readonly Column[] } | undefined;
}

export interface ReadRequest {
  readonly options: ReadOptions;
  /** Ordinal of the first record that is wanted; those before it are passed over as fast as the format allows. */
  readonly from: number;
  /** Records a batch, at most; fewer where they are large, unless it is infinite. */
  readonly batchSize: number;
  /** Of csv and ndjson: the input is only this part; ordinals count from its beginning, lines from that of the whole. */
  readonly block?: FileBlock;
  /** Of records that come as text, where they are JSON; plain unless told. */
  readonly form?: RecordForm;
  /** Ends waiting for a parser in another process; inputs end by themselves. */
  readonly signal?: AbortSignal;
}

/** Some records of a file, in order; rejects count as records. */
export interface FileBatch {
  /** The same as text, of `FileReader.textBatches` alone; `rows` and `ordinals` are made when they are read then. */
  readonly text?: TextRecords | undefined;
  readonly rows: Row[];
  /** In step with `rows`. */
  readonly ordinals: number[];
  readonly rejects: Reject[];
  /** The ordinal behind the last record of this batch. */
  readonly next: number;
}

export interface FileReader {
  /** What the file, or its first part, says of its columns; undefined where every record has its own. */
  readonly columns: readonly Column[] | undefined;
  /** How many records the file has, where it says so. */
  readonly total?: number;
  /** To be read once. */
  readonly batches: AsyncGenerator<FileBatch, void>;
  /** To be read instead of `batches`: the same, as text wherever that is possible; absent where it never is. */
  readonly textBatches?: AsyncGenerator<FileBatch, void>;
  /** Frees what the reader holds besides its input; at any time when no batch is being waited for. */
  close(): Promise<void>;
}

/** The longest line of text, and the longest record, that is read: a file of one endless line must not fill memory. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** More columns than this are a wrong delimiter or worse. */
export const MAX_COLUMNS = 16_384;
/** How much of a refused record is kept. */
const RAW_BYTES = 4096;

/** A file that cannot be read, however often it is tried. */
export function unreadable(message: string, cause?: unknown): ExecutorError {
  return new ExecutorError(message, { retryable: false, cause });
}

/** The beginning of what came, for a reject: at most 4 KiB of well-formed text. */
export function rawOf(text: string): string {
  let raw = text.slice(0, RAW_BYTES);
  while (Buffer.byteLength(raw) > RAW_BYTES) raw = raw.slice(0, Math.floor(raw.length * 0.8));
  return raw.replace(/[\ud800-\udbff]$/, '').toWellFormed();
}

/** Whether a text takes more than MAX_RECORD_BYTES; looks at the text only where its length leaves it open. */
export function isTooLong(text: string): boolean {
  if (text.length * 3 <= MAX_RECORD_BYTES) return false;
  return text.length > MAX_RECORD_BYTES || Buffer.byteLength(text) > MAX_RECORD_BYTES;
}

/** Collects the records of a file into batches, and numbers them. */
export class BatchBuilder {
  readonly #from: number;
  readonly #size: number;
  readonly #mostBytes: number;
  #bytes = 0;
  #next = 0;
  #rows: Row[] = [];
  #ordinals: number[] = [];
  #rejects: Reject[] = [];

  constructor({ from, batchSize }: Pick<ReadRequest, 'from' | 'batchSize'>, first = 0) {
    this.#from = from;
    this.#size = batchSize;
    this.#mostBytes = batchSize === Number.POSITIVE_INFINITY ? batchSize : BATCH_BYTES;
    this.#next = first;
  }

  /** Whether the next record was wanted; it is counted in any case. To be asked before it is built. */
  skip(): boolean {
    if (this.#next >= this.#from) return false;
    this.#next += 1;
    return true;
  }

  /** The ordinal of the next record. */
  get next(): number {
    return this.#next;
  }

  /** Whether the next record is wanted. */
  get wanting(): boolean {
    return this.#next >= this.#from;
  }

  /** Counts records that go another way. */
  pass(count: number): void {
    this.#next += count;
  }

  /** @param size about how many bytes it takes */
  add(row: Row, size: number): void {
    this.#bytes += size;
    this.#rows.push(row);
    this.#ordinals.push(this.#next);
    this.#next += 1;
  }

  reject(reason: string, raw: string, line?: number): void {
    const kept = rawOf(raw);
    this.#bytes += kept.length;
    this.#rejects.push({ ordinal: this.#next, line, reason, raw: kept });
    this.#next += 1;
  }

  get full(): boolean {
    return this.#rows.length + this.#rejects.length >= this.#size || this.#bytes >= this.#mostBytes;
  }

  get empty(): boolean {
    return this.#rows.length + this.#rejects.length === 0;
  }

  take(): FileBatch {
    const batch = { rows: this.#rows, ordinals: this.#ordinals, rejects: this.#rejects, next: this.#next };
    this.#rows = [];
    this.#ordinals = [];
    this.#rejects = [];
    this.#bytes = 0;
    return batch;
  }
}
