import { storableJson } from '../../kernel/json.ts';
import type { RunRef, RunUpdate } from '../../protocol/worker.ts';
import type { Store } from '../../store/store.ts';
import { HELD, sqlStates } from '../states.ts';

/**
 * Writes progress, checkpoints and emitted rows of runs that this session holds, all in one transaction: a checkpoint
 * and the rows before it are durable together. A repeated batch of rows is taken once.
 * @returns the runs of the batch that it does hold
 */
export async function runsUpdate(store: Store, sessionId: number, updates: readonly RunUpdate[]): Promise<RunRef[]> {
  const rows = updates.map((update) => ({
    id: update.id,
    epoch: update.epoch,
    progress_done: update.progress_done,
    progress_total: update.progress_total,
    checkpoint: update.checkpoint,
    has_checkpoint: update.checkpoint !== undefined,
    emit_seq: Math.max(0, ...(update.emitted ?? []).map((batch) => batch.seq)),
  }));
  const emitted = updates.flatMap((update) =>
    (update.emitted ?? []).map((batch) => ({ id: update.id, epoch: update.epoch, ...batch })),
  );
  return store.transaction(async (tx) => {
    const held = await tx.query<RunRef & { emit_seq: number; area: string }>(
      `SELECT id, epoch, emit_seq, area FROM longshore.runs
       WHERE session_id = $1 AND state IN (${sqlStates(HELD)})
         AND (id, epoch) IN (SELECT * FROM unnest($2::bigint[], $3::integer[]))
       ORDER BY id FOR UPDATE`,
      [sessionId, rows.map((row) => row.id), rows.map((row) => row.epoch)],
    );
    const taken = new Map(held.map((row) => [row.id, row]));
    const fresh = emitted.filter((batch) => {
      const run = taken.get(batch.id);
      return run !== undefined && run.epoch === batch.epoch && batch.seq > run.emit_seq;
    });
    if (fresh.length > 0) {
      await tx.query(
        `INSERT INTO longshore.reports (run_id, area, type, payload)
         SELECT e.id, e.area, e.type, e.rows
         FROM jsonb_to_recordset($1::jsonb) AS e(id bigint, area text, type text, rows jsonb)`,
        [storableJson(fresh.map((batch) => ({ ...batch, area: taken.get(batch.id)?.area })))],
      );
    }
    await tx.query(
      `UPDATE longshore.runs r SET progress_done = coalesce(u.progress_done, r.progress_done),
         progress_total = coalesce(u.progress_total, r.progress_total),
         checkpoint = CASE WHEN u.has_checkpoint THEN u.checkpoint ELSE r.checkpoint END,
         emit_seq = greatest(r.emit_seq, u.emit_seq)
       FROM jsonb_to_recordset($1::jsonb) AS u(id bigint, epoch integer, progress_done double precision,
         progress_total double precision, checkpoint jsonb, has_checkpoint boolean, emit_seq integer)
       WHERE r.id = u.id AND r.id = ANY ($2)`,
      [storableJson(rows.filter((row) => taken.get(row.id)?.epoch === row.epoch)), [...taken.keys()]],
    );
    return held.map(({ id, epoch }) => ({ id, epoch }));
  });
}
