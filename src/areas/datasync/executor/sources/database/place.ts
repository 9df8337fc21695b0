import { ExecutorError, type Json } from '../../../../../protocol/executor.ts';
import { instantOf } from './literals.ts';
import type { SourceColumn } from './reader.ts';

/** Behind a key: where an attempt goes on, and, as a cursor, where the next incremental run begins. */
export interface KeyPlace {
  readonly columns: readonly string[];
  readonly after: readonly Json[];
  /** Records of this run up to here; 0 in a cursor. */
  readonly read: number;
}

/** Behind so many rows of a source without a key, and what they were. */
export interface CountedPlace {
  readonly read: number;
  readonly digest: string;
}

function unusable(what: string): ExecutorError {
  return new ExecutorError(`${what} is of another source or other key_columns; reset the job to read all of it again`, {
    retryable: false,
  });
}

/** @throws ExecutorError when it was not written for these columns */
export function keyPlace(json: Json, columns: readonly SourceColumn[], what: string): KeyPlace {
  const place = json as Partial<KeyPlace> | null;
  const names = columns.map(({ name }) => name);
  if (place?.columns?.join('\0') !== names.join('\0') || place.after?.length !== names.length) throw unusable(what);
  return { columns: names, after: place.after, read: place.read ?? 0 };
}

export function countedPlace(json: Json): CountedPlace {
  const place = json as Partial<CountedPlace> | null;
  if (typeof place?.read !== 'number' || typeof place.digest !== 'string') throw unusable('the position');
  return { read: place.read, digest: place.digest };
}

export function placeJson(place: KeyPlace | CountedPlace): Json {
  return place as unknown as Json;
}

const DAY_SECONDS = 86_400;

/**
 * A cursor's value so much earlier.
 * @param back seconds of a time or date (a date's are whole days, rounded up), units of a number
 * @throws ExecutorError for values that have no distance
 */
export function lookBack(column: SourceColumn, value: Json, back: number): Json {
  if (value === null) return value;
  switch (column.type) {
    case 'integer':
      return (BigInt(String(value)) - BigInt(Math.ceil(back))).toString();
    case 'number':
    case 'decimal':
      return String(Number(value) - back);
    case 'timestamp':
      return earlier(`${value}`, back).replace('T', ' ').replace('Z', '');
    case 'date':
      return earlier(`${value} 00:00:00`, Math.ceil(back / DAY_SECONDS) * DAY_SECONDS).slice(0, 10);
    default:
      throw new ExecutorError(`lookback: cursor_column ${column.name} is ${column.type}, neither a time nor a number`, {
        retryable: false,
      });
  }
}

function earlier(text: string, seconds: number): string {
  const time = instantOf(text);
  if (!time) throw unusable('the cursor');
  return new Date(time.getTime() - seconds * 1000).toISOString();
}
