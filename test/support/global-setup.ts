import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { environment } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { EmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { administer, dropDatabase, withDatabase } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: { directUrl: string; url: string; template: string };
  }
}

interface Server {
  /** What the product connects to; may lead through a pooler. */
  readonly url: string;
  /** Past any pooler: for notifications, and for making and dropping databases. */
  readonly directUrl: string;
  stop(): Promise<void>;
}

/**
 * Ends the server and removes its directory when this process is gone, however it ends: a killed run has no teardown,
 * and the server is made to outlive its owner. The pipe to the guard is what tells.
 */
function guard(pid: number, dataDir: string): ChildProcess {
  const child = spawn('/bin/sh', ['-c', 'cat; kill -QUIT "$0" && rm -rf "$1"', String(pid), dataDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  return child;
}

async function startEmbedded(): Promise<Server> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'longshore-test-'));
  const server = new EmbeddedPostgres({
    dataDir,
    logger: createLogger('warn', 'test'),
    settings: {
      // What a test writes is thrown away after it: no test needs it to survive a loss of power.
      ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
      // Several files at a time, each with servers and workers of its own until it ends.
      max_connections: '300',
    },
  });
  let guarding: ChildProcess | undefined;
  const stop = async () => {
    // Before the server's process id is free for another one.
    guarding?.kill();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await server.start();
    if (server.pid !== undefined) guarding = guard(server.pid, dataDir);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: server.url, directUrl: server.url, stop };
}

function givenServer(): Server | undefined {
  const { LONGSHORE_TEST_DATABASE_URL: url, LONGSHORE_TEST_DIRECT_DATABASE_URL: directUrl } = environment();
  return url ? { url, directUrl: directUrl || url, stop: async () => undefined } : undefined;
}

/**
 * One PostgreSQL for the whole run: the server of LONGSHORE_TEST_DATABASE_URL (its role must be allowed to create
 * databases), else an embedded one in a temporary directory. Every test file clones the migrated template.
 *
 * If that URL leads through a pooler, LONGSHORE_TEST_DIRECT_DATABASE_URL names the server behind it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, directUrl, stop } = givenServer() ?? (await startEmbedded());
  const template = `longshore_template_${randomBytes(6).toString('hex')}`;
  const teardown = async () => {
    await dropDatabase(directUrl, template);
    await stop();
  };
  try {
    await administer(directUrl, `CREATE DATABASE ${template}`);
    await migrate(withDatabase(directUrl, template), 'src/store/migrations');
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('database', { url, directUrl, template });
  return teardown;
}
