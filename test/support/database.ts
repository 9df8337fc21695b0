import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createLogger } from '../../src/kernel/logger.ts';
import { Store } from '../../src/store/store.ts';
import { afterFile } from './cleanup.ts';
import { administer, dropDatabase, withDatabase } from './server.ts';

export const silent = createLogger('silent', 'test');

export interface TestDatabase {
  readonly url: string;
  /** Past any pooler: for notifications and for what lasts longer than a transaction. */
  readonly directUrl: string;
  readonly store: Store;
  drop(): Promise<void>;
}

/** A database of this test file's own: a clone of the migrated template, dropped after the file's last test. */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const server = inject('database');
  const name = `longshore_test_${randomBytes(6).toString('hex')}`;
  await administer(
    server.directUrl,
    `CREATE DATABASE ${name}${options.migrated === false ? '' : ` TEMPLATE ${server.template}`}`,
  );
  const url = withDatabase(server.url, name);
  const store = new Store({ url, poolSize: 10, logger: silent, applicationName: 'longshore test' });
  let dropped = false;
  const drop = async () => {
    if (dropped) return;
    dropped = true;
    await store.close();
    await dropDatabase(server.directUrl, name);
  };
  afterFile(drop);
  return { url, directUrl: withDatabase(server.directUrl, name), store, drop };
}
