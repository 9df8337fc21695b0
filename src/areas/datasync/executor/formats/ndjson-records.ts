import { addJsonRecord } from './json-record.ts';
import { BatchBuilder, type FileBatch, isTooLong, type ReadRequest } from './reading.ts';
import { type TextBlock, TOO_LONG } from './text-blocks.ts';

/** Makes rows of JSON objects, one a line. */
export class NdjsonRecords {
  readonly #batch: BatchBuilder;
  #line: number;

  constructor(request: Pick<ReadRequest, 'from' | 'batchSize' | 'block'>) {
    this.#batch = new BatchBuilder(request);
    this.#line = request.block?.line ?? 1;
  }

  /** Whether the next record is wanted. */
  get ready(): boolean {
    return this.#batch.wanting;
  }

  /** The ordinal of the next record. */
  get next(): number {
    return this.#batch.next;
  }

  /** Counts records that go another way. */
  pass(records: number, lines: number): void {
    this.#batch.pass(records);
    this.#line += lines;
  }

  /** What has been read and not given yet. */
  *flush(): Generator<FileBatch> {
    if (!this.#batch.empty) yield this.#batch.take();
  }

  *take({ text, bad }: TextBlock): Generator<FileBatch> {
    const batch = this.#batch;
    const first = this.#line;
    for (let start = 0; start < text.length; this.#line += 1) {
      const found = text.indexOf('\n', start);
      const end = found < 0 ? text.length : found;
      if (!isBlank(text, start, end) && !batch.skip()) {
        this.#record(text.slice(start, end), bad?.get(this.#line - first));
        if (batch.full) yield batch.take();
      }
      start = end + 1;
    }
  }

  *end(): Generator<FileBatch> {
    yield* this.flush();
  }

  #record(record: string, bad: string | undefined): void {
    const problem = bad ?? (isTooLong(record) ? TOO_LONG : undefined);
    if (problem === undefined) addJsonRecord(this.#batch, record, this.#line);
    else this.#batch.reject(problem, record, this.#line);
  }
}

/** Blank by JSON's own measure: space, tab, CR. */
function isBlank(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return false;
  }
  return true;
}
