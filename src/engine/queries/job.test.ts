import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { enqueueOne } from '../../../test/support/runs.ts';
import type { Store, Tx } from '../../store/store.ts';
import { jobsDue } from './job.ts';

describe('due jobs', () => {
  let store: Store;
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
    await store.query('DELETE FROM longshore.jobs');
  });

  async function insertJobs(count: number, nextFireAt: string, overlap = 'skip'): Promise<number[]> {
    const rows = await store.query<{ id: number }>(
      `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds, cron,
         timezone, overlap, next_fire_at)
       SELECT 'scheduler', 'noop', $2 || n, '{}', 'active', 1, 0, 5, '* * * * *', 'UTC', $2, ${nextFireAt}
       FROM generate_series(1, $1) n RETURNING id`,
      [count, overlap],
    );
    return rows.map((row) => row.id);
  }

  const rowsRead = async (tx: Tx) => {
    const [row] = await tx.query<{ n: number }>(
      `SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables
       WHERE schemaname = 'longshore' AND relname = 'jobs'`,
    );
    return row?.n ?? 0;
  };

  it('are found without a look at the others', async () => {
    await insertJobs(5000, "now() + interval '1 hour'");
    await store.query('ANALYZE longshore.jobs');
    await store.transaction(async (tx) => {
      expect(await jobsDue(tx, 500)).toEqual([]);
      expect(await rowsRead(tx)).toBeLessThan(50);
    });
  });

  it('are due by the clock that their runs are inserted by', async () => {
    const [id] = await insertJobs(1, "now() + interval '1 hour'");
    await store.transaction(async (tx) => {
      await tx.query('SELECT now()');
      await store.query('UPDATE longshore.jobs SET next_fire_at = clock_timestamp() WHERE id = $1', [id]);
      expect(await jobsDue(tx, 500)).toEqual([]);
    });
    expect(await store.transaction((tx) => jobsDue(tx, 500))).toMatchObject([{ id }]);
  });

  it('tell of runs that were committed after the snapshot by which they were found', async () => {
    const [id] = await insertJobs(1, "now() - interval '1 hour'");
    await store.transaction(async (tx) => {
      let committed: Promise<number> | undefined;
      const overtaken: Tx = {
        inTransaction: true,
        async query<Row extends object>(sql: string, params?: readonly unknown[]) {
          const rows = await tx.query<Row>(sql, params);
          committed ??= enqueueOne(store, { jobId: id ?? null });
          await committed;
          return rows;
        },
      };
      expect(await jobsDue(overtaken, 500)).toMatchObject([{ id, live: true, waiting: true, toCancel: [] }]);
    });
  });

  it('name their live runs only to have them cancelled', async () => {
    const [skip] = await insertJobs(1, 'now()', 'skip');
    const [cancel] = await insertJobs(1, 'now()', 'cancel_running');
    for (const jobId of [skip, cancel]) await enqueueOne(store, { jobId: jobId ?? null });
    const running = await enqueueOne(store, { jobId: cancel ?? null });
    await store.query(`UPDATE longshore.runs SET state = 'running', session_id = 1 WHERE id = $1`, [running]);
    const due = await store.transaction((tx) => jobsDue(tx, 500));
    expect(due.find((job) => job.id === skip)?.toCancel).toEqual([]);
    expect(due.find((job) => job.id === cancel)?.toCancel).toHaveLength(2);
  });
});
