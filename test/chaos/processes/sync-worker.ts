/** A worker that syncs: the product's own wiring and executors, nothing added. */
import { datasyncExecutors } from '../../../src/areas/datasync/executor/data-sync.ts';
import { startWorker } from '../../../src/bin/worker.ts';
import { createOutbound } from '../../../src/connections/outbound.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { childArgument, serveUntilTold } from '../../support/child.ts';

export interface SyncWorkerArgument {
  readonly id: string;
  readonly maxTasks: number;
  readonly exportDir: string;
  readonly databaseUrl?: string;
  readonly warehouseUrl?: string;
  readonly server?: string;
  readonly token?: string;
}

const { exportDir, ...settings } = childArgument<SyncWorkerArgument>();
const logger = createLogger('warn', settings.id);
const guard = { allowPrivate: true };
const outbound = createOutbound(guard);
const executors = datasyncExecutors({ outbound, guard, exportDir });
// That of the servers, as in server.ts.
const masterKey = Buffer.alloc(32, 1);
const worker = await startWorker({ ...settings, masterKey, executors, logCapBytes: 1_000_000, logger });
await serveUntilTold(async () => {
  await worker.stop(0);
  await outbound.close();
});
