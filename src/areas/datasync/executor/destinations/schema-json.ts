import type { Value, ValueMap } from '../pipeline/contracts.ts';

/** Escapes that databases refuse within JSON: NUL, and halves of surrogate pairs. */
const REFUSED = /\\u(?:0000|d[89a-f])/i;

/**
 * A value as the text of a JSON column: integers beyond 2^53 as the numbers that they are, times as RFC 3339, bytes as
 * base64, NaN and the infinities as text. Characters that no database takes become U+FFFD.
 */
export function jsonText(value: Value): string {
  // The common case at the speed of the platform; anything that it would get wrong is spelt out.
  if (!needsSpelling(value)) {
    const text = JSON.stringify(value);
    if (!REFUSED.test(text)) return text;
  }
  return spell(value);
}

function needsSpelling(value: Value): boolean {
  if (typeof value === 'bigint') return true;
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Uint8Array || value instanceof Date) return true;
  for (const member of Array.isArray(value) ? (value as readonly Value[]) : Object.values(value as ValueMap)) {
    if (needsSpelling(member)) return true;
  }
  return false;
}

function spell(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(cleanText(value));
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
    case 'boolean':
      return String(value);
    default:
      break;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'null' : JSON.stringify(value.toISOString());
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(spell).join(',')}]`;
  const members = Object.entries(value as ValueMap);
  return `{${members.map(([name, member]) => `${JSON.stringify(cleanText(name))}:${spell(member)}`).join(',')}}`;
}

/** Without NUL and halves of surrogate pairs: each becomes U+FFFD. */
function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}
