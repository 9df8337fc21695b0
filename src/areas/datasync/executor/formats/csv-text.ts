import type { ColumnType } from '../pipeline/contracts.ts';
import { BACKSLASH, CR, LETTER_F, LETTER_N, LETTER_R, LETTER_T, LF, TAB, UPPER_N } from './ascii.ts';
import type { EmptyFields, Layout } from './csv-records.ts';
import { MAX_RECORD_BYTES } from './reading.ts';
import { isDay, isNumber, isTime } from './text-values.ts';

/** Records of a block as `TextRecords` are. */
export interface EncodedCsv {
  readonly bytes: Buffer;
  readonly records: number;
  /** How many lines they stand on. */
  readonly lines: number;
  /** For each column: 1 where some value is null. */
  readonly nulls: Uint8Array;
}

/** Bytes that one byte of a csv can become, at most: an empty field and its delimiter are three. */
const GROWTH = 3;

/**
 * Turns the bytes of a csv into the bytes that bulk loads read, without making texts or values of them: a tenth of the
 * work. What it takes, it takes as `CsvRecords` would (a test holds them together); it gives up a block for anything
 * that is not plain: another number of fields, blank lines, values that are not of their column's type.
 */
export class CsvText {
  readonly #types: readonly ColumnType[];
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #empty: EmptyFields;
  readonly #nulls: Uint8Array;
  #block: Uint8Array = new Uint8Array();
  #target = Buffer.alloc(0);
  #at = 0;
  #out = 0;
  /** Line ends within fields. */
  #innerLines = 0;

  private constructor({ columns, delimiter, quote, empty }: Layout) {
    this.#types = columns.map(({ type }) => type);
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quote = quote.charCodeAt(0);
    this.#empty = empty;
    this.#nulls = new Uint8Array(columns.length);
  }

  /** @returns undefined for what it cannot read: a line of one field may be blank, other nulls need texts */
  static of(layout: Layout): CsvText | undefined {
    const { columns, delimiter, quote, nulls } = layout;
    const ascii = delimiter.charCodeAt(0) < 128 && quote.charCodeAt(0) < 128;
    return ascii && columns.length > 1 && nulls === undefined ? new CsvText(layout) : undefined;
  }

