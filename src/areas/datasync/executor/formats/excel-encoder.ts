import writeXlsxFile, { type Cell } from 'write-excel-file/node';
import type { Row, Value } from '../pipeline/contracts.ts';
import { columnsOf, type EncodeOptions, plainText, type RowEncoder, refuseOthers, unwritable } from './encoder.ts';

/** A sheet is built in memory; this many cells take some 300 MB. */
const MOST_CELLS = 2_000_000;
const MOST_ROWS = 1_048_576;
const MOST_CHARACTERS = 32_767;
const TIME_FORMAT = 'yyyy-mm-dd hh:mm:ss';
const DAY_MS = 86_400_000;
/** Days from the epoch of Excel to that of Unix. */
const UNIX_EPOCH = 25_569;
/** Of a day, some microseconds: readers round down, and a fraction of a day is seldom exact. */
const NUDGE = 1e-10;

/** Writes one sheet of an xlsx file, its first row the names of the columns. */
export function excelEncoder({ columns }: EncodeOptions): RowEncoder {
  let names = columns?.map((column) => column.name);
  const sheet: Cell[][] = [];
  const begin = (rows: readonly Row[]) => {
    names ??= columnsOf(rows).map((column) => column.name);
    sheet.push(names);
    return names;
  };
  return {
    encode(rows) {
      const order = sheet.length === 0 ? begin(rows) : (names ?? []);
      const known = new Set(order);
      if (sheet.length + rows.length > MOST_ROWS || (sheet.length + rows.length) * order.length > MOST_CELLS) {
        throw unwritable(
          `an excel file of more than ${MOST_ROWS} rows or ${MOST_CELLS} cells is not written; choose csv or parquet`,
        );
      }
      for (const row of rows) {
        refuseOthers(row, known, 'excel');
        sheet.push(order.map((name) => cellOf(row[name], name)));
      }
      return Buffer.alloc(0);
    },
    async finish() {
      if (sheet.length === 0) begin([]);
      return await writeXlsxFile(sheet).toBuffer();
    },
  };
}

/** What a cell cannot hold exactly, such as an integer beyond 2^53, is text. */
function cellOf(value: Value | undefined, name: string): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  // The first day that Excel knows is in 1900.
  if (value instanceof Date && value.getUTCFullYear() >= 1900 && value.getUTCFullYear() <= 9999) {
    return { value: value.getTime() / DAY_MS + UNIX_EPOCH + NUDGE, type: Number, format: TIME_FORMAT };
  }
  const text = plainText(value);
  if (text.length > MOST_CHARACTERS) {
    throw unwritable(`a text in the column ${name} is longer than the ${MOST_CHARACTERS} characters of an excel cell`);
  }
  return text;
}
