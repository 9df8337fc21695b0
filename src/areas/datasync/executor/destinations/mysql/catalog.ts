import { describeError } from '../../../../../connections/drivers/dial.ts';
import { ExecutorError } from '../../../../../protocol/executor.ts';
import type { Table } from '../database-engine.ts';
import type { TableColumn } from '../schema-column.ts';
import { execute, qualified, query, quoteName, quoteNames, type Session } from './session.ts';
import { type CatalogColumn, standingColumn } from './types.ts';

/** @throws ExecutorError if the name is taken by something else than a table with transactions */
export async function describeTable(session: Session, table: string): Promise<Table | undefined> {
  const [found] = await query<{ type: string; engine: string | null }>(
    session,
    'SELECT TABLE_TYPE AS type, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [session.schema, table],
  );
  if (!found) return undefined;
  if (found.type !== 'BASE TABLE') {
    throw new ExecutorError(`"${table}" is a ${found.type.toLowerCase()}: name a table`, { retryable: false });
  }
  if (found.engine !== 'InnoDB') {
    throw new ExecutorError(
      `table "${table}" is of engine ${found.engine}, which has no transactions: ALTER TABLE … ENGINE=InnoDB`,
      { retryable: false },
    );
  }
  const json = await jsonColumns(session, table);
  const columns = await query<CatalogColumn>(
    session,
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS native, IS_NULLABLE AS nullable,
            COLUMN_DEFAULT IS NOT NULL OR EXTRA LIKE '%auto_increment%' AS has_default, EXTRA AS extra,
            CHARACTER_MAXIMUM_LENGTH AS length, NUMERIC_PRECISION AS number_precision, NUMERIC_SCALE AS number_scale,
            CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [session.schema, table],
  );
  return {
    columns: columns.map((column) => standingColumn(column, json.has(column.name))),
    uniqueKeys: await uniqueKeys(session, table),
  };
}

/** MariaDB keeps JSON as text, with a check. */
async function jsonColumns(session: Session, table: string): Promise<Set<string>> {
  if (!session.mariadb) return new Set();
  const checks = await query<{ name: string; clause: string }>(
    session,
    `SELECT CONSTRAINT_NAME AS name, CHECK_CLAUSE AS clause FROM information_schema.CHECK_CONSTRAINTS
      WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ?`,
    [session.schema, table],
  );
  return new Set(checks.filter(({ clause }) => /^json_valid\(/i.test(clause)).map(({ name }) => name));
}

async function uniqueKeys(session: Session, table: string): Promise<string[][]> {
  const parts = await query<{ index_name: string; column_name: string | null; part: number | null }>(
    session,
    `SELECT INDEX_NAME AS index_name, COLUMN_NAME AS column_name, SUB_PART AS part FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
    [session.schema, table],
  );
  const indexes = new Map<string, (string | undefined)[]>();
  for (const { index_name, column_name, part } of parts) {
    const columns = indexes.get(index_name) ?? [];
    // Of an index over the beginning of a column, or over an expression, uniqueness says something else.
    columns.push(part === null ? (column_name ?? undefined) : undefined);
    indexes.set(index_name, columns);
  }
  return [...indexes.values()].filter((columns): columns is string[] => !columns.includes(undefined));
}

export async function isEmpty(session: Session, table: string): Promise<boolean> {
  const rows = await query(session, `SELECT 1 FROM ${qualified(session, table)} LIMIT 1`);
  return rows.length === 0;
}

export async function createTable(
  session: Session,
  table: string,
  columns: readonly TableColumn[],
  keys: readonly string[],
): Promise<void> {
  const parts = columns.map((column) => `${quoteName(column.name)} ${column.native}`);
  if (keys.length > 0) parts.push(`PRIMARY KEY (${quoteNames(keys)})`);
  await execute(
    session,
    `CREATE TABLE IF NOT EXISTS ${qualified(session, table)} (${parts.join(', ')})
       ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${session.collation}`,
  );
}

export async function createLike(session: Session, table: string, model: string): Promise<void> {
  await execute(session, `CREATE TABLE IF NOT EXISTS ${qualified(session, table)} LIKE ${qualified(session, model)}`);
}

export async function createSeen(
  session: Session,
  table: string,
  model: string,
  keys: readonly string[],
): Promise<void> {
  const described = await describeTable(session, model);
  const columns = keys.flatMap(
    (key) => described?.columns.filter(({ name }) => name.toLowerCase() === key.toLowerCase()) ?? [],
  );
  await createTable(
    session,
    table,
    columns,
    columns.map(({ name }) => name),
  );
}

export async function addColumns(session: Session, table: string, columns: readonly TableColumn[]): Promise<void> {
  const parts = columns.map((column) => `ADD COLUMN ${quoteName(column.name)} ${column.native} NULL`);
  await execute(session, `ALTER TABLE ${qualified(session, table)} ${parts.join(', ')}`);
}

/** What it holds becomes text as the server writes it: a boolean 1 or 0, a time with a space in it. */
export async function retype(session: Session, table: string, from: TableColumn, to: TableColumn): Promise<void> {
  const definition = `${quoteName(from.name)} ${to.native}${from.required ? ' NOT NULL' : ''}`;
  await execute(session, `ALTER TABLE ${qualified(session, table)} MODIFY COLUMN ${definition}`);
}

const KEY_PROBLEMS: Readonly<Record<string, string>> = {
  ER_DUP_ENTRY: 'several rows have the same key: remove the duplicates, or choose other key_columns',
  ER_BLOB_KEY_WITHOUT_LENGTH: 'text without a length cannot be a key: make it a varchar, or choose other key_columns',
  ER_TOO_LONG_KEY: 'its columns are too long for an index: shorten them, or choose other key_columns',
};

/** @throws ExecutorError when there are rows of equal keys, or a column cannot be indexed */
export async function createKey(session: Session, table: string, keys: readonly string[]): Promise<void> {
  try {
    await execute(session, `ALTER TABLE ${qualified(session, table)} ADD UNIQUE INDEX (${quoteNames(keys)})`);
  } catch (error) {
    const problem = KEY_PROBLEMS[describeError(error).code ?? ''];
    if (problem === undefined) throw error;
    throw new ExecutorError(`table "${table}" cannot have the key (${keys.join(', ')}): ${problem}`, {
      retryable: false,
      cause: error,
    });
  }
}

export async function dropTables(session: Session, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return;
  await execute(session, `DROP TABLE IF EXISTS ${tables.map((table) => qualified(session, table)).join(', ')}`);
}

/** Whether a column of integers holds one beyond 2^53. */
export async function holdsInexact(session: Session, table: string, column: string): Promise<boolean> {
  const rows = await query(
    session,
    `SELECT 1 FROM ${qualified(session, table)}
      WHERE ${quoteName(column)} NOT BETWEEN -9007199254740992 AND 9007199254740992 LIMIT 1`,
  );
  return rows.length > 0;
}
