import type { Queryable } from '../../store/store.ts';

/**
 * Deletes at most `limit` families that ended a month ago or more (until then they show why a token is refused), and
 * as many counts of attempts that no longer count.
 * @returns true when there may be more
 */
export async function pruneAuth(queryable: Queryable, limit: number, forgetSeconds: number): Promise<boolean> {
  const families = await queryable.query(
    `DELETE FROM longshore.token_families WHERE id IN (
       SELECT id FROM longshore.token_families WHERE expires_at < now() - interval '30 days'
        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING 1`,
    [limit],
  );
  const attempts = await queryable.query(
    `DELETE FROM longshore.login_attempts WHERE key IN (
       SELECT key FROM longshore.login_attempts
        WHERE last_at < now() - make_interval(secs => $2) AND blocked_until < now()
        ORDER BY last_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING 1`,
    [limit, forgetSeconds],
  );
  return families.length === limit || attempts.length === limit;
}
