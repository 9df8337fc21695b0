import path from 'node:path';
import { startWorker } from '../../src/bin/worker.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import type { Executor } from '../../src/protocol/executor.ts';
import { migrate } from '../../src/store/migrate.ts';
import { Store } from '../../src/store/store.ts';
import { enqueueAll, enqueueOne, newRun } from '../../test/support/runs.ts';
import type { Peer } from './peer.ts';

const logger = createLogger('error', 'bench');
const MIGRATIONS = path.join(packageRoot, 'src/store/migrations');
const FILL_BATCH = 5000;

function noop(onStart: (sample: number) => void): Executor {
  return {
    kind: 'noop',
    pausable: false,
    async run(spec) {
      onStart((spec as { sample?: number }).sample ?? 0);
      return {};
    },
  };
}

export const longshore: Peer = {
  name: 'longshore',
  server: 'postgres',

  async create(url) {
    await migrate(url, MIGRATIONS);
  },

  async open(url) {
    const store = new Store({ url, poolSize: 2, logger, applicationName: 'bench' });
    return {
      async fill(count) {
        for (let done = 0; done < count; done += FILL_BATCH) {
          await enqueueAll(store, Array<ReturnType<typeof newRun>>(Math.min(FILL_BATCH, count - done)).fill(newRun()));
        }
      },
      async trigger(sample) {
        await enqueueOne(store, { spec: { sample } });
      },
      async allRecorded() {
        const [row] = await store.query<{ done: boolean }>(
          "SELECT NOT EXISTS (SELECT FROM longshore.runs WHERE state <> 'succeeded') AS done",
        );
        return row?.done ?? false;
      },
      close: () => store.close(),
    };
  },

  async work(url, { concurrency, onStart }) {
    const worker = await startWorker({
      databaseUrl: url,
      // No server has written with another one, and no run holds a secret.
      masterKey: Buffer.alloc(32),
      executors: [noop(onStart)],
      maxTasks: concurrency,
      logCapBytes: 10_000_000,
      logger,
    });
    return { stop: () => worker.stop(0) };
  },
};
