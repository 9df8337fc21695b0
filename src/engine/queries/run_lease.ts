import type { LeasedRun } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';

interface LeasedRow {
  id: number;
  epoch: number;
  kind: string;
  name: string;
  attempt: number;
  spec: unknown;
  timeout_seconds: number | null;
  checkpoint: unknown;
  log_bytes: number;
  rank: number;
}

/**
 * Hands up to `limit` due runs to a session, best rank first over all queues that its worker may serve. One
 * statement, committed before anything is executed. A lapsed or draining session gets nothing.
 *
 * Each queue is probed through its own stretch of the index; the rows that are locked but not taken (when several
 * queues have more than enough) are free again when the statement ends, and until then others skip them.
 * The ids go through an array, since a join with them is planned as a scan of the whole table while that is small.
 * All runs of one lease bear the same time (a subquery is asked once): by it and their rank the order in which the
 * worker begins them can be told later.
 */
export async function runsLease(db: Queryable, sessionId: number, limit: number): Promise<LeasedRun[]> {
  const rows = await db.query<LeasedRow>(
    `WITH worker AS (
       SELECT w.id, w.kinds, coalesce(w.tags_override, w.tags) AS tags
       FROM longshore.worker_sessions s JOIN longshore.workers w ON w.id = s.worker_id
       WHERE s.id = $1 AND s.ended_at IS NULL AND s.lease_until > now() AND w.enabled
     ), picked AS (
       SELECT r.id
       FROM worker w
       JOIN longshore.queues q ON q.kind = ANY (w.kinds) AND q.tags <@ w.tags
       CROSS JOIN LATERAL (
         SELECT c.id, c.rank FROM longshore.runs c
         WHERE c.state = 'queued' AND NOT c.gated AND c.queue = q.name
         ORDER BY c.rank, c.id LIMIT $2
         FOR UPDATE SKIP LOCKED
       ) r
       ORDER BY r.rank, r.id LIMIT $2
     )
     UPDATE longshore.runs r SET
       state = 'running', epoch = r.epoch + 1, attempt = r.attempt + 1, session_id = $1, worker_id = (SELECT id FROM worker),
       emit_seq = 0, error = NULL, exit_code = NULL, exit_signal = NULL, attempt_started_at = (SELECT clock_timestamp()),
       started_at = coalesce(r.started_at, clock_timestamp()),
       deadline = now() + make_interval(secs => r.timeout_seconds),
       log_day = coalesce(r.log_day, (now() AT TIME ZONE 'UTC')::date)
     WHERE r.id = ANY (ARRAY(SELECT id FROM picked))
     RETURNING r.id, r.epoch, r.kind, r.name, r.attempt, r.spec, r.timeout_seconds, r.checkpoint, r.log_bytes,
       date_part('epoch', r.rank) AS rank`,
    [sessionId, limit],
  );
  // RETURNING keeps no order.
  rows.sort((a, b) => a.rank - b.rank || a.id - b.id);
  return rows.map((row) => ({
    id: row.id,
    epoch: row.epoch,
    kind: row.kind,
    name: row.name,
    attempt: row.attempt,
    spec: row.spec,
    timeout_seconds: row.timeout_seconds,
    idempotency_key: `run-${row.id}`,
    checkpoint: row.checkpoint,
    log_bytes: row.log_bytes,
  }));
}
