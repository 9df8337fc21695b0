import { PostgresPort } from '../../src/engine/postgres-port.ts';
import { Listener } from '../../src/store/listener.ts';
import { afterFile } from '../support/cleanup.ts';
import { createTestDatabase, silent } from '../support/database.ts';
import { workerPortConformance } from './worker-port.ts';

workerPortConformance('PostgreSQL', async () => {
  const { directUrl, store } = await createTestDatabase();
  const listener = new Listener({ url: directUrl, logger: silent });
  const port = new PostgresPort({ store, listener, logger: silent });
  await listener.start();
  afterFile(() => listener.stop());
  return { store, portFor: () => port };
});
