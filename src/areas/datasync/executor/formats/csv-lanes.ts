import type { TextRecords } from '../pipeline/contracts.ts';
import { CsvRecords, type Layout } from './csv-records.ts';
import { CsvText, type EncodedCsv } from './csv-text.ts';
import type { FileBatch, ReadRequest } from './reading.ts';
import type { TextBlock } from './text-blocks.ts';

/**
 * Reads csv as text, block by block; blocks that hold anything but plain records of the expected types become rows, as
 * `CsvRecords` makes them. Batches are the same records in the same order, but end where blocks end.
 */
export async function* readCsvText(
  source: AsyncGenerator<TextBlock, void>,
  layout: Layout,
  request: ReadRequest,
): AsyncGenerator<FileBatch, void> {
  const lanes = new CsvLanes(layout, request);
  for (const block of layout.blocks.splice(0)) yield* lanes.take(block);
  for await (const block of source) yield* lanes.take(block);
  yield* lanes.end();
}

class CsvLanes {
  readonly #layout: Layout;
  readonly #request: ReadRequest;
  readonly #records: CsvRecords;
  readonly #text: CsvText | undefined;
  #batch: TextBatch | undefined;
  /** Since a block that was not plain, until a whole batch of rows is made: most likely the next ones are like it. */
  #asRows = false;

  constructor(layout: Layout, request: ReadRequest) {
    this.#layout = layout;
    this.#request = request;
    this.#records = new CsvRecords(layout, request);
    this.#text = CsvText.of(layout);
  }

  *take(block: TextBlock): Generator<FileBatch> {
    const encoded = this.#encode(block);
    if (encoded) {
      yield* this.#records.flush();
      if ((this.#batch?.count ?? 0) + encoded.records > this.#request.batchSize) yield* this.#flush();
      this.#batch ??= new TextBatch(this.#layout, this.#request, this.#records.next);
      this.#batch.add(block, encoded);
      this.#records.pass(encoded.records, encoded.lines);
      return;
    }
    yield* this.#flush();
    let wholeBatch = false;
    for (const batch of this.#records.take(block)) {
      wholeBatch = true;
      yield batch;
    }
    if (wholeBatch) this.#asRows = false;
  }

  *end(): Generator<FileBatch> {
    yield* this.#flush();
    yield* this.#records.end();
  }

  #encode(block: TextBlock): EncodedCsv | undefined {
    if (this.#text === undefined || block.bytes === undefined || this.#asRows || !this.#records.ready) return undefined;
    const encoded = this.#text.encode(block.bytes);
    this.#asRows = encoded === undefined || encoded.records > this.#request.batchSize;
    return this.#asRows ? undefined : encoded;
  }

  *#flush(): Generator<FileBatch> {
    if (this.#batch) yield this.#batch;
    this.#batch = undefined;
  }
}

/** Some blocks as text. Should somebody need the rows after all, they are read as any other's. */
class TextBatch implements FileBatch {
  readonly rejects = [];
  count = 0;
  readonly #layout: Layout;
  readonly #request: ReadRequest;
  readonly #first: number;
  readonly #blocks: TextBlock[] = [];
  readonly #chunks: Uint8Array[] = [];
  readonly #nulls: boolean[] = [];
  #read: FileBatch | undefined;

  constructor(layout: Layout, request: ReadRequest, first: number) {
    this.#layout = layout;
    this.#request = request;
    this.#first = first;
  }

  add(block: TextBlock, { bytes, records, nulls }: EncodedCsv): void {
    this.#blocks.push(block);
    this.#chunks.push(bytes);
    this.count += records;
    for (let column = 0; column < nulls.length; column += 1) if (nulls[column] === 1) this.#nulls[column] = true;
  }

  get next(): number {
    return this.#first + this.count;
  }

  get text(): TextRecords {
    const fields = this.#layout.columns.map(({ name, type }, at) => ({ name, type, nulls: this.#nulls[at] ?? false }));
    return { count: this.count, fields, chunks: this.#chunks };
  }

  get rows() {
    return this.#asRows().rows;
  }

  get ordinals() {
    return this.#asRows().ordinals;
  }

  #asRows(): FileBatch {
    if (this.#read) return this.#read;
    const records = new CsvRecords(
      { ...this.#layout, hasHeader: false },
      { ...this.#request, from: 0, batchSize: Number.POSITIVE_INFINITY },
    );
    records.pass(this.#first, 0);
    for (const block of this.#blocks) [...records.take(block)];
    const [batch] = [...records.end()];
    if (batch?.rows.length !== this.count) throw new Error('records were read differently as text and as rows');
    this.#read = batch;
    return batch;
  }
}
