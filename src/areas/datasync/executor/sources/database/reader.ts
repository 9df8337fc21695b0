import type { ExecutorError, Json } from '../../../../../protocol/executor.ts';
import type { ColumnType, Value } from '../../pipeline/contracts.ts';

/** A value as the driver hands it over: exact, mostly text. What a row gets is made of it by its column. */
export type RawValue = unknown;
export type RawRow = readonly RawValue[];

/** A table as the user named it; without a schema it is looked for where the login looks. */
export interface TableName {
  readonly schema: string | undefined;
  readonly table: string;
}

/** SQL with its values, in the order of its placeholders. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly RawValue[];
}

/** What a column's values become, and how a key's value goes into a position and comes back as a parameter. */
export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** False only where the catalogue rules nulls out. */
  readonly nullable: boolean;
  /** Never sees null. May answer null for what has no counterpart, and says so by a note. */
  convert(raw: RawValue): Value;
  /** How the column is selected; the column itself unless the driver would lose something of it. */
  selected?(quoted: string): string;
  /** What it is ordered and compared by; the column itself unless its comparison differs from its order. */
  ordered?(quoted: string): string;
  /** Why reading cannot go on behind its values; undefined where it can. */
  readonly unordered?: string;
  /** Around the placeholder of a value that is compared with the column, where its type has to be said. */
  compared?(placeholder: string): string;
}

/** How an engine writes what all of them mean. */
export interface Dialect {
  quote(name: string): string;
  /** @param position from 1 */
  placeholder(position: number): string;
  /** Where `ORDER BY x` puts nulls. */
  readonly nulls: 'first' | 'last';
  /** Whether a user's query may be sent as it is: the engine takes one statement, and nothing that writes. */
  readonly takesQueries: boolean;
  /** The first rows of `SELECT what rest`. */
  first(rows: number, what: string, rest: string): string;
}

/** Told once for each text, however often it happens. */
export type Note = (text: string) => void;

/**
 * One session that reads, in one engine's way: what differs between databases, and nothing else. It sees one snapshot
 * from its first statement to its end, writes nothing, and runs one statement at a time.
 */
export interface DatabaseReader {
  readonly dialect: Dialect;
  /** @param relation a quoted table, or a query in parentheses with an alias */
  describe(relation: string): Promise<readonly SourceColumn[]>;
  /** The primary key's columns, else those of another key without nulls; empty if there is none. */
  tableKey(table: TableName): Promise<readonly string[]>;
  /** About how many rows it has, by the catalogue. */
  estimate(table: TableName): Promise<number | undefined>;
  /**
   * The rows of a SELECT, some at a time, none read ahead of need beyond the driver's buffers.
   * Left early, it ends the session.
   */
  rows(statement: Statement, fetchSize: number): AsyncGenerator<RawRow[]>;
  /** What went wrong, in words for the user. */
  explain(error: unknown, doing: string): ExecutorError;
  /** Ends the session at once: what waits on it fails. The server is told to stop what it still does for it. */
  abort(): void;
  /** Ends the session, after what `abort` has begun. Does not throw. */
  close(): Promise<void>;
}

/** The row of a statement that has one at most. */
export async function onlyRow(reader: DatabaseReader, statement: Statement): Promise<RawRow | undefined> {
  let row: RawRow | undefined;
  // Taken to its end: left before, it would end the session.
  for await (const rows of reader.rows(statement, 2)) row ??= rows[0];
  return row;
}

/** A key's value in a position: bytes and integers beyond JSON's need a mark. */
export function keyToJson(raw: RawValue): Json {
  if (raw === null || raw === undefined) return null;
  if (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean') return raw;
  if (typeof raw === 'bigint') return raw.toString();
  if (raw instanceof Uint8Array) return { hex: Buffer.from(raw).toString('hex') };
  throw new TypeError(`a ${typeof raw} is no value of a key`);
}

export function keyFromJson(value: Json): RawValue {
  if (value !== null && typeof value === 'object' && 'hex' in value) return Buffer.from(String(value.hex), 'hex');
  return value;
}
