/** What columns are made of values: the type of one value, and the narrowest type of several. */
import type { ColumnType, Value } from '../pipeline/contracts.ts';
import { fits, INT64, isDateText, type TableColumn } from './schema-column.ts';

/** @returns undefined where the value says nothing: null, and times that are none */
export function typeOf(value: Value | undefined): ColumnType | undefined {
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'boolean':
      return 'boolean';
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'number';
    case 'bigint':
      return value >= INT64[0] && value <= INT64[1] ? 'integer' : 'decimal';
    case 'string':
      return isDateText(value) ? 'date' : 'text';
    default:
      if (value === null) return undefined;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : 'timestamp';
      return value instanceof Uint8Array ? 'binary' : 'json';
  }
}

/** Which other types each type can hold exactly; text holds all. */
const HOLDS: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  number: ['integer'],
  decimal: ['integer', 'number'],
  timestamp: ['date'],
};

/** The narrowest type that holds both. */
export function joinTypes(one: ColumnType, other: ColumnType): ColumnType {
  if (one === other) return one;
  if (HOLDS[one]?.includes(other)) return one;
  if (HOLDS[other]?.includes(one)) return other;
  return 'text';
}

/**
 * The type that a column needs to hold what it holds and `value`, which does not fit.
 * @param made a column of a type, as wide as the engine can make it
 */
export function widenedType(column: TableColumn, value: Value, made: (type: ColumnType) => TableColumn): ColumnType {
  const joined = column.opaque ? 'text' : joinTypes(column.type, typeOf(value) ?? 'text');
  for (const type of [joined, joinTypes(joined, 'decimal')]) {
    if (fits(made(type), value)) return type;
  }
  return 'text';
}
