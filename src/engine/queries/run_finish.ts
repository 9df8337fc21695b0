import { storableJson } from '../../kernel/json.ts';
import type { Outcome, RunRef } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';
import { HELD, type RunState, sqlStates, TERMINAL } from '../states.ts';
import { RECORD_ENDED, waitedSql } from './ended.ts';
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
  WHEN i.suspended THEN CASE r.state WHEN 'pausing' THEN 'paused' ELSE 'suspended' END
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

const endedColumns = (
  waited: string,
) => `r.id, r.epoch, r.state, r.job_id, r.area, r.kind, r.watched, r.concurrency_key,
  r.finished_at IS NOT NULL AS final,
  (1000 * date_part('epoch', clock_timestamp() - r.attempt_started_at))::bigint AS duration_ms,
  CASE WHEN r.attempt = 1 THEN ${waited} END AS wait_ms`;

/**
 * Whether the session holds the run at that epoch. Not by `=`, which invites the planner to read all that the session
 * holds for each run.
 */
const STILL_HELD = `r.id = i.id AND r.epoch = i.epoch AND r.session_id IS NOT DISTINCT FROM $1::bigint AND r.state IN (${sqlStates(HELD)})`;

/**
 * Successes with nothing to tell but an exit code: nearly all of them, at a third of the price.
 * The arrays stand in subqueries so that the planner takes them for short and looks runs up by their key; knowing how
 * long they are, it would scan the whole table while that is small.
 */
const END_PLAIN = `UPDATE longshore.runs r SET
    state = CASE r.state WHEN 'cancelling' THEN 'cancelled' ELSE 'succeeded' END, finished_at = now(),
    session_id = NULL, deadline = NULL, exit_code = i.exit_code, log_bytes = r.log_bytes + i.log_bytes
  FROM unnest((SELECT $2::bigint[]), (SELECT $3::integer[]), (SELECT $4::integer[]), (SELECT $5::bigint[]))
    AS i(id, epoch, exit_code, log_bytes)
  WHERE ${STILL_HELD} RETURNING ${endedColumns(waitedSql('r.run_at'))}`;

/** A retry has moved `run_at` on; the subquery still sees the row as it was. What goes back unspent has yet to start. */
const WAITED_OF_OTHERS = `CASE WHEN i.status <> 'released' THEN
  ${waitedSql('(SELECT old.run_at FROM longshore.runs old WHERE old.id = r.id)')} END`;

const END_OTHERS = `UPDATE longshore.runs r SET (state, session_id, deadline, finished_at, exit_code, exit_signal, error,
      output, log_bytes, attempt, failures, gated, run_at, rank, past_attempts) =
    (SELECT d.state, NULL::bigint, NULL::timestamptz, CASE WHEN d.final THEN now() END,
       i.exit_code, i.exit_signal, i.error, i.output, r.log_bytes + i.log_bytes,
       CASE WHEN i.status = 'released' THEN r.attempt - 1 ELSE r.attempt END,
       CASE WHEN i.status IN ('failed', 'timed_out') THEN r.failures + 1 ELSE r.failures END,
       CASE WHEN d.final THEN r.gated ELSE r.concurrency_key IS NOT NULL END,
       d.run_at,
       CASE WHEN d.final THEN r.rank ELSE ${rankOf('d.run_at', 'r.priority')} END,
       CASE WHEN d.final OR i.suspended OR i.status = 'released' THEN r.past_attempts
         ELSE r.past_attempts || jsonb_build_array(jsonb_build_object('attempt', r.attempt, 'outcome', i.status,
           'worker_id', r.worker_id, 'started_at', r.attempt_started_at, 'finished_at', now(),
           'exit_code', i.exit_code, 'exit_signal', i.exit_signal, 'error', i.error)) END
     FROM (SELECT n.state, n.state IN (${sqlStates(TERMINAL)}) AS final,
             CASE WHEN n.state = 'retry_wait' THEN ${RETRY_AT} ELSE r.run_at END AS run_at
           FROM (SELECT ${NEXT_STATE} AS state) n) d)
  FROM jsonb_to_recordset($6::jsonb) AS i(id bigint, epoch integer, status text, suspended boolean, retryable boolean,
    retry_after_ms bigint, exit_code integer, exit_signal text, error text, output jsonb, log_bytes bigint)
  WHERE ${STILL_HELD} RETURNING ${endedColumns(WAITED_OF_OTHERS)}`;

function isPlain(outcome: Outcome): boolean {
  return (
    outcome.status === 'succeeded' && !outcome.suspended && outcome.output === undefined && outcome.error === undefined
  );
}

function arrayOf(values: readonly (number | undefined)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

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
  // In order of id: rows are then locked in the order in which all statements on several runs lock them.
  const sorted = outcomes.toSorted((a, b) => a.id - b.id);
  const plain = sorted.filter(isPlain);
  const others = plain.length === sorted.length ? [] : sorted.filter((outcome) => !isPlain(outcome));
  return db.query<FinishedRun & Record<string, unknown>>(
    `WITH plain AS (${END_PLAIN}), others AS (${END_OTHERS}),
     ended AS (SELECT * FROM plain UNION ALL SELECT * FROM others), ${RECORD_ENDED}
     SELECT id, epoch, state, concurrency_key, (SELECT pg_notify('longshore_events', '')),
       CASE WHEN state = 'queued' THEN pg_notify('longshore_runs', '') END FROM ended`,
    [
      sessionId,
      arrayOf(plain.map((outcome) => outcome.id)),
      arrayOf(plain.map((outcome) => outcome.epoch)),
      arrayOf(plain.map((outcome) => outcome.exit_code)),
      arrayOf(plain.map((outcome) => outcome.log_bytes)),
      storableJson(others),
    ],
  );
}
