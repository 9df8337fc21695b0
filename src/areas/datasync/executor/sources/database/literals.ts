/** An integer of up to 64 bits from its digits: a number while that is exact, else a bigint. */
export function wholeNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

const TIME = /^(\d+)-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:\+00)?( BC)?$/;
const DASH = 45;
const POINT = 46;
const ZERO = 48;

/**
 * A time as databases write it in UTC: `2024-01-02 03:04:05.678901+00`, without the offset where the column has no time
 * zone; it is taken for UTC then. What is finer than a millisecond is cut off.
 * @returns undefined for what no Date can hold
 */
export function instantOf(text: string): Date | undefined {
  const milliseconds = millisecondsOf(text);
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds);
}

function millisecondsOf(text: string): number {
  // The common form by position: a regular expression for each value would cost more than the rest of the row. Date.UTC
  // takes the first hundred years for those from 1900 on.
  if (text.charCodeAt(4) !== DASH || text.startsWith('00') || text.endsWith('C')) return rareInstant(text);
  const fraction = text.charCodeAt(19) === POINT ? fractionOf(text, 20) : 0;
  return Date.UTC(
    digits(text, 0, 4),
    digits(text, 5, 7) - 1,
    digits(text, 8, 10),
    digits(text, 11, 13),
    digits(text, 14, 16),
    digits(text, 17, 19),
    fraction,
  );
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + text.charCodeAt(at) - ZERO;
  return value;
}

function fractionOf(text: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + 3; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    value = value * 10 + (digit >= 0 && digit <= 9 ? digit : 0);
  }
  return value;
}

function rareInstant(text: string): number {
  const parts = TIME.exec(text);
  if (!parts) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction = '', era] = parts;
  const time = new Date(0);
  // There was no year 0: 1 BC comes before 1.
  time.setUTCFullYear(era ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day));
  return time.setUTCHours(Number(hour), Number(minute), Number(second), fractionOf(fraction, 0));
}
