import type { Logger } from '../kernel/logger.ts';
import { type Queryable, type Store, sqlState, type Tx } from '../store/store.ts';
import { WAREHOUSE_SCHEMA } from './drivers/login.ts';

/**
 * Where synced tables and datasets lie unless a job says otherwise: the schema `data`, in the control plane's own
 * PostgreSQL or in another database. Workers sign in to it, and run what users wrote: so within the control plane's
 * PostgreSQL they do so under a role that owns that schema and may see nothing else.
 */

export interface WarehouseSettings {
  /** A database of its own; absent: the control plane's. */
  readonly warehouseUrl: string | undefined;
  /** How this process reaches the control plane's database, past any pooler: loads outlast a pooled transaction. */
  readonly directUrl: string;
  /** Of the role; derived from the master key, so that every server knows it. */
  readonly password: string;
}

/** The role's password, of a key that was derived for this purpose alone. */
export function warehousePassword(key: Buffer): string {
  return key.toString('base64url');
}

const ONE_AT_A_TIME = 7_310_451_003;

/** A role is the cluster's, not the database's: another Longshore in the same cluster has another one. */
async function roleName(db: Queryable): Promise<string> {
  const [row] = await db.query<{ oid: number }>(
    'SELECT oid::int8 AS oid FROM pg_database WHERE datname = current_database()',
  );
  if (!row) throw new Error('the database does not know its own name');
  return `longshore_data_${row.oid}`;
}

function withLogin(url: string, username: string, password: string): string {
  const target = new URL(url);
  target.username = username;
  target.password = password;
  // As parameters they would go over what stands before the @.
  for (const name of ['user', 'password']) target.searchParams.delete(name);
  return target.href;
}

/**
 * Makes the role and its schema where they are not there, and gives the role what this login has put into the schema,
 * such as tables of a backup. Within a transaction.
 * @returns the role, which may not have a password yet
 */
async function claim(tx: Tx): Promise<string> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [ONE_AT_A_TIME]);
  const role = await roleName(tx);
  const [known] = await tx.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (!known) {
    await tx.query(`CREATE ROLE ${role}`);
    // Who is no superuser may only give a schema to a role that it could be.
    await tx.query(`GRANT ${role} TO CURRENT_USER`);
  }
  const [schema] = await tx.query<{ owner: string }>(
    'SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1',
    [WAREHOUSE_SCHEMA],
  );
  if (!schema) await tx.query(`CREATE SCHEMA ${WAREHOUSE_SCHEMA} AUTHORIZATION ${role}`);
  else if (schema.owner !== role) await tx.query(`ALTER SCHEMA ${WAREHOUSE_SCHEMA} OWNER TO ${role}`);
  const strays = await tx.query<{ name: string }>(
    `SELECT format('%I.%I', $1::text, relname) AS name FROM pg_class
      WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p') AND pg_get_userbyid(relowner) = current_user`,
    [WAREHOUSE_SCHEMA],
  );
  for (const { name } of strays) await tx.query(`ALTER TABLE ${name} OWNER TO ${role}`);
  return role;
}

/**
 * Claims the warehouse for its role, and does `work` in the same transaction.
 * @returns false where this login may not make roles: the schema is its own then
 */
async function claimed(store: Store, work: (tx: Tx, role: string) => Promise<unknown>): Promise<boolean> {
  try {
    await store.transaction(async (tx) => work(tx, await claim(tx)));
    return true;
  } catch (error) {
    // Privileges only: whatever else went wrong is to be seen.
    if (sqlState(error) !== '42501') throw error;
    await store.query(`CREATE SCHEMA IF NOT EXISTS ${WAREHOUSE_SCHEMA}`);
    return false;
  }
}

/** Gives a warehouse that this login has filled to its role, which the next server that starts gives its password. */
export async function handOverWarehouse(store: Store): Promise<void> {
  await claimed(store, async () => undefined);
}

/**
 * Makes the role and its schema where they are not there yet; any number of servers may start at once.
 *
 * The server's own login may not be allowed to make roles. Then the schema is its own, and workers sign in as it does:
 * that works, and is less safe, so it is said aloud.
 */
export async function ensureWarehouse(store: Store, settings: WarehouseSettings, logger: Logger): Promise<void> {
  if (settings.warehouseUrl !== undefined) return;
  // The password is base64url: nothing in it needs escaping, and DDL takes no parameters.
  const isSafe = await claimed(store, (tx, role) =>
    tx.query(`ALTER ROLE ${role} LOGIN PASSWORD '${settings.password}'`),
  );
  if (isSafe) return;
  logger.warn(
    'The login of DATABASE_URL may not make roles, so workers reach the warehouse with that login. Give it CREATEROLE, or set LONGSHORE_WAREHOUSE_URL to a database of its own.',
  );
}

/** The URL under which this process, and the workers that lease through it, reach the warehouse. */
export async function warehouseUrl(db: Queryable, settings: WarehouseSettings): Promise<string> {
  if (settings.warehouseUrl !== undefined) return settings.warehouseUrl;
  const role = await roleName(db);
  const [owned] = await db.query('SELECT 1 FROM pg_namespace WHERE nspname = $1 AND pg_get_userbyid(nspowner) = $2', [
    WAREHOUSE_SCHEMA,
    role,
  ]);
  return owned ? withLogin(settings.directUrl, role, settings.password) : settings.directUrl;
}
