import { isUtf8 } from 'node:buffer';
import { type Decoder, decoderOf, encodingOfMark, LineEnds } from './encoding.ts';
import { type CsvMarks, LongLine } from './long-line.ts';
import { MAX_RECORD_BYTES, type TextShape } from './reading.ts';

/** Some whole lines of a text. Only the last block may end without a line end. */
export interface TextBlock {
  /** Lines end in LF or CR LF. */
  readonly text: string;
  /** Why lines, counted from 0 within the block, are none; undefined where all are well. */
  readonly bad: ReadonlyMap<number, string> | undefined;
  /** The text in UTF-8, where it came like that; what is not looked at as text need not become any. */
  readonly bytes?: Buffer;
  /** The one line of the block, where that was too long; `text` is its beginning. */
  readonly longLine?: LongLine;
}

class Utf8Block implements TextBlock {
  readonly bad = undefined;
  readonly bytes: Buffer;

  /** @param bytes valid UTF-8 */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }
}

/** Enough that the work on a block outweighs that of making it, little enough to hold some. */
export const BLOCK_BYTES = 256 * 1024;
export const TOO_LONG = `the line is longer than ${MAX_RECORD_BYTES / 1024 / 1024} MiB`;

/**
 * Decodes a text into blocks of whole lines. Lines with bytes that are not of the encoding, or that are too long, are
 * marked instead of being guessed at; the others come as they are. Holds a block, or the longest allowed line.
 * @param label the encoding, unless a byte order mark says another
 * @param known of a part of a text: what the beginning of the whole says of it
 * @param csv where quotes may hold line ends
 * @throws ExecutorError for an unknown encoding
 */
export async function* textBlocks(
  input: AsyncIterable<Uint8Array>,
  label: string,
  known?: TextShape,
  csv?: CsvMarks,
): AsyncGenerator<TextBlock, void> {
  const decoder = decoderOf(known?.encoding ?? label);
  let cutter = known && new BlockCutter(decoder, known.lineEnd, csv);
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of inPieces(input)) {
    pending.push(bufferOf(chunk));
    size += chunk.length;
    if (size < BLOCK_BYTES) continue;
    const bytes = Buffer.concat(pending, size);
    cutter ??= BlockCutter.startingWith(bytes, decoder, csv);
    yield* cutter.cut(bytes);
    pending = [cutter.rest];
    size = cutter.rest.length;
  }
  const bytes = Buffer.concat(pending, size);
  cutter ??= BlockCutter.startingWith(bytes, decoder, csv);
  yield* cutter.end(bytes);
}

async function* inPieces(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; at += BLOCK_BYTES) yield chunk.subarray(at, at + BLOCK_BYTES);
  }
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * What the beginning of a text says of all of it.
 * @param label the encoding, unless a byte order mark says another
 * @returns the length of the mark, too
 * @throws ExecutorError for an unknown encoding
 */
export function shapeOfText(bytes: Buffer, label: string): { readonly shape: TextShape; readonly mark: number } {
  const mark = encodingOfMark(bytes);
  const encoding = mark?.encoding ?? decoderOf(label).encoding;
  const has = (character: '\n' | '\r') => new LineEnds(encoding, character).first(bytes) >= 0;
  return { shape: { encoding, lineEnd: has('\n') || !has('\r') ? '\n' : '\r' }, mark: mark?.length ?? 0 };
}

class BlockCutter {
  readonly #decoder: Decoder;
  readonly #ends: LineEnds;
  readonly #lineEnd: '\n' | '\r';
  #markLength: number;
  readonly #csv: CsvMarks | undefined;
  /** What comes before the next chunk. */
  rest: Buffer = Buffer.alloc(0);
  /** A line that is too long, while its end is looked for. */
  #longLine: LongLine | undefined;

  constructor(decoder: Decoder, lineEnd: '\n' | '\r', csv: CsvMarks | undefined, markLength = 0) {
    this.#decoder = decoder;
    this.#lineEnd = lineEnd;
    this.#csv = csv;
    this.#ends = new LineEnds(decoder.encoding, lineEnd);
    this.#markLength = markLength;
  }

