/**
 * Where the records of a csv or ndjson begin, found by one look at each byte.
 *
 * A line feed within quotes ends no record, and whether a quote opens or closes cannot be told in the middle of a file:
 * so a csv is cut by one run that looks at it from its beginning. It takes the steps of `CsvParser` (a test holds them
 * together), but it makes no texts, fields and values of what it sees, which is what reading a csv costs.
 */
import { LF } from './ascii.ts';
import {
  BARE,
  CLASSES,
  CR,
  DELIMITER,
  FIELD,
  LEAD,
  LINE_END,
  NEXT,
  OTHER,
  QUOTE,
  QUOTED,
  SPACE,
} from './csv-states.ts';
import type { TextShape } from './reading.ts';

/** A place where a record begins. */
export interface Border {
  /** In bytes, from the beginning of the file. */
  readonly at: number;
  /** The number of the line that begins there, from 1. */
  readonly line: number;
  /** The piece of the input that it lies in, from 0, and where in the file that begins. */
  readonly piece: { readonly number: number; readonly from: number };
}

interface BorderOptions {
  readonly text: TextShape;
  /** Bytes of the byte order mark. */
  readonly mark: number;
  /** Characters that mean something in it; undefined where every line is a record. */
  readonly csv: { readonly delimiter: string; readonly quote: string } | undefined;
  /** The first line on which a record can begin. */
  readonly firstLine: number;
}

/** So many are remembered at most: of more, some that lie about equally far apart. */
const MOST_BORDERS = 2048;

/** Encodings whose characters of two bytes may end in a byte that is ASCII by itself, by what they begin with. */
const LEADS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  gbk: [[0x81, 0xfe]],
  gb18030: [[0x81, 0xfe]],
  big5: [[0x81, 0xfe]],
  shift_jis: [
    [0x81, 0x9f],
    [0xe0, 0xfc],
  ],
};
/** The lowest byte that ends such a character and may be a delimiter: not a quote, not a line end. */
const LOWEST_TRAIL = 0x40;

/** Looks for the borders of a file's records while its bytes pass by. */
export class RecordBorders {
  readonly #classes: Uint8Array;
  readonly #firstLine: number;
  readonly #start: number;
  /** Undefined where every byte has to be looked at. */
  readonly #quote: number | undefined;
  /** Of the next byte. */
  #state = FIELD;
  /** Whether the next byte may be the second one of a character. */
  #inCharacter = false;
  #at = 0;
  #piece = 0;
  #line = 1;
  #borders: Border[] = [];
  /** Borders closer to the last one are passed over. */
  #step = 1;
  #wanted = 0;

  constructor({ text, mark, csv, firstLine }: BorderOptions) {
    this.#classes = classesOf(text, csv);
    this.#firstLine = firstLine;
    this.#start = mark;
    const simple = text.lineEnd === '\n' && LEADS[text.encoding] === undefined;
    // A line end is the one byte that matters where there are no quotes, and is no quote itself.
    this.#quote = simple ? (csv?.quote ?? '\n').charCodeAt(0) : undefined;
  }

  /** Takes the next piece of the file. */
  take(bytes: Buffer): void {
    const end = bytes.length;
    const quote = this.#quote;
    let nextQuote = -1;
    for (let index = Math.max(0, this.#start - this.#at); index < end; index += 1) {
      // Between quotes there are only line ends to look for.
      if (quote !== undefined && this.#state <= QUOTED) {
        if (nextQuote < index) nextQuote = bytes.indexOf(quote, index);
        if (nextQuote < 0) nextQuote = end;
        index = this.#pass(bytes, index, nextQuote);
        if (index === end) break;
      }
      this.#look(bytes[index] as number, index);
    }
    this.#at += end;
    this.#piece += 1;
  }

  /** Passes over bytes without quotes. @returns `to` */
  #pass(bytes: Buffer, from: number, to: number): number {
    if (from === to) return to;
    const quoted = this.#state === QUOTED;
    for (let index = from; index < to; index += 1) {
      if (bytes[index] === LF) this.#lineEnd(quoted, index);
    }
    if (!quoted) {
      const last = this.#classes[bytes[to - 1] as number];
      this.#state = last === DELIMITER || last === LINE_END ? FIELD : BARE;
    }
    return to;
  }

  #look(byte: number, index: number): void {
    if (this.#inCharacter) {
      this.#inCharacter = false;
      if (byte >= LOWEST_TRAIL) return;
    }
    const kind = this.#classes[byte] as number;
    const quoted = this.#state === QUOTED;
    if (kind === LINE_END) this.#lineEnd(quoted, index);
    else this.#inCharacter = kind === LEAD;
    this.#state = NEXT[this.#state * CLASSES + kind] as number;
  }

  #lineEnd(quoted: boolean, index: number): void {
    this.#line += 1;
    const at = this.#at + index + 1;
    if (!quoted && at >= this.#wanted) this.#keep(at);
  }

  #keep(at: number): void {
    if (this.#line <= this.#firstLine) return;
    this.#borders.push({ at, line: this.#line, piece: { number: this.#piece, from: this.#at } });
    if (this.#borders.length === MOST_BORDERS) {
      this.#borders = this.#borders.filter((_, index) => index % 2 === 0);
      this.#step = at / this.#borders.length;
    }
    this.#wanted = at + this.#step;
  }

  /**
   * Cuts what has passed by into blocks of about equally many bytes, each of at least one record.
   * @param most blocks; there may be fewer, and one where the file is empty
   */
  cut(most: number): { readonly from: Border; readonly to: number }[] {
    const end = this.#at;
    const starts: Border[] = [{ at: Math.min(this.#start, end), line: 1, piece: { number: 0, from: 0 } }];
    for (let number = 1; number < most; number += 1) {
      const target = this.#start + ((end - this.#start) * number) / most;
      const last = starts.at(-1)?.at ?? 0;
      const found = this.#borders.find(({ at }) => at >= target && at > last && at < end);
      if (found) starts.push(found);
    }
    return starts.map((from, index) => ({ from, to: starts[index + 1]?.at ?? end }));
  }
}

function classesOf({ encoding, lineEnd }: TextShape, csv: BorderOptions['csv']): Uint8Array {
  const classes = new Uint8Array(256).fill(OTHER);
  if (csv) {
    for (const [lowest, highest] of LEADS[encoding] ?? []) classes.fill(LEAD, lowest, highest + 1);
    classes[0x20] = SPACE;
    classes[csv.quote.charCodeAt(0)] = QUOTE;
    // As it was meant: a blank that parts fields is nothing to be passed over.
    classes[csv.delimiter.charCodeAt(0)] = DELIMITER;
  }
  classes[LF] = LINE_END;
  classes[0x0d] = lineEnd === '\r' ? LINE_END : CR;
  return classes;
}
