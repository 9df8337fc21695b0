import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import type { Queryable, Store } from '../../store/store.ts';
import { logPartitionsCreate, logsOfJob } from './log.ts';

const MINUTE = 60_000;
const JOB = 7;

describe('the log of a job', () => {
  let store: Store;
  /** Now, on a whole minute: offsets of runs and lines are minutes before it. */
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const ago = (minutes: number) => new Date(now - minutes * MINUTE);

  beforeAll(async () => {
    store = (await createTestDatabase()).store;
    await logPartitionsCreate(store, 1);
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.run_logs');
    await store.query('DELETE FROM longshore.runs');
  });

  /** Runs of the job that began at each of the minutes, and lasted so long; null = they still run. */
  async function makeRuns(begun: readonly number[], lasted: number | null, jobId = JOB): Promise<number[]> {
    const rows = await store.query<{ id: number }>(
      `INSERT INTO longshore.runs (job_id, area, kind, name, trigger, queue, priority, rank, run_at, spec, retry_count,
         retry_delay_seconds, state, session_id, created_at, finished_at, log_day)
       SELECT $2, 'datasync', 'noop', 'test', 'manual', 'noop', 1, at, at, '{}', 0, 0,
         CASE WHEN $3::float8 IS NULL THEN 'running' ELSE 'succeeded' END, CASE WHEN $3 IS NULL THEN 1 END, at,
         at + make_interval(mins => $3::integer), (at AT TIME ZONE 'UTC')::date
       FROM unnest($1::timestamptz[]) WITH ORDINALITY AS b(at, n) ORDER BY n RETURNING id`,
      [begun.map(ago), jobId, lasted],
    );
    return rows.map((row) => row.id);
  }

  async function write(runId: number, lines: readonly [minutesAgo: number, message: string, level?: string][]) {
    await store.query(
      `INSERT INTO longshore.run_logs (day, run_id, epoch, seq, at, level, stream, message)
       SELECT r.log_day, r.id, 1, l.n, l.at, l.level, 'system', l.message
       FROM longshore.runs r, unnest($2::timestamptz[], $3::text[], $4::text[]) WITH ORDINALITY AS l(at, message, level, n)
       WHERE r.id = $1`,
      [
        runId,
        lines.map(([at]) => ago(at)),
        lines.map(([, message]) => message),
        lines.map(([, , level]) => level ?? 'info'),
      ],
    );
  }

  const messages = async (filter: Partial<Parameters<typeof logsOfJob>[2]> = {}) =>
    (await logsOfJob(store, JOB, { limit: 100, ...filter })).map((line) => line.message);

  it('has the lines of all of its runs, and of no other job, oldest first', async () => {
    const [first = 0, second = 0] = await makeRuns([30, 20], 5);
    const [foreign = 0] = await makeRuns([25], 5, JOB + 1);
    await write(second, [[19, 'c']]);
    await write(first, [
      [29, 'a'],
      [28, 'b'],
    ]);
    await write(foreign, [[24, 'foreign']]);
    expect(await messages()).toEqual(['a', 'b', 'c']);
    expect((await logsOfJob(store, JOB, { limit: 1 }))[0]).toEqual({
      runId: second,
      epoch: 1,
      seq: 1,
      at: ago(19),
      level: 'info',
      stream: 'system',
      message: 'c',
    });
  });

  it('has the newest when there are more than asked for', async () => {
    for (const [i, id] of (await makeRuns([30, 20, 10], 5)).entries()) {
      const begun = 30 - 10 * i;
      await write(id, [
        [begun - 1, `${i}a`],
        [begun - 2, `${i}b`],
      ]);
    }
    expect(await messages({ limit: 3 })).toEqual(['1b', '2a', '2b']);
  });

  it('keeps to a least level and to bounds, which belong to it', async () => {
    const [id = 0] = await makeRuns([30], null);
    await write(id, [
      [9, 'nine', 'debug'],
      [8, 'eight', 'error'],
      [7, 'seven', 'info'],
      [6, 'six', 'warning'],
    ]);
    expect(await messages({ minLevel: 'warning' })).toEqual(['eight', 'six']);
    expect(await messages({ since: ago(8), until: ago(7) })).toEqual(['eight', 'seven']);
    expect(await messages({ minLevel: 'error', since: ago(7) })).toEqual([]);
  });

  it('interleaves runs that were under way at once', async () => {
    const [long = 0] = await makeRuns([60], null);
    const others = await makeRuns([50, 40, 30], 5);
    await write(
      long,
      [59, 48, 38, 28, 1].map((at) => [at, `long ${at}`]),
    );
    for (const [i, id] of others.entries()) await write(id, [[49 - 10 * i, `short ${49 - 10 * i}`]]);
    expect(await messages({ limit: 4 })).toEqual(['long 38', 'short 29', 'long 28', 'long 1']);
  });

  it('does not mind a worker whose clock goes ahead or behind', async () => {
    const [id = 0] = await makeRuns([10], 0);
    await write(id, [[9.5, 'after its end']]);
    expect(await messages({ since: ago(9.6) })).toEqual(['after its end']);
    expect(await messages({ until: ago(9.4) })).toEqual(['after its end']);
  });

  describe('beside a long history', () => {
    const RUNS = 2000;
    const LINES = 5;

    beforeEach(async () => {
      // A run each half minute, the latest one now.
      const ids = await makeRuns(
        Array.from({ length: RUNS }, (_, n) => (RUNS - n) / 2),
        0,
      );
      await store.query(
        `INSERT INTO longshore.run_logs (day, run_id, epoch, seq, at, level, stream, message)
         SELECT log_day, id, 1, seq, created_at, CASE WHEN id = $1 THEN 'error' ELSE 'info' END, 'system', id || '/' || seq
         FROM longshore.runs, generate_series(1, ${LINES}) seq`,
        [ids[0]],
      );
      await store.query('ANALYZE longshore.runs');
      await store.query('ANALYZE longshore.run_logs');
    });

    /** How many rows of runs and log lines `look` reads. */
    async function rowsRead(look: (db: Queryable) => Promise<unknown>): Promise<number> {
      const count = async (tx: Queryable) => {
        const [row] = await tx.query<{ n: number }>(
          `SELECT sum(seq_tup_read + idx_tup_fetch) AS n FROM pg_stat_xact_user_tables
           WHERE schemaname = 'longshore' AND relname ~ '^run'`,
        );
        return row?.n ?? 0;
      };
      return store.transaction(async (tx) => {
        const before = await count(tx);
        await look(tx);
        return (await count(tx)) - before;
      });
    }

    it('reads little of it for the newest lines, and for those before an instant', async () => {
      const few = (RUNS * LINES) / 10;
      expect(await rowsRead((db) => logsOfJob(db, JOB, { limit: 10 }))).toBeLessThan(few);
      expect(await rowsRead((db) => logsOfJob(db, JOB, { limit: 10, until: ago(900) }))).toBeLessThan(few);
      expect(await rowsRead((db) => logsOfJob(db, JOB, { limit: 1000, since: ago(5) }))).toBeLessThan(few);
    });

    it('finds the right ones', async () => {
      const [last] = await store.query<{ id: number }>(
        'SELECT id FROM longshore.runs WHERE created_at <= $1 ORDER BY id DESC LIMIT 1',
        [ago(900)],
      );
      expect((await messages({ limit: 7, until: ago(900) })).at(-1)).toBe(`${last?.id}/${LINES}`);
      expect(await messages({ limit: 10_000 })).toHaveLength(RUNS * LINES);
      expect(await messages({ minLevel: 'error' })).toHaveLength(LINES);
      expect(await messages({ until: ago(RUNS) })).toEqual([]);
    });
  });
});
