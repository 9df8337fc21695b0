import type { Row } from '../pipeline/contracts.ts';
import { CsvParser } from './csv-parser.ts';
import { type CsvSample, isBlank } from './csv-sample.ts';
import type { CsvColumn } from './csv-types.ts';
import { BatchBuilder, type FileBatch, isTooLong, MAX_RECORD_BYTES, type ReadRequest, unreadable } from './reading.ts';
import type { TextBlock } from './text-blocks.ts';

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

/** Makes rows of the records of a csv. */
export class CsvRecords {
  readonly #layout: Layout;
  readonly #parser: CsvParser;
  readonly #batch: BatchBuilder;
  readonly #names: string[];
  readonly #converters: CsvColumn['convert'][];
  /** Of the lines that wait or are read now. */
  #bad = new Map<number, string>();
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
      for (const [line, reason] of block.bad) this.#bad.set(first + line, reason);
    }
    this.#parser.push(block.text);
    yield* this.#read();
    if (this.#parser.pending > MAX_RECORD_BYTES) {
      throw unreadable(
        `a quote that opens on line ${this.#parser.lineOfPending} or behind it is not closed within 1 MiB`,
      );
    }
  }

  *end(): Generator<FileBatch> {
    this.#parser.end();
    yield* this.#read();
    yield* this.flush();
  }

  *#read(): Generator<FileBatch> {
    const batch = this.#batch;
    while (this.#parser.next()) {
      if (this.#headerSeen) this.#record();
      else if (!isBlank(this.#parser)) this.#header();
      if (batch.full) yield batch.take();
    }
  }

  #header(): void {
    const { line, lastLine, problem } = this.#parser;
    const reason = this.#badLine(line, lastLine) ?? problem;
    if (reason !== undefined) throw unreadable(`the header of the csv, on line ${line}, cannot be read: ${reason}`);
    this.#headerSeen = true;
    this.firstLine = lastLine + 1;
  }

  #record(): void {
    const parser = this.#parser;
    if (isBlank(parser)) return;
    const batch = this.#batch;
    if (batch.skip()) return;
    const problem = this.#problem();
    if (problem === undefined) batch.add(this.#row());
    else batch.reject(problem, parser.raw, parser.line);
  }

  #problem(): string | undefined {
    const parser = this.#parser;
    if (this.#bad.size > 0) {
      const reason = this.#badLine(parser.line, parser.lastLine);
      if (reason !== undefined) return reason;
    }
    if (parser.problem !== undefined) return parser.problem;
    if (parser.length * 3 > MAX_RECORD_BYTES && isTooLong(parser.raw)) return RECORD_TOO_LONG;
    const wanted = this.#names.length;
    if (parser.count === wanted) return undefined;
    return `the record has ${parser.count} field${parser.count === 1 ? '' : 's'}, the ${this.#layout.hasHeader ? 'header' : 'first record'} has ${wanted}`;
  }

  #badLine(first: number, last: number): string | undefined {
    let reason: string | undefined;
    for (const [line, why] of this.#bad) {
      if (line > last) break;
      if (line >= first) reason ??= why;
      this.#bad.delete(line);
    }
    return reason;
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
