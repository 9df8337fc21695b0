import { parsePointer, valueAt } from '../json-pointer.ts';
import type { Row, Value } from '../pipeline/contracts.ts';

/** Reads a field; undefined where there is none. */
export type FieldReader = (row: Row) => Value | undefined;

/** Reads the field of exactly this name. */
export function topReader(name: string): FieldReader {
  // Rows are plain objects: looking whether a field is their own is needed only for names that all objects have.
  if (!(name in Object.prototype)) return (row) => row[name];
  return (row) => (Object.hasOwn(row, name) ? row[name] : undefined);
}

/**
 * Reads a field by name, by a path with dots (`address.city`, `tags.0`) or by a JSON Pointer (`/address/city`).
 * A field that has the whole path for its name comes first.
 */
export function pathReader(path: string): FieldReader {
  const top = topReader(path);
  const [first, ...rest] = path.startsWith('/') ? parsePointer(path) : path.split('.');
  if (first === undefined || first === path) return top;
  const container = topReader(first);
  return (row) => {
    const value = top(row);
    return value === undefined ? valueAt(container(row), rest) : value;
  };
}

/** Sets a field of a row that is ours, whatever its name: assigning to `__proto__` would change what the row is. */
export function setField(row: Row, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    row[name] = value;
  }
}

/** A row of its own with the same fields. Spreading would be shorter, and adding a field then takes seven times as long. */
export function copyOf(row: Row): Row {
  const copy: Row = {};
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (value !== undefined) setField(copy, name, value);
  }
  return copy;
}
