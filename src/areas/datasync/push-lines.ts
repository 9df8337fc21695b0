import { isUtf8 } from 'node:buffer';
import {
  hasTime,
  idOfRecord,
  MOST_ERRORS,
  NO_RECORD,
  type PushError,
  type PushErrorCode,
  problemOfRecord,
} from './push-records.ts';

/** The longest line, without its end. */
export const LONGEST_LINE = 1024 * 1024;
/** Enough that the work on a block outweighs that of making it; less than a chunk of a blob. */
const BLOCK_BYTES = 768 * 1024;

const LF = 0x0a;
const LINE_END = Buffer.of(LF);
const NO_RECORD_LINE = Buffer.from(`${NO_RECORD}\n`);
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);
/** Escapes of characters that no text column holds, or that may be half of one. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/i;

/** How far a stream is. Bytes and lines count from its beginning, whatever request brought them. */
export interface LinesState {
  /** Bytes, up to a line end. */
  readonly received: number;
  readonly lines: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly PushError[];
  readonly timed: boolean;
}

/** Some lines that were checked. */
export interface CheckedLines {
  /** The good ones as they came; the others as no record, so that lines keep their numbers. */
  readonly bytes: Buffer;
  /** With them. */
  readonly state: LinesState;
}

/** Cuts a body into lines as it arrives, and checks each: holds about a megabyte, or the longest allowed line twice. */
export class PushLines {
  #state: LinesState;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes of a line that is too long, whose end has not come yet. */
  #dropped = 0;

  constructor(state?: LinesState) {
    this.#state = state ?? { received: 0, lines: 0, accepted: 0, rejected: 0, errors: [], timed: false };
  }

  /** @returns whole lines, once there are enough to be worth it */
  take(bytes: Buffer): CheckedLines | undefined {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    return this.#pendingBytes >= BLOCK_BYTES ? this.cut() : undefined;
  }

  /** @returns the whole lines that have come and were not given yet */
  cut(): CheckedLines | undefined {
    const bytes = Buffer.concat(this.#pending, this.#pendingBytes);
    const end = bytes.lastIndexOf(LF) + 1;
    const rest = bytes.subarray(end);
    this.#keep(rest);
    if (end === 0) {
      if (rest.length > LONGEST_LINE) {
        this.#dropped += rest.length;
        this.#keep(Buffer.alloc(0));
      }
      return undefined;
    }
    return this.#check(bytes.subarray(0, end));
  }

  /** The body has ended: its last line may be without an end. */
  finish(): CheckedLines | undefined {
    if (this.#pendingBytes === 0 && this.#dropped === 0) return undefined;
    const bytes = Buffer.concat(this.#pending, this.#pendingBytes);
    this.#keep(Buffer.alloc(0));
    const checked = this.#check(bytes);
    // Should the upload go on after all, what follows is a line of its own.
    return checked.bytes.at(-1) === LF ? checked : { ...checked, bytes: Buffer.concat([checked.bytes, LINE_END]) };
  }

  get state(): LinesState {
    return this.#state;
  }

  #keep(bytes: Buffer): void {
    this.#pending = bytes.length === 0 ? [] : [bytes];
    this.#pendingBytes = bytes.length;
  }

  #check(given: Buffer): CheckedLines {
    const received = this.#state.received + this.#dropped + given.length;
    const marked = this.#state.received === 0 && given.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const bytes = marked ? given.subarray(3) : given;
    const wasDropping = this.#dropped > 0;
    this.#dropped = 0;
    const checked = (wasDropping ? undefined : this.#checkAllGood(bytes)) ?? this.#checkEach(bytes, wasDropping);
    this.#state = { ...checked.state, received };
    return { bytes: checked.bytes, state: this.#state };
  }

  /** The common case, without touching the bytes. @returns undefined when some line is not good */
  #checkAllGood(bytes: Buffer): CheckedLines | undefined {
    if (!isUtf8(bytes)) return undefined;
    const text = bytes.toString();
    if (SUSPICIOUS.test(text)) return undefined;
    let { lines, accepted, timed } = this.#state;
    for (let start = 0; start < text.length; lines += 1) {
      const found = text.indexOf('\n', start);
      const end = found < 0 ? text.length : found;
      if (end - start > LONGEST_LINE / 3) return undefined;
      const record = parsed(text.slice(start, end));
      if (record === undefined || problemOfRecord(record, false) !== undefined) return undefined;
      timed ||= hasTime(record);
      accepted += 1;
      start = end + 1;
    }
    return { bytes, state: { ...this.#state, lines, accepted, timed } };
  }

  /** @param firstIsTooLong `bytes` begin with the rest of a line that is too long */
  #checkEach(bytes: Buffer, firstIsTooLong: boolean): CheckedLines {
    let { lines, accepted, rejected, timed } = this.#state;
    const errors = [...this.#state.errors];
    const kept: Buffer[] = [];
    for (let start = 0, first = true; start < bytes.length || (first && firstIsTooLong); first = false) {
      const found = bytes.indexOf(LF, start);
      const end = found < 0 ? bytes.length : found;
      const line = bytes.subarray(start, end);
      lines += 1;
      const checked = first && firstIsTooLong ? TOO_LONG : checkLine(line);
      if (checked === 'blank') kept.push(NO_RECORD_LINE);
      else if ('message' in checked) {
        rejected += 1;
        if (errors.length < MOST_ERRORS) errors.push({ line: lines, ...checked });
        kept.push(NO_RECORD_LINE);
      } else {
        accepted += 1;
        timed ||= checked.timed;
        kept.push(bytes.subarray(start, end + 1));
      }
      start = end + 1;
    }
    return { bytes: Buffer.concat(kept), state: { ...this.#state, lines, accepted, rejected, errors, timed } };
  }
}

type LineProblem = Omit<PushError, 'line'>;

function bad(code: PushErrorCode, message: string, id: string | null = null): LineProblem {
  return { id, code, message };
}

const TOO_LONG = bad('LINE_TOO_LONG', `the line is longer than ${LONGEST_LINE / 1024 / 1024} MiB`);

function checkLine(line: Buffer): 'blank' | LineProblem | { readonly timed: boolean } {
  if (line.length > LONGEST_LINE) return TOO_LONG;
  if (!isUtf8(line)) return bad('INVALID_ENCODING', 'the line has bytes that are not UTF-8');
  const text = line.toString();
  if (/^[ \t\r]*$/.test(text)) return 'blank';
  const record = parsed(text);
  if (record === undefined) return bad('INVALID_JSON', 'the line is not JSON');
  const problem = problemOfRecord(record, SUSPICIOUS.test(text));
  return problem === undefined ? { timed: hasTime(record) } : bad('VALIDATION_ERROR', problem, idOfRecord(record));
}

/** @returns undefined for what is no JSON, which is never undefined itself */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
