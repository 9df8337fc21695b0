import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { publishSync } from '../../src/areas/datasync/sync-events.ts';
import { environment } from '../../src/kernel/config.ts';
import { bundleProcesses } from '../support/bundle.ts';
import { Child } from '../support/child.ts';
import { afterFile } from '../support/cleanup.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import type { ClientsAnswer, ClientsArgument } from './ws-many/clients.ts';
import type { MemoryAnswer, ServerArgument } from './ws-many/server.ts';

/*
 * Many sockets on one server in a process of its own, a hundredth of them stalled. By hand with
 * LONGSHORE_WS_CLIENTS=10000 and 20,000 open files to a process (`ulimit -n`): that takes two minutes.
 */

const CLIENTS = Number(environment().LONGSHORE_WS_CLIENTS || 500);
/** Messages of an identity are limited. */
const CLIENTS_OF_A_KEY = 100;
const ROUNDS = 40;
const RECORDS_A_ROUND = 5;
const HEAVY_ROUNDS = 30;
const HEAVY_RECORDS = 500;
const HEAVY_BYTES = 1000;
/** MiB that a client may take, and all of them together. */
const OF_A_CLIENT = 0.05;
const OF_ALL = 300;
const PASSWORD = 'correct horse battery';

async function memoryOf(server: Child): Promise<MemoryAnswer> {
  const answer = server.next((message): message is MemoryAnswer => typeof message === 'object' && message !== null);
  server.send('memory');
  return answer;
}

async function call(url: string, route: string, body: object, token = ''): Promise<ReturnType<typeof JSON.parse>> {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${route} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function keysAt(url: string): Promise<string[]> {
  const login = await call(url, '/auth/login', { username: 'admin', password: PASSWORD });
  const keys: string[] = [];
  while (keys.length * CLIENTS_OF_A_KEY < CLIENTS) {
    const body = { name: 'listener', permissions: ['sync:read'] };
    keys.push((await call(url, '/v1/sync/api-keys', body, login.data.access_token)).key);
  }
  return keys;
}

async function publish(database: TestDatabase, jobId: number, from: number, count: number, bytes: number) {
  const text = 'x'.repeat(bytes);
  const changes = Array.from({ length: count }, (_, index) => ({
    operation: 'update',
    record_id: String(from + index),
    changes: { text: { old: null, new: text } },
  }));
  await database.store.transaction((tx) =>
    publishSync(tx, { type: 'record_changes', job_id: jobId, run_id: 1, table: 't', changes }),
  );
}

test(`${CLIENTS} clients on one server, one in a hundred stalled: memory is bounded, and none misses what it was not told of`, async () => {
  const bundle = await bundleProcesses('ws-many', [
    'test/conformance/ws-many/server.ts',
    'test/conformance/ws-many/clients.ts',
  ]);
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'longshore-ws-many-'));
  afterFile(() => rm(dataDir, { recursive: true, force: true }));
  const argument: ServerArgument = { databaseUrl: database.url, dataDir, adminPassword: PASSWORD };
  const server = await Child.start(bundle('test/conformance/ws-many/server.ts'), { ...argument });
  afterFile(() => server.stop());
  const before = await memoryOf(server);

  const told: ClientsArgument = {
    url: `${before.url}/v1/sync/ws`,
    clients: CLIENTS,
    keys: await keysAt(before.url),
    records: ROUNDS * RECORDS_A_ROUND,
    progress: ROUNDS,
    heavy: HEAVY_ROUNDS * HEAVY_RECORDS,
  };
  const clients = await Child.start(bundle('test/conformance/ws-many/clients.ts'), { ...told });
  afterFile(() => clients.stop());
  const connected = await memoryOf(server);

  for (let round = 0; round < HEAVY_ROUNDS; round += 1) {
    await publish(database, 2, round * HEAVY_RECORDS, HEAVY_RECORDS, HEAVY_BYTES);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    await publish(database, 1, round * RECORDS_A_ROUND, RECORDS_A_ROUND, 20);
    const records_processed = (round + 1) * RECORDS_A_ROUND;
    await database.store.transaction((tx) =>
      publishSync(tx, { type: 'sync_progress', job_id: 1, run_id: 1, records_processed, records_total: null }),
    );
  }
  const answered = clients.next((message): message is ClientsAnswer => typeof message === 'object' && message !== null);
  clients.send('resume');
  const { faults, complete, caughtUp, progressDropped } = await answered;
  const after = await memoryOf(server);

  console.log({ clients: CLIENTS, before, connected, after, caughtUp, progressDropped });
  expect(faults).toEqual([]);
  expect(complete).toBe(CLIENTS);
  expect(caughtUp).toBeGreaterThanOrEqual(CLIENTS / 100);
  expect(after.peak - before.rss).toBeLessThan(OF_ALL + CLIENTS * OF_A_CLIENT);
}, 300_000);
