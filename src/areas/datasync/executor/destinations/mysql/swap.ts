import { dependantsWouldGo } from '../database-dependants.ts';
import type { Swap } from '../database-engine.ts';
import { describeTable } from './catalog.ts';
import { execute, qualified, query, quoteName, quoteNames, type Session } from './session.ts';

/** Whether triggers or foreign keys, of either direction, hang on a table: they would go, or stay, with the old one. */
export async function isAttached(session: Session, table: string): Promise<boolean> {
  const { schema } = session;
  const found = await query(
    session,
    `SELECT 1 FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?
      UNION ALL
     SELECT 1 FROM information_schema.KEY_COLUMN_USAGE
      WHERE (REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?)
         OR (TABLE_SCHEMA = ? AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL) LIMIT 1`,
    [schema, table, schema, table, schema, table],
  );
  return found.length > 0;
}

/** @throws ExecutorError when other tables' rows would go, or change, with those that are taken out for a moment */
export async function refuseDependants(session: Session, table: string): Promise<void> {
  const [found] = await query<{ constraint: string; dependant: string; rule: string }>(
    session,
    `SELECT CONSTRAINT_NAME AS \`constraint\`, TABLE_NAME AS dependant, DELETE_RULE AS rule
       FROM information_schema.REFERENTIAL_CONSTRAINTS
      WHERE UNIQUE_CONSTRAINT_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?
        AND DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') ORDER BY CONSTRAINT_NAME LIMIT 1`,
    [session.schema, table],
  );
  if (found) throw dependantsWouldGo({ table, ...found });
}

/**
 * Exchanges two tables in one step that every reader sees whole; privileges and views go by name. Does nothing when it
 * has been done.
 */
export async function exchangeTables(session: Session, { aside, table, old }: Swap): Promise<void> {
  if (!(await describeTable(session, aside))) return;
  const standing = await describeTable(session, table);
  const away = standing ? `${qualified(session, table)} TO ${qualified(session, old)}, ` : '';
  await execute(session, `RENAME TABLE ${away}${qualified(session, aside)} TO ${qualified(session, table)}`);
  await execute(session, `DROP TABLE IF EXISTS ${qualified(session, old)}`);
}

/** Gives the table what the run has added and widened. Ends a transaction; may be done again. */
export async function alignColumns(session: Session, { aside, table }: Swap): Promise<void> {
  const made = (await describeTable(session, aside))?.columns ?? [];
  const standing = new Map((await describeTable(session, table))?.columns.map((column) => [column.name, column]));
  const changes = made.flatMap(({ name, native }) => {
    const before = standing.get(name);
    if (!before) return [`ADD COLUMN ${quoteName(name)} ${native} NULL`];
    if (before.native === native) return [];
    return [`MODIFY COLUMN ${quoteName(name)} ${native}${before.required ? ' NOT NULL' : ''}`];
  });
  if (changes.length > 0) await execute(session, `ALTER TABLE ${qualified(session, table)} ${changes.join(', ')}`);
}

/** Within a transaction. */
export async function exchangeRows(session: Session, { aside, table }: Swap): Promise<void> {
  const columns = (await describeTable(session, aside))?.columns.filter(({ generated }) => !generated) ?? [];
  const names = quoteNames(columns.map(({ name }) => name));
  await execute(session, `DELETE FROM ${qualified(session, table)}`);
  await execute(
    session,
    `INSERT INTO ${qualified(session, table)} (${names}) SELECT ${names} FROM ${qualified(session, aside)}`,
  );
}
