import { HttpPort } from '../../src/worker/http-port.ts';
import { startTestServer } from '../support/api-server.ts';
import { workerPortConformance } from './worker-port.ts';

workerPortConformance('HTTP', async () => {
  const server = await startTestServer();
  const token = await server.apiKey('worker');
  return {
    store: server.store,
    portFor: (workerId) => new HttpPort({ server: server.url, token, workerId }),
  };
});
