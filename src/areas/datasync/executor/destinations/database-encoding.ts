import type { Row, Value } from '../pipeline/contracts.ts';
import { asText, type TableColumn } from './schema-column.ts';
import { jsonText } from './schema-json.ts';

/** How an engine writes what engines write differently. */
export interface ValueDialect {
  readonly yes: string;
  readonly no: string;
  /** What stands for NUL within escaped text. */
  readonly nul: string;
  time(value: Date | string): string;
  bytes(value: Uint8Array): string;
  /** Whether text that fits a column of this type may go there as it stands. */
  takesText(column: TableColumn): boolean;
}

/** A field of the records, and the column that it goes to. */
export interface LoadColumn {
  readonly field: string;
  readonly column: TableColumn;
  readonly key: boolean;
}

/** A value that fits its column, as the engine reads it, unescaped. */
export function textOf(column: TableColumn, value: Value, dialect: ValueDialect): string {
  switch (column.type) {
    case 'json':
      return jsonText(value);
    case 'binary':
      return value instanceof Uint8Array ? dialect.bytes(value) : asText(value);
    case 'boolean':
      if (value === true || value === 'true') return dialect.yes;
      return value === false || value === 'false' ? dialect.no : asText(value);
    case 'timestamp':
      return value instanceof Date || typeof value === 'string' ? dialect.time(value) : asText(value);
    case 'date':
      return value instanceof Date ? (utcTime(value).split(' ', 1)[0] ?? '') : asText(value);
    default:
      return asText(value);
  }
}

const MS_PER_DAY = 86_400_000;
const padded = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
let latestDay = Number.NaN;
let latestDayText = '';

/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC, of the years 1 to 9999. Several times as fast as the platform's own. */
export function utcTime(time: Date): string {
  const epoch = time.getTime();
  const day = Math.floor(epoch / MS_PER_DAY);
  if (day !== latestDay) {
    latestDay = day;
    latestDayText = time.toISOString().slice(0, -'T00:00:00.000Z'.length);
  }
  const within = epoch - day * MS_PER_DAY;
  const seconds = Math.floor(within / 1000);
  const text = `${latestDayText} ${padded[Math.floor(seconds / 3600)]}:${padded[Math.floor(seconds / 60) % 60]}:${padded[seconds % 60]}`;
  const thousandths = within % 1000;
  return thousandths === 0 ? text : `${text}.${String(thousandths).padStart(3, '0')}`;
}

/** UTF-16 units of text that are made into bytes at once: what a socket takes well. */
const CHUNK_LENGTH = 64 * 1024;
const SPECIAL = /[\\\t\n\r\0]/;

function escaped(text: string, nul: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', nul);
}

/**
 * Rows in the text format that COPY and LOAD DATA have in common: fields parted by tabs, rows by line feeds, null as \N,
 * UTF-8. Halves of surrogate pairs become U+FFFD. This loop sees every value of every run, so it is written for speed.
 * @param masks a last field for each row
 */
export function* encodeRows(
  rows: readonly Row[],
  columns: readonly LoadColumn[],
  dialect: ValueDialect,
  masks?: readonly string[],
): Generator<Buffer> {
  const fields = columns.map(({ field }) => field);
  const asIs = columns.map(({ column }) => dialect.takesText(column));
  const { nul } = dialect;
  let text = '';
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as Row;
    for (let at = 0; at < columns.length; at++) {
      if (at > 0) text += '\t';
      const value = row[fields[at] as string];
      if (value === null || value === undefined) {
        text += '\\N';
      } else if (asIs[at] === true && typeof value === 'string') {
        text += SPECIAL.test(value) ? escaped(value, nul) : value;
      } else if (asIs[at] === true && typeof value === 'number') {
        text += value;
      } else {
        const written = textOf((columns[at] as LoadColumn).column, value, dialect);
        text += SPECIAL.test(written) ? escaped(written, nul) : written;
      }
    }
    if (masks) text += `\t${masks[index] ?? ''}`;
    text += '\n';
    if (text.length >= CHUNK_LENGTH) {
      yield Buffer.from(text, 'utf8');
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text, 'utf8');
}
