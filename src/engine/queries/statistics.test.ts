import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { enqueueOne } from '../../../test/support/runs.ts';
import type { Store } from '../../store/store.ts';
import { queueDepths } from './statistics.ts';

describe('how long the oldest run of a queue has waited', () => {
  let store: Store;
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
  });

  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  async function oldestMinutes(): Promise<number> {
    const [noop] = await queueDepths(store);
    return Math.round((noop?.oldestSeconds ?? 0) / 60);
  }

  it('is told of one that others go ahead of', async () => {
    await enqueueOne(store, { priority: 'low', runAt: minutesAgo(50) });
    await enqueueOne(store, { priority: 'critical', runAt: minutesAgo(1) });
    expect(await oldestMinutes()).toBe(50);
  });

  it('is told of one that its concurrency key holds back', async () => {
    const concurrency = { key: 'one at a time', limit: 1 };
    await enqueueOne(store, { concurrency, runAt: minutesAgo(40), priority: 'low' });
    await enqueueOne(store, { concurrency, runAt: minutesAgo(20), priority: 'critical' });
    await store.query(`UPDATE longshore.runs SET gated = priority = 0`);
    expect(await oldestMinutes()).toBe(40);
    expect((await queueDepths(store))[0]?.depth).toBe(2);
  });

  it('is nothing where none waits', async () => {
    await store.query(`UPDATE longshore.runs SET state = 'paused'`);
    expect(await queueDepths(store)).toEqual([{ queue: 'noop', depth: 0, oldestSeconds: 0 }]);
  });
});
