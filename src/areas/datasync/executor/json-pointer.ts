import type { Value, ValueMap } from './pipeline/contracts.ts';

/**
 * The names of a JSON Pointer (RFC 6901): `/data/items` → `data`, `items`; the empty pointer has none.
 * @param pointer empty, or beginning with `/`
 */
export function parsePointer(pointer: string): string[] {
  const [, ...names] = pointer.split('/');
  return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What stands at these names; undefined where nothing does. Inherited members are none. */
export function valueAt(value: Value | undefined, names: readonly string[]): Value | undefined {
  let found = value;
  for (const name of names) found = memberOf(found, name);
  return found;
}

function memberOf(value: Value | undefined, name: string): Value | undefined {
  if (Array.isArray(value)) return /^(0|[1-9]\d{0,9})$/.test(name) ? (value[Number(name)] as Value) : undefined;
  return isValueMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Whether a value has named members: no list, time or bytes. */
export function isValueMap(value: Value | undefined): value is ValueMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}
