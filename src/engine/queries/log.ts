import { storableJson } from '../../kernel/json.ts';
import { LOG_LINE_LEVELS, type LogLineLevel } from '../../protocol/executor.ts';
import type { LogLine, RunRef } from '../../protocol/worker.ts';
import { type Queryable, type Store, sqlState, type Tx } from '../../store/store.ts';
import type { JobLogLine, RunLogLine } from '../model.ts';
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

/** The levels from `least` upwards; null = all. */
export function levelsFrom(least: LogLineLevel | undefined): readonly LogLineLevel[] | null {
  return least === undefined ? null : LOG_LINE_LEVELS.slice(LOG_LINE_LEVELS.indexOf(least));
}

export interface JobLogFilter {
  readonly minLevel?: LogLineLevel | undefined;
  /** Lines of that instant and later. */
  readonly since?: Date | undefined;
  /** Lines of that instant and earlier. */
  readonly until?: Date | undefined;
  /** Most lines in the answer. */
  readonly limit: number;
}

/** Runs that are looked at together. */
const JOB_BATCH = 50;
/** One call looks at so many runs and bytes of log; where few lines match, the rest of a long history is not read. */
const JOB_MOST_RUNS = 5000;
const JOB_MOST_BYTES = 256 * 1024 * 1024;
/** Lines bear their worker's time, runs the database's. */
const CLOCK_SKEW_MS = 60_000;

interface JobLogRun {
  readonly id: number;
  readonly log_day: string | null;
  readonly log_bytes: number;
  readonly finished_at: Date | null;
}

/**
 * Lines of all runs of a job: the newest `limit` that match, oldest first. It goes back from run to run, reads the
 * lines of each from their end, in the partition of its day, and stops at runs that ended before what it has.
 * Behind 5000 runs or 256 MiB of log it stops too: older lines are found by a call with `until`.
 */
export async function logsOfJob(db: Queryable, jobId: number, filter: JobLogFilter): Promise<JobLogLine[]> {
  let newest: JobLogLine[] = [];
  let since = filter.since ?? null;
  let beforeId = filter.until ? await firstRunAfter(db, jobId, new Date(filter.until.getTime() + CLOCK_SKEW_MS)) : null;
  let bytes = 0;
  for (let runs = 0; runs < JOB_MOST_RUNS && bytes < JOB_MOST_BYTES; runs += JOB_BATCH) {
    const batch: JobLogRun[] = await runsWithLogs(db, jobId, beforeId);
    const fresh = batch.filter(({ finished_at }) => !since || !finished_at || endedAfter(finished_at, since));
    if (fresh.length === 0) break;
    newest = newestOf([...newest, ...(await linesOf(db, fresh, { ...filter, since }))], filter.limit);
    if (newest.length === filter.limit) since = newest.at(-1)?.at ?? since;
    bytes += fresh.reduce((sum, run) => sum + run.log_bytes, 0);
    beforeId = batch.at(-1)?.id ?? null;
    if (batch.length < JOB_BATCH) break;
  }
  return newest.reverse();
}

function endedAfter(finishedAt: Date, since: Date): boolean {
  return finishedAt.getTime() >= since.getTime() - CLOCK_SKEW_MS;
}

/** The newest first. */
function newestOf(lines: JobLogLine[], limit: number): JobLogLine[] {
  lines.sort((a, b) => b.at.getTime() - a.at.getTime() || b.runId - a.runId || b.epoch - a.epoch || b.seq - a.seq);
  return lines.slice(0, limit);
}

/** The next runs of a job below `beforeId` (null = the latest), the latest first. */
async function runsWithLogs(db: Queryable, jobId: number, beforeId: number | null): Promise<JobLogRun[]> {
  return db.query<JobLogRun & Record<string, unknown>>(
    `SELECT id, log_day, log_bytes, finished_at FROM longshore.runs
     WHERE job_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT ${JOB_BATCH}`,
    [jobId, beforeId],
  );
}

async function linesOf(
  db: Queryable,
  runs: readonly JobLogRun[],
  { minLevel, since, until, limit }: Omit<JobLogFilter, 'since'> & { since: Date | null },
): Promise<JobLogLine[]> {
  return db.query<JobLogLine & Record<string, unknown>>(
    `SELECT l.run_id AS "runId", l.epoch, l.seq, l.at, l.level, l.stream, l.message
     FROM unnest($1::bigint[], $2::date[]) AS r(id, day) CROSS JOIN LATERAL (
       SELECT * FROM longshore.run_logs
       WHERE run_id = r.id AND day = r.day AND ($3::text[] IS NULL OR level = ANY ($3))
         AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at <= $5)
       ORDER BY epoch DESC, seq DESC LIMIT $6) l
     ORDER BY l.at DESC, l.run_id DESC, l.epoch DESC, l.seq DESC LIMIT $6`,
    [runs.map((run) => run.id), runs.map((run) => run.log_day), levelsFrom(minLevel), since, until ?? null, limit],
  );
}

