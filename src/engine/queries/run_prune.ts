import type { Queryable } from '../../store/store.ts';

export interface Pruned {
  readonly deleted: number;
  /** Where to go on; null when everything old has been looked at. */
  readonly nextAfterId: number | null;
}

/**
 * Looks at the next `limit` runs older than `days`, by id, and deletes those that also ended that long ago. Walking
 * the primary key needs no index of its own, and old runs that still live (paused for months) hold up no others.
 */
export async function runsPrune(db: Queryable, days: number, afterId: number, limit: number): Promise<Pruned> {
  const [row] = await db.query<{ deleted: number; looked: number; last: number | null }>(
    `WITH old AS (
       SELECT id, finished_at FROM longshore.runs
       WHERE id > $2 AND created_at < now() - make_interval(days => $1) ORDER BY id LIMIT $3
     ), deleted AS (
       DELETE FROM longshore.runs r USING old
       WHERE r.id = old.id AND old.finished_at < now() - make_interval(days => $1) RETURNING r.id
     )
     SELECT (SELECT count(*) FROM deleted) AS deleted, count(*) AS looked, max(id) AS last FROM old`,
    [days, afterId, limit],
  );
  return { deleted: row?.deleted ?? 0, nextAfterId: row && row.looked === limit ? row.last : null };
}
