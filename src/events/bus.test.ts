import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { Listener } from '../store/listener.ts';
import type { Store } from '../store/store.ts';
import { Bus, type BusEvent, eventsPrune, eventsSince, publish } from './bus.ts';

describe('event bus', () => {
  let url: string;
  let store: Store;
  const open: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    ({ directUrl: url, store } = await createTestDatabase());
  });
  afterEach(async () => {
    for (const service of open.splice(0).reverse()) await service.stop();
  });

  async function hear(options: { hints: boolean } = { hints: true }) {
    const listener = new Listener({ url, logger: silent });
    const bus = new Bus({ db: store, listener, logger: silent });
    if (options.hints) await listener.start();
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

  it('replays from a number, by topic, and forgets old events', async () => {
    await store.query('DELETE FROM longshore.events');
    for (const topic of ['a', 'b', 'a']) await publish(store, topic, topic);
    const all = await eventsSince(store, 0, 10);
    expect(all.map((event) => event.topic)).toEqual(['a', 'b', 'a']);
    expect(await eventsSince(store, all[0]?.seq ?? 0, 10, ['a'])).toHaveLength(1);
    await store.query("UPDATE longshore.events SET at = now() - interval '2 days' WHERE topic = 'b'");
    await eventsPrune(store, 24);
    expect(await eventsSince(store, 0, 10)).toHaveLength(2);
  });
});
