import type { RunRef } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';
import { predecessors, type RunState, sqlStates } from '../states.ts';
import { RECORD_ENDED } from './ended.ts';
import { rankOf } from './rank.ts';

export interface ControlledRun {
  readonly id: number;
  readonly state: RunState;
  readonly concurrency_key: string | null;
}

const CANCELLABLE = [...new Set([...predecessors('cancelled'), ...predecessors('cancelling')])].filter(
  (state) => state !== 'cancelling',
);
const WAKE_WORKERS = `(SELECT pg_notify('longshore_control', ''))`;

/** Ends runs: those that wait at once, held ones when their worker says that all of it is gone. */
export async function runsCancel(db: Queryable, ids: readonly number[]): Promise<ControlledRun[]> {
  return db.query<ControlledRun & Record<string, unknown>>(
    // Locked in order of id, as reports are: statements on several runs must not wait for each other crosswise.
    `WITH locked AS (
       SELECT id FROM longshore.runs WHERE id = ANY ($1) AND state IN (${sqlStates(CANCELLABLE)})
       ORDER BY id FOR UPDATE
     ), changed AS (
       UPDATE longshore.runs r SET
         state = CASE WHEN r.session_id IS NULL THEN 'cancelled' ELSE 'cancelling' END,
         finished_at = CASE WHEN r.session_id IS NULL THEN now() END
       FROM locked WHERE r.id = locked.id
       RETURNING r.*
     ), ended AS (
       SELECT id, epoch, state, job_id, area, kind, name, attempt, watched, concurrency_key, true AS final,
         0::bigint AS duration_ms, 0::bigint AS wait_ms
       FROM changed WHERE state = 'cancelled'
     ), ${RECORD_ENDED}
     SELECT id, state, concurrency_key, ${WAKE_WORKERS}, (SELECT pg_notify('longshore_events', '')) FROM changed`,
    [ids],
  );
}

/** Asks a run to stop where it can go on from later; one that only waits is paused at once. */
export async function runPause(db: Queryable, id: number): Promise<ControlledRun | undefined> {
  const [run] = await db.query<ControlledRun & Record<string, unknown>>(
    `UPDATE longshore.runs SET state = CASE WHEN session_id IS NULL THEN 'paused' ELSE 'pausing' END
     WHERE id = $1 AND state IN (${sqlStates([...predecessors('paused').filter((s) => s !== 'pausing'), ...predecessors('pausing')])})
     RETURNING id, state, concurrency_key, ${WAKE_WORKERS}`,
    [id],
  );
  return run;
}

export async function runResume(db: Queryable, id: number): Promise<ControlledRun | undefined> {
  const [run] = await db.query<ControlledRun & Record<string, unknown>>(
    `UPDATE longshore.runs SET state = 'queued', run_at = now(), rank = ${rankOf('now()', 'priority')},
       gated = concurrency_key IS NOT NULL
     WHERE id = $1 AND state IN ('paused')
     RETURNING id, state, concurrency_key, (SELECT pg_notify('longshore_runs', ''))`,
    [id],
  );
  return run;
}

/** What a session must know of the runs it says it holds. */
export async function runsCommands(
  db: Queryable,
  sessionId: number,
): Promise<{ id: number; epoch: number; state: RunState }[]> {
  return db.query(
    `SELECT id, epoch, state FROM longshore.runs WHERE session_id = $1 AND state IN ('cancelling', 'pausing')`,
    [sessionId],
  );
}

/** Of `held`, those that this session does not hold (any more). */
export async function runsFenced(db: Queryable, sessionId: number, held: readonly RunRef[]): Promise<RunRef[]> {
  return db.query<RunRef>(
    `SELECT h.id, h.epoch FROM unnest($2::bigint[], $3::integer[]) AS h(id, epoch)
     LEFT JOIN longshore.runs r ON r.id = h.id AND r.epoch = h.epoch AND r.session_id = $1
     WHERE r.id IS NULL`,
    [sessionId, held.map((ref) => ref.id), held.map((ref) => ref.epoch)],
  );
}
