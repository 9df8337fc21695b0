import { fieldsOf, type JsonColumns, joined } from '../formats/json-columns.ts';
import { BatchBuilder } from '../formats/reading.ts';
import { isValueMap } from '../json-pointer.ts';
import type { Row, TextRecords, Value } from '../pipeline/contracts.ts';
import { jsonValue } from '../pipeline/json-of.ts';
import type { BatchRecords } from '../pipeline/placed-batch.ts';
import { BATCH_BYTES, sizeOf } from '../pipeline/value-size.ts';
import { BadLine } from './rest-api-answer.ts';
import type { PageRecords } from './rest-api-records.ts';

/** Records that wait until their batch is full: as rows, or as text. */
export class PendingRecords {
  readonly #builder: BatchBuilder;
  readonly #batchSize: number;
  #text: PagesText | undefined;

  /** @param first the ordinal of the first record */
  constructor(batchSize: number, first: number) {
    this.#builder = new BatchBuilder({ from: 0, batchSize }, first);
    this.#batchSize = batchSize;
  }

  get empty(): boolean {
    return this.#text === undefined && this.#builder.empty;
  }

  get full(): boolean {
    return this.#builder.full || this.#room === 0 || (this.#text?.size ?? 0) >= BATCH_BYTES;
  }

  get #room(): number {
    return this.#batchSize - (this.#text?.count ?? 0);
  }

  /** The ordinal of the next record. */
  get next(): number {
    return this.#builder.next;
  }

  /** Whether what comes as text, or as rows, is to be in the batch that waits; else that is to be taken first. */
  takes(text: PageRecords['text']): boolean {
    if (text === undefined) return this.#text === undefined;
    return this.#text === undefined ? this.#builder.empty : this.#text.goesWith(text.columns);
  }

  add(record: Value | BadLine | undefined): void {
    if (record instanceof BadLine) this.#builder.reject('the line is no JSON', record.text, record.line);
    else if (isValueMap(record)) this.#builder.add(record, sizeOf(record));
    else this.#builder.reject('the record is no object', JSON.stringify(jsonValue(record)));
  }

  /** Adds as many records as there is room for, of a page that has them as text. @returns the first one that is left */
  addText(records: PageRecords, from: number): number {
    const { ends = [] } = records.text ?? {};
    const room = (ends[from - 1] ?? 0) + BATCH_BYTES - (this.#text?.size ?? 0);
    let to = Math.min(records.count, from + this.#room);
    while (to > from + 1 && (ends[to - 1] ?? 0) > room) to -= 1;
    this.#text ??= new PagesText(this.#builder.next);
    this.#text.add(records, from, to);
    this.#builder.pass(to - from);
    return to;
  }

  take(): BatchRecords {
    const records = this.#text ?? this.#builder.take();
    this.#text = undefined;
    return records;
  }
}

/** Records of some pages as text. */
class PagesText implements BatchRecords {
  readonly rejects = [];
  readonly #first: number;
  readonly #parts: { readonly records: PageRecords; readonly from: number; readonly to: number }[] = [];
  readonly #chunks: Uint8Array[] = [];
  #columns: JsonColumns | undefined;
  #rows: Row[] | undefined;
  count = 0;
  /** Bytes of the text. */
  size = 0;

  constructor(first: number) {
    this.#first = first;
  }

  goesWith(columns: JsonColumns): boolean {
    return this.#columns === undefined || joined(this.#columns, columns) !== undefined;
  }

  add(records: PageRecords, from: number, to: number): void {
    const { text } = records;
    if (!text) throw new Error('the page has no text');
    this.#columns = this.#columns ? joined(this.#columns, text.columns) : text.columns;
    const bytes = text.bytes.subarray(text.ends[from - 1] ?? 0, text.ends[to - 1]);
    this.#parts.push({ records, from, to });
    this.#chunks.push(bytes);
    this.count += to - from;
    this.size += bytes.length;
  }

  get text(): TextRecords {
    return { count: this.count, fields: this.#columns ? fieldsOf(this.#columns) : [], chunks: this.#chunks };
  }

  get rows(): Row[] {
    this.#rows ??= this.#parts.flatMap(({ records, from, to }) => records.list.slice(from, to) as Row[]);
    return this.#rows;
  }

  get ordinals(): number[] {
    return Array.from({ length: this.count }, (_, index) => this.#first + index);
  }
}
