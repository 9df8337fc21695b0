import { storableJson } from '../../kernel/json.ts';
import type { LogLine, RunRef } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';
import type { RunLogLine } from '../model.ts';
import { HELD, sqlStates } from '../states.ts';

/**
 * Writes lines of runs that this session holds; a repeated batch is written once.
 * @returns the runs of the batch that it does hold
 */
export async function logsInsert(db: Queryable, sessionId: number, lines: readonly LogLine[]): Promise<RunRef[]> {
  return db.query<RunRef & Record<string, unknown>>(
    `WITH input AS (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS l(id bigint, epoch integer, seq integer, at timestamptz,
         level text, stream text, message text)
     ), held AS (
       SELECT r.id, r.epoch, r.log_day FROM longshore.runs r
       WHERE r.session_id = $1 AND r.state IN (${sqlStates(HELD)})
         AND (r.id, r.epoch) IN (SELECT id, epoch FROM input)
     ), written AS (
       INSERT INTO longshore.run_logs (day, run_id, epoch, seq, at, level, stream, message)
       SELECT held.log_day, i.id, i.epoch, i.seq, i.at, i.level, i.stream, i.message
       FROM input i JOIN held ON held.id = i.id AND held.epoch = i.epoch
       ON CONFLICT DO NOTHING
     )
     SELECT id, epoch, (SELECT pg_notify('longshore_logs', '')) FROM held`,
    [sessionId, storableJson(lines)],
  );
}

/** Lines of a run after (epoch, seq), in order. */
export async function logsAfter(
  db: Queryable,
  runId: number,
  after: { epoch: number; seq: number },
  limit: number,
  levels: readonly string[] | null,
): Promise<RunLogLine[]> {
  return db.query<RunLogLine & Record<string, unknown>>(
    `SELECT epoch, seq, at, level, stream, message FROM longshore.run_logs
     WHERE run_id = $1 AND day = (SELECT log_day FROM longshore.runs WHERE id = $1)
       AND (epoch, seq) > ($2, $3) AND ($5::text[] IS NULL OR level = ANY ($5))
     ORDER BY epoch, seq LIMIT $4`,
    [runId, after.epoch, after.seq, limit, levels],
  );
}

/** Makes the partitions of the coming days; those that exist are left as they are. */
export async function logPartitionsCreate(db: Queryable, days: number): Promise<void> {
  const wanted = await db.query<{ name: string; from: string; to: string }>(
    `SELECT 'run_logs_' || to_char(d, 'YYYYMMDD') AS name, d::text AS from, (d + 1)::text AS to
     FROM (SELECT (now() AT TIME ZONE 'UTC')::date + n AS d FROM generate_series(0, $1) n) days
     WHERE to_regclass('longshore.run_logs_' || to_char(d, 'YYYYMMDD')) IS NULL
       AND NOT EXISTS (SELECT FROM longshore.run_logs_default WHERE day = d)`,
    [days],
  );
  for (const { name, from, to } of wanted) {
    await db.query(
      `CREATE TABLE IF NOT EXISTS longshore.${name} PARTITION OF longshore.run_logs FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
  }
}

/** Drops whole partitions that ended more than `days` ago. @returns their names */
export async function logPartitionsDrop(db: Queryable, days: number): Promise<string[]> {
  const old = await db.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'longshore.run_logs'::regclass AND c.relname ~ '^run_logs_\\d{8}$'
       AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - $1::integer`,
    [days],
  );
  for (const { name } of old) await db.query(`DROP TABLE IF EXISTS longshore.${name}`);
  return old.map((row) => row.name);
}
