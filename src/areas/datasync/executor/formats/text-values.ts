/**
 * What values look like in bytes, exactly as csv-types.ts reads them from texts, and as columns take those of JSON;
 * whatever is unusual is left to these.
 */

import { COLON, MINUS, NINE, PLUS, POINT, SPACE, UPPER_T, UPPER_Z, ZERO } from './ascii.ts';

/** This many digits are exact in a double, whatever they are. */
const EXACT_DIGITS = 15;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Of plain decimals such as -12.50, without superfluous zeros before, and not -0. `from` < `to`. */
export function isNumber(bytes: Uint8Array, from: number, to: number, fraction: boolean): boolean {
  let at = from;
  const negative = bytes[at] === MINUS;
  if (negative) at += 1;
  if (bytes[at] === ZERO && to > at + 1 && bytes[at + 1] !== POINT) return false;
  const first = at;
  let point = -1;
  let allZeros = true;
  for (; at < to; at += 1) {
    const code = bytes[at] as number;
    if (code >= ZERO && code <= NINE) allZeros &&= code === ZERO;
    else if (code === POINT && fraction && point < 0 && at > first) point = at;
    else return false;
  }
  const digits = to - first - (point < 0 ? 0 : 1);
  return digits > 0 && digits <= EXACT_DIGITS && point !== to - 1 && !(negative && allZeros);
}

/** The number that two digits write; NaN where there are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function beginsWithDay(bytes: Uint8Array, from: number): boolean {
  if (bytes[from + 4] !== MINUS || bytes[from + 7] !== MINUS) return false;
  const year = two(bytes, from) * 100 + two(bytes, from + 2);
  const month = two(bytes, from + 5);
  const day = two(bytes, from + 8);
  if (!(year >= 100 && month >= 1 && day >= 1 && day <= (DAYS[month - 1] ?? 0))) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** Of days such as 2024-01-31. */
export function isDay(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === 10 && beginsWithDay(bytes, from);
}

/** Of times such as 2024-01-31T09:30:00.5+08:00, of milliseconds at the finest. */
export function isTime(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 16 || !beginsWithDay(bytes, from)) return false;
  const separator = bytes[from + 10];
  if ((separator !== UPPER_T && separator !== SPACE) || bytes[from + 13] !== COLON) return false;
  if (!(two(bytes, from + 11) <= 23 && two(bytes, from + 14) <= 59)) return false;
  let at = from + 16;
  if (at < to && bytes[at] === COLON) {
    if (to < at + 3 || !(two(bytes, at + 1) <= 59)) return false;
    at += 3;
    if (at < to && bytes[at] === POINT) {
      const digits = at + 1;
      for (at = digits; at < to && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE; ) at += 1;
      if (at === digits || at > digits + 3) return false;
    }
  }
  return at === to || endsWithZone(bytes, at, to);
}

/** Z, or hours and minutes from it. */
function endsWithZone(bytes: Uint8Array, at: number, to: number): boolean {
  const sign = bytes[at];
  if (sign === UPPER_Z) return to === at + 1;
  if ((sign !== PLUS && sign !== MINUS) || to !== at + 6 || bytes[at + 3] !== COLON) return false;
  return two(bytes, at + 1) <= 14 && two(bytes, at + 4) <= 59;
}
