import type { Value } from '../../pipeline/contracts.ts';

const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);

/** @returns undefined for what is no truth value in any common spelling, and for null */
export function booleanOf(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = Number(value);
    return number === 1 || number === 0 ? number === 1 : undefined;
  }
  if (typeof value !== 'string' || value.length > 20) return undefined;
  const word = value.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}
