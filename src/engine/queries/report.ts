import type { Json } from '../../protocol/executor.ts';
import type { Queryable, Tx } from '../../store/store.ts';

export interface ReportRow {
  readonly id: number;
  readonly runId: number;
  readonly area: string;
  readonly type: string;
  readonly payload: Json;
  readonly tries: number;
}

/**
 * The oldest due report of one area that nobody else is telling. Locked until the transaction ends. Reports of one
 * run are told in order: an earlier one that waits for its retry holds back the later ones.
 */
export async function reportTake(tx: Tx, areas: readonly string[]): Promise<ReportRow | undefined> {
  const [row] = await tx.query<ReportRow & Record<string, unknown>>(
    `SELECT r.id, r.run_id AS "runId", r.area, r.type, r.payload, r.tries FROM longshore.reports r
     WHERE r.due_at <= now() AND r.area = ANY ($1)
       AND NOT EXISTS (SELECT FROM longshore.reports e WHERE e.run_id = r.run_id AND e.id < r.id)
     ORDER BY r.due_at, r.id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [areas],
  );
  return row;
}

export async function reportDelete(tx: Tx, id: number): Promise<void> {
  await tx.query('DELETE FROM longshore.reports WHERE id = $1', [id]);
}

export async function reportPostpone(db: Queryable, id: number, seconds: number): Promise<void> {
  await db.query(
    'UPDATE longshore.reports SET tries = tries + 1, due_at = now() + make_interval(secs => $2) WHERE id = $1',
    [id, seconds],
  );
}