  /**
   * @param block whole records of valid UTF-8
   * @returns undefined where something in it is not plain
   */
  encode(block: Uint8Array): EncodedCsv | undefined {
    const end = block.length;
    if (end > MAX_RECORD_BYTES || block[end - 1] !== LF) return undefined;
    this.#begin(block);
    const width = this.#types.length;
    let column = 0;
    let records = 0;
    while (this.#at < end) {
      const taken = block[this.#at] === this.#quote ? this.#quoted(column) : this.#bare(column);
      if (!taken) return undefined;
      column += 1;
      const ends = block[this.#at] === LF;
      if (ends !== (column === width)) return undefined;
      this.#at += 1;
      this.#target[this.#out++] = ends ? LF : TAB;
      if (ends) {
        column = 0;
        records += 1;
      }
    }
    const bytes = Buffer.from(this.#target.subarray(0, this.#out));
    return { bytes, records, lines: records + this.#innerLines, nulls: this.#nulls.slice() };
  }

  #begin(block: Uint8Array): void {
    this.#block = block;
    if (this.#target.length < block.length * GROWTH) this.#target = Buffer.allocUnsafeSlow(block.length * GROWTH);
    this.#at = 0;
    this.#out = 0;
    this.#innerLines = 0;
    this.#nulls.fill(0);
  }

  /** Takes a field up to the delimiter or line end behind it. */
  #bare(column: number): boolean {
    const block = this.#block;
    const delimiter = this.#delimiter;
    const from = this.#at;
    if (this.#types[column] === 'text') return this.#bareText(column);
    let at = from;
    while (block[at] !== delimiter && block[at] !== LF) at += 1;
    this.#at = at;
    const to = at > from && block[at] === LF && block[at - 1] === CR ? at - 1 : at;
    return this.#typed(column, from, to, false);
  }

  #bareText(column: number): boolean {
    const block = this.#block;
    const target = this.#target;
    const delimiter = this.#delimiter;
    let at = this.#at;
    let out = this.#out;
    let code = block[at] as number;
    for (; code !== delimiter && code !== LF; code = block[++at] as number) {
      if (code > CR && code !== BACKSLASH) {
        target[out++] = code;
      } else if (code === CR && block[at + 1] === LF) {
        at += 1;
        break;
      } else if (code === 0) {
        return false;
      } else {
        out = this.#escaped(code, out);
      }
    }
    this.#at = at;
    if (out === this.#out) return this.#emptyText(column, this.#empty !== 'text');
    this.#out = out;
    return true;
  }

  /** Takes a field in quotes; the line end or delimiter must follow it. */
  #quoted(column: number): boolean {
    const block = this.#block;
    const quote = this.#quote;
    const from = this.#at + 1;
    const isText = this.#types[column] === 'text';
    let at = from;
    let out = this.#out;
    for (; ; at += 1) {
      const code = block[at];
      if (code === undefined || code === 0) return false;
      if (code === quote && block[++at] !== quote) break;
      if (code === LF) this.#innerLines += 1;
      if (isText) out = this.#escaped(code, out);
    }
    const to = at - 1;
    if (block[at] === CR && block[at + 1] === LF) at += 1;
    if (block[at] !== this.#delimiter && block[at] !== LF) return false;
    this.#at = at;
    if (!isText) return this.#typed(column, from, to, true);
    if (out === this.#out) return this.#emptyText(column, this.#empty === 'null');
    this.#out = out;
    return true;
  }

  #escaped(code: number, from: number): number {
    const target = this.#target;
    let out = from;
    if (code !== TAB && code !== LF && code !== CR && code !== BACKSLASH) {
      target[out++] = code;
      return out;
    }
    target[out++] = BACKSLASH;
    target[out++] = code === TAB ? LETTER_T : code === LF ? LETTER_N : code === CR ? LETTER_R : BACKSLASH;
    return out;
  }

  #emptyText(column: number, isNull: boolean): boolean {
    if (isNull) this.#null(column);
    return true;
  }

  #null(column: number): void {
    this.#nulls[column] = 1;
    this.#target[this.#out++] = BACKSLASH;
    this.#target[this.#out++] = UPPER_N;
  }

  #typed(column: number, from: number, to: number, quoted: boolean): boolean {
    const type = this.#types[column];
    if (from === to) {
      // A day that is no day is an empty text, which only the other lane can judge.
      const isText = type === 'date' && (this.#empty === 'text' || (this.#empty !== 'null' && quoted));
      if (!isText) this.#null(column);
      return !isText;
    }
    const block = this.#block;
    if (type === 'boolean') return this.#boolean(from, to);
    const plain =
      type === 'integer'
        ? isNumber(block, from, to, false)
        : type === 'number'
          ? isNumber(block, from, to, true)
          : type === 'timestamp'
            ? isTime(block, from, to)
            : type === 'date' && isDay(block, from, to);
    if (!plain) return false;
    const target = this.#target;
    let out = this.#out;
    for (let at = from; at < to; at += 1) target[out++] = block[at] as number;
    this.#out = out;
    return true;
  }

  #boolean(from: number, to: number): boolean {
    const word = WORDS.find((bytes) => spells(this.#block, from, to, bytes));
    if (word === undefined) return false;
    this.#target[this.#out++] = word === TRUE ? LETTER_T : LETTER_F;
    return true;
  }
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const WORDS = [TRUE, FALSE];

/** Whether bytes spell an ASCII word, in capitals or not. */
function spells(block: Uint8Array, from: number, to: number, word: Buffer): boolean {
  if (to - from !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) {
    // All letters of the words lie where this bit makes them small, and nothing else becomes one of them.
    if (((block[from + at] as number) | 0x20) !== word[at]) return false;
  }
  return true;
}
