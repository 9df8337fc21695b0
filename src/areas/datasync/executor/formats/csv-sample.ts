import { uniqueNames } from './column-names.ts';
import { CsvParser } from './csv-parser.ts';
import { type CsvColumn, columnOf, KindSurvey, textColumn } from './csv-types.ts';
import { type FileBlock, MAX_COLUMNS, MAX_RECORD_BYTES, type ReadOptions, unreadable } from './reading.ts';
import type { TextBlock } from './text-blocks.ts';

/** Records that the kinds of the columns are told from, at least. */
const SAMPLE_RECORDS = 1000;
/** Characters that are looked at for it, where records are long. */
const MOST_SAMPLED = 4 * MAX_RECORD_BYTES;
const DELIMITERS = [',', ';', '\t', '|'];
const DELIMITER_RECORDS = 100;

/** Those that it may be. */
export function delimitersOf(told: string | undefined): readonly string[] {
  return told === undefined ? DELIMITERS : [told];
}

/** What the beginning of a csv tells of all of it. */
export interface CsvSample {
  /** Those that were read for it. */
  readonly blocks: TextBlock[];
  readonly delimiter: string;
  readonly columns: CsvColumn[];
  readonly hasHeader: boolean;
}

/** @throws ExecutorError naming the field of the configuration */
export function character(field: 'quote' | 'delimiter', value: string): string {
  if (value.length !== 1 || value === '\n' || value === '\r') {
    throw unreadable(`config.${field}: ${JSON.stringify(value)} is not one character`);
  }
  return value;
}

/** Texts that are null besides the empty one; undefined where there is none. */
export function nullsOf(told: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const others = told?.filter((text) => text !== '') ?? [];
  return others.length === 0 ? undefined : new Set(others);
}

/**
 * Reads on until there are enough records to tell from what the file is like.
 * @throws ExecutorError for a delimiter that cannot be
 */
export async function takeSample(
  source: AsyncGenerator<TextBlock, void>,
  options: ReadOptions,
  quote: string,
): Promise<CsvSample> {
  const blocks: TextBlock[] = [];
  const hasHeader = options.header ?? true;
  let delimiter = options.delimiter === undefined ? undefined : character('delimiter', options.delimiter);
  if (delimiter === quote) throw unreadable('config.delimiter: it must not be the quote');
  let records: string[][] = [];
  for (let complete = false; !complete; ) {
    const next = await source.next();
    if (next.done) complete = true;
    else blocks.push(next.value);
    const part = { blocks, quote, complete, bad: badLines(blocks) };
    delimiter ??= findDelimiter(part);
    records = firstRecords(part, delimiter, SAMPLE_RECORDS + 1);
    complete ||= records.length > SAMPLE_RECORDS || sizeOf(blocks) > MOST_SAMPLED;
  }
  const columns = columnsOf(records, options, hasHeader);
  return { blocks, delimiter: delimiter ?? ',', columns, hasHeader };
}

/** The same of a part of a csv, as its beginning was found to tell. */
export function sampled({ delimiter, columns }: NonNullable<FileBlock['csv']>, options: ReadOptions): CsvSample {
  const { header: hasHeader = true } = options;
  return { blocks: [], delimiter, columns: columns.map(({ name, type }) => columnOf(name, type)), hasHeader };
}

/** The beginning of a csv. */
interface Part {
  readonly blocks: readonly TextBlock[];
  readonly quote: string;
  /** Whether it is all of it. */
  readonly complete: boolean;
  /** Lines, from 1, that say nothing. */
  readonly bad: ReadonlySet<number>;
}

function sizeOf(blocks: readonly TextBlock[]): number {
  return blocks.reduce((sum, { text }) => sum + text.length, 0);
}

function badLines(blocks: readonly TextBlock[]): Set<number> {
  const bad = new Set<number>();
  if (!blocks.some((block) => block.bad)) return bad;
  let first = 1;
  for (const block of blocks) {
    for (const line of block.bad?.keys() ?? []) bad.add(first + line);
    first += block.text.split('\n').length - 1;
  }
  return bad;
}

/** The header is among them, unless it cannot be read. */
function firstRecords({ blocks, quote, complete, bad }: Part, delimiter: string, most: number): string[][] {
  const parser = new CsvParser(delimiter, quote);
  parser.push(blocks.map((block) => textOf(block, delimiter)).join(''));
  if (complete) parser.end();
  const records: string[][] = [];
  while (records.length < most && parser.next()) {
    const unsound = parser.problem !== undefined || parser.length > MAX_RECORD_BYTES || hasBadLine(parser, bad);
    if (unsound || isBlank(parser)) continue;
    records.push(parser.fields.slice(0, parser.count));
  }
  return records;
}

function hasBadLine({ line, lastLine }: CsvParser, bad: ReadonlySet<number>): boolean {
  if (bad.size === 0) return false;
  for (let at = line; at <= lastLine; at += 1) if (bad.has(at)) return true;
  return false;
}

/** For a parser: as much as is to be held of it. */
export function textOf({ text, longLine }: TextBlock, delimiter: string): string {
  return longLine ? longLine.standIn(delimiter) : text;
}

/** What an empty line is. */
export function isBlank(parser: CsvParser): boolean {
  return parser.count === 1 && parser.quoted[0] === 0 && parser.fields[0]?.trim() === '';
}

/** The one by which most records have as many fields as the first one, and more than one. */
function findDelimiter(part: Part): string {
  let best = ',';
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const records = firstRecords(part, delimiter, DELIMITER_RECORDS);
    const width = records[0]?.length ?? 0;
    if (width < 2) continue;
    const alike = records.filter((record) => record.length === width).length / records.length;
    // Between those that fit equally well, the one that finds more fields.
    const score = alike + width / (MAX_COLUMNS * 1000);
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

function columnsOf(records: readonly string[][], options: ReadOptions, hasHeader: boolean): CsvColumn[] {
  const [first = []] = records;
  if (first.length > MAX_COLUMNS) {
    throw unreadable(`the first line has ${first.length} fields, more than ${MAX_COLUMNS}; is config.delimiter right?`);
  }
  const names = uniqueNames(first.map((name) => (hasHeader ? name : '')));
  if (options.infer_types === false) return names.map(textColumn);
  const nulls = nullsOf(options.null_values);
  const surveys = names.map((name) => new KindSurvey(name));
  for (const record of hasHeader ? records.slice(1) : records) {
    if (record.length !== names.length) continue;
    record.forEach((text, index) => {
      if (text !== '' && !nulls?.has(text)) surveys[index]?.see(text);
    });
  }
  return surveys.map((survey) => survey.column());
}
