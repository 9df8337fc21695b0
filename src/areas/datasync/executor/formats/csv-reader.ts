import type { Column } from '../pipeline/contracts.ts';
import { readCsvText } from './csv-lanes.ts';
import { CsvRecords, type EmptyFields, type Layout } from './csv-records.ts';
import { character, delimitersOf, nullsOf, sampled, takeSample } from './csv-sample.ts';
import type { FileBatch, FileReader, ReadOptions, ReadRequest } from './reading.ts';
import { type TextBlock, textBlocks } from './text-blocks.ts';

/**
 * Reads csv. Blank lines are none; records with more or fewer fields than the header, with stray quotes, or on lines
 * that are not of the encoding, are refused.
 * @throws ExecutorError for options that cannot be, and for a quote that is never closed
 */
export async function openCsv(input: AsyncIterable<Uint8Array>, request: ReadRequest): Promise<FileReader> {
  const { options } = request;
  const quote = character('quote', options.quote ?? '"');
  const { blocks, layout } = await openLayout(input, request, quote);
  return {
    columns: layout.columns,
    batches: readCsv(blocks, layout, request),
    textBatches: readCsvText(blocks, layout, request),
    close: async () => void (await blocks.return()),
  };
}

interface OpenLayout {
  readonly blocks: AsyncGenerator<TextBlock, void>;
  readonly layout: Layout;
}

async function openLayout(
  input: AsyncIterable<Uint8Array>,
  { options, block }: Pick<ReadRequest, 'options' | 'block'>,
  quote: string,
): Promise<OpenLayout> {
  const delimiters = delimitersOf(block?.csv?.delimiter ?? options.delimiter);
  const blocks = textBlocks(input, options.encoding ?? 'utf-8', block?.text, { quote, delimiters });
  const sample = block?.csv ? sampled(block.csv, options) : await takeSample(blocks, options, quote);
  const nulls = nullsOf(options.null_values);
  return { blocks, layout: { ...sample, quote, nulls, empty: emptyOf(options.null_values) } };
}

/** What the beginning of a csv tells of its records, for whoever reads a part of it. */
export interface CsvSurvey {
  readonly delimiter: string;
  readonly quote: string;
  readonly columns: readonly Column[];
  /** The line, from 1, on which records can begin: the first, or that behind the header. */
  readonly firstLine: number;
}

/** @throws ExecutorError as `openCsv` and its batches do, also for a header that cannot be read */
export async function surveyCsv(input: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<CsvSurvey> {
  const quote = character('quote', options.quote ?? '"');
  const { blocks, layout } = await openLayout(input, { options }, quote);
  await blocks.return();
  const records = new CsvRecords(layout, { options, from: 0, batchSize: Number.POSITIVE_INFINITY });
  for (const block of layout.blocks) [...records.take(block)];
  if (!records.begun) [...records.end()];
  const { delimiter, columns } = layout;
  return { delimiter, quote, columns: columns.map(({ name, type }) => ({ name, type })), firstLine: records.firstLine };
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
