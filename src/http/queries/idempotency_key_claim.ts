import type { Tx } from '../../store/store.ts';

export interface StoredAnswer {
  readonly request_hash: string;
  readonly status: number;
  readonly answer: string;
}

/**
 * Takes the key for this transaction. Waits while another one that holds it is under way.
 * @returns true when it is ours (new, or kept longer than a day), false when an answer exists
 */
export async function claimIdempotencyKey(
  tx: Tx,
  key: { principal: string; route: string; key: string; requestHash: string },
): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO longshore.idempotency_keys AS kept (principal, route, key, request_hash)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (principal, route, key) DO UPDATE
       SET request_hash = EXCLUDED.request_hash, status = NULL, answer = NULL, created_at = now()
       WHERE kept.created_at < now() - interval '24 hours'
     RETURNING 1`,
    [key.principal, key.route, key.key, key.requestHash],
  );
  return rows.length === 1;
}

/** The first answer; undefined when the key has been pruned since. */
export async function getIdempotentAnswer(
  tx: Tx,
  key: { principal: string; route: string; key: string },
): Promise<StoredAnswer | undefined> {
  const rows = await tx.query<StoredAnswer>(
    `SELECT request_hash, status, answer FROM longshore.idempotency_keys
     WHERE principal = $1 AND route = $2 AND key = $3`,
    [key.principal, key.route, key.key],
  );
  return rows[0];
}

/** Keeps the answer with the key, in the transaction of the effect. */
export async function saveIdempotentAnswer(
  tx: Tx,
  key: { principal: string; route: string; key: string },
  status: number,
  answer: string,
): Promise<void> {
  await tx.query(
    `UPDATE longshore.idempotency_keys SET status = $4, answer = $5
     WHERE principal = $1 AND route = $2 AND key = $3`,
    [key.principal, key.route, key.key, status, answer],
  );
}
