import type { Queryable, Tx } from '../../store/store.ts';

/** Sets how many runs of each key may be leased at once. Locks the keys, in order, until the transaction ends. */
export async function concurrencyLimit(tx: Tx, limits: ReadonlyMap<string, number>): Promise<void> {
  const keys = [...limits.keys()].sort();
  await tx.query(
    `INSERT INTO longshore.concurrency_keys AS k (key, max_held)
     SELECT * FROM unnest($1::text[], $2::integer[]) ORDER BY 1
     ON CONFLICT (key) DO UPDATE SET max_held = excluded.max_held WHERE k.max_held <> excluded.max_held`,
    [keys, keys.map((key) => limits.get(key))],
  );
}

/** Locks the key of a run, if it has one, until the transaction ends: for whoever will then change the run. */
export async function concurrencyLockOf(tx: Tx, runId: number): Promise<void> {
  await tx.query(
    `SELECT FROM longshore.concurrency_keys
     WHERE key = (SELECT concurrency_key FROM longshore.runs WHERE id = $1) FOR UPDATE`,
    [runId],
  );
}

/** Looked at beyond the limit, so that a few that nobody can take do not hold up the rest. */
const SPARE = 20;

/** Whether a live worker could take a run of `waiting`. */
const TAKEABLE = `EXISTS (
  SELECT FROM longshore.queues q
  JOIN longshore.workers o ON o.enabled AND q.kind = ANY (o.kinds) AND q.tags <@ coalesce(o.tags_override, o.tags)
  JOIN longshore.worker_sessions s ON s.worker_id = o.id AND s.ended_at IS NULL
  WHERE q.name = waiting.queue)`;

/** Of a key whose runs go in order: the first that has not ended, whatever it waits for. Null of any other key. */
const TURN = `(SELECT min(t.id) FROM longshore.runs t
  WHERE t.concurrency_key = k.key AND t.ordered AND t.finished_at IS NULL)`;

/** The best of the runs that a key holds back; where they go in order, the one whose turn it is, if it is ready. */
const HELD_BACK = `SELECT id, gated, queue, rank FROM longshore.runs
  WHERE concurrency_key = keys.key AND state = 'queued' AND gated AND (keys.turn IS NULL OR id = keys.turn)
  ORDER BY rank, id LIMIT CASE WHEN keys.turn IS NULL THEN keys.max_held + ${SPARE} ELSE 1 END`;

/**
 * Lets as many runs of these keys through as their limits allow: the best by rank that a live worker could take. One
 * that was let through before and still waits gives way to a better one.
 * Statements of their own on purpose: each must see what was committed before it. Whoever was to give way may have been
 * leased that very moment, and keeps its place then.
 * @returns how many were let through
 */
export async function concurrencyRelease(tx: Tx, keys: readonly string[]): Promise<number> {
  await tx.query('SELECT FROM longshore.concurrency_keys WHERE key = ANY ($1) ORDER BY key FOR UPDATE', [keys]);
  await giveWay(tx, keys);
  const released = await tx.query(
    `WITH keys AS (
       SELECT k.key, k.max_held, k.max_held - (
         SELECT count(*) FROM longshore.runs h
         WHERE h.concurrency_key = k.key AND NOT h.gated
           AND h.state IN ('queued', 'running', 'pausing', 'cancelling')) AS free,
         ${TURN} AS turn
       FROM longshore.concurrency_keys k WHERE k.key = ANY ($1)
     ), waiting AS (
       SELECT keys.key, keys.free, w.* FROM keys CROSS JOIN LATERAL (${HELD_BACK}) w WHERE keys.free > 0
     ), ordered AS (
       SELECT id, row_number() OVER (PARTITION BY key ORDER BY ${TAKEABLE} DESC, rank, id) <= free AS released
       FROM waiting
     )
     UPDATE longshore.runs r SET gated = false FROM ordered o
     WHERE r.id = o.id AND o.released AND r.gated AND r.state = 'queued' RETURNING 1`,
    [keys],
  );
  return released.length;
}

/** Holds back again those that were let through, still wait, and are not among the best any more. */
async function giveWay(tx: Tx, keys: readonly string[]): Promise<void> {
  await tx.query(
    `WITH keys AS (
       SELECT k.key, k.max_held, k.max_held - (
         SELECT count(*) FROM longshore.runs h
         WHERE h.concurrency_key = k.key AND NOT h.gated AND h.state IN ('running', 'pausing', 'cancelling')) AS free,
         ${TURN} AS turn
       FROM longshore.concurrency_keys k WHERE k.key = ANY ($1)
     ), waiting AS (
       SELECT keys.key, keys.free, w.* FROM keys CROSS JOIN LATERAL (
         (${HELD_BACK})
         UNION ALL
         (SELECT id, gated, queue, rank FROM longshore.runs
          WHERE concurrency_key = keys.key AND NOT gated AND state = 'queued')
       ) w
     ), ordered AS (
       SELECT id, gated, row_number() OVER (PARTITION BY key ORDER BY ${TAKEABLE} DESC, rank, id) > free AS outranked
       FROM waiting
     )
     UPDATE longshore.runs r SET gated = true FROM ordered o
     WHERE r.id = o.id AND o.outranked AND NOT o.gated AND NOT r.gated AND r.state = 'queued'`,
    [keys],
  );
}

/** The keys that hold runs back, by skipping from key to key through the index. */
export async function concurrencyWaiting(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ key: string }>(
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
