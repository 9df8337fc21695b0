import type { Tx } from '../../store/store.ts';

/** Sets how many runs of each key may be leased at once. Locks the keys, in order, until the transaction ends. */
export async function concurrencyLimit(tx: Tx, limits: ReadonlyMap<string, number>): Promise<void> {
  const keys = [...limits.keys()].sort();
  await tx.query(
    `INSERT INTO longshore.concurrency_keys AS k (key, max_held)
     SELECT * FROM unnest($1::text[], $2::integer[]) ORDER BY 1
     ON CONFLICT (key) DO UPDATE SET max_held = excluded.max_held`,
    [keys, keys.map((key) => limits.get(key))],
  );
}

/**
 * Lets as many gated runs of these keys through as their limits allow.
 * Two statements on purpose: the count must see what was committed while we waited for the lock.
 * @returns how many were let through
 */
export async function concurrencyRelease(tx: Tx, keys: readonly string[]): Promise<number> {
  await tx.query('SELECT FROM longshore.concurrency_keys WHERE key = ANY ($1) ORDER BY key FOR UPDATE', [keys]);
  const released = await tx.query(
    `UPDATE longshore.runs r SET gated = false
     FROM longshore.concurrency_keys k
     CROSS JOIN LATERAL (
       SELECT g.id FROM longshore.runs g
       WHERE g.concurrency_key = k.key AND g.state = 'queued' AND g.gated
       ORDER BY g.rank, g.id
       LIMIT greatest(0, k.max_held - (
         SELECT count(*) FROM longshore.runs h
         WHERE h.concurrency_key = k.key AND NOT h.gated
           AND h.state IN ('queued', 'running', 'pausing', 'cancelling')))
     ) next
     WHERE k.key = ANY ($1) AND r.id = next.id
     RETURNING r.id`,
    [keys],
  );
  return released.length;
}

/** The keys that hold runs back, by skipping from key to key through the index. */
export async function concurrencyWaiting(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ key: string }>(
    `WITH RECURSIVE keys AS (
       (SELECT concurrency_key AS key FROM longshore.runs WHERE state = 'queued' AND gated
        ORDER BY concurrency_key LIMIT 1)
       UNION ALL
       SELECT (SELECT r.concurrency_key FROM longshore.runs r
               WHERE r.state = 'queued' AND r.gated AND r.concurrency_key > keys.key
               ORDER BY r.concurrency_key LIMIT 1)
       FROM keys WHERE keys.key IS NOT NULL)
     SELECT key FROM keys WHERE key IS NOT NULL`,
  );
  return rows.map((row) => row.key);
}
