import { beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { enqueueOne } from '../../../test/support/runs.ts';
import type { Queryable, Store } from '../../store/store.ts';
import type { RunState } from '../states.ts';
import { runsCount, runsList } from './run_read.ts';
import { queueDepths } from './statistics.ts';

const HISTORY = 20_000;

describe('live runs beside a long history', () => {
  let store: Store;
  const ids: Record<'queued' | 'gated' | 'running' | 'paused', number> = { queued: 0, gated: 0, running: 0, paused: 0 };

  beforeAll(async () => {
    store = (await createTestDatabase()).store;
    const keyed = { concurrency: { key: 'one at a time', limit: 1 } };
    ids.running = await enqueueOne(store, keyed);
    await store.query(`UPDATE longshore.runs SET state = 'running', session_id = 1 WHERE id = $1`, [ids.running]);
    ids.gated = await enqueueOne(store, keyed);
    ids.queued = await enqueueOne(store);
    ids.paused = await enqueueOne(store);
    await store.query(`UPDATE longshore.runs SET state = 'paused' WHERE id = $1`, [ids.paused]);
    await store.query(
      `INSERT INTO longshore.runs (area, kind, name, trigger, queue, priority, rank, run_at, spec, retry_count,
         retry_delay_seconds, state, finished_at)
       SELECT 'scheduler', 'noop', 'ended', 'manual', 'noop', 1, now(), now(), '{}', 0, 0, 'succeeded', now()
       FROM generate_series(1, ${HISTORY})`,
    );
    await store.query('VACUUM ANALYZE longshore.runs');
  });

  /** What `look` answers, having made sure that it read little of the history. */
  async function cheaply<T>(look: (db: Queryable) => Promise<T>): Promise<T> {
    return store.transaction(async (tx) => {
      const before = await rowsRead(tx);
      const answer = await look(tx);
      expect((await rowsRead(tx)) - before).toBeLessThan(HISTORY / 100);
      return answer;
    });
  }

  async function rowsRead(tx: Queryable): Promise<number> {
    const [row] = await tx.query<{ n: number }>(
      `SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables
       WHERE schemaname = 'longshore' AND relname = 'runs'`,
    );
    return row?.n ?? 0;
  }

  it.each([
    [['running', 'pausing'], ['running']],
    [
      ['scheduled', 'queued'],
      ['queued', 'gated'],
    ],
    [['paused'], ['paused']],
    [['cancelling'], []],
  ] as [RunState[], (keyof typeof ids)[]][])('%j are listed and counted', async (states, expected) => {
    const filter = { area: 'scheduler', states };
    const listed = await cheaply((db) => runsList(db, filter, { limit: 20, offset: 0 }));
    expect(listed.map((run) => run.id)).toEqual(expected.map((name) => ids[name]));
    expect(await cheaply((db) => runsCount(db, filter))).toBe(expected.length);
  });

  it('both halves of a queue count as its depth', async () => {
    expect(await cheaply(queueDepths)).toEqual([expect.objectContaining({ queue: 'noop', depth: 2 })]);
  });

  it('more ended runs than are counted one by one are told by the counters', async () => {
    await store.query(
      `INSERT INTO longshore.run_rollups (day, area, kind, outcome, shard, runs, duration_ms, wait_ms)
       VALUES ((now() AT TIME ZONE 'UTC')::date, 'scheduler', 'noop', 'succeeded', 0, ${HISTORY}, 0, 0)`,
    );
    expect(await runsCount(store, { area: 'scheduler', states: ['succeeded'] })).toBe(HISTORY);
    expect(await runsCount(store, { area: 'scheduler' })).toBe(HISTORY + 4);
  });
});
