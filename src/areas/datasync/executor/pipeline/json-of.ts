import type { Json } from '../../../../protocol/executor.ts';
import type { Row, Value } from './contracts.ts';

/**
 * A value as JSON says it: times as RFC 3339 in UTC, bytes as base64, integers beyond 2^53 and numbers that JSON does
 * not know as text.
 */
export function jsonValue(value: Value | undefined): Json {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    default:
      return jsonObject(value);
  }
}

function jsonObject(value: Exclude<Value, null | string | boolean | number | bigint>): Json {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item: Value) => jsonValue(item));
  return jsonOf(value as Row);
}

export function jsonOf(row: Readonly<Row>): { [name: string]: Json } {
  // Not by assignment: a field may be called __proto__.
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonValue(value)]));
}