  /** Finds out from the beginning of a file what all of it is like. */
  static startingWith(bytes: Buffer, told: Decoder, csv: CsvMarks | undefined): BlockCutter {
    const { shape, mark } = shapeOfText(bytes, told.encoding);
    const decoder = shape.encoding === told.encoding ? told : decoderOf(shape.encoding);
    return new BlockCutter(decoder, shape.lineEnd, csv, mark);
  }

  /** The whole lines of `bytes`; what follows them is in `rest`. */
  *cut(given: Buffer): Generator<TextBlock> {
    const bytes = yield* this.#passLongLine(this.#withoutMark(given));
    const end = this.#longLine ? -1 : this.#ends.last(bytes);
    this.rest = end < 0 ? bytes : bytes.subarray(end);
    if (end >= 0) yield this.#decode(bytes.subarray(0, end));
  }

  /** What is left, when nothing follows `bytes`. */
  *end(given: Buffer): Generator<TextBlock> {
    const bytes = yield* this.#passLongLine(this.#withoutMark(given));
    if (this.#longLine) yield longLineBlock(this.#longLine);
    else if (bytes.length > 0) yield this.#decode(bytes);
  }

  /** @returns what follows the long line, if `bytes` begins with one or goes on with one */
  *#passLongLine(bytes: Buffer): Generator<TextBlock, Buffer> {
    if (!this.#longLine && !this.#beginsLong(bytes)) return bytes;
    this.#longLine ??= new LongLine(this.#decoder, this.#csv);
    const found = this.#ends.first(bytes);
    const end = found < 0 ? bytes.length - (bytes.length % this.#ends.width) : found;
    this.#longLine.take(bytes.subarray(0, end));
    if (found >= 0) {
      yield longLineBlock(this.#longLine);
      this.#longLine = undefined;
    }
    return bytes.subarray(end);
  }

  /** Wherever blocks are cut, the same lines are too long; no other than the first one of a block can be. */
  #beginsLong(bytes: Buffer): boolean {
    // What is only just too long, without its CR, is a record's matter.
    const most = MAX_RECORD_BYTES + this.#ends.width;
    if (bytes.length <= most) return false;
    const end = this.#ends.first(bytes);
    return end < 0 || end - this.#ends.width > most;
  }

  #withoutMark(bytes: Buffer): Buffer {
    const without = bytes.subarray(this.#markLength);
    this.#markLength = 0;
    return without;
  }

  #decode(bytes: Buffer): TextBlock {
    if (this.#decoder.encoding === 'utf-8' && this.#lineEnd === '\n' && isUtf8(bytes)) return new Utf8Block(bytes);
    const text = this.#decoder.decode(bytes);
    if (text !== undefined) return { text: this.#normal(text), bad: undefined };
    const bad = new Map<number, string>();
    const lines: string[] = [];
    for (let start = 0; start < bytes.length; ) {
      const found = this.#ends.first(bytes, start);
      const end = found < 0 ? bytes.length : found;
      const line = bytes.subarray(start, end);
      const decoded = this.#decoder.decode(line);
      if (decoded === undefined) bad.set(lines.length, `the line has bytes that are not ${this.#decoder.encoding}`);
      const text = decoded ?? this.#decoder.decodeLoosely(line);
      // A decoder may take the line end for a part of what is broken before it.
      lines.push(found < 0 || text.endsWith(this.#lineEnd) ? text : `${text}${this.#lineEnd}`);
      start = end;
    }
    return { text: this.#normal(lines.join('')), bad };
  }

  #normal(text: string): string {
    return this.#lineEnd === '\r' ? text.replaceAll('\r', '\n') : text;
  }
}

function longLineBlock(longLine: LongLine): TextBlock {
  return { text: `${longLine.beginning}\n`, bad: new Map([[0, TOO_LONG]]), longLine };
}
