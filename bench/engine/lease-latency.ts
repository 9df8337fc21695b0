import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { PostgresPort } from '../../src/engine/postgres-port.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import type { LeasedRun } from '../../src/protocol/worker.ts';
import { Listener } from '../../src/store/listener.ts';
import { migrate } from '../../src/store/migrate.ts';
import { Store } from '../../src/store/store.ts';
import { monotonicMs } from '../../test/support/child.ts';
import { enqueueAll, newRun, registration } from '../../test/support/runs.ts';
import type { Bench, Measurement } from '../support/bench.ts';
import { insertQueued } from '../support/history.ts';
import { percentile } from '../support/statistics.ts';

const DATABASE = 'bench_lease';
/** Runs that a lease takes: what a worker with ten free slots asks for. */
const BATCH = 10;
const WARM_UP = 30;
const logger = createLogger('error', 'bench');
const never = new AbortController().signal;

/** A worker's port, asked as a worker would, but one call at a time. */
class Leaser {
  readonly #store: Store;
  readonly #port: PostgresPort;
  #sessionId = 0;

  constructor(url: string) {
    this.#store = new Store({ url, poolSize: 2, logger, applicationName: 'bench' });
    this.#port = new PostgresPort({ store: this.#store, listener: new Listener({ url, logger }), logger });
  }

  async join(): Promise<void> {
    this.#sessionId = (await this.#port.register(registration({ max_tasks: BATCH }))).session_id;
    // For the whole measurement: it has no heartbeat.
    await this.#store.query("UPDATE longshore.worker_sessions SET lease_until = now() + interval '1 day'");
  }

  /** Enqueues a batch, leases one and reports it as done. @returns how long the lease took, in milliseconds */
  async cycle(): Promise<number> {
    await enqueueAll(this.#store, Array<ReturnType<typeof newRun>>(BATCH).fill(newRun()));
    const begun = monotonicMs();
    const runs = await this.#port.lease({ session_id: this.#sessionId, limit: BATCH, wait_ms: 0 }, never);
    const took = monotonicMs() - begun;
    if (runs.length !== BATCH) throw new Error(`a lease took ${runs.length} of ${BATCH} runs`);
    const done = ({ id, epoch }: LeasedRun) =>
      ({ id, epoch, status: 'succeeded', retryable: false, log_bytes: 0 }) as const;
    await this.#port.report({ session_id: this.#sessionId, outcomes: runs.map(done) });
    return took;
  }

  async sample(count: number): Promise<number[]> {
    for (let n = 0; n < WARM_UP; n += 1) await this.cycle();
    const times: number[] = [];
    for (let n = 0; n < count; n += 1) times.push(await this.cycle());
    return times;
  }

  /** Works without a pause for so long, and measures the leases of the last quarter, when it hurts most. */
  async sampleUnderLoad(seconds: number): Promise<number[]> {
    const times: { at: number; took: number }[] = [];
    const begun = monotonicMs();
    while (monotonicMs() - begun < seconds * 1000) {
      times.push({ at: monotonicMs() - begun, took: await this.cycle() });
      await turn();
    }
    return times.filter(({ at }) => at > seconds * 750).map(({ took }) => took);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** Keeps a snapshot open meanwhile: nothing that dies after it can be cleaned away. */
async function whileHorizonIsHeld<T>(url: string, work: () => Promise<T>): Promise<T> {
  const holder = new Store({ url, poolSize: 1, logger, applicationName: 'bench horizon' });
  try {
    return await holder.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await tx.query('SELECT count(*) FROM longshore.runs WHERE id < 100');
      return work();
    });
  } finally {
    await holder.close();
  }
}

interface Situation {
  readonly what: string;
  readonly queued: number;
  readonly history: boolean;
  readonly horizonSeconds: number;
}

/** An empty schema, with so many runs waiting. */
async function createQueue({ postgres }: Bench, queued: number): Promise<string> {
  const url = await postgres.createDatabase(DATABASE);
  await migrate(url, path.join(packageRoot, 'src/store/migrations'));
  await insertQueued(postgres, DATABASE, queued);
  await postgres.administer('VACUUM ANALYZE', DATABASE);
  await postgres.administer('CHECKPOINT');
  return url;
}

async function leaseTimes(bench: Bench, situation: Situation): Promise<number[]> {
  const { postgres, options } = bench;
  const url = situation.history ? await bench.historyUrl() : await createQueue(bench, situation.queued);
  const leaser = new Leaser(url);
  try {
    await leaser.join();
    const { horizonSeconds } = situation;
    if (horizonSeconds === 0) return await leaser.sample(options.samples);
    return await whileHorizonIsHeld(url, () => leaser.sampleUnderLoad(horizonSeconds));
  } finally {
    await leaser.close();
    if (!situation.history) await postgres.dropDatabase(DATABASE);
  }
}

const TARGET = 2;

/** How long it takes to lease ten runs: beside an empty system, behind a long queue, and over a long history. */
export const leaseLatency: Measurement = {
  name: 'lease-latency',
  async run(bench) {
    const { queued, history, horizonSeconds } = bench.options;
    const plain = { queued: 0, history: false, horizonSeconds: 0 };
    const situations: Situation[] = [
      { ...plain, what: 'empty' },
      { ...plain, what: `behind ${queued.toLocaleString('en')} queued`, queued },
      { ...plain, what: `over ${history.toLocaleString('en')} ended`, history: true },
      { ...plain, what: `${horizonSeconds} s of an open snapshot, under load`, horizonSeconds },
    ];
    let empty: number | undefined;
    for (const situation of situations) {
      bench.say(`lease latency, ${situation.what}`);
      const times = await leaseTimes(bench, situation);
      const p99 = percentile(times, 0.99);
      empty ??= p99;
      const ratio = p99 / empty;
      const hasTarget = situation.queued > 0 || situation.history;
      const common = { measurement: 'lease of 10', unit: 'ms' } as const;
      bench.add({ ...common, what: `${situation.what}, p50`, value: percentile(times, 0.5) });
      bench.add({
        ...common,
        what: `${situation.what}, p99`,
        value: p99,
        ...(situation.what === 'empty' ? {} : { beside: `${ratio.toFixed(2)} × empty` }),
        ...(hasTarget ? { target: { text: `≤ ${TARGET} × empty`, met: ratio <= TARGET } } : {}),
      });
    }
  },
};
