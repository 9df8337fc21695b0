import { jsonText } from '../destinations/schema-json.ts';
import { parseJson } from '../json-text.ts';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  COMMA,
  CR,
  LETTER_B,
  LETTER_F,
  LETTER_N,
  LETTER_R,
  LETTER_T,
  LETTER_U,
  LF,
  MINUS,
  NINE,
  OPEN_ARRAY,
  OPEN_OBJECT,
  POINT,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
  UPPER_N,
  ZERO,
} from './ascii.ts';
import {
  areTyped,
  BOOLEAN,
  INTEGER,
  type JsonColumns,
  NESTED,
  NO_DAY,
  NO_TIME,
  NULL,
  NUMBER,
  TEXT,
} from './json-columns.ts';
import { behindSpace, behindValue, type JsonTemplate, type RecordForm, templateOf } from './json-template.ts';
import { isDay, isNumber, isTime } from './text-values.ts';

/** Records of some JSON as `TextRecords` are. */
export interface EncodedJson {
  readonly bytes: Buffer;
  readonly records: number;
  /** How many line ends stand between them. */
  readonly lines: number;
  readonly columns: JsonColumns;
  /** Where each record begins in what was read, and at last where that ends. */
  readonly bounds: readonly number[];
  /** Where each record ends in `bytes`. */
  readonly ends: readonly number[];
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NOTHING = Buffer.from('null');
/** What is nested deeper is refused, or nearly so: how deep it stands itself is not known here. */
const DEEPEST = 100;

/**
 * Turns the bytes of JSON records into the bytes that bulk loads read, without making texts or values of them: a
 * fraction of the work. The first record shows what stands between the values of all that are like it; the others are
 * compared with that, not read as JSON. What it takes, it takes as their rows would be (a test holds them together); it
 * gives up a block for anything that is not plain: other members or another order, values of more than one type, digits
 * that a number does not hold.
 */
export class JsonLane {
  readonly #form: RecordForm;
  #template: JsonTemplate | undefined;
  #kinds = new Uint8Array();
  #block: Buffer = Buffer.alloc(0);
  #target = Buffer.alloc(0);
  #from = 0;
  #at = 0;
  #out = 0;
  /** Whether a record has to stand on one line. */
  #byLine = false;
  #bounds: number[] = [];
  #ends: number[] = [];

  constructor(form: RecordForm) {
    this.#form = form;
  }

