import { storableJson } from '../../../kernel/json.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Queryable, Tx } from '../../../store/store.ts';

export interface ConflictRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly job_id: number;
  readonly run_id: number;
  readonly record_id: string;
  readonly conflict_type: 'version' | 'stale';
  readonly base: Json;
  readonly source: Json;
  readonly target: Json;
  readonly resolution: 'pending' | 'source_wins' | 'target_wins' | 'merged';
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
  readonly resolved_run: number | null;
  readonly created_at: Date;
}

/**
 * Rows as an executor's `FoundConflict` says them. One that still waits takes the newest values.
 * @returns those that are new
 */
export async function conflictsInsert(
  tx: Tx,
  run: { readonly jobId: number; readonly id: number },
  found: Json,
): Promise<ConflictRow[]> {
  const values = `SELECT $1::bigint, $2::bigint, f.record_id, f.conflict_type, f.base, f.source, f.target, f.resolution,
      CASE WHEN f.resolution <> 'pending' THEN now() END
    FROM jsonb_to_recordset($3::jsonb)
      AS f(record_id text, conflict_type text, base jsonb, source jsonb, target jsonb, resolution text)`;
  const params = [run.jobId, run.id, storableJson(found)];
  const columns = 'job_id, run_id, record_id, conflict_type, base, source, target, resolution, resolved_at';
  await tx.query(
    `UPDATE longshore.sync_conflicts c SET source = f.source, target = f.target, base = f.base
     FROM jsonb_to_recordset($2::jsonb) AS f(record_id text, base jsonb, source jsonb, target jsonb, resolution text)
     WHERE c.job_id = $1 AND c.record_id = f.record_id AND c.resolution = 'pending' AND f.resolution = 'pending'`,
    [run.jobId, storableJson(found)],
  );
  return tx.query<ConflictRow>(
    `INSERT INTO longshore.sync_conflicts (${columns}) ${values} ON CONFLICT DO NOTHING RETURNING *`,
    params,
  );
}

export async function conflictsList(
  db: Queryable,
  filter: { readonly jobId?: number | undefined; readonly pending?: boolean | undefined },
  page: { limit: number; offset: number },
): Promise<{ rows: ConflictRow[]; total: number }> {
  const where = `($1::bigint IS NULL OR job_id = $1) AND ($2::boolean IS NULL OR (resolution = 'pending') = $2)`;
  const params = [filter.jobId ?? null, filter.pending ?? null];
  const rows = await db.query<ConflictRow>(
    `SELECT * FROM longshore.sync_conflicts WHERE ${where} ORDER BY id DESC LIMIT $3 OFFSET $4`,
    [...params, page.limit, page.offset],
  );
  const [count] = await db.query<{ n: number }>(
    `SELECT count(*) AS n FROM longshore.sync_conflicts WHERE ${where}`,
    params,
  );
  return { rows, total: count?.n ?? 0 };
}

export async function conflictGet(db: Queryable, id: number, lock = false): Promise<ConflictRow | undefined> {
  const [row] = await db.query<ConflictRow>(
    `SELECT * FROM longshore.sync_conflicts WHERE id = $1${lock ? ' FOR UPDATE' : ''}`,
    [id],
  );
  return row;
}

export async function conflictResolve(
  tx: Tx,
  id: number,
  how: { readonly resolution: ConflictRow['resolution']; readonly by: string; readonly runId: number },
): Promise<void> {
  await tx.query(
    `UPDATE longshore.sync_conflicts SET resolution = $2, resolved_by = $3, resolved_run = $4, resolved_at = now()
     WHERE id = $1`,
    [id, how.resolution, how.by, how.runId],
  );
}
