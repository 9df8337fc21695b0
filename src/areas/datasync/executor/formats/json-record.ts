import { isValueMap } from '../json-pointer.ts';
import { JsonTooDeep, parseJson } from '../json-text.ts';
import type { Value } from '../pipeline/contracts.ts';
import type { BatchBuilder } from './reading.ts';

/** Adds the record that `text` is, or refuses it: a record is a JSON object. */
export function addJsonRecord(batch: BatchBuilder, text: string, line: number): void {
  let value: Value;
  try {
    value = parseJson(text);
  } catch (error) {
    if (error instanceof JsonTooDeep) batch.reject(error.message, text, line);
    else if (error instanceof SyntaxError) batch.reject(`no JSON: ${error.message}`, text, line);
    else throw error;
    return;
  }
  if (isValueMap(value)) batch.add(value, text.length);
  else batch.reject(`a record is a JSON object, this is ${nameOf(value)}`, text, line);
}

function nameOf(value: Value): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value === 'bigint' ? 'number' : typeof value}`;
}
