import { describe, expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import { enqueueOne, registration } from '../../../test/support/runs.ts';
import { eventually } from '../../../test/support/serving.ts';
import { Listener } from '../../store/listener.ts';
import { PostgresPort } from '../postgres-port.ts';
import { cancelRun, getRun, pauseRun } from '../runs.ts';
import { concurrencyRelease } from './concurrency_release.ts';
import { runsPromote } from './run_return.ts';

const { store, directUrl } = await createTestDatabase();
const concurrency = { key: 'one at a time', limit: 1 };

/** Whether some session waits for a row that another one has changed. */
async function somebodyWaits(): Promise<true | undefined> {
  const rows = await store.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows.length > 0 ? true : undefined;
}

test('a run that is leased at the very moment when it was to give way keeps its place', async () => {
  const port = new PostgresPort({ store, listener: new Listener({ url: directUrl, logger: silent }), logger: silent });
  const { session_id } = await port.register(registration());
  const first = await enqueueOne(store, { concurrency });
  let better: Promise<number> | undefined;
  await store.transaction(async (tx) => {
    // As a lease does, whose commit is still to come.
    await tx.query("UPDATE longshore.runs SET state = 'running', session_id = $2, epoch = 1 WHERE id = $1", [
      first,
      session_id,
    ]);
    better = enqueueOne(store, { concurrency, priority: 'critical' });
    await eventually(somebodyWaits);
  });
  await better;
  const through = await store.query<{ id: number }>('SELECT id FROM longshore.runs WHERE NOT gated');
  expect(through).toEqual([{ id: first }]);
});

describe('runs of a key that go in order', () => {
  /** Two of them, of which the first was leased and is back in `state`, so that its place is free. */
  async function twoWithTheFirstIn(state: 'retry_wait' | 'paused') {
    const port = new PostgresPort({
      store,
      listener: new Listener({ url: directUrl, logger: silent }),
      logger: silent,
    });
    const kind = `ordered ${state}`;
    const { session_id } = await port.register(registration({ worker_id: kind, kinds: [kind] }));
    const lease = async () => {
      const leased = await port.lease({ session_id, limit: 10, wait_ms: 0 }, new AbortController().signal);
      return leased.map(({ id, epoch }) => ({ id, epoch }));
    };
    const run = { kind, concurrency: { key: kind, limit: 1, ordered: true }, retryCount: 3, retryDelaySeconds: 600 };
    const first = await enqueueOne(store, run);
    const [held] = await lease();
    if (held?.id !== first) throw new Error('the first run was not leased');
    if (state === 'paused') await store.transaction((tx) => pauseRun(tx, 'scheduler', first));
    const second = await enqueueOne(store, { ...run, priority: 'critical' });
    const status = state === 'paused' ? 'paused' : 'failed';
    await port.report({ session_id, outcomes: [{ ...held, status, retryable: true, log_bytes: 0 }] });
    expect(await getRun(store, 'scheduler', first)).toMatchObject({ state });
    return { port, session_id, lease, first, second };
  }

  test('wait for the retry of the one ahead, and it goes before better ones', async () => {
    const { port, session_id, lease, first, second } = await twoWithTheFirstIn('retry_wait');
    expect(await lease()).toEqual([]);
    await store.query('UPDATE longshore.runs SET run_at = now() WHERE id = $1', [first]);
    const { keys } = await runsPromote(store, 10);
    await store.transaction((tx) => concurrencyRelease(tx, keys));
    const again = await lease();
    expect(again.map(({ id }) => id)).toEqual([first]);
    const outcomes = again.map((run) => ({ ...run, status: 'succeeded' as const, retryable: false, log_bytes: 0 }));
    await port.report({ session_id, outcomes });
    expect((await lease()).map(({ id }) => id)).toEqual([second]);
  });

  test('wait while the one ahead is paused, until it is cancelled', async () => {
    const { lease, first, second } = await twoWithTheFirstIn('paused');
    expect(await lease()).toEqual([]);
    await store.transaction((tx) => cancelRun(tx, 'scheduler', first));
    expect((await lease()).map(({ id }) => id)).toEqual([second]);
  });
});
