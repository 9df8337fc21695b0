import { fieldsOf, type JsonColumns, joined } from '../formats/json-columns.ts';
import { BatchBuilder } from '../formats/reading.ts';
import { isValueMap } from '../json-pointer.ts';
import type { Row, TextRecords, Value } from '../pipeline/contracts.ts';
import { jsonValue } from '../pipeline/json-of.ts';
import type { BatchRecords } from '../pipeline/placed-batch.ts';
import { BATCH_BYTES, sizeOf } from '../pipeline/value-size.ts';
import { BadLine } from './rest-api-answer.ts';
import type { Page } from './rest-api-pages.ts';

/** Records that wait until their batch is full: as rows, or as the text of whole pages. */
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
    if (this.#text === undefined) return this.#builder.full;
    return this.#text.count >= this.#batchSize || this.#text.size >= BATCH_BYTES;
  }

  /** The ordinal of the next record. */
  get next(): number {
    return this.#builder.next;
  }

  /** Whether what comes as text, or as rows, is to be in the batch that waits; else that is to be taken first. */
  takes(text: Page['records']['text']): boolean {
    if (text === undefined) return this.#text === undefined;
    if (this.#text === undefined) return this.#builder.empty;
    if (this.#text.size + text.bytes.length > BATCH_BYTES) return false;
    return this.#text.count + text.records <= this.#batchSize && this.#text.goesWith(text.columns);
  }

  add(record: Value | BadLine | undefined): void {
    if (record instanceof BadLine) this.#builder.reject('the line is no JSON', record.text, record.line);
    else if (isValueMap(record)) this.#builder.add(record, sizeOf(record));
    else this.#builder.reject('the record is no object', JSON.stringify(jsonValue(record)));
  }

  /** All records of a page that has them as text. */
  addText(records: Page['records']): void {
    this.#text ??= new PagesText(this.#builder.next);
    this.#text.add(records);
    this.#builder.pass(records.count);
  }

  take(): BatchRecords {
    const records = this.#text ?? this.#builder.take();
    this.#text = undefined;
    return records;
  }
}

/** Some whole pages as text. */
class PagesText implements BatchRecords {
  readonly rejects = [];
  readonly #first: number;
  readonly #pages: Page['records'][] = [];
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

  add(records: Page['records']): void {
    const { text } = records;
    if (!text) throw new Error('the page has no text');
    this.#columns = this.#columns ? joined(this.#columns, text.columns) : text.columns;
    this.#pages.push(records);
    this.#chunks.push(text.bytes);
    this.count += text.records;
    this.size += text.bytes.length;
  }

  get text(): TextRecords {
    return { count: this.count, fields: this.#columns ? fieldsOf(this.#columns) : [], chunks: this.#chunks };
  }

  get rows(): Row[] {
    this.#rows ??= this.#pages.flatMap(({ list }) => list as Row[]);
    return this.#rows;
  }

  get ordinals(): number[] {
    return Array.from({ length: this.count }, (_, index) => this.#first + index);
  }
}
