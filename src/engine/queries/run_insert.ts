import { storableJson } from '../../kernel/json.ts';
import type { Tx } from '../../store/store.ts';
import { type NewRun, PRIORITIES } from '../model.ts';
import { RECORD_ENDED } from './ended.ts';
import { rankOf } from './rank.ts';

/** The queue of a kind and the tags that its worker must have: `shell`, `python:gpu,linux`. */
function queueName(kind: string, tags: readonly string[]): string {
  return tags.length === 0 ? kind : `${kind}:${[...new Set(tags)].sort().join(',')}`;
}

/** The queues of runs, in order of name: two batches with new queues must not wait for each other. */
function queuesOf(runs: readonly NewRun[]): readonly object[] {
  const queues = new Map(runs.map((run) => [queueName(run.kind, run.tags), run]));
  return [...queues]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, run]) => ({ name, kind: run.kind, tags: [...new Set(run.tags)] }));
}

/** The columns of `$1`, runs as JSON. */
const GIVEN = `jsonb_to_recordset($1::jsonb) AS i(job_id bigint, parent_id bigint, area text, kind text, name text, trigger text, queue text,
  priority smallint, run_at timestamptz, fire_at timestamptz, concurrency_key text, ordered boolean, spec jsonb,
  retry_count integer, retry_delay_seconds integer, timeout_seconds integer, watched boolean, created_by bigint)`;

function insertSql(state: string, finishedAt: string): string {
  return `INSERT INTO longshore.runs (job_id, parent_id, area, kind, name, trigger, state, queue, priority, rank, run_at, fire_at,
      gated, concurrency_key, ordered, spec, retry_count, retry_delay_seconds, timeout_seconds, watched, created_by, finished_at)
    SELECT job_id, parent_id, area, kind, name, trigger, ${state}, queue, priority,
      ${rankOf('coalesce(run_at, now())', 'priority')}, coalesce(run_at, now()), fire_at,
      concurrency_key IS NOT NULL, concurrency_key, ordered, spec, retry_count, retry_delay_seconds, timeout_seconds,
      watched, created_by, ${finishedAt}
    FROM ${GIVEN}
    ON CONFLICT (job_id, fire_at) WHERE fire_at IS NOT NULL DO NOTHING`;
}

function toRow(run: NewRun): Record<string, unknown> {
  return {
    job_id: run.jobId,
    parent_id: run.parentId ?? null,
    area: run.area,
    kind: run.kind,
    name: run.name,
    trigger: run.trigger,
    queue: queueName(run.kind, run.tags),
    priority: PRIORITIES.indexOf(run.priority),
    run_at: run.runAt,
    fire_at: run.fireAt,
    concurrency_key: run.concurrency?.key ?? null,
    ordered: run.concurrency?.ordered ?? false,
    spec: run.spec,
    retry_count: run.retryCount,
    retry_delay_seconds: run.retryDelaySeconds,
    timeout_seconds: run.timeoutSeconds,
    watched: run.watched,
    created_by: run.createdBy,
  };
}

/**
 * Inserts runs, keyed ones gated, makes their queues known to those who lease, and tells them: in one statement, since
 * each more is a round trip between a trigger and its start. A second run for one (job, fire time) is left out.
 * @returns the ids, in the order given (without those left out)
 */
export async function runsInsert(tx: Tx, runs: readonly NewRun[]): Promise<number[]> {
  const state = `CASE WHEN i.run_at IS NULL OR i.run_at <= now() THEN 'queued' ELSE 'scheduled' END`;
  const isLater = runs.some(({ runAt }) => runAt !== null && runAt.getTime() > Date.now());
  const rows = await tx.query<{ id: number }>(
    `WITH known AS (
       INSERT INTO longshore.queues (name, kind, tags)
       SELECT q.name, q.kind, q.tags FROM jsonb_to_recordset($2::jsonb) AS q(name text, kind text, tags text[])
       -- Seldom is one new.
       WHERE NOT EXISTS (SELECT FROM longshore.queues known WHERE known.name = q.name)
       ON CONFLICT DO NOTHING
     ), inserted AS (
       ${insertSql(state, 'NULL')} RETURNING id
     )
     SELECT id, (SELECT pg_notify('longshore_runs', ''))${isLater ? ", (SELECT pg_notify('longshore_due', ''))" : ''}
     FROM inserted`,
    [storableJson(runs.map(toRow)), storableJson(queuesOf(runs))],
  );
  return rows.map((row) => row.id);
}

/** Records firings that an overlap policy let go, so that nobody need wonder where they went. */
export async function runsInsertSkipped(tx: Tx, runs: readonly NewRun[]): Promise<void> {
  await tx.query(
    `WITH ended AS (
       ${insertSql(`'skipped'`, 'now()')}
       RETURNING id, state, job_id, area, kind, name, attempt, watched, true AS final, NULL::bigint AS duration_ms,
         NULL::bigint AS wait_ms
     ), ${RECORD_ENDED}
     SELECT pg_notify('longshore_events', '')`,
    [storableJson(runs.map(toRow))],
  );
}
