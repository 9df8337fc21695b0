import { parseJson } from '../../json-text.ts';
import type { ColumnType, Value } from '../../pipeline/contracts.ts';
import { instantOf, wholeNumber } from './literals.ts';
import type { Note } from './reader.ts';

/** What a PostgreSQL type becomes. Raw values are texts, as the session is set to write them. */
export interface PostgresType {
  readonly type: ColumnType;
  convert(text: string): Value;
}

/** By the type's fixed number in the catalogue. */
const SCALARS: ReadonlyMap<number, (column: string, note: Note) => PostgresType> = new Map([
  [16, () => ({ type: 'boolean', convert: (text) => text === 't' })],
  [21, integer],
  [23, integer],
  [26, integer],
  [20, () => ({ type: 'integer', convert: wholeNumber })],
  [700, float],
  [701, float],
  [1700, () => ({ type: 'decimal', convert: String })],
  [1082, (column, note) => ({ type: 'date', convert: (text) => finite(text, column, note) })],
  [1114, timestamp],
  [1184, timestamp],
  [114, json],
  [3802, json],
  [17, () => ({ type: 'binary', convert: bytes })],
] satisfies [number, (column: string, note: Note) => PostgresType][]);

const TEXT: PostgresType = { type: 'text', convert: (text) => text };

/** A type that PostgreSQL has no fixed number for, or an array: as the catalogue tells of it. */
export interface CatalogueType {
  /** The number of what an array holds; undefined if it is none. */
  readonly element: number | undefined;
  /** What stands between an array's elements. */
  readonly delimiter: string;
}

/** Whether the catalogue has nothing to add. */
export function isScalar(oid: number): boolean {
  return SCALARS.has(oid);
}

export function postgresType(
  oid: number,
  catalogue: CatalogueType | undefined,
  column: string,
  note: Note,
): PostgresType {
  if (catalogue?.element !== undefined) {
    const { convert } = SCALARS.get(catalogue.element)?.(column, note) ?? TEXT;
    const { delimiter } = catalogue;
    return { type: 'json', convert: (text) => parseArray(text, delimiter, convert) };
  }
  return SCALARS.get(oid)?.(column, note) ?? TEXT;
}

function integer(): PostgresType {
  return { type: 'integer', convert: Number };
}

function float(): PostgresType {
  return { type: 'number', convert: Number };
}

function json(): PostgresType {
  return { type: 'json', convert: parseJson };
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text.slice(2), 'hex');
}

/** PostgreSQL's dates may lie at an infinity, which no other system knows. */
function finite(text: string, column: string, note: Note): string | null {
  if (!text.endsWith('infinity')) return text;
  note(`column ${column}: infinite dates and times are read as null`);
  return null;
}

function timestamp(column: string, note: Note): PostgresType {
  const convert = (text: string) => {
    if (finite(text, column, note) === null) return null;
    const time = instantOf(text);
    if (time) return time;
    note(`column ${column}: times beyond the years -271821 to 275760 are read as null`);
    return null;
  };
  return { type: 'timestamp', convert };
}

/**
 * An array as PostgreSQL writes it: `{1,NULL,"a \"b\""}`, nested, with bounds before it where they are unusual
 * (`[0:1]={…}`), which are dropped.
 */
function parseArray(text: string, delimiter: string, convert: (text: string) => Value): Value {
  let at = text.indexOf('{');
  const element = (): Value => {
    if (text[at] === '{') return list();
    if (text[at] === '"') return convert(quoted());
    const from = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at += 1;
    const bare = text.slice(from, at);
    return bare === 'NULL' ? null : convert(bare);
  };
  const quoted = (): string => {
    let value = '';
    for (at += 1; at < text.length && text[at] !== '"'; at += 1) {
      if (text[at] === '\\') at += 1;
      value += text[at] ?? '';
    }
    at += 1;
    return value;
  };
  const list = (): Value[] => {
    const values: Value[] = [];
    for (at += 1; at < text.length && text[at] !== '}'; ) {
      values.push(element());
      if (text[at] === delimiter) at += 1;
    }
    at += 1;
    return values;
  };
  return list();
}
