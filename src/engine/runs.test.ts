import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { enqueueOne, registration } from '../../test/support/runs.ts';
import type { WorkerPort } from '../protocol/worker.ts';
import { Listener } from '../store/listener.ts';
import type { Store, Tx } from '../store/store.ts';
import type { Run } from './model.ts';
import { PostgresPort } from './postgres-port.ts';
import { cancelRun, getRun, pauseRun, resumeRun } from './runs.ts';

const ONE_AT_A_TIME = { concurrency: { key: 'one at a time', limit: 1 } };

describe('controlling a run', () => {
  let store: Store;
  let port: WorkerPort;
  let session: number;

  beforeAll(async () => {
    const database = await createTestDatabase();
    store = database.store;
    port = new PostgresPort({
      store,
      listener: new Listener({ url: database.directUrl, logger: silent }),
      logger: silent,
    });
    session = (await port.register(registration())).session_id;
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
  });

  const state = async (id: number) => (await getRun(store, 'scheduler', id)).state;
  const lease = () => port.lease({ session_id: session, limit: 10, wait_ms: 0 }, new AbortController().signal);
  const inOrder = async (...controls: ((tx: Tx, area: string, id: number) => Promise<Run>)[]) => {
    const id = await enqueueOne(store);
    await store.transaction(async (tx) => {
      for (const control of controls) await control(tx, 'scheduler', id);
    });
    return state(id);
  };

  it('is part of the transaction: several steps, or none', async () => {
    expect(await inOrder(pauseRun, resumeRun, pauseRun)).toBe('paused');
    expect(await inOrder(pauseRun, resumeRun)).toBe('queued');
    const id = await enqueueOne(store);
    const undone = store.transaction(async (tx) => {
      await cancelRun(tx, 'scheduler', id);
      throw new Error('what the area writes beside it was refused');
    });
    await expect(undone).rejects.toThrow('refused');
    expect(await state(id)).toBe('queued');
  });

  it('lets the next run of its key through when it commits, and not before', async () => {
    const first = await enqueueOne(store, ONE_AT_A_TIME);
    const second = await enqueueOne(store, ONE_AT_A_TIME);
    await store.transaction(async (tx) => {
      await cancelRun(tx, 'scheduler', first);
      expect(await lease()).toEqual([]);
    });
    expect(await lease()).toMatchObject([{ id: second }]);
  });

  it('keeps whoever else controls runs of the key waiting, and nobody crosswise', async () => {
    const ids = [];
    for (let n = 0; n < 8; n += 1) ids.push(await enqueueOne(store, ONE_AT_A_TIME));
    const control = (how: typeof cancelRun, id: number) => store.transaction((tx) => how(tx, 'scheduler', id));
    await Promise.all(ids.toReversed().map((id) => control(pauseRun, id)));
    await Promise.all(ids.map((id) => control(resumeRun, id)));
    await Promise.all(ids.slice(1).map((id) => control(cancelRun, id)));
    expect(await lease()).toMatchObject([{ id: ids[0] }]);
  });

  it('says what stands in the way', async () => {
    const id = await enqueueOne(store);
    const control = (how: typeof cancelRun) => store.transaction((tx) => how(tx, 'scheduler', id));
    await expect(control(resumeRun)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching('it is queued'),
    });
    await control(cancelRun);
    await expect(control(cancelRun)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching('it is cancelled'),
    });
    await expect(control(pauseRun)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching('it is cancelled'),
    });
    const elsewhere = store.transaction((tx) => cancelRun(tx, 'datasync', id));
    await expect(elsewhere).rejects.toMatchObject({ code: 'not_found' });
  });
});
