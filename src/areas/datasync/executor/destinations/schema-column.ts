/**
 * A column of a table, and whether a value fits into it as it stands. A column never takes what it could not give back:
 * text goes into a number's column only where it is written exactly as that number would be, so `007` keeps its zeros.
 */
import type { ColumnType, Value } from '../pipeline/contracts.ts';
import { jsonText } from './schema-json.ts';

/** A column of a table, as it stands or as it is to be made. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** The type as the server writes it. */
  readonly native: string;
  /** The server judges values itself and compares them as text: enums, arrays, networks and their like. */
  readonly opaque: boolean;
  /** Takes no null, and has nothing of its own to put there. */
  readonly required: boolean;
  /** Written by the server alone. */
  readonly generated: boolean;
  /** Least and greatest: of integers, and of other numbers' magnitude. */
  readonly range?: readonly [bigint, bigint];
  /** Characters of a text. */
  readonly length?: number;
  /** Digits of a decimal before its point, and behind it where more are not to be rounded away. */
  readonly digits?: readonly [before: number, behind?: number];
  /** First and last year of a date or time. */
  readonly years?: readonly [number, number];
  /** Whether a number's column takes NaN and the infinities. */
  readonly finite?: boolean;
}

export const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const LEAST_DOUBLE = -(2 ** 63);
const BEYOND_DOUBLE = 2 ** 63;

/** Whether every value fits, so that none needs to be looked at. */
export function takesAnything(column: TableColumn): boolean {
  if (column.type === 'json') return true;
  return column.type === 'text' && !column.opaque && column.length === undefined;
}

/** @param value not null */
export function fits(column: TableColumn, value: Value): boolean {
  switch (column.type) {
    case 'integer':
      return fitsInteger(column, value);
    case 'number':
      return fitsNumber(column, value);
    case 'text':
      return fitsText(column, value);
    case 'boolean':
      return fitsBoolean(column, value);
    case 'timestamp':
      return fitsTimestamp(column, value);
    case 'date':
      return fitsDate(column, value);
    case 'decimal':
      return fitsDecimal(column, value);
    case 'binary':
      return value instanceof Uint8Array;
    case 'json':
      return true;
  }
}

/** Some engines' booleans are integers. */
function fitsBoolean(column: TableColumn, value: Value): boolean {
  if (typeof value === 'boolean' || value === 'true' || value === 'false') return true;
  return column.range !== undefined && typeof value !== 'string' && fitsInteger(column, value);
}

function fitsInteger({ range = INT64 }: TableColumn, value: Value): boolean {
  if (typeof value === 'number') {
    // Doubles this large are integers, all of them; the last one below 2^63 fits.
    if (!Number.isInteger(value) || value < LEAST_DOUBLE || value >= BEYOND_DOUBLE) return false;
    return range === INT64 || (BigInt(value) >= range[0] && BigInt(value) <= range[1]);
  }
  if (typeof value === 'bigint') return value >= range[0] && value <= range[1];
  if (typeof value !== 'string' || !/^(?:0|-?[1-9]\d{0,19})$/.test(value)) return false;
  const integer = BigInt(value);
  return integer >= range[0] && integer <= range[1];
}

function fitsNumber({ range, finite = false }: TableColumn, value: Value): boolean {
  if (typeof value === 'bigint') return fitsNumber({ range, finite } as TableColumn, Number(value)) && isExact(value);
  const number = typeof value === 'string' && String(Number(value)) === value ? Number(value) : value;
  if (typeof number !== 'number') return false;
  if (!Number.isFinite(number)) return !finite;
  return range === undefined || (number >= Number(range[0]) && number <= Number(range[1]));
}

function isExact(value: bigint): boolean {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value;
}

const DECIMAL = /^-?(0|[1-9]\d*)(?:\.(\d+))?$/;

function fitsDecimal({ digits }: TableColumn, value: Value): boolean {
  const isNumeric = typeof value === 'number' || typeof value === 'bigint';
  if (!isNumeric && typeof value !== 'string') return false;
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  const [, whole, fraction = ''] = DECIMAL.exec(isNumeric ? plainNumber(value) : value) ?? [];
  if (whole === undefined) return false;
  if (digits === undefined) return true;
  const [before, behind = fraction.length] = digits;
  return (whole === '0' || whole.length <= before) && fraction.length <= behind;
}

/** A number without an exponent: 1e21 is `1000000000000000000000`. */
function plainNumber(value: number | bigint): string {
  const text = String(value);
  const [mantissa = '', exponent] = text.split('e');
  if (exponent === undefined) return text;
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

function fitsText({ length, opaque }: TableColumn, value: Value): boolean {
  if (opaque) return typeof value !== 'object' || value instanceof Date;
  if (length === undefined) return true;
  const text = asText(value);
  // Servers count code points, of which a text has at most as many as UTF-16 units.
  return text.length <= length || [...text].length <= length;
}

/** A value in a column of text. */
export function asText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return jsonText(value);
}

const TIME =
  /^\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The number that decimal digits of `text` write; NaN where something else stands among them. */
function digitsOf(text: string, from: number, to: number): number {
  let number = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** A day of the calendar from year 1 to 9999, as ISO 8601 writes it. Runs for many values: no pattern, no Date. */
export function isDateText(text: string): boolean {
  return text.length === 10 && beginsWithDate(text);
}

function beginsWithDate(text: string): boolean {
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return false;
  const year = digitsOf(text, 0, 4);
  const month = digitsOf(text, 5, 7);
  const day = digitsOf(text, 8, 10);
  if (!(year >= 1 && day >= 1 && day <= (DAYS[month - 1] ?? 0))) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** Whether a text names an instant in ISO 8601; UTC where it names no zone. */
function isTimeText(text: string): boolean {
  return beginsWithDate(text) && (text.length === 10 || TIME.test(text));
}

function withinYears({ years }: TableColumn, year: number): boolean {
  return years === undefined || (year >= years[0] && year <= years[1]);
}

function fitsTimestamp(column: TableColumn, value: Value): boolean {
  if (typeof value === 'string') return isTimeText(value) && withinYears(column, digitsOf(value, 0, 4));
  return value instanceof Date && !Number.isNaN(value.getTime()) && withinYears(column, value.getUTCFullYear());
}

const MS_PER_DAY = 86_400_000;

function fitsDate(column: TableColumn, value: Value): boolean {
  if (typeof value === 'string') return isDateText(value) && withinYears(column, digitsOf(value, 0, 4));
  return value instanceof Date && value.getTime() % MS_PER_DAY === 0 && withinYears(column, value.getUTCFullYear());
}
