import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD } from '../../test/support/api-server.ts';
import { createTestDatabase, silent, type TestDatabase } from '../../test/support/database.ts';
import { type Config, loadConfig } from '../kernel/config.ts';
import { UsageError } from '../kernel/errors.ts';
import { type RunningServer, startServer } from './server.ts';

let database: TestDatabase;
let config: Config;
const running: RunningServer[] = [];

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  config = {
    ...loadConfig({}, {}),
    port: 0,
    dataDir: await mkdtemp(path.join(tmpdir(), 'longshore-start-')),
    databaseUrl: database.url,
    directDatabaseUrl: database.directUrl,
    adminPassword: ADMIN_PASSWORD,
  };
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await database.drop();
  await rm(config.dataDir, { recursive: true, force: true });
});

async function start(change: Partial<Config> = {}): Promise<RunningServer> {
  const server = await startServer({ config: { ...config, ...change }, logger: silent });
  running.push(server);
  return server;
}

describe('startServer', () => {
  test('makes the schema and the first user on an empty database, and answers', async () => {
    const server = await start({ adminPassword: undefined });
    expect(server.firstAdmin).toMatchObject({
      created: true,
      username: 'admin',
      generated: { password: expect.any(String) },
    });
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  });

  test('two at once on an empty database both come up, and agree', async () => {
    const both = await Promise.all([start(), start()]);
    expect(both.filter((server) => server.firstAdmin.created)).toHaveLength(1);
    const [first, second] = both;
    const login = await fetch(`${first?.url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }),
    });
    const { data } = (await login.json()) as { data: { access_token: string } };
    const me = await fetch(`${second?.url}/api/me`, { headers: { Authorization: `Bearer ${data.access_token}` } });
    expect(me.status).toBe(200);
  });

  test('refuses, in one line that names the setting: no database, a taken port, a foreign master key', async () => {
    const refusal = async (change: Partial<Config>): Promise<string> => {
      const error = await start(change).catch((reason: unknown) => reason);
      if (!(error instanceof UsageError)) throw new Error(`not refused: ${String(error)}`);
      expect(error.message).not.toContain('\n');
      return error.message;
    };
    expect(await refusal({ databaseUrl: undefined })).toMatch(/^DATABASE_URL:/);
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as { port: number };
    expect(await refusal({ port })).toMatch(new RegExp(`^LONGSHORE_PORT: ${port} is taken`));
    occupant.close();
    expect(await refusal({ masterKey: Buffer.alloc(32, 9) })).toMatch(/^LONGSHORE_MASTER_KEY:/);
    // What failed left nothing behind that would keep a good start from succeeding.
    expect((await fetch(`${(await start()).url}/health/live`)).status).toBe(200);
  });
});

describe('stop', () => {
  test('says so to load balancers first, serves on meanwhile, then lets go of the port; a second call hurries', async () => {
    const server = await start();
    const stopping = server.stop(3_600_000);
    for (;;) {
      const ready = await fetch(`${server.url}/health/ready`);
      if (ready.status === 503) {
        expect(await ready.json()).toEqual({ status: 'draining' });
        break;
      }
    }
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200);
    await Promise.all([stopping, server.stop()]);
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
  });
});
