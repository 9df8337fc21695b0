import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Peer } from './peer.ts';

const NAME = 'bench';
const FILL_BATCH = 2000;

function connect(url: string): Redis {
  return new Redis(url, { maxRetriesPerRequest: null });
}

export const bullmq: Peer = {
  name: 'BullMQ',
  server: 'redis',

  async create(url) {
    const connection = connect(url);
    await connection.flushall();
    connection.disconnect();
  },

  async open(url) {
    const connection = connect(url);
    const queue = new Queue<{ sample?: number }>(NAME, { connection });
    await queue.waitUntilReady();
    return {
      async fill(count) {
        for (let done = 0; done < count; done += FILL_BATCH) {
          const jobs = Array.from({ length: Math.min(FILL_BATCH, count - done) }, () => ({ name: 'noop', data: {} }));
          await queue.addBulk(jobs);
        }
      },
      async trigger(sample) {
        await queue.add('noop', { sample });
      },
      // It keeps what is done unless it is told otherwise.
      async allRecorded(count) {
        return (await queue.getCompletedCount()) >= count;
      },
      async close() {
        await queue.close();
        connection.disconnect();
      },
    };
  },

  async work(url, { concurrency, onStart }) {
    const connection = connect(url);
    const worker = new Worker<{ sample?: number }>(NAME, async (job) => onStart(job.data.sample ?? 0), {
      connection,
      concurrency,
    });
    worker.on('error', (error) => console.error(error));
    await worker.waitUntilReady();
    return {
      async stop() {
        await worker.close();
        connection.disconnect();
      },
    };
  },
};
