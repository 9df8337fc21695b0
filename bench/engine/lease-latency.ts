import path from 'node:path';
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

/** An empty schema, with so many runs waiting. @returns its URL */
async function createQueue({ postgres }: Bench, database: string, queued: number): Promise<string> {
  const url = await postgres.createDatabase(database);
  await migrate(url, path.join(packageRoot, 'src/store/migrations'));
  await insertQueued(postgres, database, queued);
  await postgres.administer('VACUUM ANALYZE', database);
  await postgres.administer('CHECKPOINT');
  return url;
}

/** Leases in turn at each of them: what else the machine does meanwhile falls on all alike. @returns times of each */
async function leaseInTurn(leasers: readonly Leaser[], samples: number): Promise<number[][]> {
  const times = leasers.map((): number[] => []);
  for (let n = 0; n < WARM_UP + samples; n += 1) {
    for (const [i, leaser] of leasers.entries()) {
      const took = await leaser.cycle();
      if (n >= WARM_UP) times[i]?.push(took);
    }
  }
  return times;
}

/**
 * Works at one of them without a pause for so long, and now and then at the other, to compare. @returns the times of
 * the last quarter, when it hurts most, of each
 */
async function leaseUnderLoad(busy: Leaser, idle: Leaser, seconds: number): Promise<[number[], number[]]> {
  const times: { at: number; took: number; of: Leaser }[] = [];
  const begun = monotonicMs();
  for (let n = 1; monotonicMs() - begun < seconds * 1000; n += 1) {
    const of = n % 4 === 0 ? idle : busy;
    times.push({ at: monotonicMs() - begun, took: await of.cycle(), of });
  }
  const late = times.filter(({ at }) => at > seconds * 750);
  const timesOf = (leaser: Leaser) => late.filter(({ of }) => of === leaser).map(({ took }) => took);
  return [timesOf(busy), timesOf(idle)];
}

const TARGET = 2;

function addTimes(
  bench: Bench,
  what: string,
  times: readonly number[],
  empty: readonly number[],
  target: boolean,
): void {
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const value = percentile(times, share);
    const ratio = value / percentile(empty, share);
    bench.add({
      measurement: 'lease of 10',
      what: `${what}, ${name}`,
      value,
      unit: 'ms',
      ...(times === empty ? {} : { beside: `${ratio.toFixed(2)} × empty` }),
      ...(target && name === 'p99' ? { target: { text: `≤ ${TARGET} × empty`, met: ratio <= TARGET } } : {}),
    });
  }
}

/** How long it takes to lease ten runs: on an empty system, behind a long queue, and over a long history. */
export const leaseLatency: Measurement = {
  name: 'lease-latency',
  async run(bench) {
    const { postgres, options } = bench;
    bench.say(`lease latency: making ${options.queued.toLocaleString('en')} queued runs`);
    const urls = [
      await createQueue(bench, 'bench_lease_empty', 0),
      await createQueue(bench, 'bench_lease_queued', options.queued),
      await bench.historyUrl(),
      await createQueue(bench, 'bench_lease_horizon', 0),
    ] as const;
    const [empty, behindQueue, overHistory, underHorizon] = urls.map((url) => new Leaser(url)) as [
      Leaser,
      Leaser,
      Leaser,
      Leaser,
    ];
    const all = [empty, behindQueue, overHistory, underHorizon];
    try {
      for (const leaser of all) await leaser.join();
      bench.say('lease latency');
      const [plain = [], queued = [], history = []] = await leaseInTurn(all.slice(0, 3), options.samples);
      addTimes(bench, 'empty', plain, plain, false);
      addTimes(bench, `behind ${options.queued.toLocaleString('en')} queued`, queued, plain, true);
      addTimes(bench, `over ${options.history.toLocaleString('en')} ended`, history, plain, true);
      const seconds = options.horizonSeconds;
      bench.say(`lease latency, ${seconds} s of an open snapshot`);
      const [held, beside] = await whileHorizonIsHeld(urls[3], () => leaseUnderLoad(underHorizon, empty, seconds));
      addTimes(bench, `after ${seconds} s of load and an open snapshot`, held, beside, false);
    } finally {
      for (const leaser of all) await leaser.close();
      for (const name of ['empty', 'queued', 'horizon']) await postgres.dropDatabase(`bench_lease_${name}`);
    }
  },
};
