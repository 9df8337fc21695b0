import type { Row, TextRecords } from '../pipeline/contracts.ts';
import { BATCH_BYTES } from '../pipeline/value-size.ts';
import type { FileBatch } from './reading.ts';
import type { TextBlock } from './text-blocks.ts';

/** Some whole records as text. */
export interface EncodedBlock {
  readonly bytes: Uint8Array;
  readonly records: number;
  readonly lines: number;
}

/** Makes rows of blocks, and counts what goes another way. */
export interface BlockRecords {
  /** Whether the next block begins with a record, and one that is wanted. */
  readonly ready: boolean;
  /** The ordinal of the next record. */
  readonly next: number;
  /** Counts records that go another way. */
  pass(records: number, lines: number): void;
  /** What has been read and not given yet. */
  flush(): Generator<FileBatch>;
  take(block: TextBlock): Generator<FileBatch>;
  end(): Generator<FileBatch>;
}

/** One format's two ways. */
export interface Lanes<Encoded extends EncodedBlock> {
  readonly records: BlockRecords;
  /** Records a batch, at most. */
  readonly batchSize: number;
  /** @returns undefined for a block that must become rows */
  encode(block: Buffer): Encoded | undefined;
  /** A batch that begins with the record of this ordinal. */
  begin(first: number): TextBatch<Encoded>;
}

/**
 * Reads records as text, block by block; blocks that hold anything but plain records become rows. Batches are the same
 * records in the same order as those of rows alone, but end where blocks end.
 */
export async function* readLanes<Encoded extends EncodedBlock>(
  blocks: Iterable<TextBlock> | AsyncIterable<TextBlock>,
  lanes: Lanes<Encoded>,
): AsyncGenerator<FileBatch, void> {
  const reading = new LaneReading(lanes);
  for await (const block of blocks) yield* reading.take(block);
  yield* reading.end();
}

class LaneReading<Encoded extends EncodedBlock> {
  readonly #lanes: Lanes<Encoded>;
  readonly #records: BlockRecords;
  #batch: TextBatch<Encoded> | undefined;
  /** Since a block that was not plain, until a whole batch of rows is made: most likely the next ones are like it. */
  #asRows = false;

  constructor(lanes: Lanes<Encoded>) {
    this.#lanes = lanes;
    this.#records = lanes.records;
  }

  *take(block: TextBlock): Generator<FileBatch> {
    const encoded = this.#encode(block);
    if (encoded) {
      yield* this.#records.flush();
      yield* this.#add(block, encoded);
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

  #encode(block: TextBlock): Encoded | undefined {
    if (block.bytes === undefined || this.#asRows || !this.#records.ready) return undefined;
    const encoded = this.#lanes.encode(block.bytes);
    this.#asRows = encoded === undefined || encoded.records > this.#lanes.batchSize;
    return this.#asRows ? undefined : encoded;
  }

  *#add(block: TextBlock, encoded: Encoded): Generator<FileBatch> {
    const { count = 0, size = 0 } = this.#batch ?? {};
    const isFull = count + encoded.records > this.#lanes.batchSize || size + sizeOfBlock(block) > BATCH_BYTES;
    if (isFull || !this.#batch?.add(block, encoded)) {
      yield* this.#flush();
      this.#batch = this.#lanes.begin(this.#records.next);
      this.#batch.add(block, encoded);
    }
  }

  *#flush(): Generator<FileBatch> {
    if (this.#batch) yield this.#batch;
    this.#batch = undefined;
  }
}

function sizeOfBlock({ bytes }: TextBlock): number {
  return bytes?.length ?? 0;
}

/** Some blocks as text. Should somebody need the rows after all, they are read as any other's. */
export abstract class TextBatch<Encoded extends EncodedBlock> implements FileBatch {
  readonly rejects = [];
  readonly #first: number;
  readonly #blocks: TextBlock[] = [];
  readonly #chunks: Uint8Array[] = [];
  #count = 0;
  #size = 0;
  #read: FileBatch | undefined;

  constructor(first: number) {
    this.#first = first;
  }

  /** @returns whether the records go together with those that are there; the first always do */
  add(block: TextBlock, encoded: Encoded): boolean {
    if (!this.takes(encoded)) return false;
    this.#blocks.push(block);
    this.#chunks.push(encoded.bytes);
    this.#count += encoded.records;
    this.#size += sizeOfBlock(block);
    return true;
  }

  /** Bytes of its blocks. */
  get size(): number {
    return this.#size;
  }

  get count(): number {
    return this.#count;
  }

  get next(): number {
    return this.#first + this.#count;
  }

  get text(): TextRecords {
    return { count: this.#count, fields: this.fields, chunks: this.#chunks };
  }

  get rows(): Row[] {
    return this.#asRows().rows;
  }

  get ordinals(): number[] {
    return this.#asRows().ordinals;
  }

  /** Notes what records are like. */
  protected abstract takes(encoded: Encoded): boolean;
  protected abstract readonly fields: TextRecords['fields'];
  /** What makes rows of blocks of such records. */
  protected abstract reader(): BlockRecords;

  #asRows(): FileBatch {
    if (this.#read) return this.#read;
    const records = this.reader();
    records.pass(this.#first, 0);
    for (const block of this.#blocks) [...records.take(block)];
    const [batch] = [...records.end()];
    if (batch?.rows.length !== this.#count) throw new Error('records were read differently as text and as rows');
    this.#read = batch;
    return batch;
  }
}
