import { beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import { enqueueOne } from '../../../test/support/runs.ts';
import type { Store } from '../../store/store.ts';
import { logPartitionsCreate } from '../queries/log.ts';
import { pruner } from './pruner.ts';

describe('pruner', () => {
  let store: Store;
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
  });

  const round = async () => {
    const daemon = pruner(store, silent, 30);
    await daemon.start();
    await daemon.stop();
  };
  const partitions = async () =>
    (
      await store.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'longshore.run_logs'::regclass ORDER BY 1`,
      )
    ).map((row) => row.name);

  it('makes the coming days once, also when several servers do', async () => {
    await Promise.allSettled([round(), round(), round()]);
    await round();
    expect(await partitions()).toHaveLength(5);
  });

  it('drops log partitions that are older than the retention, whole', async () => {
    await store.query(`CREATE TABLE longshore.run_logs_20200101 PARTITION OF longshore.run_logs
      FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')`);
    await round();
    expect(await partitions()).not.toContain('run_logs_20200101');
  });

  it('leaves partitions to a later round while somebody reads, and does the rest of its round', async () => {
    const last = (await partitions()).at(-2);
    await store.query(`DROP TABLE longshore.${last}`);
    await store.query(`CREATE TABLE longshore.run_logs_20200101 PARTITION OF longshore.run_logs
      FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')`);
    await store.query(`INSERT INTO longshore.events (topic, payload, at) VALUES ('old', '{}', '2020-01-01')`);
    await store.transaction(async (reader) => {
      await reader.query('SELECT FROM longshore.run_logs');
      await round();
      expect(await partitions()).toContain('run_logs_20200101');
      expect(await partitions()).not.toContain(last);
      expect(await store.query(`SELECT FROM longshore.events WHERE topic = 'old'`)).toEqual([]);
    });
    await round();
    expect(await partitions()).not.toContain('run_logs_20200101');
    expect(await partitions()).toContain(last);
  });

  it('makes partitions without keeping out those who write lines', async () => {
    await store.transaction(async (writer) => {
      await writer.query(`INSERT INTO longshore.run_logs
        SELECT (now() AT TIME ZONE 'UTC')::date, 1, 1, 1, now(), 'info', 'stdout', 'under way'`);
      const { done, busy } = await logPartitionsCreate(store, 4);
      expect({ done, busy }).toEqual({ done: [expect.any(String)], busy: [] });
    });
    await store.query(`DROP TABLE longshore.${(await partitions()).at(-2)}`);
  });

  it('leaves a day alone whose lines went to the default partition', async () => {
    await store.query(`INSERT INTO longshore.run_logs
      SELECT (now() AT TIME ZONE 'UTC')::date + 4, 1, 1, 1, now(), 'info', 'stdout', 'early'`);
    await logPartitionsCreate(store, 4);
    expect(await partitions()).toHaveLength(5);
  });

  it('removes old lines that went to the default partition', async () => {
    await store.query(`INSERT INTO longshore.run_logs
      SELECT (now() AT TIME ZONE 'UTC')::date - days, days, 1, 1, now(), 'info', 'stdout', 'stray'
      FROM unnest(ARRAY[29, 31, 400]) AS days`);
    await round();
    const left = await store.query(`SELECT run_id FROM longshore.run_logs_default WHERE message = 'stray'`);
    expect(left).toEqual([{ run_id: 29 }]);
  });

  it('folds the counters of past days, and leaves those of today to whoever adds to them', async () => {
    await store.query(
      `INSERT INTO longshore.run_rollups (day, area, kind, job_id, outcome, shard, runs, duration_ms, wait_ms)
       SELECT (now() AT TIME ZONE 'UTC')::date - back, 'scheduler', 'noop', job, 'succeeded', shard, 1, 10, 100
       FROM generate_series(0, 2) back, generate_series(1, 2) job, generate_series(0, 15) shard
       WHERE back <> 2 OR shard > 13`,
    );
    await Promise.all([round(), round()]);
    const days = await store.query(
      `SELECT (now() AT TIME ZONE 'UTC')::date - day AS back, count(*) AS n, sum(runs) AS runs,
         sum(duration_ms) AS duration, sum(wait_ms) AS wait
       FROM longshore.run_rollups WHERE job_id > 0 GROUP BY day ORDER BY back`,
    );
    expect(days).toEqual([
      { back: 0, n: 32, runs: 32, duration: 320, wait: 3200 },
      { back: 1, n: 2, runs: 32, duration: 320, wait: 3200 },
      { back: 2, n: 2, runs: 4, duration: 40, wait: 400 },
    ]);
  });

  it('removes runs that ended before the retention, and no others', async () => {
    const old = await enqueueOne(store);
    const live = await enqueueOne(store);
    const recent = await enqueueOne(store);
    await store.query(
      `UPDATE longshore.runs SET state = 'succeeded', created_at = now() - interval '32 days',
         finished_at = now() - interval '31 days' WHERE id = $1`,
      [old],
    );
    await store.query(`UPDATE longshore.runs SET state = 'succeeded', finished_at = now() WHERE id = $1`, [recent]);
    await store.query(`UPDATE longshore.runs SET created_at = now() - interval '60 days' WHERE id IN ($1, $2)`, [
      live,
      recent,
    ]);
    await round();
    const left = await store.query<{ id: number }>('SELECT id FROM longshore.runs ORDER BY id');
    expect(left.map((row) => row.id)).toEqual([live, recent]);
  });
});
