import { ExecutorError } from '../../../../protocol/executor.ts';
import { methodOf, type Peeked, peek } from '../formats/compression.ts';
import { type CsvSurvey, surveyCsv } from '../formats/csv-reader.ts';
import { unlikeFormat } from '../formats/file-format.ts';
import { type TextShape, unreadable } from '../formats/reading.ts';
import { RecordBorders } from '../formats/record-borders.ts';
import { BLOCK_BYTES, bufferOf, shapeOfText } from '../formats/text-blocks.ts';
import type { BlockPart, FileShape } from '../partition.ts';
import type { FileConfig } from '../spec/files.ts';
import { FileInput, type FileInputOptions } from './file-input.ts';

export interface FileBlocks {
  readonly file: FileShape;
  readonly parts: BlockPart[];
}

/** In these a byte that looks like a line end or a quote may be a part of something else. */
const NOT_LIKE_ASCII = new Set(['utf-16le', 'utf-16be', 'iso-2022-jp']);
/** What can be told from characters of several bytes by itself. */
const PLAIN = /^[\t !-/:-@[-`{-~]$/;
/** Of the plan, which is the output of its run: that has at most 64 KiB, and the parts need some of it. */
const MOST_COLUMN_BYTES = 48 * 1024;

/**
 * Cuts a csv or ndjson into blocks of whole records, so that several runs can read it at once: where records begin, a
 * look at all its bytes tells.
 * @param count at most as many blocks, from 1
 * @throws ExecutorError naming `partitions` where it cannot be cut
 */
export async function splitFile(options: FileInputOptions, count: number): Promise<FileBlocks> {
  const input = new FileInput(options);
  try {
    const found = await beginningOf(input, options);
    return await cutAll(input, found, count);
  } catch (error) {
    throw input.failure(error);
  } finally {
    input.close();
  }
}

interface Beginning {
  readonly format: FileShape['format'];
  readonly version: string | null;
  readonly text: TextShape;
  readonly mark: number;
  readonly csv: CsvSurvey | undefined;
}

async function beginningOf(input: FileInput, { config }: FileInputOptions): Promise<Beginning> {
  const { bytes, format, version } = await input.openDivisible();
  if (format !== 'csv' && format !== 'ndjson') throw notCut(format);
  const peeked = await peek(bytes, BLOCK_BYTES);
  try {
    return { format, version, ...(await shapeOf(peeked, format, config)) };
  } finally {
    await peeked.close();
    input.close();
  }
}

async function shapeOf(
  { beginning, whole }: Peeked,
  format: FileShape['format'],
  { compression = 'auto', file_id, url, headers, ...options }: FileConfig,
): Promise<Pick<Beginning, 'text' | 'mark' | 'csv'>> {
  const packed = compression === 'auto' ? methodOf(beginning) : compression;
  if (packed !== 'none') {
    throw unreadable(
      `partitions: a ${packed} file is read by one run, for it is unpacked from its beginning; give it unpacked, or leave partitions out`,
    );
  }
  const other = unlikeFormat(format, beginning);
  if (other !== undefined) throw unreadable(`the file is not ${format}: it begins like ${other}`);
  const { shape: text, mark } = shapeOfText(beginning, options.encoding ?? 'utf-8');
  if (NOT_LIKE_ASCII.has(text.encoding)) {
    throw unreadable(
      `partitions: a file in ${text.encoding} is read by one run, for its bytes alone do not tell where records begin; convert it to utf-8, or leave partitions out`,
    );
  }
  const csv = format === 'csv' ? await surveyCsv(whole(), options) : undefined;
  if (csv) checkCsv(csv);
  return { text, mark, csv };
}

function notCut(format: string | undefined): Error {
  return unreadable(
    format === undefined
      ? 'config.format: neither name nor type of the file tells its format; name it'
      : `partitions: a ${format} file is read by one run; csv and ndjson can be cut into blocks. Leave partitions out`,
  );
}

function checkCsv({ delimiter, quote, columns }: CsvSurvey): void {
  for (const [field, value] of Object.entries({ delimiter, quote })) {
    if (PLAIN.test(value)) continue;
    throw unreadable(
      `partitions: with config.${field} ${JSON.stringify(value)} a csv is read by one run; punctuation of ASCII, a tab or a blank can be looked for in bytes`,
    );
  }
  const size = Buffer.byteLength(JSON.stringify(columns));
  if (size <= MOST_COLUMN_BYTES) return;
  // Few columns with names of many bytes, too: such names are mostly values.
  throw unreadable(
    `partitions: names and types of the csv's ${columns.length} columns have ${Math.ceil(size / 1024)} KiB together, and a plan holds ${MOST_COLUMN_BYTES / 1024}; look whether config.delimiter and config.header are right, or leave partitions out`,
  );
}

async function cutAll(input: FileInput, found: Beginning, count: number): Promise<FileBlocks> {
  const { format, version, text, mark, csv } = found;
  const firstLine = csv?.firstLine ?? 1;
  const borders = new RecordBorders({ text, mark, csv, firstLine });
  const again = await input.openDivisible();
  if (again.version !== version) throw new ExecutorError('the file behind the URL has changed while it was looked at');
  for await (const bytes of again.bytes) borders.take(bufferOf(bytes));
  const uploaded = version === null;
  return {
    file: { format, version, text, ...(csv ? { csv: { delimiter: csv.delimiter, columns: [...csv.columns] } } : {}) },
    parts: borders.cut(count).map(({ from: { at, line, piece }, to }) => ({
      ...{ by: 'block' as const, from: at, to, line },
      ...(uploaded ? { piece } : {}),
    })),
  };
}
