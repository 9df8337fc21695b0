import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { Listener } from '../store/listener.ts';
import type { Queryable, Store } from '../store/store.ts';
import { Bus, type BusEvent, eventsPrune, publish } from './bus.ts';

describe('event bus', () => {
  let url: string;
  let store: Store;
  const open: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    ({ directUrl: url, store } = await createTestDatabase());
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const service of open.splice(0).reverse()) await service.stop();
  });

  async function hear({ hints = true, db = store }: { hints?: boolean; db?: Queryable } = {}) {
    const listener = new Listener({ url, logger: silent });
    const bus = new Bus({ db, listener, logger: silent });
    if (hints) await listener.start();
    await bus.start();
    open.push(listener, bus);
    const heard: BusEvent[] = [];
    const waiting: (() => void)[] = [];
    bus.subscribe((event) => {
      heard.push(event);
      for (const wake of waiting.splice(0)) wake();
    });
    return {
      async next(count: number): Promise<unknown[]> {
        while (heard.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
        return heard.map((event) => event.payload);
      },
    };
  }

  it('tells every subscriber of what commits, and not of what rolls back', async () => {
    const [one, two] = [await hear(), await hear()];
    await publish(store, 'test', { n: 1 });
    await store
      .transaction(async (tx) => {
        await publish(tx, 'test', { n: 2 });
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await publish(store, 'test', { n: 3 });
    expect(await one.next(2)).toEqual([{ n: 1 }, { n: 3 }]);
    expect(await two.next(2)).toEqual([{ n: 1 }, { n: 3 }]);
  });

  it('misses nothing when hints are lost', async () => {
    const subscriber = await hear({ hints: false });
    await publish(store, 'test', 'by polling');
    expect(await subscriber.next(1)).toEqual(['by polling']);
  });

  it('tells of an event that commits after a later one', async () => {
    const subscriber = await hear();
    await store.transaction(async (slow) => {
      await publish(slow, 'test', 'slow');
      await publish(store, 'test', 'quick');
      expect(await subscriber.next(1)).toEqual(['quick']);
    });
    expect(await subscriber.next(2)).toEqual(['quick', 'slow']);
  });

  it('tells of an event whose transaction was under way when it began to listen', async () => {
    const subscriber = await store.transaction(async (slow) => {
      await publish(slow, 'test', 'slow');
      await publish(store, 'test', 'before anyone listened');
      const listening = await hear();
      await publish(store, 'test', 'quick');
      expect(await listening.next(1)).toEqual(['quick']);
      return listening;
    });
    expect(await subscriber.next(2)).toEqual(['quick', 'slow']);
  });

  /** Lets time go on in leaps; rounds go on at their own pace. */
  function hurryTime(): () => void {
    const now = performance.now.bind(performance);
    let aheadMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
    return () => {
      aheadMs += 3_600_000;
    };
  }

  it('looks for a skipped number as long as its transaction lasts', async () => {
    const leap = hurryTime();
    const subscriber = await hear();
    await store.transaction(async (slow) => {
      await publish(slow, 'test', 'slow');
      for (const n of [1, 2, 3]) {
        await publish(store, 'test', n);
        await subscriber.next(n);
        leap();
      }
    });
    expect(await subscriber.next(4)).toEqual([1, 2, 3, 'slow']);
  });

  it('lets a number go whose transaction was rolled back', async () => {
    const leap = hurryTime();
    let gaps: readonly unknown[] | undefined;
    const looks: (() => void)[] = [];
    const db: Queryable = {
      query(sql, params) {
        if (sql.includes('= ANY ($2)')) {
          gaps = params?.[1] as readonly unknown[];
          for (const wake of looks.splice(0)) wake();
        }
        return store.query(sql, params);
      },
    };
    const gapsUntil = async (enough: (count: number) => boolean) => {
      while (!gaps || !enough(gaps.length)) {
        await new Promise<void>((resolve) => looks.push(resolve));
        leap();
      }
    };
    await store.query('DELETE FROM longshore.events');
    await publish(store, 'test', 'the latest');
    const subscriber = await hear({ db });
    await gapsUntil((count) => count === 0);
    await store
      .transaction(async (tx) => {
        await publish(tx, 'test', 'never');
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await publish(store, 'test', 'after it');
    expect(await subscriber.next(1)).toEqual(['after it']);
    await gapsUntil((count) => count === 1);
    await gapsUntil((count) => count === 0);
  });

  it('forgets old events', async () => {
    await store.query('DELETE FROM longshore.events');
    for (const topic of ['old', 'new']) await publish(store, topic, null);
    await store.query("UPDATE longshore.events SET at = now() - interval '2 days' WHERE topic = 'old'");
    await eventsPrune(store, 24);
    expect(await store.query('SELECT topic FROM longshore.events')).toEqual([{ topic: 'new' }]);
  });
});
