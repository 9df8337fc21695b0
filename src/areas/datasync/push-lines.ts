import { isUtf8 } from 'node:buffer';
import {
  hasTime,
  idOfRecord,
  isSuspicious,
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

/**
 * Cuts a body into lines as it arrives, and judges each at once: however bad they are, what comes between two events is
 * little. Holds about a megabyte, or the longest allowed line twice.
 */
export class PushLines {
  #state: LinesState;
  /** Judged, and not given yet. */
  #judged: Buffer[] = [];
  #judgedBytes = 0;
  /** The beginning of a line whose end has not come yet. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Bytes before that, of a line that is too long. */
  #dropped = 0;

  constructor(state?: LinesState) {
    this.#state = state ?? { received: 0, lines: 0, accepted: 0, rejected: 0, errors: [], timed: false };
  }

  /** @returns whole lines, once there are enough to be worth it */
  take(bytes: Buffer): CheckedLines | undefined {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) this.#judge(this.#withRest(bytes.subarray(0, end)));
    this.#rest.push(bytes.subarray(end));
    this.#restBytes += bytes.length - end;
    if (this.#restBytes > LONGEST_LINE) this.#dropped += this.#withRest(Buffer.alloc(0)).length;
    return this.#judgedBytes >= BLOCK_BYTES ? this.cut() : undefined;
  }

  /** @returns the whole lines that have come and were not given yet */
  cut(): CheckedLines | undefined {
    if (this.#judgedBytes === 0) return undefined;
    const bytes = Buffer.concat(this.#judged, this.#judgedBytes);
    this.#judged = [];
    this.#judgedBytes = 0;
    return { bytes, state: this.#state };
  }

  /** The body has ended: its last line may be without an end. @returns what was not given yet */
  finish(): CheckedLines | undefined {
    if (this.#restBytes > 0 || this.#dropped > 0) {
      this.#judge(this.#withRest(Buffer.alloc(0)));
      // Should the upload go on after all, what follows is a line of its own.
      if (this.#judged.at(-1)?.at(-1) !== LF) this.#keep(LINE_END);
    }
    return this.cut();
  }

  get state(): LinesState {
    return this.#state;
  }

  #withRest(bytes: Buffer): Buffer {
    if (this.#restBytes === 0) return bytes;
    const whole = Buffer.concat([...this.#rest, bytes], this.#restBytes + bytes.length);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }

  #keep(bytes: Buffer): void {
    this.#judged.push(bytes);
    this.#judgedBytes += bytes.length;
  }

  #judge(given: Buffer): void {
    const received = this.#state.received + this.#dropped + given.length;
    const marked = this.#state.received === 0 && given.subarray(0, 3).equals(BYTE_ORDER_MARK);
    const block = new Block(marked ? given.subarray(3) : given, this.#state);
    if (this.#dropped > 0) block.judgeNext(TOO_LONG);
    this.#dropped = 0;
    const { bytes, state } = block.judgeAll();
    this.#state = { ...state, received };
    this.#keep(bytes);
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
      } else if (!this.#passBlank()) this.judgeNext();
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

  /** Passes over all blank lines that follow: many at once cost next to nothing. */
  #passBlank(): boolean {
    let end = this.#at;
    let lines = 0;
    for (let at = end; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at];
      if (byte === LF) {
        lines += 1;
        end = at + 1;
      } else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) break;
    }
    if (lines === 0) return false;
    this.#kept.push(
      this.#bytes.subarray(this.#keptTo, this.#at),
      Buffer.alloc(lines * NO_RECORD_LINE.length, NO_RECORD_LINE),
    );
    this.#keptTo = end;
    this.#at = end;
    this.#lines += lines;
    return true;
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
  // Refusals are costly, and much that is no record can be told without one.
  const record = /^[ \t]*\{/.test(text) ? parsed(text) : undefined;
  if (record === undefined) return bad('INVALID_JSON', 'the line is not a JSON object');
  const problem = problemOfRecord(record, isSuspicious(text));
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
