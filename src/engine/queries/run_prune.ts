import type { Queryable } from '../../store/store.ts';

/**
 * Deletes the oldest ended runs whose end lies more than `days` ago. Walks the primary key from its low end, so it
 * needs no index of its own. @returns how many were deleted
 */
export async function runsPrune(db: Queryable, days: number, limit: number): Promise<number> {
  const deleted = await db.query(
    `DELETE FROM longshore.runs WHERE id IN (
       SELECT id FROM (SELECT id, finished_at, created_at FROM longshore.runs ORDER BY id LIMIT $2 * 2) oldest
       WHERE finished_at < now() - make_interval(days => $1) LIMIT $2)
     RETURNING id`,
    [days, limit],
  );
  return deleted.length;
}
