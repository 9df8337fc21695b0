import { sqlStateOf } from '../../../../../connections/drivers/postgresql.ts';
import { ExecutorError } from '../../../../../protocol/executor.ts';
import type { Table } from '../database-engine.ts';
import type { TableColumn } from '../schema-column.ts';
import { execute, qualified, query, quoteName, quoteNames, type Session } from './session.ts';
import { type CatalogColumn, conversion, standingColumn } from './types.ts';

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  c: 'a type',
};

/** @throws ExecutorError if the name is taken by something else than a table */
export async function describeTable(session: Session, table: string): Promise<Table | undefined> {
  const [found] = await query<{ oid: number; kind: string }>(
    session,
    `SELECT c.oid, c.relkind AS kind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [session.schema, table],
  );
  if (!found) return undefined;
  if (found.kind !== 'r' && found.kind !== 'p') {
    throw new ExecutorError(`"${table}" is ${KINDS[found.kind] ?? 'no table'}: name a table`, { retryable: false });
  }
  const columns = await query<CatalogColumn>(
    session,
    `SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS native, t.typname AS type,
            a.atttypmod AS modifier, a.attnotnull AS not_null, a.atthasdef OR a.attidentity <> '' AS has_default,
            a.attgenerated <> '' OR a.attidentity = 'a' AS generated
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [found.oid],
  );
  const keys = await query<{ names: string[] }>(
    session,
    `SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS names
       FROM pg_catalog.pg_index i
      WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate
        AND i.indpred IS NULL AND i.indexprs IS NULL`,
    [found.oid],
  );
  return { columns: columns.map(standingColumn), uniqueKeys: keys.map(({ names }) => names) };
}

export async function isEmpty(session: Session, table: string): Promise<boolean> {
  const [row] = await query<{ some: boolean }>(
    session,
    `SELECT EXISTS (SELECT 1 FROM ${qualified(session, table)}) AS some`,
  );
  return row?.some === false;
}

function definition({ name, native }: TableColumn): string {
  return `${quoteName(name)} ${native}`;
}

/** With the keys as its primary key. Does nothing if it is there already. */
export async function createTable(
  session: Session,
  table: string,
  columns: readonly TableColumn[],
  keys: readonly string[],
): Promise<void> {
  const parts = columns.map(definition);
  if (keys.length > 0) parts.push(`PRIMARY KEY (${quoteNames(keys)})`);
  await execute(session, `CREATE TABLE IF NOT EXISTS ${qualified(session, table)} (${parts.join(', ')})`);
}

export async function createLike(session: Session, table: string, model: string): Promise<void> {
  const [made, like] = [qualified(session, table), qualified(session, model)];
  await execute(session, `CREATE TABLE IF NOT EXISTS ${made} (LIKE ${like} INCLUDING ALL)`);
}

/** Logged like any table: after a crash of the server, an emptied one would have all rows taken for missing. */
export async function createSeen(
  session: Session,
  table: string,
  model: string,
  keys: readonly string[],
): Promise<void> {
  const select = `SELECT ${quoteNames(keys)} FROM ${qualified(session, model)}`;
  await execute(session, `CREATE TABLE IF NOT EXISTS ${qualified(session, table)} AS ${select} WITH NO DATA`);
}

export async function addColumns(session: Session, table: string, columns: readonly TableColumn[]): Promise<void> {
  const parts = columns.map((column) => `ADD COLUMN IF NOT EXISTS ${definition(column)}`);
  await execute(session, `ALTER TABLE ${qualified(session, table)} ${parts.join(', ')}`);
}

export async function retype(session: Session, table: string, from: TableColumn, to: TableColumn): Promise<void> {
  const name = quoteName(from.name);
  const using = conversion(name, from, to);
  await execute(
    session,
    `ALTER TABLE ${qualified(session, table)} ALTER COLUMN ${name} TYPE ${to.native} USING ${using}`,
  );
}

const UNIQUE_VIOLATION = '23505';

/** @throws ExecutorError when several rows have one key */
export async function createKey(session: Session, table: string, keys: readonly string[]): Promise<void> {
  try {
    await execute(session, `CREATE UNIQUE INDEX ON ${qualified(session, table)} (${quoteNames(keys)})`);
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    throw new ExecutorError(
      `several rows of table "${table}" have the same ${keys.join(', ')}: remove the duplicates, or choose other key_columns`,
      { retryable: false, cause: error },
    );
  }
}

export async function dropTables(session: Session, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return;
  await execute(session, `DROP TABLE IF EXISTS ${tables.map((table) => qualified(session, table)).join(', ')}`);
}

/** Whether a column of integers holds one beyond 2^53. */
export async function holdsInexact(session: Session, table: string, column: string): Promise<boolean> {
  const [row] = await query<{ some: boolean }>(
    session,
    `SELECT EXISTS (SELECT 1 FROM ${qualified(session, table)}
                     WHERE ${quoteName(column)} NOT BETWEEN -9007199254740992 AND 9007199254740992) AS some`,
  );
  return row?.some === true;
}
