import path from 'node:path';
import { packageRoot } from '../../src/kernel/package.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { TemporaryPostgres } from '../../test/support/temporary-postgres.ts';

/** Rows a statement: so that progress shows, and no transaction is enormous. */
const CHUNK = 500_000;
const COLUMNS = `area, kind, name, trigger, queue, priority, rank, run_at, spec, retry_count, retry_delay_seconds,
  job_id, state, epoch, attempt, worker_id, started_at, attempt_started_at, finished_at, created_at`;

/** How many jobs the history belongs to. */
export const HISTORY_JOBS = 1000;

async function inChunks(count: number, insert: (from: number, to: number) => Promise<unknown>): Promise<void> {
  for (let from = 1; from <= count; from += CHUNK) await insert(from, Math.min(count, from + CHUNK - 1));
}

/** Runs that wait, as `enqueue` would have made them. */
export async function insertQueued(postgres: TemporaryPostgres, database: string, count: number): Promise<void> {
  await postgres.administer(
    "INSERT INTO longshore.queues (name, kind, tags) VALUES ('noop', 'noop', '{}') ON CONFLICT DO NOTHING",
    database,
  );
  await inChunks(count, (from, to) =>
    postgres.administer(
      `INSERT INTO longshore.runs (${COLUMNS})
       SELECT 'scheduler', 'noop', 'waiting', 'manual', 'noop', 1, now() - interval '10 minutes', now(), '{}', 0, 0,
         NULL, 'queued', 0, 0, NULL, NULL, NULL, NULL, now()
       FROM generate_series(${from}, ${to})`,
      database,
    ),
  );
}

const HISTORY_DATABASE = 'bench_history';

/** A database of ended runs. @returns its URL */
export async function createHistory(
  postgres: TemporaryPostgres,
  count: number,
  say: (text: string) => void,
): Promise<string> {
  say(`making ${count.toLocaleString('en')} ended runs`);
  const url = await postgres.createDatabase(HISTORY_DATABASE);
  await migrate(url, path.join(packageRoot, 'src/store/migrations'));
  await insertHistory(postgres, HISTORY_DATABASE, count);
  await postgres.administer('VACUUM ANALYZE', HISTORY_DATABASE);
  await postgres.administer('CHECKPOINT');
  return url;
}

/** Runs that ended over the last 30 days, one in 500 of them failed. With the counters that they would have left. */
async function insertHistory(postgres: TemporaryPostgres, database: string, count: number): Promise<void> {
  await inChunks(count, (from, to) =>
    postgres.administer(
      `INSERT INTO longshore.runs (${COLUMNS})
       SELECT 'scheduler', 'noop', 'ended', 'schedule', 'noop', 1, at, at, '{}', 0, 0, n % ${HISTORY_JOBS} + 1,
         CASE WHEN n % 500 = 0 THEN 'failed' ELSE 'succeeded' END, 1, 1, 'worker-1', at, at, at + interval '1 second', at
       FROM (SELECT n, now() - interval '30 days' * (1 - n::float8 / ${count}) AS at
             FROM generate_series(${from}, ${to}) n) ended`,
      database,
    ),
  );
  await postgres.administer(
    `INSERT INTO longshore.run_rollups (day, area, kind, job_id, outcome, shard, runs, duration_ms, wait_ms)
     SELECT (finished_at AT TIME ZONE 'UTC')::date, area, kind, job_id, state, 0, count(*), count(*) * 1000, 0
     FROM longshore.runs WHERE finished_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5`,
    database,
  );
  await postgres.administer(
    `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds)
     SELECT 'scheduler', 'noop', 'job ' || n, '{}', 'active', 1, 0, 0 FROM generate_series(1, ${HISTORY_JOBS}) n`,
    database,
  );
}
