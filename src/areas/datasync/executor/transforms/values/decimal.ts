/** A decimal number without loss: `digits / 10^scale`, scale at least 0. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Longest number taken, in characters and in digits made: beyond it is abuse, and long division takes its time. */
const LONGEST = 1000;
/** Digits that a quotient has at least, where it does not come out even. */
const QUOTIENT_DIGITS = 20;
/** Any decimal of so many digits comes back unchanged from a double. */
const DOUBLE_DIGITS = 15;

const NUMBER = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,4}))?$/;

/** @returns undefined when `text` is no plain number (`12`, `-0.5`, `1e3`; spaces around it are let pass) */
export function parseDecimal(text: string): Decimal | undefined {
  // Nearly every text that is no number shows it at once.
  const first = text.charCodeAt(0);
  if (first > 57 || text.length > LONGEST) return undefined;
  const match = NUMBER.exec(text.trim());
  if (!match) return undefined;
  const [, sign, mantissa = '', exponent = '0'] = match;
  const point = mantissa.indexOf('.');
  const fraction = point < 0 ? '' : mantissa.slice(point + 1);
  const whole = point < 0 ? mantissa : mantissa.slice(0, point);
  const shift = Number(exponent);
  if (Math.abs(shift) > LONGEST) return undefined;
  const digits = BigInt(whole + fraction || '0');
  return scaled(sign === '-' ? -digits : digits, fraction.length - shift);
}

/** @param scale may be negative */
function scaled(digits: bigint, scale: number): Decimal {
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** A finite number by its shortest text, so 0.1 is a tenth; undefined for text that is no number, NaN and infinities. */
export function decimalOf(value: number | bigint | string): Decimal | undefined {
  if (typeof value === 'bigint') return { digits: value, scale: 0 };
  return parseDecimal(typeof value === 'number' ? String(value) : value);
}

export function isWhole({ digits, scale }: Decimal): boolean {
  return scale === 0 || digits % 10n ** BigInt(scale) === 0n;
}

/** Without an exponent and without needless zeros: `-0.5`, `1200`. */
export function decimalText(decimal: Decimal): string {
  const { digits, scale } = shortened(decimal);
  if (scale === 0) return digits.toString();
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return `${digits < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function shortened({ digits, scale }: Decimal): Decimal {
  let [shorter, places] = [digits, scale];
  while (places > 0 && shorter % 10n === 0n) {
    shorter /= 10n;
    places -= 1;
  }
  return { digits: shorter, scale: places };
}

/** The same value in the plainest type that loses nothing of it: a number, a bigint, or its decimal text. */
export function plainValue(decimal: Decimal): number | bigint | string {
  const short = shortened(decimal);
  if (short.scale === 0) {
    const whole = Number(short.digits);
    return Number.isSafeInteger(whole) ? whole : short.digits;
  }
  const text = decimalText(short);
  const number = Number(text);
  if (text.length <= DOUBLE_DIGITS) return number;
  const back = decimalOf(number);
  return back && compareDecimals(back, short) === 0 ? number : text;
}

function aligned(left: Decimal, right: Decimal): [bigint, bigint, number] {
  if (left.scale === right.scale) return [left.digits, right.digits, left.scale];
  const scale = Math.max(left.scale, right.scale);
  return [left.digits * 10n ** BigInt(scale - left.scale), right.digits * 10n ** BigInt(scale - right.scale), scale];
}

/** @returns below 0, 0, above 0 */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const [a, b] = aligned(left, right);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export const DECIMAL_OPERATIONS = {
  '+': (left: Decimal, right: Decimal): Decimal => {
    const [a, b, scale] = aligned(left, right);
    return { digits: a + b, scale };
  },
  '-': (left: Decimal, right: Decimal): Decimal => {
    const [a, b, scale] = aligned(left, right);
    return { digits: a - b, scale };
  },
  '*': (left: Decimal, right: Decimal): Decimal => ({
    digits: left.digits * right.digits,
    scale: left.scale + right.scale,
  }),
  '/': divide,
  '%': (left: Decimal, right: Decimal): Decimal => {
    const [a, b, scale] = aligned(left, right);
    return { digits: a % b, scale };
  },
} as const;

/** Exact where it comes out even within 20 digits, else rounded there. The divisor is not 0. */
function divide(left: Decimal, right: Decimal): Decimal {
  const shift = Math.max(0, QUOTIENT_DIGITS + digitCount(right.digits) - digitCount(left.digits));
  const quotient = roundedQuotient(left.digits * 10n ** BigInt(shift), right.digits);
  return scaled(quotient, left.scale - right.scale + shift);
}

/** Half away from zero. */
function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const twice = 2n * (rest < 0n ? -rest : rest);
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

function digitCount(digits: bigint): number {
  return (digits < 0n ? -digits : digits).toString().length;
}

export type Rounding = 'half' | 'floor' | 'ceil';

/** @param places digits after the point that stay, 0 or more; `half` rounds halves away from zero */
export function roundDecimal(decimal: Decimal, places: number, rounding: Rounding): Decimal {
  if (decimal.scale <= places) return decimal;
  const unit = 10n ** BigInt(decimal.scale - places);
  if (rounding === 'half') return { digits: roundedQuotient(decimal.digits, unit), scale: places };
  const rest = decimal.digits % unit;
  const towardsZero = decimal.digits / unit;
  if (rest === 0n || rest < 0n === (rounding === 'ceil')) return { digits: towardsZero, scale: places };
  return { digits: towardsZero + (rounding === 'ceil' ? 1n : -1n), scale: places };
}

/** Whether a result has grown beyond what is taken as a number again. */
export function isTooLong({ digits, scale }: Decimal): boolean {
  return scale > LONGEST - 2 || digitCount(digits) > LONGEST - 2;
}
