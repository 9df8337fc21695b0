import { storableJson } from '../../../kernel/json.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Queryable, Tx } from '../../../store/store.ts';

export interface QuarantineRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly run_id: number;
  readonly ordinal: number;
  readonly line: number | null;
  readonly field: string | null;
  readonly reason: string;
  readonly raw: string;
  /** `raw` is the record as JSON, all of it: it can be driven again. */
  readonly whole: boolean;
  readonly redriven_by: number | null;
  readonly created_at: Date;
}

/** Rows as an executor's `Reject` says them; one that is known is left out. */
export async function quarantineInsert(
  tx: Tx,
  run: { readonly jobId: number | null; readonly id: number },
  rejects: Json,
): Promise<void> {
  await tx.query(
    `INSERT INTO longshore.sync_quarantine (job_id, run_id, ordinal, line, field, reason, raw, whole)
     SELECT $1, $2, r.ordinal, r.line, r.field, coalesce(r.reason, ''), coalesce(r.raw, ''), coalesce(r.whole, false)
     FROM jsonb_to_recordset($3::jsonb) AS r(ordinal bigint, line bigint, field text, reason text, raw text, whole boolean)
     ON CONFLICT (run_id, ordinal) DO NOTHING`,
    [run.jobId, run.id, storableJson(rejects)],
  );
}

/** Records of a run that come again, from this ordinal on; those that somebody has driven again stay with what came of them. */
export async function quarantineForget(tx: Tx, runId: number, from: number): Promise<void> {
  await tx.query('DELETE FROM longshore.sync_quarantine WHERE run_id = $1 AND ordinal >= $2 AND redriven_by IS NULL', [
    runId,
    from,
  ]);
}

export async function quarantineList(
  db: Queryable,
  jobId: number,
  page: { limit: number; offset: number },
): Promise<{ rows: QuarantineRow[]; total: number }> {
  const rows = await db.query<QuarantineRow>(
    'SELECT * FROM longshore.sync_quarantine WHERE job_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3',
    [jobId, page.limit, page.offset],
  );
  const [count] = await db.query<{ n: number }>(
    'SELECT count(*) AS n FROM longshore.sync_quarantine WHERE job_id = $1',
    [jobId],
  );
  return { rows, total: count?.n ?? 0 };
}

/**
 * Those that no run has taken again yet, or one in vain, and whose record is whole, oldest first; locked until the transaction ends.
 * @param ids only these; undefined = all of the job
 */
export async function quarantineTake(
  tx: Tx,
  jobId: number,
  ids: readonly number[] | undefined,
  limit: number,
): Promise<QuarantineRow[]> {
  return tx.query<QuarantineRow>(
    `SELECT * FROM longshore.sync_quarantine q
     WHERE job_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2)) AND whole
       AND (redriven_by IS NULL OR NOT EXISTS (SELECT FROM longshore.runs r
         WHERE r.id = q.redriven_by AND r.state NOT IN ('failed', 'dead', 'cancelled', 'skipped')))
     ORDER BY id LIMIT $3 FOR UPDATE`,
    [jobId, ids ?? null, limit],
  );
}

export async function quarantineRedriven(tx: Tx, ids: readonly number[], runId: number): Promise<void> {
  await tx.query('UPDATE longshore.sync_quarantine SET redriven_by = $2 WHERE id = ANY ($1)', [ids, runId]);
}
