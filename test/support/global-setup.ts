import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { environment } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { EmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { administer, withDatabase } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database: { adminUrl: string; template: string };
  }
}

interface Server {
  readonly adminUrl: string;
  stop(): Promise<void>;
}

async function startEmbedded(): Promise<Server> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'longshore-test-'));
  const server = new EmbeddedPostgres({
    dataDir,
    logger: createLogger('warn', 'test'),
    // What a test writes is thrown away after it: no test needs it to survive a loss of power.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { adminUrl: server.url, stop };
}

/**
 * One PostgreSQL for the whole run: the server of LONGSHORE_TEST_DATABASE_URL (its role must be allowed to create
 * databases), else an embedded one in a temporary directory. Every test file clones the migrated template.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = environment().LONGSHORE_TEST_DATABASE_URL;
  const { adminUrl, stop }: Server = given ? { adminUrl: given, stop: async () => undefined } : await startEmbedded();
  const template = `longshore_template_${randomBytes(6).toString('hex')}`;
  const teardown = async () => {
    await administer(adminUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await stop();
  };
  try {
    await administer(adminUrl, `CREATE DATABASE ${template}`);
    await migrate(withDatabase(adminUrl, template), 'src/store/migrations');
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('database', { adminUrl, template });
  return teardown;
}
