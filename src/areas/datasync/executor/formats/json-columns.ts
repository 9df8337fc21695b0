import type { ColumnType, TextField } from '../pipeline/contracts.ts';

/** Kinds of JSON values, as bits: what the values of a member are altogether. */
export const INTEGER = 1;
export const NUMBER = 2;
export const BOOLEAN = 4;
export const TEXT = 8;
/** An object or a list. */
export const NESTED = 16;
export const NULL = 32;
/** A text that is none. */
export const NO_DAY = 64;
export const NO_TIME = 128;
const VALUES = INTEGER | NUMBER | BOOLEAN | TEXT | NESTED;

const TYPES: Readonly<Record<number, ColumnType>> = {
  [INTEGER]: 'integer',
  [NUMBER]: 'number',
  [INTEGER | NUMBER]: 'number',
  [BOOLEAN]: 'boolean',
  [TEXT]: 'text',
  [NESTED]: 'json',
};

/** The members of some records that all have the same. */
export interface JsonColumns {
  readonly names: readonly string[];
  /** In step with them. */
  readonly kinds: Uint8Array;
}

/** Whether the values of each member are of one type. */
export function areTyped({ kinds }: JsonColumns): boolean {
  return kinds.every((kind) => (kind & VALUES) === 0 || TYPES[kind & VALUES] !== undefined);
}

/** Of these records and those; undefined where they do not go together. */
export function joined(one: JsonColumns, other: JsonColumns): JsonColumns | undefined {
  const { names } = one;
  if (names !== other.names) {
    if (names.length !== other.names.length || names.some((name, at) => name !== other.names[at])) return undefined;
  }
  const both = { names, kinds: one.kinds.map((kind, at) => kind | (other.kinds[at] ?? 0)) };
  return areTyped(both) ? both : undefined;
}

/** Days and times are texts in JSON, and what they are where there is a column for that. */
export function fieldsOf({ names, kinds }: JsonColumns): TextField[] {
  return names.map((name, at) => {
    const kind = kinds[at] ?? 0;
    const field = { name, type: TYPES[kind & VALUES], nulls: (kind & NULL) !== 0 };
    if (field.type !== 'text') return field;
    if ((kind & NO_DAY) === 0) return { ...field, type: 'date' };
    return (kind & NO_TIME) === 0 ? { ...field, also: 'timestamp' } : field;
  });
}

const TAB = 9;
const LF = 10;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/**
 * The value of a member in the record that begins at `from` in text of such records: a number or a text, undefined for
 * anything else.
 */
export function scalarIn(bytes: Buffer, from: number, name: string, columns: JsonColumns): number | string | undefined {
  const member = columns.names.indexOf(name);
  const kind = columns.kinds[member] ?? NULL;
  let at = from;
  for (let passed = 0; passed < member; passed += 1) at = bytes.indexOf(TAB, at) + 1;
  const isLast = member === columns.names.length - 1;
  const text = bytes.toString('utf8', at, bytes.indexOf(isLast ? LF : TAB, at));
  if (text === '\\N' || (kind & (INTEGER | NUMBER | TEXT)) === 0) return undefined;
  if ((kind & TEXT) === 0) return Number(text);
  return text.includes('\\') ? text.replaceAll(/\\(.)/g, (_, code: string) => ESCAPES[code] ?? code) : text;
}
