import type { Value } from '../../pipeline/contracts.ts';
import { parseTime, TimeFormat, wallClock } from '../values/time.ts';
import { UTC, type Zone, zoneOf } from '../values/zone.ts';
import { type Call, defined, type FunctionDefinition, literalText, prepared } from './definition.ts';
import { shown } from './operators.ts';
import { OperationError } from './scope.ts';

const UNIT_MS = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
} as const;
/** Units whose length the calendar decides. */
const UNIT_MONTHS = { month: 1, year: 12 } as const;

type Unit = { readonly ms: number } | { readonly months: number };

function unitOf(constants: readonly (Value | undefined)[]): Unit {
  const text = literalText(constants, 2, 'unit') ?? '';
  const name = text.toLowerCase().replace(/s$/, '');
  const ms = Object.entries(UNIT_MS).find(([unit]) => unit === name)?.[1];
  if (ms !== undefined) return { ms };
  const months = Object.entries(UNIT_MONTHS).find(([unit]) => unit === name)?.[1];
  if (months !== undefined) return { months };
  const known = [...Object.keys(UNIT_MS), ...Object.keys(UNIT_MONTHS)].join(', ');
  throw new OperationError(`there is no unit ${shown(text)}; known are ${known}`);
}

function zoneParameter(constants: readonly (Value | undefined)[], index: number): Zone {
  const name = literalText(constants, index, 'time zone') ?? 'UTC';
  const zone = zoneOf(name);
  if (!zone) throw new OperationError(`there is no time zone ${shown(name)}; one is Asia/Shanghai`);
  return zone;
}

/** A parameter as an instant; a text is read as RFC 3339, in UTC where it names no zone. */
function asTime(value: Value): Date {
  const time = typeof value === 'string' ? parseTime(value, UTC) : value;
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time;
  throw new OperationError(`expected a time, found ${shown(value)}; use to_date(…)`);
}

function valid(time: Date): Date {
  const year = time.getUTCFullYear();
  if (Number.isNaN(year) || year < 0 || year > 9999)
    throw new OperationError('the result is beyond the year 9999, or before 0');
  return time;
}

function toDate(constants: readonly (Value | undefined)[]): Call {
  // A null in place of the format leaves it open, to give a zone alone.
  const text = constants[1] === null ? undefined : literalText(constants, 1, 'format');
  const format = text === undefined ? undefined : new TimeFormat(text);
  const zone = zoneParameter(constants, 2);
  return ([value = null]) => {
    if (typeof value !== 'string') return value instanceof Date ? value : null;
    return (format ? format.parse(value, zone) : parseTime(value, zone)) ?? null;
  };
}

function formatDate(constants: readonly (Value | undefined)[]): Call {
  const format = new TimeFormat(literalText(constants, 1, 'format') ?? '');
  const zone = zoneParameter(constants, 2);
  return ([value = null]) => (value === null ? null : format.format(asTime(value), zone));
}

function dateAdd(constants: readonly (Value | undefined)[]): Call {
  const unit = unitOf(constants);
  return ([value = null, amount = null]) => {
    if (value === null || amount === null) return null;
    if (typeof amount !== 'number' || !Number.isSafeInteger(amount)) {
      throw new OperationError('the amount must be a whole number');
    }
    const time = asTime(value);
    if ('ms' in unit) return valid(new Date(time.getTime() + amount * unit.ms));
    return valid(addMonths(time, amount * unit.months));
  };
}

/** The same day of another month, or its last where it has no such day. */
function addMonths(time: Date, months: number): Date {
  const moved = new Date(time);
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  const last = new Date(Date.UTC(2000, moved.getUTCMonth() + 1, 0));
  last.setUTCFullYear(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0);
  moved.setUTCDate(Math.min(time.getUTCDate(), last.getUTCDate()));
  return moved;
}

/** Whole units from the first to the second, negative when that is earlier. */
function dateDiff(constants: readonly (Value | undefined)[]): Call {
  const unit = unitOf(constants);
  return ([from = null, to = null]) => {
    if (from === null || to === null) return null;
    const [a, b] = [asTime(from), asTime(to)];
    if ('ms' in unit) return Math.trunc((b.getTime() - a.getTime()) / unit.ms) || 0;
    return Math.trunc(monthsBetween(a, b) / unit.months) || 0;
  };
}

function monthsBetween(from: Date, to: Date): number {
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  const reached = addMonths(from, months).getTime();
  if (months > 0 && reached > to.getTime()) return months - 1;
  return months < 0 && reached < to.getTime() ? months + 1 : months;
}

function part(name: string, read: (wall: Date) => number): FunctionDefinition {
  return prepared(`${name}(time, [zone])`, (constants) => {
    const zone = zoneParameter(constants, 1);
    return ([value = null]) => (value === null ? null : read(wallClock(asTime(value), zone)));
  });
}

export const TIME_FUNCTIONS: readonly FunctionDefinition[] = [
  defined('now()', (_parameters, scope) => scope.now),
  prepared('to_date(text, [format], [zone])', toDate),
  prepared('format_date(time, format, [zone])', formatDate),
  prepared('date_add(time, amount, unit)', dateAdd),
  prepared('date_diff(from, to, unit)', dateDiff),
  part('year', (wall) => wall.getUTCFullYear()),
  part('month', (wall) => wall.getUTCMonth() + 1),
  part('day', (wall) => wall.getUTCDate()),
];
