/** Days and times as csv files write them. Read digit by digit: a pattern makes a dozen texts of each. */

/** The number that two digits write; NaN where there are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const DASH = 45;
const COLON = 58;
const POINT = 46;
const T = 84;
const SPACE = 32;
const PLUS = 43;
const LONGEST = 32;
const MINUTE_MS = 60_000;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a text begins with a day of the calendar, from the year 100 on. */
function beginsWithDay(text: string): boolean {
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return false;
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (!(year >= 100 && month >= 1 && day >= 1 && day <= (DAYS[month - 1] ?? 0))) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** Whether a text is a day such as 2024-01-31. */
export function isDay(text: string): boolean {
  return text.length === 10 && beginsWithDay(text);
}

/**
 * A time such as `2024-01-31T09:30:00.5+08:00` or `2024-01-31 09:30`; without a zone it is UTC.
 * @returns undefined for what is none, or is finer than a Date
 */
export function timeOf(text: string): Date | undefined {
  const separator = text.charCodeAt(10);
  if (text.length < 16 || text.length > LONGEST || (separator !== T && separator !== SPACE)) return undefined;
  const hour = two(text, 11);
  const minute = two(text, 14);
  if (!(hour <= 23 && minute <= 59) || text.charCodeAt(13) !== COLON || !beginsWithDay(text)) return undefined;
  let at = 16;
  let second = 0;
  let milliseconds = 0;
  if (text.charCodeAt(at) === COLON) {
    second = two(text, 17);
    if (!(second <= 59)) return undefined;
    at = 19;
    if (text.charCodeAt(at) === POINT) {
      const from = at + 1;
      for (at = from; isDigit(text, at); at += 1) milliseconds = milliseconds * 10 + (text.charCodeAt(at) - 48);
      const digits = at - from;
      if (digits < 1 || digits > 3) return undefined;
      milliseconds *= 10 ** (3 - digits);
    }
  }
  const offset = at === text.length ? 0 : minutesOfZone(text, at);
  if (offset === undefined) return undefined;
  const year = two(text, 0) * 100 + two(text, 2);
  const utc = Date.UTC(year, two(text, 5) - 1, two(text, 8), hour, minute, second, milliseconds);
  return new Date(utc - offset * MINUTE_MS);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** @returns minutes east of Greenwich of the zone that ends the text; undefined for what is none */
function minutesOfZone(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if (sign !== PLUS && sign !== DASH) return /^(?:Z| ?UTC)$/i.test(text.slice(at)) ? 0 : undefined;
  const hours = two(text, at + 1);
  const afterHours = text.charCodeAt(at + 3) === COLON ? at + 4 : at + 3;
  const minutes = text.length === at + 3 ? 0 : two(text, afterHours);
  const end = text.length === at + 3 ? at + 3 : afterHours + 2;
  if (!(hours <= 23 && minutes <= 59) || end !== text.length) return undefined;
  return (sign === DASH ? -1 : 1) * (hours * 60 + minutes);
}
