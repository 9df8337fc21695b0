import { Readable } from 'node:stream';
import type mysql from 'mysql2/promise';
import type { Row, Value } from '../../pipeline/contracts.ts';
import { encodeRows, type LoadColumn, textOf } from '../database-encoding.ts';
import { MYSQL_DIALECT } from './types.ts';

/** A connection to MySQL or MariaDB, and the database that all names are looked up in. */
export interface Session {
  readonly connection: mysql.Connection;
  readonly schema: string;
  /** Whether the server takes LOAD DATA LOCAL. */
  readonly bulk: boolean;
  readonly mariadb: boolean;
  /** Under which texts that differ in anything are different. */
  readonly collation: string;
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function quoteNames(names: readonly string[]): string {
  return names.map(quoteName).join(', ');
}

/** The session's sql_mode leaves backslashes their meaning. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`;
}

export function qualified(session: Session, table: string): string {
  return `${quoteName(session.schema)}.${quoteName(table)}`;
}

export async function query<T extends object>(session: Session, sql: string, values: unknown[] = []): Promise<T[]> {
  const [rows] = await session.connection.query<mysql.RowDataPacket[]>(sql, values);
  return rows as unknown as T[];
}

/** @returns how many rows matched */
export async function execute(session: Session, sql: string, values: unknown[] = []): Promise<number> {
  const [result] = await session.connection.query<mysql.ResultSetHeader>(sql, values);
  return result.affectedRows;
}

/** What the server did not take as it was, and would have mended in silence. */
export class RowsRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RowsRefused';
  }
}

/** Extra fields of staged rows. */
export interface Trailers {
  readonly names: readonly string[];
  /** For each row its fields, as texts that need no escaping. */
  readonly fields: readonly (readonly string[])[];
}

/**
 * Bulk load. LOAD DATA LOCAL makes warnings of all errors, and leaves out duplicates: so a warning that says more than
 * that digits were rounded counts as an error here.
 * @throws RowsRefused
 */
export async function load(
  session: Session,
  table: string,
  columns: readonly LoadColumn[],
  rows: readonly Row[],
  trailers?: Trailers,
): Promise<void> {
  if (!session.bulk) return await insert(session, table, columns, rows, trailers);
  const targets = columns.map(({ column }, at) => (column.type === 'binary' ? `@v${at}` : quoteName(column.name)));
  for (const name of trailers?.names ?? []) targets.push(quoteName(name));
  const sets = columns.flatMap(({ column }, at) =>
    column.type === 'binary' ? [`${quoteName(column.name)} = UNHEX(@v${at})`] : [],
  );
  const sql = `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${table} CHARACTER SET utf8mb4 (${targets.join(', ')})${
    sets.length > 0 ? ` SET ${sets.join(', ')}` : ''
  }`;
  const lines = trailers?.fields.map((fields) => fields.join('\t'));
  const infileStreamFactory = () =>
    Readable.from(encodeRows(rows, columns, MYSQL_DIALECT, lines), { objectMode: false });
  const [result] = await session.connection.query<mysql.ResultSetHeader>({ sql, infileStreamFactory });
  if (result.warningStatus > 0) await refuseWarnings(session);
}

async function refuseWarnings(session: Session): Promise<void> {
  const warnings = await query<{ Level: string; Message: string }>(session, 'SHOW WARNINGS');
  const [first] = warnings.filter(({ Level }) => Level !== 'Note');
  if (first) throw new RowsRefused(first.Message);
}

/** Of one statement: servers take 16 MiB at the least that they come with. */
const STATEMENT_LENGTH = 1024 * 1024;

/** Where the server refuses LOAD DATA LOCAL: inserts of many rows each. */
async function insert(
  session: Session,
  table: string,
  columns: readonly LoadColumn[],
  rows: readonly Row[],
  trailers?: Trailers,
): Promise<void> {
  const names = [...columns.map(({ column }) => column.name), ...(trailers?.names ?? [])];
  const into = `INSERT INTO ${table} (${quoteNames(names)}) VALUES `;
  let values = '';
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as Row;
    const literals = columns.map((load) => literal(load, row[load.field]));
    for (const field of trailers?.fields[index] ?? []) literals.push(quoteText(field));
    values += `${values === '' ? '' : ','}(${literals.join(',')})`;
    if (values.length >= STATEMENT_LENGTH || index === rows.length - 1) {
      await session.connection.query(into + values);
      values = '';
    }
  }
}

function literal({ column }: LoadColumn, value: Value | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  const text = textOf(column, value, MYSQL_DIALECT);
  return column.type === 'binary' ? `UNHEX('${text}')` : quoteText(text);
}
