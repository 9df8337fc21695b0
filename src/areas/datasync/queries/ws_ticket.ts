import type { Queryable } from '../../../store/store.ts';

/** What has ended goes with the making of new ones: at most so many at a time. */
const PRUNE_BATCH = 100;

export async function insertWsTicket(db: Queryable, hash: Buffer, holder: string, seconds: number): Promise<void> {
  await db.query(
    `WITH pruned AS (
       DELETE FROM longshore.ws_tickets WHERE hash IN (
         SELECT hash FROM longshore.ws_tickets WHERE expires_at < now()
         ORDER BY expires_at LIMIT ${PRUNE_BATCH} FOR UPDATE SKIP LOCKED)
     )
     INSERT INTO longshore.ws_tickets (hash, holder, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))`,
    [hash, holder, seconds],
  );
}

/** Spends a ticket. @returns whom it was given to; undefined when it is unknown, spent or over */
export async function spendWsTicket(db: Queryable, hash: Buffer): Promise<string | undefined> {
  const [ticket] = await db.query<{ holder: string; live: boolean }>(
    'DELETE FROM longshore.ws_tickets WHERE hash = $1 RETURNING holder, expires_at > now() AS live',
    [hash],
  );
  return ticket?.live ? ticket.holder : undefined;
}
