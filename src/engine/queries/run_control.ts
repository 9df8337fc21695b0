import { storableJson } from '../../kernel/json.ts';
import type { Json } from '../../protocol/executor.ts';
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

/** Ends runs with their children: those that wait at once, held ones when their worker says that all of it is gone. */
export async function runsCancel(db: Queryable, ids: readonly number[]): Promise<ControlledRun[]> {
  return db.query<ControlledRun & Record<string, unknown>>(
    // Locked in order of id, as reports are: statements on several runs must not wait for each other crosswise.
    `WITH locked AS (
       SELECT id FROM longshore.runs
       WHERE id = ANY (ARRAY(SELECT unnest($1::bigint[]) UNION
                             SELECT c.id FROM longshore.runs c WHERE c.parent_id = ANY ($1::bigint[])))
         AND state IN (${sqlStates(CANCELLABLE)})
       ORDER BY id FOR UPDATE
     ), changed AS (
       UPDATE longshore.runs r SET
         state = CASE WHEN r.session_id IS NULL THEN 'cancelled' ELSE 'cancelling' END,
         finished_at = CASE WHEN r.session_id IS NULL THEN now() END
       FROM locked WHERE r.id = locked.id
       RETURNING r.*
     ), ended AS (
       SELECT id, epoch, state, job_id, area, kind, name, attempt, watched, concurrency_key, true AS final,
         NULL::bigint AS duration_ms, NULL::bigint AS wait_ms
       FROM changed WHERE state = 'cancelled'
     ), ${RECORD_ENDED}
     SELECT id, state, concurrency_key, ${WAKE_WORKERS}, (SELECT pg_notify('longshore_events', '')) FROM changed`,
    [ids],
  );
}

const PAUSABLE = [...predecessors('paused').filter((state) => state !== 'pausing'), ...predecessors('pausing')];

/** Asks a run and its children to stop where they can go on from later; what only waits is paused at once. */
export async function runPause(db: Queryable, id: number): Promise<ControlledRun | undefined> {
  const pause = `UPDATE longshore.runs SET state = CASE WHEN session_id IS NULL THEN 'paused' ELSE 'pausing' END`;
  const pausable = `state IN (${sqlStates(PAUSABLE)})`;
  const [run] = await db.query<ControlledRun & Record<string, unknown>>(
    `WITH paused AS (
       ${pause} WHERE id = $1 AND ${pausable} RETURNING id, state, concurrency_key
     ), children AS (
       ${pause} WHERE parent_id = (SELECT id FROM paused) AND ${pausable}
     )
     SELECT id, state, concurrency_key, ${WAKE_WORKERS} FROM paused`,
    [id],
  );
  return run;
}

/**
 * Lets a run and its children go on. One that is still stopping is running again: its worker either has not heard of the
 * pause, or gives it back.
 */
export async function runResume(db: Queryable, id: number): Promise<ControlledRun | undefined> {
  const goOn = (waiting: string) => `UPDATE longshore.runs r SET
    state = CASE WHEN r.session_id IS NULL THEN ${waiting} ELSE 'running' END,
    run_at = CASE WHEN r.session_id IS NULL THEN now() ELSE r.run_at END,
    rank = CASE WHEN r.session_id IS NULL THEN ${rankOf('now()', 'r.priority')} ELSE r.rank END,
    gated = CASE WHEN r.session_id IS NULL THEN r.concurrency_key IS NOT NULL ELSE r.gated END`;
  const divided = 'EXISTS (SELECT FROM longshore.runs c WHERE c.parent_id = r.id)';
  const [run] = await db.query<ControlledRun & Record<string, unknown>>(
    `WITH resumed AS (
       ${goOn(`CASE WHEN ${divided} THEN 'suspended' ELSE 'queued' END`)}
       WHERE r.id = $1 AND r.state IN ('paused', 'pausing') RETURNING r.id, r.state, r.concurrency_key
     ), children AS (
       ${goOn(`'queued'`)} WHERE r.parent_id = (SELECT id FROM resumed) AND r.state IN ('paused', 'pausing')
     )
     SELECT id, state, concurrency_key, (SELECT pg_notify('longshore_runs', '')) FROM resumed`,
    [id],
  );
  return run;
}

/** How a divided run has ended. */
export interface DividedEnd {
  readonly state: 'succeeded' | 'failed';
  readonly output: Json;
  readonly error: string | null;
}

/** Ends a suspended run. @returns whether it was one */
export async function runSettle(db: Queryable, id: number, { state, output, error }: DividedEnd): Promise<boolean> {
  const ended = await db.query(
    `WITH ended AS (
       UPDATE longshore.runs r SET state = $2, finished_at = now(), output = $3::jsonb, error = $4
       WHERE r.id = $1 AND r.state = 'suspended'
       RETURNING r.id, r.epoch, r.state, r.job_id, r.area, r.kind, r.name, r.attempt, r.watched, r.concurrency_key,
         true AS final, (1000 * date_part('epoch', clock_timestamp() - r.started_at))::bigint AS duration_ms,
         NULL::bigint AS wait_ms
     ), ${RECORD_ENDED}
     SELECT id, (SELECT pg_notify('longshore_events', '')) FROM ended`,
    [id, state, storableJson(output), error],
  );
  return ended.length > 0;
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
