import type { Row, Value } from '../pipeline/contracts.ts';
import { isMap } from './values/text.ts';

/** Reads a field; undefined where there is none. */
export type FieldReader = (row: Row) => Value | undefined;

/** An own member of an object, or an entry of a list by its number from 0. What objects inherit is not there. */
export function memberOf(value: Value | undefined, name: string): Value | undefined {
  if (Array.isArray(value)) {
    return /^(?:0|[1-9]\d{0,8})$/.test(name) ? (value as readonly Value[])[Number(name)] : undefined;
  }
  return isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

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
  const [first, ...rest] = segmentsOf(path);
  if (first === undefined || rest.length === 0)
    return first === undefined || first === path ? top : orElse(top, topReader(first));
  const container = topReader(first);
  return orElse(top, (row) => rest.reduce(memberOf, container(row)));
}

function orElse(reader: FieldReader, other: FieldReader): FieldReader {
  return (row) => {
    const value = reader(row);
    return value === undefined ? other(row) : value;
  };
}

function segmentsOf(path: string): string[] {
  if (!path.startsWith('/')) return path.split('.');
  const segments = path.slice(1).split('/');
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Sets a field of a row that is ours, whatever its name: assigning to `__proto__` would change what the row is. */
export function setField(row: Row, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    row[name] = value;
  }
}
