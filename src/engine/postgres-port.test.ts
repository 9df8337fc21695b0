import { afterAll } from 'vitest';
import { workerPortConformance } from '../../test/conformance/worker-port.ts';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { Listener } from '../store/listener.ts';
import { PostgresPort } from './postgres-port.ts';

workerPortConformance('PostgreSQL', async () => {
  const { directUrl, store } = await createTestDatabase();
  const listener = new Listener({ url: directUrl, logger: silent });
  const port = new PostgresPort({ store, listener, logger: silent });
  await listener.start();
  afterAll(() => listener.stop());
  return { store, portFor: () => port };
});
