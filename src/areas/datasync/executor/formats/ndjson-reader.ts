import { fieldsOf, type JsonColumns, joined } from './json-columns.ts';
import { type EncodedJson, JsonLane } from './json-lane.ts';
import { NdjsonRecords } from './ndjson-records.ts';
import { type FileBatch, type FileReader, MAX_RECORD_BYTES, type ReadRequest } from './reading.ts';
import { type TextBlock, textBlocks } from './text-blocks.ts';
import { readLanes, TextBatch } from './text-lanes.ts';

/** Reads JSON objects, one a line. Blank lines are none; lines that hold something else are refused, each by itself. */
export async function openNdjson(input: AsyncIterable<Uint8Array>, request: ReadRequest): Promise<FileReader> {
  const blocks = textBlocks(input, request.options.encoding ?? 'utf-8', request.block?.text);
  return {
    columns: undefined,
    batches: readNdjson(blocks, request),
    textBatches: readNdjsonText(blocks, request),
    close: async () => void (await blocks.return()),
  };
}

async function* readNdjson(
  blocks: AsyncGenerator<TextBlock, void>,
  request: ReadRequest,
): AsyncGenerator<FileBatch, void> {
  const records = new NdjsonRecords(request);
  for await (const block of blocks) yield* records.take(block);
  yield* records.end();
}

async function* readNdjsonText(
  blocks: AsyncGenerator<TextBlock, void>,
  request: ReadRequest,
): AsyncGenerator<FileBatch, void> {
  const lane = new JsonLane(request.form ?? 'plain');
  yield* readLanes(blocks, {
    records: new NdjsonRecords(request),
    batchSize: request.batchSize,
    // No line of a short block is too long.
    encode: (block) => (block.length > MAX_RECORD_BYTES ? undefined : lane.encodeLines(block)),
    begin: (first) => new NdjsonBatch(first),
  });
}

class NdjsonBatch extends TextBatch<EncodedJson> {
  #columns: JsonColumns | undefined;

  protected takes({ columns }: EncodedJson): boolean {
    const both = this.#columns ? joined(this.#columns, columns) : columns;
    this.#columns = both ?? this.#columns;
    return both !== undefined;
  }

  protected get fields() {
    return this.#columns ? fieldsOf(this.#columns) : [];
  }

  protected reader(): NdjsonRecords {
    return new NdjsonRecords({ from: 0, batchSize: Number.POSITIVE_INFINITY });
  }
}
