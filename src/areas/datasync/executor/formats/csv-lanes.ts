import { CsvRecords, type Layout } from './csv-records.ts';
import { CsvText, type EncodedCsv } from './csv-text.ts';
import type { FileBatch, ReadRequest } from './reading.ts';
import type { TextBlock } from './text-blocks.ts';
import { readLanes, TextBatch } from './text-lanes.ts';

/** Reads csv as text, block by block, wherever a block holds nothing but plain records of the expected types. */
export async function* readCsvText(
  source: AsyncGenerator<TextBlock, void>,
  layout: Layout,
  request: ReadRequest,
): AsyncGenerator<FileBatch, void> {
  const text = CsvText.of(layout);
  yield* readLanes(allBlocks(layout.blocks, source), {
    records: new CsvRecords(layout, request),
    batchSize: request.batchSize,
    encode: (block) => text?.encode(block),
    begin: (first) => new CsvBatch(first, layout, request),
  });
}

/** Those that the sample has read, and those behind them. */
async function* allBlocks(sampled: TextBlock[], source: AsyncGenerator<TextBlock, void>): AsyncGenerator<TextBlock> {
  yield* sampled.splice(0);
  yield* source;
}

class CsvBatch extends TextBatch<EncodedCsv> {
  readonly #layout: Layout;
  readonly #request: ReadRequest;
  readonly #nulls: boolean[] = [];

  constructor(first: number, layout: Layout, request: ReadRequest) {
    super(first);
    this.#layout = layout;
    this.#request = request;
  }

  protected takes({ nulls }: EncodedCsv): boolean {
    for (let column = 0; column < nulls.length; column += 1) if (nulls[column] === 1) this.#nulls[column] = true;
    return true;
  }

  protected get fields() {
    return this.#layout.columns.map(({ name, type }, at) => ({ name, type, nulls: this.#nulls[at] ?? false }));
  }

  protected reader(): CsvRecords {
    return new CsvRecords(
      { ...this.#layout, hasHeader: false },
      { ...this.#request, from: 0, batchSize: Number.POSITIVE_INFINITY },
    );
  }
}
