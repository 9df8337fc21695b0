import { isUtf8 } from 'node:buffer';
import {
  hasTime,
  idOfRecord,
  MOST_ERRORS,
  NO_RECORD,
  PLAIN_LINE,
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
    const block = new Block(marked ? given.subarray(3) : given, this.#state);
    if (this.#dropped > 0) block.judgeNext(TOO_LONG);
    this.#dropped = 0;
    const { bytes, state } = block.judgeAll();
    this.#state = { ...state, received };
    return { bytes, state: this.#state };
  }
}

/** Some whole lines, and how far their judgement is. */
class Block {
  readonly #bytes: Buffer;
  readonly #before: LinesState;
  /** A character for each byte, which is enough to see plain lines; empty where some bytes are not UTF-8. */
  readonly #text: string;
  #at = 0;
  #lines: number;
  #accepted: number;
  #rejected: number;
  #timed: boolean;
  readonly #errors: PushError[];
  /** What goes on, as far as `#keptTo`: the bytes themselves but where a line was not taken. */
  readonly #kept: Buffer[] = [];
  #keptTo = 0;

  constructor(bytes: Buffer, before: LinesState) {
    this.#bytes = bytes;
    this.#before = before;
    this.#text = isUtf8(bytes) ? bytes.toString('latin1') : '';
    this.#lines = before.lines;
    this.#accepted = before.accepted;
    this.#rejected = before.rejected;
    this.#timed = before.timed;
    this.#errors = [...before.errors];
  }

  judgeAll(): CheckedLines {
    while (this.#at < this.#bytes.length) {
      PLAIN_LINE.lastIndex = this.#at;
      if (PLAIN_LINE.test(this.#text) && PLAIN_LINE.lastIndex - this.#at <= LONGEST_LINE) {
        this.#at = PLAIN_LINE.lastIndex;
        this.#lines += 1;
        this.#accepted += 1;
      } else this.judgeNext();
    }
    return { bytes: this.#takenBytes(), state: this.#stateNow() };
  }

  /** Passes over one line. @param problem what is known of it already */
  judgeNext(problem?: LineProblem): void {
    const found = this.#bytes.indexOf(LF, this.#at);
    const end = found < 0 ? this.#bytes.length : found;
    const judged = problem ?? judgeLine(this.#bytes.subarray(this.#at, end));
    this.#lines += 1;
    if (judged !== 'blank' && 'timed' in judged) {
      this.#accepted += 1;
      this.#timed ||= judged.timed;
    } else {
      if (judged !== 'blank') this.#reject(judged);
      this.#kept.push(this.#bytes.subarray(this.#keptTo, this.#at), NO_RECORD_LINE);
      this.#keptTo = end + 1;
    }
    this.#at = end + 1;
  }

  #reject(problem: LineProblem): void {
    this.#rejected += 1;
    if (this.#errors.length < MOST_ERRORS) this.#errors.push({ line: this.#lines, ...problem });
  }

  #takenBytes(): Buffer {
    if (this.#kept.length === 0) return this.#bytes;
    return Buffer.concat([...this.#kept, this.#bytes.subarray(this.#keptTo)]);
  }

  #stateNow(): LinesState {
    return {
      ...this.#before,
      lines: this.#lines,
      accepted: this.#accepted,
      rejected: this.#rejected,
      errors: this.#errors,
      timed: this.#timed,
    };
  }
}

type LineProblem = Omit<PushError, 'line'>;

function bad(code: PushErrorCode, message: string, id: string | null = null): LineProblem {
  return { id, code, message };
}

const TOO_LONG = bad('LINE_TOO_LONG', `the line is longer than ${LONGEST_LINE / 1024 / 1024} MiB`);

function judgeLine(line: Buffer): 'blank' | LineProblem | { readonly timed: boolean } {
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
