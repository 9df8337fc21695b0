import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import { enqueueOne, lapse, newRun, registration } from '../../../test/support/runs.ts';
import type { Service } from '../../kernel/service.ts';
import type { Outcome } from '../../protocol/worker.ts';
import { Listener } from '../../store/listener.ts';
import type { Store } from '../../store/store.ts';
import { expirer } from '../daemons/expirer.ts';
import { rescuer } from '../daemons/rescuer.ts';
import { RUNS_TOPIC, type RunsEvent } from '../model.ts';
import { PostgresPort } from '../postgres-port.ts';
import { cancelRun } from '../runs.ts';
import { runsInsertSkipped } from './run_insert.ts';

const DUE_MS = 60_000;

describe('how long runs have waited', () => {
  let store: Store;
  let port: PostgresPort;
  let session: number;

  beforeAll(async () => {
    const database = await createTestDatabase();
    store = database.store;
    const listener = new Listener({ url: database.directUrl, logger: silent });
    port = new PostgresPort({ store, listener, logger: silent });
  });
  beforeEach(async () => {
    for (const table of ['runs', 'events']) await store.query(`DELETE FROM longshore.${table}`);
    await join();
  });

  const join = async () => {
    session = (await port.register(registration({ max_tasks: 1, kill_grace_seconds: 0 }))).session_id;
  };
  const enqueueDue = () =>
    enqueueOne(store, { runAt: new Date(Date.now() - DUE_MS), retryCount: 5, timeoutSeconds: 1 });
  const oneRound = async (daemon: Service) => {
    await daemon.start();
    await daemon.stop();
  };
  async function lease() {
    await store.query(
      "UPDATE longshore.runs SET state = 'queued', gated = false WHERE state IN ('retry_wait', 'paused')",
    );
    const [run] = await port.lease({ session_id: session, limit: 1, wait_ms: 0 }, new AbortController().signal);
    if (!run) throw new Error('nothing to lease');
    return run;
  }
  async function attempt(change: Partial<Outcome> = {}) {
    const { id, epoch } = await lease();
    const outcome = { id, epoch, status: 'succeeded', retryable: true, log_bytes: 0, ...change } as const;
    expect((await port.report({ session_id: session, outcomes: [outcome] })).stale).toEqual([]);
  }
  async function events(): Promise<RunsEvent[]> {
    const rows = await store.query<{ payload: RunsEvent }>(
      'SELECT payload FROM longshore.events WHERE topic = $1 ORDER BY seq',
      [RUNS_TOPIC],
    );
    return rows.map(({ payload }) => payload);
  }
  /** In whole minutes, event by event. */
  const told = async () =>
    (await events()).flatMap(({ wait_ms }) => wait_ms.map((ms) => ms && Math.round(ms / DUE_MS)));

  it('is told of a run that succeeds', async () => {
    await enqueueDue();
    await attempt();
    expect(await told()).toEqual([1]);
  });

  it('is told once of a run that is tried again', async () => {
    await enqueueDue();
    await attempt({ status: 'failed', error: 'once' });
    await attempt({ status: 'timed_out' });
    await attempt();
    expect(await told()).toEqual([1, null, null]);
  });

  it('is told with the first attempt that is spent', async () => {
    await enqueueDue();
    await attempt({ status: 'released' });
    await attempt({ status: 'paused' });
    await attempt({ status: 'released' });
    await attempt();
    expect(await told()).toEqual([null, 1, null, null]);
  });

  it('is told once of a run that loses its worker, or is taken from it', async () => {
    await enqueueDue();
    await lease();
    await lapse(store, session);
    await oneRound(rescuer(store, silent));
    await join();
    await attempt();
    await enqueueDue();
    await lease();
    await store.query("UPDATE longshore.runs SET deadline = now() - interval '1 hour' WHERE session_id IS NOT NULL");
    await oneRound(expirer(store, silent));
    await attempt();
    expect(await told()).toEqual([1, null, 1, null]);
  });

  it('is not told of runs that never start', async () => {
    const id = await enqueueDue();
    await store.transaction((tx) => cancelRun(tx, 'scheduler', id));
    await store.transaction((tx) => runsInsertSkipped(tx, [newRun()]));
    expect((await events()).flatMap(({ duration_ms }) => duration_ms)).toEqual([null, null]);
    await enqueueDue();
    await lease();
    await port.reconcile({ session_id: session, held: [] });
    expect(await told()).toEqual([null, null, null]);
    const counted = await store.query(
      `SELECT sum(wait_ms) AS wait, sum(duration_ms) AS duration FROM longshore.run_rollups
       WHERE outcome IN ('skipped', 'cancelled')`,
    );
    expect(counted).toEqual([{ wait: 0, duration: 0 }]);
  });
});
