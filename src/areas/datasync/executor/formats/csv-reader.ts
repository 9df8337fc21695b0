import { readCsvText } from './csv-lanes.ts';
import { CsvRecords, type EmptyFields, type Layout } from './csv-records.ts';
import { character, nullsOf, takeSample } from './csv-sample.ts';
import type { FileBatch, FileReader, ReadRequest } from './reading.ts';
import { type TextBlock, textBlocks } from './text-blocks.ts';

/**
 * Reads csv. Blank lines are none; records with more or fewer fields than the header, with stray quotes, or on lines
 * that are not of the encoding, are refused.
 * @throws ExecutorError for options that cannot be, and for a quote that is never closed
 */
export async function openCsv(input: AsyncIterable<Uint8Array>, request: ReadRequest): Promise<FileReader> {
  const { options } = request;
  const quote = character('quote', options.quote ?? '"');
  const blocks = textBlocks(input, options.encoding ?? 'utf-8');
  const sample = await takeSample(blocks, options, quote);
  const layout: Layout = { ...sample, quote, nulls: nullsOf(options.null_values), empty: emptyOf(options.null_values) };
  return {
    columns: sample.columns,
    batches: readCsv(blocks, layout, request),
    textBatches: readCsvText(blocks, layout, request),
    close: async () => void (await blocks.return()),
  };
}

function emptyOf(told: readonly string[] | undefined): EmptyFields {
  if (told === undefined) return 'text when quoted';
  return told.includes('') ? 'null' : 'text';
}

async function* readCsv(
  source: AsyncGenerator<TextBlock, void>,
  layout: Layout,
  request: ReadRequest,
): AsyncGenerator<FileBatch, void> {
  const records = new CsvRecords(layout, request);
  for (const block of layout.blocks.splice(0)) yield* records.take(block);
  for await (const block of source) yield* records.take(block);
  yield* records.end();
}
