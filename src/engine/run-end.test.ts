import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../../test/support/cleanup.ts';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { enqueueOne } from '../../test/support/runs.ts';
import { Bus } from '../events/bus.ts';
import { Listener } from '../store/listener.ts';
import type { Queryable, Store } from '../store/store.ts';
import { waitForRun } from './run-end.ts';
import { cancelRun } from './runs.ts';

const LONG_MS = 600_000;
/** A bus that tells nothing. */
const DEAF = { subscribe: () => () => undefined };

describe('waiting for the end of a run', () => {
  let store: Store;
  let bus: Bus;

  beforeAll(async () => {
    const database = await createTestDatabase();
    store = database.store;
    const listener = new Listener({ url: database.directUrl, logger: silent });
    bus = new Bus({ db: store, listener, logger: silent });
    await listener.start();
    await bus.start();
    afterFile(async () => {
      await bus.stop();
      await listener.stop();
    });
  });

  const cancel = (id: number) => store.transaction((tx) => cancelRun(tx, 'scheduler', id));

  /** The store, and a promise of the first look at a run. */
  function watched(): { db: Queryable; looked: Promise<void>; looks: () => number } {
    let looks = 0;
    let tell = () => {};
    const looked = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const db: Queryable = {
      async query<Row extends object>(sql: string, params?: readonly unknown[]) {
        const rows = await store.query<Row>(sql, params);
        looks += 1;
        tell();
        return rows;
      },
    };
    return { db, looked, looks: () => looks };
  }

  it('hears of it', async () => {
    const id = await enqueueOne(store);
    const other = await enqueueOne(store);
    const { db, looked } = watched();
    const waiting = waitForRun(db, bus, id, LONG_MS);
    await looked;
    await cancel(other);
    await cancel(id);
    expect(await waiting).toMatchObject({ id, state: 'cancelled' });
  });

  it('finds it when no event comes', async () => {
    const id = await enqueueOne(store);
    const { db, looked } = watched();
    const waiting = waitForRun(db, DEAF, id, LONG_MS);
    await looked;
    await cancel(id);
    expect(await waiting).toMatchObject({ id, state: 'cancelled' });
  });

  it('answers at once for a run that has ended', async () => {
    const id = await enqueueOne(store);
    await cancel(id);
    const { db, looks } = watched();
    expect(await waitForRun(db, DEAF, id, LONG_MS)).toMatchObject({ state: 'cancelled' });
    expect(looks()).toBe(1);
  });

  it('answers with the run as it is when the time is over, or when aborted', async () => {
    const id = await enqueueOne(store);
    expect(await waitForRun(store, bus, id, 0)).toMatchObject({ id, state: 'queued' });
    expect(await waitForRun(store, bus, id, 20)).toMatchObject({ id, state: 'queued' });
    const left = new AbortController();
    const { db, looked } = watched();
    const waiting = waitForRun(db, bus, id, LONG_MS, left.signal);
    await looked;
    left.abort();
    expect(await waiting).toMatchObject({ id, state: 'queued' });
  });

  it('knows no run that is not there', async () => {
    await expect(waitForRun(store, bus, 999_999_999, LONG_MS)).rejects.toMatchObject({ code: 'not_found' });
  });
});
