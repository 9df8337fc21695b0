import type { Json } from '../../../../../protocol/executor.ts';
import { type Dialect, keyFromJson, keyToJson, type RawRow, type RawValue, type SourceColumn } from './reader.ts';

/**
 * The order in which rows are read, by columns that tell them apart, and the place in that order. Reading goes on
 * behind a place by comparison, not by counting: rows that come and go in between move nothing.
 */
export interface Keyset {
  readonly columns: readonly SourceColumn[];
  /** Which value of a raw row belongs to each of them. */
  readonly indexes: readonly number[];
}

/** Collects a statement's values while its text is written: from left to right, since some engines go by that order. */
export class Parameters {
  readonly values: RawValue[] = [];
  readonly #dialect: Dialect;
  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** @returns the placeholder */
  add(value: RawValue): string {
    return this.#dialect.placeholder(this.values.push(value));
  }
}

export function keyOf(keyset: Keyset, row: RawRow): Json[] {
  return keyset.indexes.map((index) => keyToJson(row[index]));
}

export function sameKey(keyset: Keyset, one: RawRow, other: RawRow): boolean {
  return keyset.indexes.every((index) => sameValue(one[index], other[index]));
}

function sameValue(one: RawValue, other: RawValue): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  return one === other;
}

function orderOf(dialect: Dialect, column: SourceColumn): string {
  const quoted = dialect.quote(column.name);
  return column.ordered?.(quoted) ?? quoted;
}

export function orderBy(dialect: Dialect, columns: readonly SourceColumn[]): string {
  return columns.map((column) => orderOf(dialect, column)).join(', ');
}

/** `column operator value`, with the value as a parameter. */
export function compare(
  dialect: Dialect,
  parameters: Parameters,
  column: SourceColumn,
  operator: '>' | '>=' | '<' | '=',
  value: Json,
): string {
  const placeholder = parameters.add(keyFromJson(value));
  return `${orderOf(dialect, column)} ${operator} ${column.compared?.(placeholder) ?? placeholder}`;
}

/**
 * A condition that holds for the rows behind `after` in the order of `columns`, nulls included.
 *
 * Written out, not as `(a, b) > (x, y)`: not every engine has that, and of those that have it not every one uses an
 * index for it, nor does it say anything of nulls. The bound of the first column is what an index is entered by.
 */
export function behind(
  dialect: Dialect,
  parameters: Parameters,
  columns: readonly SourceColumn[],
  after: readonly Json[],
): string {
  const [first] = columns;
  const bounded = first && !first.nullable && columns.length > 1;
  const bound = bounded ? `${compare(dialect, parameters, first, '>=', after[0] ?? null)} AND ` : '';
  return bound + columnsBehind(dialect, parameters, columns, after, 0);
}

function columnsBehind(
  dialect: Dialect,
  parameters: Parameters,
  columns: readonly SourceColumn[],
  after: readonly Json[],
  depth: number,
): string {
  const column = columns[depth];
  if (!column) return '1 = 0';
  const value = after[depth] ?? null;
  const quoted = dialect.quote(column.name);
  const alternatives: string[] = [];
  if (value !== null) {
    alternatives.push(compare(dialect, parameters, column, '>', value));
    if (column.nullable && dialect.nulls === 'last') alternatives.push(`${quoted} IS NULL`);
  } else if (dialect.nulls === 'first') {
    alternatives.push(`${quoted} IS NOT NULL`);
  }
  if (depth + 1 < columns.length) {
    const same = value === null ? `${quoted} IS NULL` : compare(dialect, parameters, column, '=', value);
    alternatives.push(`(${same} AND ${columnsBehind(dialect, parameters, columns, after, depth + 1)})`);
  }
  return alternatives.length === 0 ? '1 = 0' : `(${alternatives.join(' OR ')})`;
}
