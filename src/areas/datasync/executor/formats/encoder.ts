import { ExecutorError } from '../../../../protocol/executor.ts';
import { joinTypes, typeOf } from '../destinations/schema.ts';
import { jsonText } from '../destinations/schema-json.ts';
import type { Column, ColumnType, Row, Value } from '../pipeline/contracts.ts';

/** Turns rows into the bytes of a file. What has come out is a part of the file; it keeps what it needs later. */
export interface RowEncoder {
  /** @throws ExecutorError, not retryable, for rows that the file cannot hold */
  encode(rows: readonly Row[]): Buffer;
  /** The end of the file; once, after the last row. */
  finish(): Buffer | Promise<Buffer>;
}

export interface EncodeOptions {
  /** The columns, in order; those of the first rows unless told. JSON needs none. */
  readonly columns?: readonly Column[];
  /** Of csv: whether texts that a spreadsheet takes for formulas get an apostrophe before them. Default true. */
  readonly escapeFormulas?: boolean;
  /** Of csv: whether the first line names the columns. Default true. */
  readonly header?: boolean;
}

/** Rows that a file cannot hold, however often it is tried. */
export function unwritable(message: string): ExecutorError {
  return new ExecutorError(message, { retryable: false });
}

/** A value as text, where a file has nothing else for it: times as RFC 3339, bytes as base64, the rest as JSON. */
export function plainText(value: Exclude<Value, null>): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return jsonText(value);
}

/** Finds out which columns rows have, in the order in which they appear, and what these hold. */
export class ColumnSurvey {
  readonly #types = new Map<string, ColumnType | undefined>();

  see(rows: readonly Row[]): void {
    for (const row of rows) {
      for (const name in row) {
        const found = typeOf(row[name]);
        const known = this.#types.get(name);
        if (found !== undefined && known !== undefined && found !== known) {
          this.#types.set(name, joinTypes(known, found));
        } else if (known === undefined) this.#types.set(name, found);
      }
    }
  }

  /** Columns without any value are text. */
  columns(): Column[] {
    return Array.from(this.#types, ([name, type]) => ({ name, type: type ?? 'text' }));
  }
}

export function columnsOf(rows: readonly Row[]): Column[] {
  const survey = new ColumnSurvey();
  survey.see(rows);
  return survey.columns();
}

/** @throws ExecutorError when a row has a field that is none of the columns: it would be lost */
export function refuseOthers(row: Row, columns: ReadonlySet<string>, format: string): void {
  for (const name in row) {
    if (columns.has(name)) continue;
    const known = [...columns].join(', ');
    throw unwritable(`a record has the field ${name}, which the ${format} file has no column for (it has ${known})`);
  }
}
