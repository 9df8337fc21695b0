import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, LF, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './ascii.ts';
import { unreadable } from './reading.ts';
import { bufferOf } from './text-blocks.ts';

const isBlank = (byte: number) => byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09;
const endsScalar = (byte: number) => byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || isBlank(byte);

/** A value that was passed over. */
export interface ScannedValue {
  /** Its bytes; only the beginning of one that was longer than asked for. Valid until the next call. */
  readonly bytes: Buffer;
  readonly whole: boolean;
  /** Where it begins, from 1. */
  readonly line: number;
}

/**
 * Finds its way through a JSON document of any size without building it: only the value that it stands on is in memory.
 * It knows brackets and strings, no more; what is within a value is the parser's matter.
 */
export class JsonScanner {
  readonly #input: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  /** Line ends before `#counted`, plus one. */
  #line = 1;
  #counted = 0;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    await this.#input.return?.();
  }

  /** The number of the line where the scanner stands. */
  get line(): number {
    this.#countTo(this.#position);
    return this.#line;
  }

  /** Goes to the next byte that is not blank. @returns it, or undefined at the end */
  async peek(): Promise<number | undefined> {
    for (;;) {
      while (this.#position < this.#buffer.length) {
        const byte = this.#buffer[this.#position] as number;
        if (!isBlank(byte)) return byte;
        this.#position += 1;
      }
      if (!(await this.#more(this.#position))) return undefined;
    }
  }

  /** Passes over the byte that `peek` has answered. */
  step(): void {
    this.#position += 1;
  }

  /** Passes over a value that begins at the next byte that is not blank. */
  async value(maxBytes: number): Promise<ScannedValue> {
    const first = await this.peek();
    if (first === undefined || first === COMMA || first === COLON || first === CLOSE_ARRAY || first === CLOSE_OBJECT) {
      throw this.broken('a value is missing');
    }
    const { line } = this;
    let start = this.#position;
    let beginning: Buffer | undefined;
    let state = { at: start, depth: 0, inString: false };
    for (;;) {
      state = passOver(this.#buffer, state);
      if (state.depth < 0) {
        this.#position = state.at;
        return { bytes: beginning ?? this.#buffer.subarray(start, state.at), whole: beginning === undefined, line };
      }
      if (this.#buffer.length - start > maxBytes) {
        beginning ??= Buffer.from(this.#buffer.subarray(start, start + maxBytes));
        start = this.#buffer.length;
      }
      if (!(await this.#more(start))) {
        // A number at the very end of the document is ended by it.
        if (state.depth > 0 || state.inString) throw this.broken('the document ends in the middle');
        this.#position = this.#buffer.length;
        return { bytes: beginning ?? this.#buffer.subarray(start), whole: beginning === undefined, line };
      }
      state = { ...state, at: state.at - start };
      start = 0;
    }
  }

  broken(what: string): Error {
    return unreadable(`the file is no JSON document: ${what} (line ${this.line})`);
  }

  /** Reads on, keeping what stands from `from` on, which becomes the beginning. @returns whether there was more */
  async #more(from: number): Promise<boolean> {
    const { value, done } = await this.#input.next();
    if (done) return false;
    const chunk = bufferOf(value);
    this.#countTo(from);
    const kept = this.#buffer.subarray(from);
    this.#buffer = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    this.#position = Math.max(0, this.#position - from);
    this.#counted = 0;
    return true;
  }

  #countTo(end: number): void {
    let at = this.#buffer.indexOf(LF, this.#counted);
    for (; at >= 0 && at < end; at = this.#buffer.indexOf(LF, at + 1)) this.#line += 1;
    this.#counted = end;
  }
}

interface ScanState {
  /** Where to go on; may be one behind the end, after a backslash. */
  readonly at: number;
  /** Brackets that are open; -1 = the value has ended at `at`. */
  readonly depth: number;
  readonly inString: boolean;
}

function passOver(bytes: Buffer, from: ScanState): ScanState {
  let { at, depth, inString } = from;
  const end = bytes.length;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) {
        inString = false;
        if (depth === 0) return { at: at + 1, depth: -1, inString };
      }
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (depth > 0) {
      if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth -= 1;
        if (depth === 0) return { at: at + 1, depth: -1, inString };
      }
    } else if (endsScalar(byte)) return { at, depth: -1, inString };
  }
  return { at, depth, inString };
}
