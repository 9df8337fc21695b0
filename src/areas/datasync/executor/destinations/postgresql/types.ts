import type { ColumnType } from '../../pipeline/contracts.ts';
import { utcTime, type ValueDialect } from '../database-encoding.ts';
import { INT64, type TableColumn } from '../schema-column.ts';

const NATIVE: Readonly<Record<ColumnType, string>> = {
  boolean: 'boolean',
  integer: 'bigint',
  number: 'double precision',
  decimal: 'numeric',
  text: 'text',
  date: 'date',
  timestamp: 'timestamp with time zone',
  json: 'jsonb',
  binary: 'bytea',
};

/** PostgreSQL counts BC from 4713; JavaScript's last year lies before its last. */
const YEARS = [-4712, 294_276] as const;

/** A column as it is made for values of a type. */
export function newColumn(name: string, type: ColumnType): TableColumn {
  const plain = { name, type, native: NATIVE[type], opaque: false, required: false, generated: false };
  if (type === 'integer') return { ...plain, range: INT64 };
  return type === 'timestamp' || type === 'date' ? { ...plain, years: YEARS } : plain;
}

/** What the catalogue says of a column. */
export interface CatalogColumn {
  readonly name: string;
  /** With its modifiers: `numeric(10,2)`. */
  readonly native: string;
  /** Without them, as pg_type calls it. */
  readonly type: string;
  /** pg_attribute.atttypmod; -1 = none. */
  readonly modifier: number;
  readonly not_null: boolean;
  readonly has_default: boolean;
  readonly generated: boolean;
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  float4: 'number',
  float8: 'number',
  numeric: 'decimal',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  json: 'json',
  jsonb: 'json',
  bytea: 'binary',
};

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int2: [-(2n ** 15n), 2n ** 15n - 1n],
  int4: [-(2n ** 31n), 2n ** 31n - 1n],
  int8: INT64,
  // The greatest float4, rounded down.
  float4: [-(34n * 10n ** 37n), 34n * 10n ** 37n],
};

/** Of length and precision: the header that the modifier counts too. */
const HEADER = 4;

export function standingColumn(found: CatalogColumn): TableColumn {
  const type = TYPES[found.type];
  const range = RANGES[found.type];
  const sized = found.modifier >= HEADER ? found.modifier - HEADER : undefined;
  return {
    name: found.name,
    type: type ?? 'text',
    native: found.native,
    opaque: type === undefined,
    required: found.not_null && !found.has_default,
    generated: found.generated,
    ...(range ? { range } : {}),
    ...(type === 'text' && sized !== undefined ? { length: sized } : {}),
    ...(type === 'decimal' && sized !== undefined ? { digits: [wholeDigits(sized)] as const } : {}),
    ...(type === 'timestamp' || type === 'date' ? { years: YEARS } : {}),
  };
}

/** Precision lies in the upper half, scale, which may be negative, in 11 bits of the lower. */
function wholeDigits(modifier: number): number {
  const scale = modifier & 0x7ff;
  return (modifier >> 16) - (scale >= 1024 ? scale - 2048 : scale);
}

/** Which texts are the same in columns of other types, if these are not limited. */
const ALSO_TAKEN: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  integer: ['integer', 'decimal', 'text'],
  date: ['text'],
  json: ['json', 'text'],
};

/**
 * Whether the server reads a value's text, as records that come as text have it, as the very value that a column of
 * that type is made for. It refuses integers that are too large for the column; nothing else may be left to it.
 * @param type undefined = there are nulls alone
 */
export function takesTextOf(column: TableColumn, type: ColumnType | undefined): boolean {
  if (column.opaque || column.generated || column.length !== undefined) return false;
  if (type === undefined || ALSO_TAKEN[type]?.includes(column.type)) return true;
  if (type === 'integer' && column.native === NATIVE.number) return true;
  return column.native === NATIVE[type] && type !== 'binary' && type !== 'decimal';
}

/** Columns of these have no equality. */
export function comparedAsText(column: TableColumn): boolean {
  return column.opaque || column.native === 'json';
}

/** How to turn what a column holds into another type: exactly, and to text as a value would be written. */
export function conversion(quoted: string, from: TableColumn, to: TableColumn): string {
  if (to.type === 'text') {
    if (from.type === 'timestamp') return `to_char(${quoted}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    if (from.type === 'date') return `to_char(${quoted}, 'YYYY-MM-DD')`;
    if (from.type === 'binary') return `'\\x' || encode(${quoted}, 'hex')`;
    return `${quoted}::text`;
  }
  // Straight to numeric, a double would be rounded to 15 digits.
  if (from.type === 'number' && to.type === 'decimal') return `${quoted}::text::numeric`;
  if (from.type === 'date' && to.type === 'timestamp') return `${quoted}::timestamp AT TIME ZONE 'UTC'`;
  return `${quoted}::${to.native}`;
}

/** How COPY reads values. */
export const POSTGRES_DIALECT: ValueDialect = {
  yes: 't',
  no: 'f',
  // It keeps no NUL in any text.
  nul: '\ufffd',
  time: (value) => (typeof value === 'string' ? zoned(value) : timeText(value)),
  bytes: (value) => `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`,
  takesText: ({ type }) => type !== 'json' && type !== 'binary' && type !== 'timestamp',
};

/** A column without a zone takes it as it stands in UTC. */
function zoned(text: string): string {
  return text.length === 10 || /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
}

function timeText(time: Date): string {
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9999) return `${utcTime(time)}Z`;
  // ISO 8601 writes such years with a sign and six digits, PostgreSQL as they are said.
  const [, rest = ''] = /^[+-]?\d+(-.*)$/.exec(time.toISOString()) ?? [];
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, '0')}${rest} BC`;
}
