import { parseJson } from '../../json-text.ts';
import type { ColumnType, Value } from '../../pipeline/contracts.ts';
import type { Budget } from '../budget.ts';
import { booleanOf } from './boolean.ts';
import { decimalOf, decimalText, isWhole, plainValue } from './decimal.ts';
import { textOf } from './text.ts';
import { dayText, parseTime, TimeFormat } from './time.ts';
import { UTC, type Zone, zoneOf } from './zone.ts';

/** A day inside of the first and the last of four digits, for the sake of zones. */
const FIRST_DAY = new Date('0000-01-02');
const LAST_DAY = new Date('9999-12-31');

/** @returns undefined when the value cannot be one of the type; null is not given */
export type Cast = (value: Value, budget: Budget) => Value | undefined;

/** How texts and numbers are read as times. */
interface TimeReader {
  read(value: Value): Date | undefined;
  dayOf(time: Date): string;
}

/**
 * Makes the conversion to a type. It loses nothing unsaid: 3.7 is no integer, and digits beyond a double's are rounded
 * only for `number`.
 * @param format see the transformation's schema
 * @param timezone of times that say none
 * @throws RangeError in words for the user
 */
export function castTo(type: ColumnType, format?: string, timezone?: string): Cast {
  const zone = timezone === undefined ? UTC : zoneOf(timezone);
  if (!zone) throw new RangeError(`there is no time zone ${timezone}; one is Asia/Shanghai`);
  const isTime = type === 'date' || type === 'timestamp';
  if (format !== undefined && !isTime && type !== 'text' && type !== 'binary') {
    throw new RangeError(`${type} takes no format`);
  }
  switch (type) {
    case 'boolean':
      return booleanOf;
    case 'integer':
      return toInteger;
    case 'number':
      return toNumber;
    case 'decimal':
      return toDecimal;
    case 'text':
      return toText(format, zone);
    case 'date':
      return toDay(timeReader(format, zone));
    case 'timestamp':
      return timeReader(format, zone).read;
    case 'json':
      return toJson;
    case 'binary':
      return toBinary(format);
  }
}

function numeric(value: Value): number | bigint | string | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? value : undefined;
}

function toInteger(value: Value): Value | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const given = numeric(value);
  const decimal = given === undefined ? undefined : decimalOf(given);
  return decimal && isWhole(decimal) ? plainValue(decimal) : undefined;
}

function toNumber(value: Value): Value | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  const given = numeric(value);
  const decimal = given === undefined ? undefined : decimalOf(given);
  if (!decimal) return undefined;
  const number = Number(decimalText(decimal));
  return Number.isFinite(number) ? number : undefined;
}

function toDecimal(value: Value): Value | undefined {
  const given = numeric(value);
  const decimal = given === undefined ? undefined : decimalOf(given);
  return decimal && decimalText(decimal);
}

function toText(format: string | undefined, zone: Zone): Cast {
  const times = format === undefined ? undefined : new TimeFormat(format);
  return (value, budget) => {
    if (times && value instanceof Date) return times.format(value, zone);
    return textOf(value, budget);
  };
}

function timeReader(format: string | undefined, zone: Zone): TimeReader {
  const dayOf = (time: Date) => dayText(time, zone);
  const asIs = (value: Value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined);
  if (format === 'unix' || format === 'unix_ms') {
    const unit = format === 'unix' ? 1000 : 1;
    return { dayOf, read: (value) => asIs(value) ?? epoch(value, unit) };
  }
  const times = format === undefined ? undefined : new TimeFormat(format);
  const parse = (text: string) => (times ? times.parse(text, zone) : parseTime(text, zone));
  return { dayOf, read: (value) => (typeof value === 'string' ? parse(value) : asIs(value)) };
}

function epoch(value: Value, unit: number): Date | undefined {
  const number = toNumber(typeof value === 'boolean' ? null : value);
  if (typeof number !== 'number') return undefined;
  const time = new Date(Math.round(number * unit));
  return isOfCalendar(time) ? time : undefined;
}

/** Whether a day's year has four digits, as all texts of days have. */
function isOfCalendar(time: Date): boolean {
  return time >= FIRST_DAY && time < LAST_DAY;
}

/** A day stays text, without a zone that could move it. */
function toDay(reader: TimeReader): Cast {
  return (value) => {
    const time = reader.read(value);
    return time && isOfCalendar(time) ? reader.dayOf(time) : undefined;
  };
}

function toJson(value: Value): Value | undefined {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
}

const ENCODINGS = ['base64', 'hex', 'utf8'] as const;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function toBinary(format = 'base64'): Cast {
  const encoding = ENCODINGS.find((known) => known === format);
  if (!encoding) throw new RangeError(`the format of binary is one of ${ENCODINGS.join(', ')}`);
  return (value) => {
    if (value instanceof Uint8Array) return value;
    if (typeof value !== 'string') return undefined;
    if (encoding === 'base64' && !BASE64.test(value)) return undefined;
    if (encoding === 'hex' && !/^(?:[\dA-Fa-f]{2})*$/.test(value)) return undefined;
    return new Uint8Array(Buffer.from(value, encoding));
  };
}
