/** A worker of the chaos: the product's own wiring, with an executor that keeps a ledger. */
import { startWorker } from '../../../src/bin/worker.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { childArgument, serveUntilTold } from '../../support/child.ts';
import { chaosExecutor } from '../executor.ts';
import { LedgerWriter } from '../ledger.ts';

export interface WorkerArgument {
  readonly stage: string;
  readonly id: string;
  readonly ledger: string;
  readonly maxTasks: number;
  readonly databaseUrl?: string;
  readonly server?: string;
  readonly token?: string;
}

const { stage, ledger, ...settings } = childArgument<WorkerArgument>();
const logger = createLogger('warn', settings.id);
const sandbox = await Sandbox.create();
const executor = chaosExecutor({ stage, ledger: new LedgerWriter(ledger), sandbox });
// That of the servers, as in server.ts.
const masterKey = Buffer.alloc(32, 1);
const worker = await startWorker({ ...settings, masterKey, executors: [executor], logCapBytes: 1_000_000, logger });
await serveUntilTold(async () => {
  await worker.stop(5000);
  await sandbox.close();
});
