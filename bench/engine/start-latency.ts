import { sleep } from '../../src/kernel/clock.ts';
import { Child, monotonicMs } from '../../test/support/child.ts';
import { bullmq } from '../peers/bullmq.ts';
import { graphilePlain } from '../peers/graphile-worker.ts';
import { longshore } from '../peers/longshore.ts';
import type { Peer } from '../peers/peer.ts';
import type { PeerProcess, Started } from '../peers/peer-process.ts';
import type { Bench, Measurement } from '../support/bench.ts';
import { PEER_PROCESS } from '../support/processes.ts';
import { percentile } from '../support/statistics.ts';

const DATABASE = 'bench_latency';
/** Not timed: connections are made and code is compiled at the first few. */
const WARM_UP = 20;

function isStartOf(sample: number) {
  return (message: unknown): message is Started =>
    typeof message === 'object' && message !== null && 'sample' in message && message.sample === sample;
}

/** Milliseconds from the call that enqueues a job in this process to its start in the worker's. */
async function latenciesOf({ postgres, redis, options, entry }: Bench, peer: Peer): Promise<number[]> {
  const url =
    peer.server === 'redis' && typeof redis !== 'string' ? redis.url : await postgres.createDatabase(DATABASE);
  await peer.create(url);
  const queue = await peer.open(url);
  const argument: PeerProcess = { peer: peer.name, url, concurrency: options.concurrency, drain: 0 };
  const child = await Child.start(entry(PEER_PROCESS), argument);
  try {
    const latencies: number[] = [];
    for (let sample = 1; sample <= WARM_UP + options.samples; sample += 1) {
      // At random, so that no sample falls into step with a poll.
      await sleep(20 + Math.random() * 130);
      const started = child.next(isStartOf(sample));
      const triggeredAt = monotonicMs();
      await queue.trigger(sample);
      latencies.push((await started).at - triggeredAt);
    }
    return latencies.slice(WARM_UP);
  } finally {
    await child.stop();
    await queue.close();
    if (peer.server === 'postgres') await postgres.dropDatabase(DATABASE);
  }
}

const P50_TARGET = 1.5;
const P99_TARGET_MS = 10;

/** How long an idle system takes from a trigger to the start of the executor. */
export const startLatency: Measurement = {
  name: 'start-latency',
  async run(bench) {
    const measured = new Map<string, { p50: number; p99: number }>();
    for (const peer of [graphilePlain, bullmq, longshore]) {
      if (peer.server === 'redis' && typeof bench.redis === 'string') {
        bench.skip({ measurement: `start latency, ${peer.name}`, reason: bench.redis });
        continue;
      }
      const latencies = await latenciesOf(bench, peer);
      measured.set(peer.name, { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) });
    }
    const beside = measured.get(graphilePlain.name);
    for (const [name, { p50, p99 }] of measured) {
      const ours = name === longshore.name && beside !== undefined;
      const ratio = beside ? p50 / beside.p50 : 1;
      bench.add({
        measurement: 'trigger to start, idle',
        what: `${name}, p50`,
        value: p50,
        unit: 'ms',
        ...(ours ? { beside: `${ratio.toFixed(2)} × graphile-worker's` } : {}),
        ...(ours ? { target: { text: `≤ ${P50_TARGET} × graphile-worker's`, met: ratio <= P50_TARGET } } : {}),
      });
      bench.add({
        measurement: 'trigger to start, idle',
        what: `${name}, p99`,
        value: p99,
        unit: 'ms',
        ...(ours ? { target: { text: `≤ ${P99_TARGET_MS} ms`, met: p99 <= P99_TARGET_MS } } : {}),
      });
    }
  },
};
