import type { Queryable, Tx } from '../../store/store.ts';

/** Any number of our own; ends with the transaction, so a pooler may stand in between. */
const FIRST_START = 7_310_451_002;

/** Waits until no other server is making the first user. */
export async function lockFirstStart(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [FIRST_START]);
}

export async function hasUsers(queryable: Queryable): Promise<boolean> {
  return (await queryable.query('SELECT 1 FROM longshore.users LIMIT 1')).length > 0;
}
