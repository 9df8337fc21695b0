/**
 * What the texts of a csv mean. A column's kind comes from a sample of the file; a value that does not fit it stays the
 * text that it is, so a sample that was no good loses nothing. Texts that would come back from a number as another text
 * stay text too: 007, phone numbers, digits beyond 2^53.
 */
import type { Column, ColumnType, Value } from '../pipeline/contracts.ts';
import { isDay, timeOf } from './csv-times.ts';

/** `date` is text to whoever reads it, and a date to whoever makes a column of it. */
type Kind = 'boolean' | 'integer' | 'number' | 'timestamp' | 'date' | 'text';

/** What a field becomes. */
type Convert = (text: string) => Value;

export interface CsvColumn extends Column {
  /** Undefined for text, which needs none. */
  readonly convert: Convert | undefined;
}

const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const POINT = 46;
/** This many digits are exact, whatever they are. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);
const INT64 = 2n ** 63n;

/** @returns undefined for what is no number, or would be written differently as one */
function numberOf(text: string): number | undefined {
  const length = text.length;
  let index = text.charCodeAt(0) === MINUS ? 1 : 0;
  const negative = index === 1;
  const first = text.charCodeAt(index);
  if (first === ZERO && length > index + 1 && text.charCodeAt(index + 1) !== POINT) return undefined;
  let mantissa = 0;
  let digits = 0;
  let decimals = -1;
  for (; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= ZERO && code <= NINE) {
      mantissa = mantissa * 10 + (code - ZERO);
      digits += 1;
      if (decimals >= 0) decimals += 1;
    } else if (code === POINT && decimals < 0 && digits > 0) decimals = 0;
    else return powerOf(text);
  }
  if (digits === 0 || digits > EXACT_DIGITS || decimals === 0 || (negative && mantissa === 0)) return undefined;
  // Both are exact, so their quotient is the number nearest to the text.
  const value = decimals > 0 ? mantissa / (POWERS_OF_TEN[decimals] ?? 1) : mantissa;
  return negative ? -value : value;
}

/** With a point or a sign: 12E4 is more likely a code than a number. */
const POWER = /^-?\d(?:\.\d{1,14}e[+-]?|e[+-])\d{1,3}$/i;

function powerOf(text: string): number | undefined {
  if (!POWER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value !== 0 ? value : undefined;
}

const BIG_INTEGER = /^-?[1-9]\d{15,18}$/;

/** In a column of numbers; longer digits than a number holds are exact as bigints. */
function numeric(text: string): Value {
  const value = numberOf(text);
  if (value !== undefined) return value;
  if (!BIG_INTEGER.test(text)) return text;
  const big = BigInt(text);
  if (Number.isSafeInteger(Number(big))) return Number(big);
  return big >= -INT64 && big < INT64 ? big : text;
}

function boolean(text: string): Value {
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text.length > 5) return text;
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : text;
}

function timestamp(text: string): Value {
  return timeOf(text) ?? text;
}

function kindOf(text: string): Kind {
  const number = numberOf(text);
  if (number !== undefined) return Number.isInteger(number) && !text.includes('.') ? 'integer' : 'number';
  if (typeof boolean(text) === 'boolean') return 'boolean';
  if (isDay(text)) return 'date';
  return timeOf(text) ? 'timestamp' : 'text';
}

function wider(one: Kind | undefined, other: Kind): Kind {
  if (one === undefined || one === other) return other;
  const both = new Set([one, other]);
  return both.has('integer') && both.has('number') ? 'number' : 'text';
}

/** Words of column names whose digits are no quantity. */
const CODE_WORDS = new Set(['phone', 'mobile', 'cellphone', 'tel', 'fax', 'zip', 'zipcode', 'postcode', 'postal']);
const CODE_NAME = /电话|手机|传真|邮编|邮政编码|身份证|卡号|账号/;
const CHINESE_MOBILE = /^1[3-9]\d{9}$/;

function namesCodes(name: string): boolean {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.some((word) => CODE_WORDS.has(word)) || CODE_NAME.test(name);
}

/** A kind without one stays text. */
const CONVERTERS: Readonly<Partial<Record<ColumnType, Convert>>> = {
  boolean,
  integer: numeric,
  number: numeric,
  timestamp,
};

/** Finds out what a column holds from some of its values. */
export class KindSurvey {
  readonly #name: string;
  #kind: Kind | undefined;
  #allMobiles = true;

  constructor(name: string) {
    this.#name = name;
  }

  /** @param text of a field that is not null */
  see(text: string): void {
    if (this.#kind === 'text') return;
    this.#kind = wider(this.#kind, kindOf(text));
    if (this.#allMobiles && !CHINESE_MOBILE.test(text)) this.#allMobiles = false;
  }

  column(): CsvColumn {
    let kind = this.#kind ?? 'text';
    if (kind === 'integer' && (this.#allMobiles || namesCodes(this.#name))) kind = 'text';
    return columnOf(this.#name, kind);
  }
}

export function columnOf(name: string, type: ColumnType): CsvColumn {
  return { name, type, convert: CONVERTERS[type] };
}

export function textColumn(name: string): CsvColumn {
  return columnOf(name, 'text');
}
