import type { Queryable } from '../../store/store.ts';

/** Forgets up to `limit` keys that are older than a day. @returns how many */
export async function pruneIdempotencyKeys(store: Queryable, limit: number): Promise<number> {
  const rows = await store.query(
    `DELETE FROM longshore.idempotency_keys
     WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM longshore.idempotency_keys
       WHERE created_at < now() - interval '24 hours' LIMIT $1 FOR UPDATE SKIP LOCKED))
     RETURNING 1`,
    [limit],
  );
  return rows.length;
}
