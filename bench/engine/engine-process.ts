/** The engine's services in a process of their own, as a server has them; tells how much processor time it has used. */
import { Engine } from '../../src/engine/engine.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { Listener } from '../../src/store/listener.ts';
import { Store } from '../../src/store/store.ts';
import { childArgument, serveUntilTold, tell } from '../../test/support/child.ts';
import { USAGE, type Usage } from '../support/processes.ts';

export interface EngineProcess {
  readonly url: string;
}

const { url } = childArgument<EngineProcess>();
const logger = createLogger('error', 'engine');
const store = new Store({ url, poolSize: 10, logger, applicationName: 'bench engine' });
const listener = new Listener({ url, logger });
const engine = new Engine({ store, listener, logger, retentionDays: 36_500, onReport: new Map() });
await listener.start();
await engine.start();
process.on('message', (message) => {
  if (message !== USAGE) return;
  const { user, system } = process.cpuUsage();
  tell({ type: 'usage', cpuMs: (user + system) / 1000 } satisfies Usage);
});
await serveUntilTold(async () => {
  await engine.stop();
  await listener.stop();
  await store.close();
});
