import { type UrlLogin, WAREHOUSE_SCHEMA } from '../../../connections/drivers/login.ts';
import { AppError } from '../../../kernel/errors.ts';
import { type Store, sqlState } from '../../../store/store.ts';
import { quoteName } from '../executor/destinations/postgresql/session.ts';

/** The warehouse as the server reaches it: for its catalogue by a pool, for reading records by a login. */
export interface Warehouse {
  readonly store: Store;
  readonly login: UrlLogin;
}

/** How long a table that somebody reads or writes is waited for. */
const LOCK_TIMEOUT = '5s';
const LOCK_NOT_AVAILABLE = '55P03';
const DEPENDED_ON = '2BP01';
const NOT_THE_OWNER = '42501';

/** @returns the columns' names, in order; undefined when there is no such table */
export async function columnsOfTable({ store }: Warehouse, table: string): Promise<string[] | undefined> {
  const [found] = await store.query<{ names: string[] }>(
    `SELECT ARRAY(SELECT a.attname::text FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS names
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
    [WAREHOUSE_SCHEMA, table],
  );
  return found?.names;
}

export async function hasRecords({ store }: Warehouse, table: string): Promise<boolean> {
  const [row] = await store.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ${named(table)}) AS some`);
  return row?.some === true;
}

/** Does nothing where there is none. @throws AppError `conflict` while somebody works on it, or when it is another's */
export async function dropTable({ store }: Warehouse, table: string): Promise<void> {
  try {
    await store.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
      await tx.query(`DROP TABLE IF EXISTS ${named(table)}`);
    });
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) {
      throw new AppError('conflict', `table ${table} is being read or written; try again later`);
    }
    if (sqlState(error) === DEPENDED_ON) {
      throw new AppError('conflict', `a view of the warehouse is made of table ${table}: drop it first`);
    }
    if (sqlState(error) === NOT_THE_OWNER) {
      throw new AppError('conflict', `table ${table} of the warehouse belongs to another login, which has to drop it`);
    }
    throw error;
  }
}

function named(table: string): string {
  return `${WAREHOUSE_SCHEMA}.${quoteName(table)}`;
}
