import type { Value } from '../pipeline/contracts.ts';
import type { Random } from './random.ts';

/** Beyond it a double has no digits behind the point. */
const LARGEST = 1e15;
const NUMERAL = /^-?\d+(?:\.(\d+))?$/;

/**
 * A number near another: a whole one stays whole, one that is not negative stays so, and digits behind the point stay as
 * many.
 * @param part how far at most, as a part of the number
 * @returns undefined for what is no number, and for 0, which has nothing near it
 */
export function jitter(value: Value | undefined, part: number, random: Random): Value | undefined {
  const shift = (random.next() * 2 - 1) * part;
  if (typeof value === 'number') {
    if (value === 0 || !Number.isFinite(value)) return undefined;
    return Number.isInteger(value) ? wholeNear(value, shift) : value * (1 + shift);
  }
  if (typeof value === 'bigint') {
    const moved = value + (value * BigInt(Math.round(shift * 1e6))) / 1_000_000n;
    return moved === value ? undefined : moved;
  }
  // Decimals travel as text.
  const [, fraction] = typeof value === 'string' ? (NUMERAL.exec(value) ?? []) : [];
  if (typeof value !== 'string' || !NUMERAL.test(value)) return undefined;
  if (Number(value) === 0 || Math.abs(Number(value)) > LARGEST) return undefined;
  const moved = (Number(value) * (1 + shift)).toFixed(Math.min(fraction?.length ?? 0, 100));
  return moved === value ? undefined : moved;
}

function wholeNear(value: number, shift: number): number | undefined {
  // A step at least: small numbers would never move.
  const step = Math.round(value * shift) || Math.sign(shift);
  const moved = value + step;
  if (value > 0 && moved < 0) return undefined;
  return Number.isSafeInteger(moved) && moved !== value ? moved : undefined;
}