/**
 * The id of the job's first run that was made after `time`; null when there is none. Ids rise with the time of making,
 * so halving what lies between the job's first and last run finds it in some thirty probes of the index.
 */
async function firstRunAfter(db: Queryable, jobId: number, time: Date): Promise<number | null> {
  const [row] = await db.query<{ id: number }>(
    `WITH RECURSIVE step AS (
       SELECT min(id) AS low, max(id) + 1 AS high FROM longshore.runs WHERE job_id = $1
       UNION ALL
       SELECT coalesce(early.id + 1, s.low), CASE WHEN early.id IS NULL THEN (s.low + s.high) / 2 ELSE s.high END
       FROM step s LEFT JOIN LATERAL (
         SELECT id FROM (SELECT id, created_at FROM longshore.runs
                         WHERE job_id = $1 AND id >= (s.low + s.high) / 2 AND id < s.high ORDER BY id LIMIT 1) probe
         WHERE created_at <= $2) early ON true
       WHERE s.low < s.high
     )
     SELECT high AS id FROM step WHERE low >= high`,
    [jobId, time],
  );
  return row?.id ?? null;
}

/** Kept below the server's deadlock_timeout: whoever waits for us is let through before anyone is cancelled. */
const LOCK_TIMEOUT = '500ms';
/** SQLSTATE of a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** What became of partitions that were to be made or dropped. */
export interface PartitionChange {
  readonly done: string[];
  /** Left for the next round, since somebody (a backup, a long report) reads them. */
  readonly busy: string[];
}

/**
 * Changes partitions one by one, each in a transaction that gives up rather than wait long for its lock: whoever writes
 * log lines would queue behind it.
 */
async function changeEach<Partition extends { readonly name: string }>(
  store: Store,
  partitions: readonly Partition[],
  change: (tx: Tx, partition: Partition) => Promise<boolean>,
): Promise<PartitionChange> {
  const done: string[] = [];
  for (const [i, partition] of partitions.entries()) {
    try {
      const changed = await store.transaction(async (tx) => {
        await tx.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
        // One server at a time: this lock excludes itself, and no reader or writer.
        await tx.query('LOCK TABLE ONLY longshore.run_logs IN SHARE UPDATE EXCLUSIVE MODE');
        return change(tx, partition);
      });
      if (changed) done.push(partition.name);
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      // Who reads this one most likely holds the others too.
      return { done, busy: partitions.slice(i).map(({ name }) => name) };
    }
  }
  return { done, busy: [] };
}

async function exists(tx: Tx, name: string): Promise<boolean> {
  return (await tx.query(`SELECT WHERE to_regclass('longshore.${name}') IS NOT NULL`)).length > 0;
}

/**
 * Makes the partitions of today and the `days` after; those that exist are left as they are. A table is made and then
 * attached, since CREATE TABLE … PARTITION OF would keep all writers of log lines out, and attaching does not.
 */
export async function logPartitionsCreate(store: Store, days: number): Promise<PartitionChange> {
  const wanted = await store.query<{ name: string; from: string; to: string }>(
    `SELECT 'run_logs_' || to_char(d, 'YYYYMMDD') AS name, d::text AS from, (d + 1)::text AS to
     FROM (SELECT (now() AT TIME ZONE 'UTC')::date + n AS d FROM generate_series(0, $1) n) days
     WHERE to_regclass('longshore.run_logs_' || to_char(d, 'YYYYMMDD')) IS NULL
       AND NOT EXISTS (SELECT FROM longshore.run_logs_default WHERE day = d)`,
    [days],
  );
  return changeEach(store, wanted, async (tx, { name, from, to }) => {
    if (await exists(tx, name)) return false;
    await tx.query(`CREATE TABLE longshore.${name} (LIKE longshore.run_logs)`);
    await tx.query(
      `ALTER TABLE longshore.run_logs ATTACH PARTITION longshore.${name}
       FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
    return true;
  });
}

/** Drops whole partitions that ended more than `days` ago. */
export async function logPartitionsDrop(store: Store, days: number): Promise<PartitionChange> {
  const old = await store.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'longshore.run_logs'::regclass AND c.relname ~ '^run_logs_\\d{8}$'
       AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - $1::integer`,
    [days],
  );
  return changeEach(store, old, async (tx, { name }) => {
    if (!(await exists(tx, name))) return false;
    // The partition before its parent, which DROP locks too: a long reader holds both, and is met where nobody who
    // writes today's lines waits behind us.
    await tx.query(`LOCK TABLE longshore.${name} IN ACCESS EXCLUSIVE MODE`);
    await tx.query(`DROP TABLE longshore.${name}`);
    return true;
  });
}

/**
 * Deletes lines older than `days` from the partition that takes what no other does, at most `limit` of them.
 * @returns how many
 */
export async function strayLogsPrune(db: Queryable, days: number, limit: number): Promise<number> {
  const deleted = await db.query(
    `DELETE FROM longshore.run_logs_default WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM longshore.run_logs_default WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::integer LIMIT $2))
     RETURNING 1`,
    [days, limit],
  );
  return deleted.length;
}
