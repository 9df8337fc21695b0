import { storableJson } from '../../kernel/json.ts';
import type { LogLine, RunRef } from '../../protocol/worker.ts';
import { type Queryable, type Store, sqlState, type Tx } from '../../store/store.ts';
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
