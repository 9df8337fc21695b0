import type { Row, Value } from '../pipeline/contracts.ts';
import { columnsOf, type EncodeOptions, plainText, type RowEncoder, refuseOthers } from './encoder.ts';

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;
/** What spreadsheets take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Writes csv as RFC 4180 has it, with LF. Null is an empty field, an empty text a quoted one. */
export function csvEncoder({ columns, escapeFormulas = true, header = true }: EncodeOptions): RowEncoder {
  let names = columns?.map((column) => column.name);
  let known = new Set(names);
  let begun = false;

  const field = (value: Value | undefined): string => {
    if (value === null || value === undefined) return '';
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    const text = plainText(value);
    if (escapeFormulas && FORMULA.test(text) && !NUMBER.test(text)) return quoted(`'${text}`);
    return text === '' || NEEDS_QUOTES.test(text) ? quoted(text) : text;
  };
  const line = (values: readonly (Value | undefined)[]): string => {
    // A blank line would be no record.
    if (values.length === 1 && (values[0] ?? null) === null) return '""\n';
    let text = '';
    for (let index = 0; index < values.length; index += 1) text += (index === 0 ? '' : ',') + field(values[index]);
    return `${text}\n`;
  };
  const heading = () => {
    const text = begun || !header || !names || names.length === 0 ? '' : line(names);
    begun = true;
    return text;
  };
  return {
    encode(rows: readonly Row[]): Buffer {
      if (!names && rows.length > 0) {
        names = columnsOf(rows).map((column) => column.name);
        known = new Set(names);
      }
      if (!names) return Buffer.alloc(0);
      const order = names;
      let text = heading();
      for (const row of rows) {
        refuseOthers(row, known, 'csv');
        text += line(order.map((name) => row[name]));
      }
      return Buffer.from(text);
    },
    finish: () => Buffer.from(heading()),
  };
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