  /**
   * @param block whole lines of valid UTF-8
   * @returns undefined where something in it is not plain
   */
  encodeLines(block: Buffer): EncodedJson | undefined {
    this.#begin(block, 0);
    this.#byLine = true;
    let lines = this.#passLineEnds();
    while (this.#at < block.length) {
      if (!this.#record()) return undefined;
      const ends = this.#passLineEnds();
      if (ends === 0 && this.#at < block.length) return undefined;
      lines += ends;
    }
    return this.#encoded(lines);
  }

  /**
   * @param block valid UTF-8
   * @param from behind the bracket that opens a list of records; the last bound is its closing one
   * @returns undefined where something in it is not plain
   */
  encodeList(block: Buffer, from: number): EncodedJson | undefined {
    this.#begin(block, from);
    this.#byLine = false;
    this.#at = this.#from;
    for (;;) {
      if (!this.#record()) return undefined;
      this.#at = behindSpace(block, this.#at);
      if (block[this.#at] === CLOSE_ARRAY) return this.#encoded(0);
      if (block[this.#at] !== COMMA) return undefined;
      this.#at = behindSpace(block, this.#at + 1);
    }
  }

  #begin(block: Buffer, from: number): void {
    this.#block = block;
    // Plain values only become shorter: names and quotes are left out.
    if (this.#target.length < block.length) this.#target = Buffer.allocUnsafeSlow(block.length);
    this.#from = behindSpace(block, from);
    this.#at = from;
    this.#out = 0;
    this.#bounds = [];
    this.#ends = [];
    this.#kinds.fill(0);
  }

  #encoded(lines: number): EncodedJson | undefined {
    const { names = [] } = this.#template ?? {};
    const columns = { names, kinds: this.#kinds.slice() };
    if (this.#form === 'pushed') identify(columns);
    if (this.#bounds.length === 0 || !areTyped(columns)) return undefined;
    const bytes = Buffer.from(this.#target.subarray(0, this.#out));
    const bounds = [...this.#bounds, this.#at];
    return { bytes, records: this.#ends.length, lines, columns, bounds, ends: this.#ends };
  }

  /** @returns how many there are */
  #passLineEnds(): number {
    const from = this.#at;
    this.#at = behindSpace(this.#block, from);
    let lines = 0;
    for (let at = from; at < this.#at; at += 1) if (this.#block[at] === LF) lines += 1;
    return lines;
  }

  /** Takes a record. */
  #record(): boolean {
    this.#bounds.push(this.#at);
    const isTaken = this.#template !== undefined && this.#alike(this.#template);
    if (!isTaken && !this.#isOther()) return false;
    this.#ends.push(this.#out);
    return true;
  }

  /** Takes a first record that is unlike those of the block before. */
  #isOther(): boolean {
    this.#template = undefined;
    if (this.#bounds.length > 1) return false;
    const template = templateOf(this.#block, this.#from, this.#form);
    if (!template || (this.#byLine && template.parts.some((part) => part.includes(LF)))) return false;
    this.#kinds = new Uint8Array(template.names.length);
    this.#at = this.#from;
    this.#out = 0;
    if (this.#alike(template)) this.#template = template;
    return this.#template !== undefined;
  }

  #alike({ parts }: JsonTemplate): boolean {
    const last = parts.length - 1;
    for (let member = 0; member < last; member += 1) {
      if (!this.#part(parts[member] as Uint8Array) || !this.#value(member)) return false;
      this.#target[this.#out++] = TAB;
    }
    this.#target[this.#out - 1] = LF;
    return this.#part(parts[last] as Uint8Array);
  }

  #part(part: Uint8Array): boolean {
    const block = this.#block;
    const from = this.#at;
    const { length } = part;
    for (let index = 0; index < length; index += 1) if (block[from + index] !== part[index]) return false;
    this.#at = from + length;
    return true;
  }

  #value(member: number): boolean {
    const code = this.#block[this.#at] as number;
    switch (code) {
      case QUOTE:
        return this.#text(member);
      case LETTER_T:
        return this.#word(TRUE, member, BOOLEAN) && this.#write(LETTER_T);
      case LETTER_F:
        return this.#word(FALSE, member, BOOLEAN) && this.#write(LETTER_F);
      case LETTER_N:
        return this.#word(NOTHING, member, NULL) && this.#write(BACKSLASH) && this.#write(UPPER_N);
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        return this.#nested(member);
      default:
        return this.#number(member);
    }
  }

  #write(code: number): true {
    this.#target[this.#out++] = code;
    return true;
  }

  #is(member: number, kind: number): void {
    this.#kinds[member] = (this.#kinds[member] as number) | kind;
  }

  #word(word: Uint8Array, member: number, kind: number): boolean {
    this.#is(member, kind);
    return this.#part(word);
  }

  #number(member: number): boolean {
    const block = this.#block;
    const target = this.#target;
    const from = this.#at;
    let at = from;
    let out = this.#out;
    let point = -1;
    for (let code = block[at] as number; ; code = block[++at] as number) {
      if (code === POINT) point = out;
      else if (!(code >= ZERO && code <= NINE) && code !== MINUS) break;
      target[out++] = code;
    }
    if (at === from || !isNumber(block, from, at, true)) return false;
    // 1.0 is 1 to whoever reads JSON.
    if (point >= 0) while (target[out - 1] === ZERO) out -= 1;
    const isWhole = point < 0 || out === point + 1;
    this.#is(member, isWhole ? INTEGER : NUMBER);
    this.#at = at;
    this.#out = isWhole && point >= 0 ? point : out;
    return true;
  }

  #text(member: number): boolean {
    const block = this.#block;
    const target = this.#target;
    const from = this.#at + 1;
    let at = from;
    let out = this.#out;
    for (let code = block[at] as number; code !== QUOTE; code = block[++at] as number) {
      if (code >= SPACE && code !== BACKSLASH) {
        target[out++] = code;
      } else if (code === BACKSLASH) {
        this.#at = at + 1;
        this.#out = out;
        if (!this.#escape()) return false;
        at = this.#at - 1;
        out = this.#out;
      } else return false;
    }
    this.#is(member, TEXT);
    const kind = this.#kinds[member] as number;
    if ((kind & NO_DAY) === 0 && !isDay(block, from, at)) this.#is(member, NO_DAY);
    if ((kind & NO_TIME) === 0 && !isTime(block, from, at)) this.#is(member, NO_TIME);
    this.#at = at + 1;
    this.#out = out;
    return true;
  }

  /** Takes what follows a backslash. */
  #escape(): boolean {
    const code = this.#block[this.#at++] as number;
    switch (code) {
      case LETTER_N:
      case LETTER_R:
      case LETTER_T:
      case BACKSLASH:
        return this.#write(BACKSLASH) && this.#write(code);
      case QUOTE:
      case SLASH:
        return this.#write(code);
      case LETTER_B:
        return this.#write(8);
      case LETTER_F:
        return this.#write(12);
      case LETTER_U:
        return this.#character();
      default:
        return false;
    }
  }

  /** Takes the digits of a character of one or two UTF-16 units. */
  #character(): boolean {
    let code = this.#unit();
    if (code >= 0xd800 && code < 0xdc00) {
      if (this.#block[this.#at] !== BACKSLASH || this.#block[this.#at + 1] !== LETTER_U) return false;
      this.#at += 2;
      const low = this.#unit();
      if (!(low >= 0xdc00 && low < 0xe000)) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    // NUL, half of a character, or no digits.
    if (!(code > 0) || (code >= 0xd800 && code < 0xe000)) return false;
    const letter = code === TAB ? LETTER_T : code === LF ? LETTER_N : code === CR ? LETTER_R : code;
    if (letter !== code || code === BACKSLASH) return this.#write(BACKSLASH) && this.#write(letter);
    this.#out += this.#target.write(String.fromCodePoint(code), this.#out);
    return true;
  }

  #unit(): number {
    const digits = this.#block.toString('latin1', this.#at, this.#at + 4);
    this.#at += 4;
    return /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  }

  /** An object or a list, as its row has it. */
  #nested(member: number): boolean {
    const from = this.#at;
    const end = behindValue(this.#block, from, DEEPEST);
    if (end < 0 || (this.#byLine && this.#block.subarray(from, end).includes(LF))) return false;
    let text: string;
    try {
      text = jsonText(parseJson(this.#block.toString('utf8', from, end)));
    } catch {
      return false;
    }
    // What else COPY does not take as it is, JSON writes by escapes.
    const bytes = Buffer.from(text.replaceAll('\\', '\\\\'));
    if (this.#out + bytes.length > end - this.#from) return false;
    this.#target.set(bytes, this.#out);
    this.#is(member, NESTED);
    this.#at = end;
    this.#out += bytes.length;
    return true;
  }
}

/** Ids are texts, also those that are numbers; no others are pushed. */
function identify({ names, kinds }: JsonColumns): void {
  const at = names.indexOf('_id');
  const kind = kinds[at] as number;
  const isId = (kind & (NULL | BOOLEAN | NUMBER | NESTED)) === 0;
  if (!isId) kinds[at] = TEXT | NESTED;
  else if ((kind & INTEGER) !== 0) kinds[at] = TEXT | NO_DAY | NO_TIME;
}
