import { Child } from '../../test/support/child.ts';
import { PEERS } from '../peers/all.ts';
import type { Peer } from '../peers/peer.ts';
import type { Drained, PeerProcess } from '../peers/peer-process.ts';
import type { Bench, Measurement } from '../support/bench.ts';
import { PEER_PROCESS } from '../support/processes.ts';
import { median } from '../support/statistics.ts';

const DATABASE = 'bench_drain';

function isDrained(message: unknown): message is Drained {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'drained';
}

async function drainOnce({ postgres, redis, options, entry }: Bench, peer: Peer): Promise<Drained> {
  const url =
    peer.server === 'redis' && typeof redis !== 'string' ? redis.url : await postgres.createDatabase(DATABASE);
  await peer.create(url);
  const queue = await peer.open(url);
  await queue.fill(options.runs);
  await queue.close();
  if (peer.server === 'postgres') {
    // Whether autovacuum and a checkpoint fall into the measurement must not be a matter of luck.
    await postgres.administer('VACUUM ANALYZE', DATABASE);
    await postgres.administer('CHECKPOINT');
  }
  const { concurrency, runs: drain } = options;
  const child = await Child.start(entry(PEER_PROCESS), {
    peer: peer.name,
    url,
    concurrency,
    drain,
  } satisfies PeerProcess);
  try {
    return await child.next(isDrained);
  } finally {
    await child.kill();
    if (peer.server === 'postgres') await postgres.dropDatabase(DATABASE);
  }
}

/** By peer: the middle one of its rounds. */
async function drainAll(
  bench: Bench,
  peers: readonly Peer[],
): Promise<Map<string, { executed: number; recorded: number }>> {
  const rounds = new Map<string, Drained[]>(peers.map((peer) => [peer.name, []]));
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const peer of peers) {
      const drained = await drainOnce(bench, peer);
      rounds.get(peer.name)?.push(drained);
      bench.say(
        `drain, round ${round}, ${peer.name}: executed in ${drained.executedMs.toFixed(0)} ms, recorded in ${drained.recordedMs.toFixed(0)} ms`,
      );
    }
  }
  const middle = (drained: readonly Drained[]) => ({
    executed: median(drained.map(({ executedMs }) => executedMs)),
    recorded: median(drained.map(({ recordedMs }) => recordedMs)),
  });
  return new Map([...rounds].map(([name, drained]) => [name, middle(drained)]));
}

const OURS = 'longshore';
const TARGETS: Readonly<Record<string, number>> = {
  'graphile-worker, localQueue 500, batched': 1.2,
  'graphile-worker, localQueue 500': 1.2,
  BullMQ: 1.2,
};

/** How fast one worker process works off a full queue, until every run is recorded as succeeded. */
export const drain: Measurement = {
  name: 'drain',
  async run(bench) {
    const { redis, options } = bench;
    const wanted = (peer: Peer) =>
      peer.name === OURS || !options.peers || options.peers.some((part) => peer.name.includes(part));
    const peers = PEERS.filter((peer) => wanted(peer) && (peer.server === 'postgres' || typeof redis !== 'string'));
    if (typeof redis === 'string') bench.skip({ measurement: 'drain, BullMQ', reason: redis });
    const times = await drainAll(bench, peers);
    const ours = times.get(OURS);
    if (!ours) throw new Error('our own drain was not measured');
    const perSecond = (ms: number) => (1000 * options.runs) / ms;
    for (const [name, { executed, recorded }] of times) {
      const ratio = recorded / ours.recorded;
      const least = TARGETS[name];
      bench.add({
        measurement: 'drain',
        what: name,
        value: perSecond(recorded),
        unit: 'runs/s',
        beside:
          name === OURS
            ? `executed ${Math.round(perSecond(executed)).toLocaleString('en')} runs/s`
            : `ours is ${ratio.toFixed(2)} × as fast (executed: ${(executed / ours.executed).toFixed(2)} ×)`,
        ...(least === undefined ? {} : { target: { text: `≥ ${least} ×`, met: ratio >= least } }),
      });
    }
  },
};
