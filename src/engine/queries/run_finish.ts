import { storableJson } from '../../kernel/json.ts';
import type { Outcome, RunRef } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';
import { HELD, type RunState, sqlStates, TERMINAL } from '../states.ts';
import { RECORD_ENDED } from './ended.ts';
import { rankOf } from './rank.ts';

/** A retry never waits longer than this, unless the executor was told a longer `Retry-After`. */
export const RETRY_CAP_SECONDS = 900;
/** However long a server asks us to stay away. */
const RETRY_AFTER_CAP_SECONDS = 86_400;

export interface FinishedRun extends RunRef {
  readonly state: RunState;
  readonly concurrency_key: string | null;
}

/** What the row becomes, by what it was and what the worker says. Every pair is one of states.ts. */
const NEXT_STATE = `CASE
  WHEN r.state = 'cancelling' THEN 'cancelled'
  WHEN i.status = 'succeeded' THEN 'succeeded'
  WHEN i.status IN ('released', 'paused', 'cancelled') THEN CASE r.state WHEN 'pausing' THEN 'paused' ELSE 'queued' END
  WHEN i.retryable AND r.failures < r.retry_count THEN CASE r.state WHEN 'pausing' THEN 'paused' ELSE 'retry_wait' END
  ELSE 'failed' END`;

/**
 * Full jitter: anywhere between nothing and the exponential ceiling, so that failures at one time spread out.
 * Not by coalesce: least() passes over NULL, so without a `Retry-After` it would answer the cap.
 */
const RETRY_AT = `now() + make_interval(secs => CASE WHEN i.retry_after_ms IS NULL
  THEN random() * least(${RETRY_CAP_SECONDS}, r.retry_delay_seconds * power(2, least(r.failures, 30)))
  ELSE least(i.retry_after_ms / 1000.0, ${RETRY_AFTER_CAP_SECONDS}) END)`;

export const PAST_ATTEMPT = (outcome: string, error: string) => `jsonb_build_array(jsonb_build_object(
  'attempt', r.attempt, 'outcome', ${outcome}, 'worker_id', r.worker_id, 'started_at', r.attempt_started_at,
  'finished_at', now(), 'exit_code', NULL::int, 'exit_signal', NULL::text, 'error', ${error}))`;

/**
 * Records how attempts ended: one statement for all of them, with the roll-ups, the event and the reports to areas.
 * Only rows that this session holds at that epoch change; the others are stale and are not in the answer.
 * Repeating it after a lost answer changes nothing: the rows are no longer held.
 */
export async function runsFinish(
  db: Queryable,
  sessionId: number,
  outcomes: readonly Outcome[],
): Promise<FinishedRun[]> {
  return db.query<FinishedRun & Record<string, unknown>>(
    `WITH input AS (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS i(id bigint, epoch integer, status text, retryable boolean,
         retry_after_ms bigint, exit_code integer, exit_signal text, error text, output jsonb, log_bytes bigint)
     ), ended AS (
       UPDATE longshore.runs r SET (state, session_id, deadline, finished_at, exit_code, exit_signal, error, output,
           log_bytes, attempt, failures, gated, run_at, rank, past_attempts) =
         (SELECT d.state, NULL::bigint, NULL::timestamptz,
            CASE WHEN d.state IN (${sqlStates(TERMINAL)}) THEN now() END,
            i.exit_code, i.exit_signal, i.error, i.output, r.log_bytes + i.log_bytes,
            CASE WHEN i.status = 'released' THEN r.attempt - 1 ELSE r.attempt END,
            CASE WHEN i.status IN ('failed', 'timed_out') THEN r.failures + 1 ELSE r.failures END,
            CASE WHEN d.final THEN r.gated ELSE r.concurrency_key IS NOT NULL END,
            d.run_at,
            CASE WHEN d.final THEN r.rank ELSE ${rankOf('d.run_at', 'r.priority')} END,
            CASE WHEN d.final OR i.status = 'released' THEN r.past_attempts
              ELSE r.past_attempts || jsonb_build_array(jsonb_build_object('attempt', r.attempt, 'outcome', i.status,
                'worker_id', r.worker_id, 'started_at', r.attempt_started_at, 'finished_at', now(),
                'exit_code', i.exit_code, 'exit_signal', i.exit_signal, 'error', i.error)) END
          FROM (SELECT n.state, n.state IN (${sqlStates(TERMINAL)}) AS final,
                  CASE WHEN n.state = 'retry_wait' THEN ${RETRY_AT} ELSE r.run_at END AS run_at
                FROM (SELECT ${NEXT_STATE} AS state) n) d)
       FROM input i
       WHERE r.id = i.id AND r.epoch = i.epoch AND r.session_id = $1 AND r.state IN (${sqlStates(HELD)})
       RETURNING r.id, r.epoch, r.state, r.job_id, r.area, r.kind, r.name, r.attempt, r.watched, r.concurrency_key,
         r.finished_at IS NOT NULL AS final,
         round(1000 * extract(epoch FROM clock_timestamp() - r.attempt_started_at))::bigint AS duration_ms,
         greatest(0, round(1000 * extract(epoch FROM r.started_at - least(r.run_at, r.started_at))))::bigint AS wait_ms
     ), ${RECORD_ENDED}
     SELECT id, epoch, state, concurrency_key, (SELECT pg_notify('longshore_events', '')),
       CASE WHEN state = 'queued' THEN pg_notify('longshore_runs', '') END FROM ended`,
    // In order of id: rows are then locked in the order in which all statements on several runs lock them.
    [sessionId, storableJson(outcomes.toSorted((a, b) => a.id - b.id))],
  );
}
