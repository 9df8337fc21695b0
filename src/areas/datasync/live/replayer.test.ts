import { once } from 'node:events';
import { beforeAll, expect, test } from 'vitest';
import { actingAs, makeUser } from '../../../../test/support/auth.ts';
import { createTestDatabase, silent, type TestDatabase } from '../../../../test/support/database.ts';
import type { Queryable } from '../../../store/store.ts';
import { publishSync } from '../sync-events.ts';
import { connectedPair } from './connected-pair.fixture.ts';
import { HeardEvents } from './heard.ts';
import { Replayer } from './replayer.ts';
import { Subscription } from './subscription.ts';

const EVENTS = 40;
const RECORDS = 500;
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

test('a replay reads no further ahead than its client does, however much there is', async () => {
  const { store } = database;
  const changes = Array.from({ length: RECORDS }, (_, i) => ({
    operation: 'create',
    record_id: `${'中文 '.repeat(300)}${i}`,
  }));
  const event = { type: 'record_changes', job_id: 1, run_id: 1, table: 't', changes } as const;
  for (let i = 0; i < EVENTS; i += 1) await store.transaction((tx) => publishSync(tx, event));

  const { client, connection } = await connectedPair(actingAs(await makeUser(store)).identity);
  client.pause();
  const { wire } = connection.client;
  const write = wire.write.bind(wire);
  let mostWaiting = 0;
  let written = 0;
  wire.write = (chunk: Uint8Array | string) => {
    const goesOn = write(chunk);
    mostWaiting = Math.max(mostWaiting, wire.writableLength);
    written += chunk.length;
    // Not before the system's own buffers are full.
    if (!goesOn) client.resume();
    return goesOn;
  };
  const subscription = new Subscription(
    connection,
    { channel: 'record_changes', jobId: 1, wanted: undefined },
    'replaying',
  );
  let mostRead = 0;
  const db: Queryable = {
    query: async (sql, values) => {
      const rows = await store.query<never>(sql, values);
      mostRead = Math.max(mostRead, rows.length);
      return rows;
    },
  };
  const replayer = new Replayer({ db, heard: new HeardEvents(), logger: silent });
  const replayed = replayer.replay(subscription, 0);
  let read = 0;
  client.on('message', () => {
    read += 1;
  });
  await replayed;
  while (read < EVENTS * RECORDS + 1) await once(client, 'message');
  expect(subscription.isLive).toBe(true);
  expect(written).toBeGreaterThan(EVENTS * RECORDS * 1000);
  // One event at a time.
  expect(mostRead).toBe(1);
  expect(mostWaiting).toBeLessThan((2 * written) / EVENTS);
});
