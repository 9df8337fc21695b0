import { expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import { enqueueOne, registration } from '../../../test/support/runs.ts';
import { eventually } from '../../../test/support/serving.ts';
import { Listener } from '../../store/listener.ts';
import { PostgresPort } from '../postgres-port.ts';

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
