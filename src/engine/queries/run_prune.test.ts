import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { enqueueAll, newRun } from '../../../test/support/runs.ts';
import type { Store } from '../../store/store.ts';
import { runsPrune } from './run_prune.ts';

describe('pruning runs in batches', () => {
  let store: Store;
  let ids: number[];
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
    ids = await enqueueAll(
      store,
      Array.from({ length: 6 }, () => newRun()),
    );
  });

  /** Makes the first `count` runs older than the retention; all but those that `stillLive` have ended. */
  async function age(count: number, stillLive: readonly number[] = []): Promise<void> {
    await store.query(
      `UPDATE longshore.runs SET created_at = now() - interval '40 days',
         state = CASE WHEN id = ANY ($2) THEN state ELSE 'succeeded' END,
         finished_at = CASE WHEN id = ANY ($2) THEN NULL ELSE now() - interval '35 days' END
       WHERE id = ANY ($1)`,
      [ids.slice(0, count), stillLive],
    );
  }

  const left = async () =>
    (await store.query<{ id: number }>('SELECT id FROM longshore.runs ORDER BY id')).map(({ id }) => id);

  it('looks at one batch alone when nothing is old', async () => {
    expect(await runsPrune(store, 30, 0, 2)).toEqual({ deleted: 0, nextAfterId: null });
    expect(await left()).toEqual(ids);
  });

  it('goes on after a batch of old ones, and stops at the first that holds a younger one', async () => {
    await age(3);
    const first = await runsPrune(store, 30, 0, 2);
    expect(first).toEqual({ deleted: 2, nextAfterId: ids[1] });
    expect(await runsPrune(store, 30, first.nextAfterId ?? 0, 2)).toEqual({ deleted: 1, nextAfterId: null });
    expect(await left()).toEqual(ids.slice(3));
  });

  it('passes old runs that still live', async () => {
    await age(4, ids.slice(0, 2));
    const first = await runsPrune(store, 30, 0, 2);
    expect(first).toEqual({ deleted: 0, nextAfterId: ids[1] });
    expect(await runsPrune(store, 30, first.nextAfterId ?? 0, 2)).toEqual({ deleted: 2, nextAfterId: ids[3] });
    expect(await left()).toEqual([...ids.slice(0, 2), ...ids.slice(4)]);
  });

  it('does not read all of a history in which nothing is old', async () => {
    await store.query('ANALYZE longshore.runs');
    const read = await store.transaction(async (tx) => {
      await tx.query('SET LOCAL enable_seqscan = off');
      const before = await reads(tx);
      await runsPrune(tx, 30, 0, 2);
      return (await reads(tx)) - before;
    });
    expect(read).toBeLessThan(ids.length);
  });

  /** Rows of runs that this transaction has read. */
  async function reads(tx: { query: Store['query'] }): Promise<number> {
    const [row] = await tx.query<{ n: number }>(
      `SELECT coalesce(seq_tup_read + idx_tup_fetch, 0) AS n FROM pg_stat_xact_user_tables
       WHERE schemaname = 'longshore' AND relname = 'runs'`,
    );
    return row?.n ?? 0;
  }
});
