import type { Queryable } from '../../store/store.ts';

export interface AttemptLimit {
  readonly key: Buffer;
  /** The failure in a row that first blocks the next attempt: for a second, then 2, 4… up to the cap. */
  readonly blocksFrom: number;
  readonly capSeconds: number;
  /** After so long without an attempt the count begins anew. */
  readonly forgetSeconds: number;
}

/**
 * Counts an attempt before it is made, so that many at once cannot all slip past the count.
 * @returns 0 when it may be made, else the seconds until the next one may
 */
export async function claimAttempt(queryable: Queryable, limit: AttemptLimit): Promise<number> {
  const claimed = await queryable.query(
    `INSERT INTO longshore.login_attempts AS a (key, failures, last_at, blocked_until)
     VALUES ($1, 1, now(), '-infinity')
     ON CONFLICT (key) DO UPDATE SET
       failures = CASE WHEN a.last_at < now() - make_interval(secs => $4::float8) THEN 1 ELSE a.failures + 1 END,
       last_at = now(),
       blocked_until = CASE
         WHEN a.last_at < now() - make_interval(secs => $4::float8) OR a.failures + 1 < $2::integer THEN '-infinity'
         ELSE now() + make_interval(secs => least($3::float8, power(2, least(a.failures + 1 - $2, 30))))
       END
       WHERE a.blocked_until <= now()
     RETURNING 1`,
    [limit.key, limit.blocksFrom, limit.capSeconds, limit.forgetSeconds],
  );
  if (claimed.length > 0) return 0;
  const [row] = await queryable.query<{ seconds: number }>(
    `SELECT extract(epoch FROM blocked_until - now())::float8 AS seconds
       FROM longshore.login_attempts WHERE key = $1`,
    [limit.key],
  );
  return Math.max(1, Math.ceil(row?.seconds ?? 1));
}
