import type { Row } from '../pipeline/contracts.ts';
import { CsvParser } from './csv-parser.ts';
import { type CsvSample, isBlank, textOf } from './csv-sample.ts';
import type { CsvColumn } from './csv-types.ts';
import { BatchBuilder, type FileBatch, isTooLong, MAX_RECORD_BYTES, type ReadRequest, unreadable } from './reading.ts';
import type { TextBlock } from './text-blocks.ts';

/** Of the text of a record, which is refused if it is closed within so much. */
const LONGEST_RECORD = 2 * MAX_RECORD_BYTES;
const RECORD_TOO_LONG = `the record is longer than ${MAX_RECORD_BYTES / 1024 / 1024} MiB`;

/** What is known of a csv before its records are read. */
export interface Layout extends CsvSample {
  readonly quote: string;
  /** Texts that are null besides the empty one; undefined where there is none. */
  readonly nulls: ReadonlySet<string> | undefined;
  readonly empty: EmptyFields;
}

/** What an empty field of a column of texts is; in others it is always null. */
export type EmptyFields = 'null' | 'text' | 'text when quoted';

/** A line that is none of a record's. */
interface BadLine {
  readonly line: number;
  readonly reason: string;
  /** How it begins, where the parser has another in its place. */
  readonly beginning: string | undefined;
}

/** Makes rows of the records of a csv. */
export class CsvRecords {
  readonly #layout: Layout;
  readonly #parser: CsvParser;
  readonly #batch: BatchBuilder;
  readonly #names: string[];
  readonly #converters: CsvColumn['convert'][];
  /** Of the lines that wait or are read now. */
  readonly #bad: BadLine[] = [];
  #headerSeen: boolean;
  /** Where records can begin: behind the header, once that was read. */
  firstLine: number;

  constructor(layout: Layout, request: ReadRequest) {
    this.#layout = layout;
    this.#parser = new CsvParser(layout.delimiter, layout.quote);
    this.#batch = new BatchBuilder(request);
    this.#names = layout.columns.map((column) => column.name);
    this.#converters = layout.columns.map((column) => column.convert);
    const { line = 1 } = request.block ?? {};
    this.#parser.passOver(line - 1);
    this.#headerSeen = !layout.hasHeader || line > 1;
    this.firstLine = line;
  }

  /** Whether the next block begins with a record, and one that is wanted. */
  get ready(): boolean {
    return this.#headerSeen && this.#parser.pending === 0 && this.#batch.wanting;
  }

  /** Whether the header was read, or there is none. */
  get begun(): boolean {
    return this.#headerSeen;
  }

  /** The ordinal of the next record. */
  get next(): number {
    return this.#batch.next;
  }

  /** Counts records that go another way. */
  pass(records: number, lines: number): void {
    this.#batch.pass(records);
    this.#parser.passOver(lines);
  }

  /** What has been read and not given yet. */
  *flush(): Generator<FileBatch> {
    if (!this.#batch.empty) yield this.#batch.take();
  }

  *take(block: TextBlock): Generator<FileBatch> {
    if (block.bad) {
      const first = this.#parser.lineOfNext;
      const beginning = block.longLine?.beginning;
      for (const [line, reason] of block.bad) this.#bad.push({ line: first + line, reason, beginning });
    }
    this.#parser.push(textOf(block, this.#layout.delimiter));
    yield* this.#read();
    this.#checkLength(this.#parser.pending, this.#parser.lineOfPending);
  }

  /** Wherever blocks end, the same records are read and the same end the run. */
  #checkLength(length: number, line: number, longest = LONGEST_RECORD): void {
    if (length <= longest) return;
    const most = longest / 1024 / 1024;
    throw unreadable(`a quote that opens on line ${line} or behind it is not closed within ${most} MiB`);
  }

  *end(): Generator<FileBatch> {
    // More than a record was never meant to be in those quotes.
    this.#checkLength(this.#parser.pending, this.#parser.lineOfPending, MAX_RECORD_BYTES);
    this.#parser.end();
    yield* this.#read();
    yield* this.flush();
  }

  *#read(): Generator<FileBatch> {
    const batch = this.#batch;
    while (this.#parser.next()) {
      this.#checkLength(this.#parser.length, this.#parser.line);
      if (this.#headerSeen) this.#record();
      else if (!isBlank(this.#parser)) this.#header();
      if (batch.full) yield batch.take();
    }
  }

  #header(): void {
    const { line, lastLine, problem } = this.#parser;
    const reason = this.#badLine(line, lastLine)?.reason ?? problem;
    if (reason !== undefined) throw unreadable(`the header of the csv, on line ${line}, cannot be read: ${reason}`);
    this.#headerSeen = true;
    this.firstLine = lastLine + 1;
  }

  #record(): void {
    const parser = this.#parser;
    if (isBlank(parser)) return;
    const batch = this.#batch;
    if (batch.skip()) return;
    const bad = this.#bad.length > 0 ? this.#badLine(parser.line, parser.lastLine) : undefined;
    const problem = bad?.reason ?? this.#problem();
    if (problem === undefined) batch.add(this.#row(), parser.length);
    else batch.reject(problem, this.#raw(bad), parser.line);
  }

  /** As it came, at least up to the line that is bad. */
  #raw(bad: BadLine | undefined): string {
    const { raw, line } = this.#parser;
    if (bad?.beginning === undefined) return raw;
    return [...raw.split('\n').slice(0, bad.line - line), bad.beginning].join('\n');
  }

  #problem(): string | undefined {
    const parser = this.#parser;
    if (parser.problem !== undefined) return parser.problem;
    if (parser.length * 3 > MAX_RECORD_BYTES && isTooLong(parser.raw)) return RECORD_TOO_LONG;
    const wanted = this.#names.length;
    if (parser.count === wanted) return undefined;
    return `the record has ${parser.count} field${parser.count === 1 ? '' : 's'}, the ${this.#layout.hasHeader ? 'header' : 'first record'} has ${wanted}`;
  }

  /** The first one of these, all up to which are done with. */
  #badLine(first: number, last: number): BadLine | undefined {
    const bad = this.#bad;
    let found: BadLine | undefined;
    for (let [next] = bad; next && next.line <= last; [next] = bad) {
      if (next.line >= first) found ??= next;
      bad.shift();
    }
    return found;
  }

  #row(): Row {
    const { fields, quoted, count } = this.#parser;
    const { nulls, empty } = this.#layout;
    const names = this.#names;
    const converters = this.#converters;
    const row: Row = {};
    for (let index = 0; index < count; index += 1) {
      const text = fields[index] as string;
      const convert = converters[index];
      const name = names[index] as string;
      if (text.length === 0) {
        const isText = convert === undefined && (empty === 'text' || (empty !== 'null' && quoted[index] === 1));
        row[name] = isText ? '' : null;
      } else if (nulls?.has(text)) row[name] = null;
      else row[name] = convert === undefined ? text : convert(text);
    }
    return row;
  }
}
