import PgBoss from 'pg-boss';
import type { Peer } from './peer.ts';

const NAME = 'bench';
const FILL_BATCH = 5000;

async function connect(options: PgBoss.ConstructorOptions): Promise<PgBoss> {
  const boss = new PgBoss(options);
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return boss;
}

export const pgBoss: Peer = {
  name: 'pg-boss',
  server: 'postgres',

  async create(url) {
    const boss = await connect({ connectionString: url });
    await boss.createQueue(NAME);
    await boss.stop({ graceful: false });
  },

  async open(url) {
    const boss = await connect({ connectionString: url, supervise: false, schedule: false });
    return {
      async fill(count) {
        for (let done = 0; done < count; done += FILL_BATCH) {
          const jobs = Array.from({ length: Math.min(FILL_BATCH, count - done) }, () => ({ name: NAME }));
          await boss.insert(jobs);
        }
      },
      async trigger(sample) {
        await boss.send(NAME, { sample });
      },
      async allRecorded() {
        // Up to `active`: what is waiting or under way.
        return (await boss.getQueueSize(NAME, { before: 'completed' })) === 0;
      },
      close: () => boss.stop({ graceful: false }),
    };
  },

  async work(url, { concurrency, onStart }) {
    const boss = await connect({ connectionString: url });
    // It waits half a second between batches at least, unless it is told that there is more.
    const id: string = await boss.work<{ sample?: number }>(NAME, { batchSize: concurrency }, async (jobs) => {
      boss.notifyWorker(id);
      for (const job of jobs) onStart(job.data?.sample ?? 0);
    });
    return { stop: () => boss.stop({ graceful: false }) };
  },
};
