import type { Row, Value } from '../pipeline/contracts.ts';
import type { LoadColumn } from './database-encoding.ts';
import { asText, type TableColumn } from './schema-column.ts';

/** Rows with what goes along with each. */
export interface Rows {
  readonly rows: readonly Row[];
  readonly ordinals: readonly number[];
}

/** A key's value in the form that all its spellings have in common: 5, 5n and, in a column of integers, '5'. */
function canonical(column: TableColumn, value: Value): string | number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && (column.type === 'text' || column.type === 'date')) return value;
  if (column.type === 'timestamp' && (value instanceof Date || typeof value === 'string')) {
    return new Date(value).getTime();
  }
  const text = asText(value);
  const isNumber = column.type === 'integer' || column.type === 'number' || column.type === 'decimal';
  return isNumber && String(Number(text)) === text ? Number(text) : text;
}

function keyOf(keys: readonly LoadColumn[], row: Row): string | number {
  const [first] = keys;
  if (first && keys.length === 1) return canonical(first.column, row[first.field] as Value);
  return JSON.stringify(keys.map(({ field, column }) => canonical(column, row[field] as Value)));
}

/**
 * Of rows with one key, the last; fields that it does not have come from the ones before it.
 * @param newestBy the column whose greatest value says which of them counts as the last; of equals, what comes last
 */
export function dedupe(given: Rows, columns: readonly LoadColumn[], newestBy?: LoadColumn): Rows {
  const keys = columns.filter(({ key }) => key);
  const places = new Map<string | number, number>();
  const rows: Row[] = [];
  const ordinals: number[] = [];
  for (let index = 0; index < given.rows.length; index++) {
    const row = given.rows[index] as Row;
    const ordinal = given.ordinals[index] as number;
    const key = keyOf(keys, row);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, rows.length);
      rows.push(row);
      ordinals.push(ordinal);
    } else {
      const before = rows[place] as Row;
      if (newestBy && isOlder(newestBy, row, before)) {
        rows[place] = { ...row, ...before };
      } else {
        rows[place] = { ...before, ...row };
        ordinals[place] = ordinal;
      }
    }
  }
  return { rows, ordinals };
}

const WHOLE = /^-?\d+$/;

/** As the database judges between batches: who has no time is not older than anybody. */
function isOlder({ field, column }: LoadColumn, row: Row, than: Row): boolean {
  const [value, other] = [row[field], than[field]];
  if (value === null || value === undefined || other === null || other === undefined) return false;
  if (column.type === 'integer' || column.type === 'number' || column.type === 'decimal') {
    const [one, two] = [asText(value), asText(other)];
    // Nanoseconds since 1970 are more than a double holds.
    return WHOLE.test(one) && WHOLE.test(two) ? BigInt(one) < BigInt(two) : Number(one) < Number(two);
  }
  return canonical(column, value) < canonical(column, other);
}

/** How a record is called in events and conflicts: its key, or its number in the run where it has none. */
export function recordId(row: Row, ordinal: number, keyColumns: readonly string[]): string {
  const values = keyColumns.map((name) => row[name]);
  if (values.length === 0 || values.some((value) => value === null || value === undefined)) return String(ordinal);
  return recordIdOf(values.map((value) => asText(value as Value)));
}

/** @param key texts of the key columns */
export function recordIdOf(key: readonly string[]): string {
  return key.length === 1 ? (key[0] ?? '') : JSON.stringify(key);
}
