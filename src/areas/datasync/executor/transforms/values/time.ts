import { instantOf, UTC, type Zone } from './zone.ts';

/** A time as a calendar and a clock show it; `offsetMs` where the text itself says its zone. */
interface Shown {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly milli: number;
  readonly offsetMs?: number | undefined;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * Reads `2024-01-31`, `2024-01-31T08:00:00Z`, `2024-01-31 08:00:00.123+08:00` and the like.
 * @param zone of texts that name none
 * @returns undefined when the text is none of these, or a day that does not exist
 */
export function parseTime(text: string, zone: Zone): Date | undefined {
  const match = ISO.exec(text.length > 64 ? '' : text.trim());
  if (!match) return undefined;
  const shown = {
    year: Number(match[1]),
    month: Number(match[2]),
    day: Number(match[3]),
    hour: Number(match[4] ?? 0),
    minute: Number(match[5] ?? 0),
    second: Number(match[6] ?? 0),
    milli: milliOf(match[7]),
    offsetMs: offsetMs(match[8]),
  };
  return dateOf(shown, zone);
}

function milliOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));
}

function offsetMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === 'Z' || text === 'z') return 0;
  const digits = text.replaceAll(/\D/g, '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

function dateOf(shown: Shown, zone: Zone): Date | undefined {
  const { year, month, day, hour, minute, second, milli } = shown;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const wall = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, milli));
  // Date.UTC takes years below 100 for those of the last century.
  wall.setUTCFullYear(year, month - 1, day);
  if (wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day) return undefined;
  const instant = shown.offsetMs === undefined ? instantOf(wall.getTime(), zone) : wall.getTime() - shown.offsetMs;
  return new Date(instant);
}

/** The wall clock of `zone` at `date`, in a Date's UTC fields. */
export function wallClock(date: Date, zone: Zone): Date {
  return zone === UTC ? date : new Date(date.getTime() + zone.offsetAt(date.getTime()));
}

/** `YYYY-MM-DD` in `zone`. */
export function dayText(date: Date, zone: Zone): string {
  return wallClock(date, zone).toISOString().replace(/T.*$/, '');
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

interface Directive {
  /** Of the text to read: bounded, so that reading cannot take long. */
  readonly pattern: string;
  write(wall: Date, offsetMs: number): string;
}

const two = (value: number) => String(value).padStart(2, '0');
const monthName = (wall: Date) => MONTHS[wall.getUTCMonth()] ?? '';

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { pattern: '\\d{4}', write: (wall) => String(wall.getUTCFullYear()).padStart(4, '0') },
  y: { pattern: '\\d{2}', write: (wall) => two(wall.getUTCFullYear() % 100) },
  m: { pattern: '\\d{1,2}', write: (wall) => two(wall.getUTCMonth() + 1) },
  d: { pattern: '\\d{1,2}', write: (wall) => two(wall.getUTCDate()) },
  b: { pattern: '[A-Za-z]{3}', write: (wall) => monthName(wall).slice(0, 3) },
  B: { pattern: '[A-Za-z]{3,9}', write: monthName },
  H: { pattern: '\\d{1,2}', write: (wall) => two(wall.getUTCHours()) },
  I: { pattern: '\\d{1,2}', write: (wall) => two(wall.getUTCHours() % 12 || 12) },
  p: { pattern: '[AaPp][Mm]', write: (wall) => (wall.getUTCHours() < 12 ? 'AM' : 'PM') },
  M: { pattern: '\\d{1,2}', write: (wall) => two(wall.getUTCMinutes()) },
  S: { pattern: '\\d{1,2}', write: (wall) => two(wall.getUTCSeconds()) },
  f: { pattern: '\\d{1,9}', write: (wall) => String(wall.getUTCMilliseconds() * 1000).padStart(6, '0') },
  z: { pattern: '(?:Z|[+-]\\d{2}:?\\d{2})', write: (_wall, offset) => offsetText(offset) },
};

function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/** How times are written and read, such as `%d/%m/%Y %H:%M`. */
export class TimeFormat {
  readonly #pieces: readonly (string | Directive)[];
  readonly #names: readonly string[];
  readonly #pattern: RegExp;

  /** @throws RangeError in words for the user */
  constructor(format: string) {
    if (format.length > 100) throw new RangeError('a time format has at most 100 characters');
    const parts = format.match(/%.|[^%]+|%$/gsu) ?? [];
    this.#names = parts.filter((part) => part.startsWith('%') && part !== '%%').map((part) => part.slice(1));
    for (const name of this.#names) {
      if (!Object.hasOwn(DIRECTIVES, name)) {
        throw new RangeError(`%${name} is not known in a time format; known are ${known()} and %%`);
      }
    }
    // Also what keeps reading fast: each directive gives back characters only a few times.
    if (new Set(this.#names).size < this.#names.length) throw new RangeError('a time format names each part only once');
    this.#pieces = parts.map((part) => {
      if (part === '%%') return '%';
      return part.startsWith('%') ? (DIRECTIVES[part.slice(1)] ?? part) : part;
    });
    const source = this.#pieces.map((piece) => (typeof piece === 'string' ? escaped(piece) : `(${piece.pattern})`));
    this.#pattern = new RegExp(`^${source.join('')}$`, 'u');
  }

  /** @returns undefined when `text` does not fit, or is a day that does not exist */
  parse(text: string, zone: Zone): Date | undefined {
    const match = this.#pattern.exec(text.length > 200 ? '' : text.trim());
    if (!match) return undefined;
    const read = new Map(this.#names.map((name, index) => [name, match[index + 1] ?? '']));
    const number = (name: string, absent: number) => (read.has(name) ? Number(read.get(name)) : absent);
    const month = monthOf(read.get('b') ?? read.get('B')) ?? number('m', 1);
    const hour = hourOf(number('H', 0), read.has('I') ? number('I', 12) : undefined, read.get('p'));
    if (hour === undefined) return undefined;
    const shown = { year: yearOf(number('Y', -1), number('y', 70)), month, day: number('d', 1), hour };
    const rest = { minute: number('M', 0), second: number('S', 0), milli: milliOf(read.get('f')) };
    return dateOf({ ...shown, ...rest, offsetMs: offsetMs(read.get('z')) }, zone);
  }

  format(date: Date, zone: Zone): string {
    const offset = zone.offsetAt(date.getTime());
    const wall = wallClock(date, zone);
    let text = '';
    for (const piece of this.#pieces) text += typeof piece === 'string' ? piece : piece.write(wall, offset);
    return text;
  }
}

function known(): string {
  return Object.keys(DIRECTIVES)
    .map((name) => `%${name}`)
    .join(' ');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** 0 when there is no such month. */
function monthOf(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const wanted = name.toLowerCase();
  const found = MONTHS.map((month) => month.toLowerCase());
  return found.findIndex((month) => month === wanted || month.slice(0, 3) === wanted) + 1;
}

/** Two digits from 69 on are of the twentieth century, as in POSIX. */
function yearOf(year: number, short: number): number {
  if (year >= 0) return year;
  return short + (short >= 69 ? 1900 : 2000);
}

function hourOf(hour: number, twelve: number | undefined, half: string | undefined): number | undefined {
  if (twelve === undefined) return hour;
  if (twelve < 1 || twelve > 12) return undefined;
  return (twelve % 12) + (half?.toLowerCase() === 'pm' ? 12 : 0);
}
