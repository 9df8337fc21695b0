import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, silent, type TestDatabase } from '../../test/support/database.ts';
import { enqueueOne } from '../../test/support/runs.ts';
import { eventually } from '../../test/support/serving.ts';
import { assertMasterKeyFits } from '../auth/master-key.ts';
import { runOwner, SecretDraft } from '../connections/vault.ts';
import { getRun } from '../engine/runs.ts';
import { UsageError } from '../kernel/errors.ts';
import type { Executor, Json } from '../protocol/executor.ts';
import { openVault, warehouseSettings } from './vault.ts';
import { type RunningWorker, startWorker, type WorkerSettings } from './worker.ts';

const masterKey = randomBytes(32);
const running: RunningWorker[] = [];
let database: TestDatabase;
/** The specs that the executor was given. */
let given: Json[];

beforeEach(async () => {
  database = await createTestDatabase();
  given = [];
});
afterEach(async () => {
  for (const worker of running.splice(0)) await worker.stop(0);
  await database.drop();
});

const executor: Executor = {
  kind: 'noop',
  pausable: false,
  async run(spec) {
    given.push(spec);
    return {};
  },
};

async function start(change: Partial<WorkerSettings> = {}): Promise<RunningWorker> {
  const worker = await startWorker({
    databaseUrl: database.url,
    directDatabaseUrl: database.directUrl,
    masterKey,
    logCapBytes: 1000,
    executors: [executor],
    logger: silent,
    ...change,
  });
  running.push(worker);
  return worker;
}

async function refusal(change: Partial<WorkerSettings>): Promise<string> {
  const error = await start(change).catch((reason: unknown) => reason);
  if (!(error instanceof UsageError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.message).not.toContain('\n');
  return error.message;
}

/** A run with a sealed token, enqueued. */
async function enqueueSealed(): Promise<number> {
  const { store } = database;
  const warehouse = warehouseSettings(masterKey, { warehouseUrl: undefined, directUrl: database.directUrl });
  const vault = openVault({ store, masterKey, logger: silent, warehouse });
  const draft = new SecretDraft();
  const spec = { token: draft.seal('hunter2') };
  const id = await enqueueOne(store, { spec });
  await store.transaction((tx) => vault.save(tx, runOwner(id), draft, spec));
  return id;
}

async function ended(id: number) {
  return eventually(async () => {
    const run = await getRun(database.store, 'scheduler', id);
    return run.finishedAt === null ? undefined : run;
  });
}

describe('a worker on the database', () => {
  test('opens the secrets of what it leases', async () => {
    const id = await enqueueSealed();
    await start();
    expect(await ended(id)).toMatchObject({ state: 'succeeded' });
    expect(given).toEqual([{ token: 'hunter2' }]);
  });

  test('fails a run whose secret is gone, at once and saying so, before its executor sees it', async () => {
    const id = await enqueueSealed();
    await database.store.query('DELETE FROM longshore.secrets');
    await start();
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'failed', attempt: 1 });
    expect(run.error).toMatch(/^the secret sec_\w+ cannot be resolved/);
    expect(given).toEqual([]);
  });

  test('does not start without the master key, nor with one that is not the servers', async () => {
    expect(await refusal({ masterKey: undefined })).toMatch(/^LONGSHORE_MASTER_KEY: a worker on the database/);
    await assertMasterKeyFits(database.store, randomBytes(32));
    expect(await refusal({})).toMatch(/^LONGSHORE_MASTER_KEY: is not the key/);
  });

  test('starts before the database has been prepared, and settles no key', async () => {
    const empty = await createTestDatabase({ migrated: false });
    await start({ databaseUrl: empty.url, directDatabaseUrl: empty.directUrl });
    await running.splice(0)[0]?.stop(0);
    await empty.drop();
    await start();
    await assertMasterKeyFits(database.store, randomBytes(32));
  });
});

test('a worker tells the server what grace it gives its runs', async () => {
  await start({ killGraceSeconds: 120 });
  const sessions = await eventually(async () => {
    const found = await database.store.query('SELECT kill_grace_seconds FROM longshore.worker_sessions');
    return found.length > 0 ? found : undefined;
  });
  expect(sessions).toEqual([{ kill_grace_seconds: 120 }]);
});

test('a worker over HTTP needs a token, and no key', async () => {
  expect(await refusal({ server: 'http://127.0.0.1:1', masterKey: undefined })).toMatch(/^--token:/);
});
