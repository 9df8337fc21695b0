import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import { enqueueAll, enqueueOne, lapse, newRun, registration } from '../../../test/support/runs.ts';
import { createLogger } from '../../kernel/logger.ts';
import { MAX_LOSSES } from '../../protocol/terms.ts';
import type { LeasedRun } from '../../protocol/worker.ts';
import { Listener } from '../../store/listener.ts';
import type { Store } from '../../store/store.ts';
import { PostgresPort } from '../postgres-port.ts';
import { cancelRun, getRun, pauseRun } from '../runs.ts';
import { rescuer } from './rescuer.ts';

describe('rescuer', () => {
  let store: Store;
  let port: PostgresPort;
  /** Of a worker with one slot. */
  let session: number;

  beforeAll(async () => {
    const database = await createTestDatabase();
    store = database.store;
    port = new PostgresPort({
      store,
      listener: new Listener({ url: database.directUrl, logger: silent }),
      logger: silent,
    });
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
    await store.query('DELETE FROM longshore.run_rollups');
    await join();
  });

  const join = async (slots = 1) => {
    session = (await port.register(registration({ max_tasks: slots }))).session_id;
  };
  const lease = async (limit: number): Promise<LeasedRun[]> => {
    const runs = await port.lease({ session_id: session, limit, wait_ms: 0 }, new AbortController().signal);
    expect(runs).toHaveLength(limit);
    return runs;
  };
  /** Kills the worker, and has another one like it join. */
  const loseWorker = async () => {
    await lapse(store, session);
    const daemon = rescuer(store, silent);
    await daemon.start();
    await daemon.stop();
    await join();
  };
  const runOf = (id: number) => getRun(store, 'scheduler', id);
  const lossesOf = async (ids: readonly number[]) => Promise.all(ids.map(async (id) => (await runOf(id)).losses));
  const counted = async () =>
    Object.fromEntries(
      (
        await store.query<{ outcome: string; n: number }>(
          'SELECT outcome, sum(runs) AS n FROM longshore.run_rollups GROUP BY 1',
        )
      ).map(({ outcome, n }) => [outcome, n]),
    );

  const UNSPENT = { state: 'queued', attempt: 0, losses: 0, pastAttempts: [], error: null };

  it('spares what was leased ahead of the slots, and gives up what killed its worker three times', async () => {
    const ahead = await enqueueOne(store);
    const poison = await enqueueOne(store, { priority: 'high' });
    for (let loss = 1; loss <= MAX_LOSSES; loss += 1) {
      await lease(2);
      await loseWorker();
    }
    expect(await runOf(poison)).toMatchObject({ state: 'dead', attempt: 3, losses: 3, error: 'its worker was lost' });
    expect(await runOf(ahead)).toMatchObject(UNSPENT);
    await enqueueOne(store, { priority: 'critical' });
    for (let loss = 4; loss <= 5; loss += 1) {
      await lease(2);
      await loseWorker();
    }
    expect(await runOf(ahead)).toMatchObject(UNSPENT);
    expect(await counted()).toEqual({ lost: 5, returned: 9, dead: 1 });
    expect(await lease(2)).toMatchObject([{ attempt: 3 }, { id: ahead, attempt: 1, epoch: 11 }]);
  });

  it('names in the log what it has rescued', async () => {
    const id = await enqueueOne(store);
    await lease(1);
    await lapse(store, session);
    const lines: object[] = [];
    const logger = createLogger('warn', 'test', { write: (line: string) => void lines.push(JSON.parse(line)) });
    const daemon = rescuer(store, logger);
    await daemon.start();
    await daemon.stop();
    expect(lines).toContainEqual(expect.objectContaining({ count: 1, runs: [id] }));
  });

  it('goes by the order in which a worker begins its runs: lease by lease, and by rank within one', async () => {
    await join(3);
    const first = await enqueueOne(store, { priority: 'low' });
    await lease(1);
    const ids = await enqueueAll(
      store,
      (['low', 'high', 'normal', 'critical'] as const).map((priority) => newRun({ priority })),
    );
    await lease(4);
    await loseWorker();
    expect(await lossesOf([first, ...ids])).toEqual([1, 0, 1, 0, 1]);
  });

  it('goes by the slots that an operator has set', async () => {
    const ids = await enqueueAll(store, [newRun(), newRun(), newRun()]);
    await store.query('UPDATE longshore.workers SET max_tasks_override = 2');
    await lease(3);
    await loseWorker();
    await store.query('UPDATE longshore.workers SET max_tasks_override = NULL');
    expect(await lossesOf(ids)).toEqual([1, 1, 0]);
  });

  it('counts what has left a trace wherever it stood', async () => {
    const ids = await enqueueAll(store, [newRun(), newRun(), newRun(), newRun()]);
    const [, logged, emitted, silentRun] = await lease(4);
    if (!logged || !emitted || !silentRun) throw new Error('four runs were expected');
    const line = { seq: 1, at: new Date().toISOString(), level: 'info', stream: 'stdout', message: 'begun' } as const;
    await port.update({
      session_id: session,
      logs: [{ id: logged.id, epoch: logged.epoch, ...line }],
      updates: [{ id: emitted.id, epoch: emitted.epoch, emitted: [{ seq: 1, type: 'rows', rows: [1] }] }],
    });
    await loseWorker();
    expect(await lossesOf(ids)).toEqual([1, 1, 1, 0]);
    // Of the lease before, not of this one.
    await lease(4);
    await loseWorker();
    expect(await lossesOf(ids)).toEqual([2, 1, 1, 0]);
  });

  it('cancels and pauses what was leased ahead, unspent too', async () => {
    const [, paused = 0, cancelled = 0] = await enqueueAll(store, [newRun(), newRun(), newRun()]);
    await lease(3);
    await store.transaction((tx) => pauseRun(tx, 'scheduler', paused));
    await store.transaction((tx) => cancelRun(tx, 'scheduler', cancelled));
    await loseWorker();
    expect(await runOf(paused)).toMatchObject({ ...UNSPENT, state: 'paused' });
    expect(await runOf(cancelled)).toMatchObject({ ...UNSPENT, state: 'cancelled' });
  });

  it('spares nobody for ever', async () => {
    const [, hidden = 0] = await enqueueAll(store, [newRun(), newRun()]);
    // As if the one before it ended each time, and its report were lost with the worker.
    for (let losses = 0; (await runOf(hidden)).state !== 'dead'; losses += 1) {
      await store.query("UPDATE longshore.runs SET state = 'queued', losses = 0, finished_at = NULL WHERE id <> $1", [
        hidden,
      ]);
      await lease(2);
      await loseWorker();
      expect(losses).toBeLessThan(20);
    }
    expect(await runOf(hidden)).toMatchObject({ losses: MAX_LOSSES, attempt: MAX_LOSSES });
  });
});
