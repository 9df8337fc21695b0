import {
  BARE,
  BROKEN,
  CLASSES,
  CLOSING,
  CR,
  DELIMITER,
  FIELD,
  NEXT,
  OTHER,
  QUOTE,
  QUOTED,
  SPACE,
} from './csv-states.ts';
import type { Decoder } from './encoding.ts';

/** What may mean something in a csv: the delimiter may not be known yet. */
export interface CsvMarks {
  readonly quote: string;
  readonly delimiters: readonly string[];
}

/** What is kept of a line that is too long, for whoever wants to know which it was. */
const KEPT_BYTES = 4096;

/**
 * A line that is too long to be held. Of a csv its quotes are followed while it passes by: whether the next line begins
 * a record depends on all of them.
 */
export class LongLine {
  readonly #decoder: Decoder;
  readonly #walks: readonly QuoteWalk[];
  readonly #decode: (bytes: Uint8Array) => string;
  #kept: Buffer = Buffer.alloc(0);

  constructor(decoder: Decoder, csv: CsvMarks | undefined) {
    this.#decoder = decoder;
    this.#decode = decoder.streamed();
    this.#walks = csv?.delimiters.map((delimiter) => new QuoteWalk(delimiter, csv.quote)) ?? [];
  }

  /** Takes what comes next of it; its line end may be left out. */
  take(bytes: Buffer): void {
    const { length } = this.#kept;
    if (length < KEPT_BYTES) this.#kept = Buffer.concat([this.#kept, bytes.subarray(0, KEPT_BYTES - length)]);
    if (this.#walks.length === 0) return;
    const text = this.#decode(bytes);
    for (const walk of this.#walks) walk.take(text);
  }

  /** As text. */
  get beginning(): string {
    return this.#decoder.decodeLoosely(this.#kept);
  }

  /** A short line that opens and closes quotes as this one does, for a parser of csv. */
  standIn(delimiter: string): string {
    const walk = this.#walks.find((one) => one.delimiter === delimiter);
    if (!walk) throw new Error(`nobody has looked at the line with ${JSON.stringify(delimiter)}`);
    return `${walk.standIn}\n`;
  }
}

/** Follows a line both as one that begins a record, and as one that begins within quotes. */
class QuoteWalk {
  readonly delimiter: string;
  readonly #quote: string;
  #outside = FIELD;
  #inside = QUOTED;

  constructor(delimiter: string, quote: string) {
    this.delimiter = delimiter;
    this.#quote = quote;
  }

  take(text: string): void {
    this.#outside = this.#walk(this.#outside, text);
    this.#inside = this.#walk(this.#inside, text);
  }

  get standIn(): string {
    const { delimiter } = this;
    const quote = this.#quote;
    // What is neither: a quote behind it opens none.
    const bare = ['x', 'y', 'z'].find((letter) => letter !== delimiter && letter !== quote) ?? '';
    if (this.#inside === QUOTED) return this.#outside === QUOTED ? bare + quote + delimiter + quote : bare;
    return this.#outside === QUOTED ? quote : bare + quote;
  }

  #walk(from: number, text: string): number {
    let state = from;
    for (let at = 0; at < text.length; at += 1) {
      if (state === BROKEN) break;
      if (state === QUOTED || state === BARE) {
        at = text.indexOf(state === QUOTED ? this.#quote : this.delimiter, at);
        if (at < 0) break;
        state = state === QUOTED ? CLOSING : FIELD;
      } else state = NEXT[state * CLASSES + this.#classOf(text[at] as string)] as number;
    }
    return state;
  }

  #classOf(character: string): number {
    if (character === this.delimiter) return DELIMITER;
    if (character === this.#quote) return QUOTE;
    return character === ' ' ? SPACE : character === '\r' ? CR : OTHER;
  }
}
