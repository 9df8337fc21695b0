import { jsonText } from '../destinations/schema-json.ts';
import type { Row } from '../pipeline/contracts.ts';
import type { RowEncoder } from './encoder.ts';

/** One JSON object a line. */
export function ndjsonEncoder(): RowEncoder {
  return {
    encode: (rows) => Buffer.from(rows.map((row) => `${jsonText(row)}\n`).join('')),
    finish: () => Buffer.alloc(0),
  };
}

/** One array of objects, each on a line of its own. */
export function jsonEncoder(): RowEncoder {
  let before = '[\n';
  const record = (row: Row) => {
    const text = before + jsonText(row);
    before = ',\n';
    return text;
  };
  return {
    encode: (rows) => Buffer.from(rows.map(record).join('')),
    finish: () => Buffer.from(before === '[\n' ? '[]\n' : '\n]\n'),
  };
}
