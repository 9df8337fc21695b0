import type { Queryable } from '../../store/store.ts';

export interface Pruned {
  readonly deleted: number;
  /** Where to go on; null when everything old has been looked at. */
  readonly nextAfterId: number | null;
}

/**
 * Looks at the next `limit` runs by id, and deletes those that were made and ended more than `days` ago. Ids rise with
 * the time of making, but for transactions under way at once: after a batch that holds a younger run nothing old is
 * left worth a look. Walking the primary key needs no index of its own, and old runs that still live (paused for
 * months) hold up no others.
 */
export async function runsPrune(db: Queryable, days: number, afterId: number, limit: number): Promise<Pruned> {
  const [row] = await db.query<{ deleted: number; goOn: boolean; last: number | null }>(
    `WITH looked AS (
       SELECT id, created_at < now() - make_interval(days => $1) AS old,
         coalesce(finished_at < now() - make_interval(days => $1), false) AS ended
       FROM longshore.runs WHERE id > $2 ORDER BY id LIMIT $3
     ), deleted AS (
       DELETE FROM longshore.runs WHERE id = ANY (ARRAY(SELECT id FROM looked WHERE old AND ended)) RETURNING 1
     )
     SELECT (SELECT count(*) FROM deleted) AS deleted, count(*) = $3 AND bool_and(old) AS "goOn", max(id) AS last
     FROM looked`,
    [days, afterId, limit],
  );
  return { deleted: row?.deleted ?? 0, nextAfterId: row?.goOn ? row.last : null };
}
