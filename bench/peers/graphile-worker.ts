import { Logger, makeWorkerUtils, run, WorkerPreset } from 'graphile-worker';
import pg from 'pg';
import type { Peer } from './peer.ts';

const quiet = new Logger(() => () => undefined);
const FILL_BATCH = 5000;

function graphileWorker(name: string, settings: GraphileConfig.Preset['worker']): Peer {
  return {
    name,
    server: 'postgres',

    async create(connectionString) {
      const utils = await makeWorkerUtils({ connectionString, logger: quiet });
      await utils.migrate();
      await utils.release();
    },

    async open(connectionString) {
      const utils = await makeWorkerUtils({ connectionString, logger: quiet });
      const pool = new pg.Pool({ connectionString, max: 1 });
      return {
        async fill(count) {
          for (let done = 0; done < count; done += FILL_BATCH) {
            const specs = Array.from({ length: Math.min(FILL_BATCH, count - done) }, () => ({
              identifier: 'noop',
              payload: {},
            }));
            await utils.addJobs(specs);
          }
        },
        async trigger(sample) {
          await utils.addJob('noop', { sample });
        },
        // A job that has succeeded is deleted.
        async allRecorded() {
          const { rows } = await pool.query('SELECT NOT EXISTS (SELECT FROM graphile_worker.jobs) AS done');
          return rows[0].done;
        },
        async close() {
          await pool.end();
          await utils.release();
        },
      };
    },

    async work(connectionString, { concurrency, onStart }) {
      const runner = await run({
        preset: {
          extends: [WorkerPreset],
          worker: {
            connectionString,
            concurrentJobs: concurrency,
            maxPoolSize: Math.min(concurrency + 2, 30),
            logger: quiet,
            ...settings,
          },
        },
        noHandleSignals: true,
        parsedCronItems: [],
        taskList: { noop: (payload) => onStart((payload as { sample?: number }).sample ?? 0) },
      });
      return { stop: () => runner.stop() };
    },
  };
}

export const graphilePlain = graphileWorker('graphile-worker', {});
export const graphileLocalQueue = graphileWorker('graphile-worker, localQueue 500', { localQueue: { size: 500 } });
/** With the settings for throughput of its own performance page. */
export const graphileBatched = graphileWorker('graphile-worker, localQueue 500, batched', {
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
});
