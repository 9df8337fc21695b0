import { sleep } from '../../src/kernel/clock.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';

/** One thing that goes wrong, until it is right again. */
type Blow = (stage: Stage, random: Random) => Promise<void>;

const killWorker: Blow = async (stage, random) => {
  const worker = random.pick(stage.workers);
  await worker.kill();
  await sleep(random.between(0, 1500));
  await worker.start();
};

const killServer: Blow = async (stage, random) => {
  const server = random.pick(stage.servers);
  await server.kill();
  await sleep(random.between(0, 1500));
  await server.start();
};

const killPostgres: Blow = async (stage, random) => {
  await stage.postgres.kill();
  await sleep(random.between(0, 2000));
  await stage.postgres.start();
};

/** Everything at once, as when a machine loses its power. */
const killAll: Blow = async (stage, random) => {
  const actors = [...stage.workers, ...stage.servers];
  await Promise.all([stage.postgres.kill(), ...actors.map((actor) => actor.kill())]);
  await sleep(random.between(0, 1000));
  await stage.postgres.start();
  await Promise.all(actors.map((actor) => actor.start()));
};

/** Longer than a lease, or not quite: the worker must have ended its runs when others may start them. */
const cutWorkerOff: Blow = async (stage, random) => {
  const whole = stage.workerProxies.filter((candidate) => !candidate.isCut);
  if (whole.length === 0) return;
  const proxy = random.pick(whole);
  proxy.cut();
  await sleep(random.chance(0.3) ? random.between(3000, 14_000) : random.between(18_000, 28_000));
  proxy.heal();
};

export interface Blows {
  readonly workers: number;
  readonly cuts: number;
  readonly servers: number;
  readonly postgres: number;
  readonly power: number;
}

interface Kind {
  readonly name: keyof Blows;
  readonly share: number;
  readonly strike: Blow;
  /** Others strike meanwhile. */
  readonly lasts?: boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'cuts', share: 0.2, strike: cutWorkerOff, lasts: true },
  { name: 'workers', share: 0.34, strike: killWorker },
  { name: 'servers', share: 0.2, strike: killServer },
  { name: 'postgres', share: 0.2, strike: killPostgres },
  { name: 'power', share: 0.06, strike: killAll },
];

function drawKind(random: Random): Kind {
  let draw = random.next();
  const drawn = KINDS.find(({ share }) => {
    draw -= share;
    return draw < 0;
  });
  return drawn ?? random.pick(KINDS);
}

/** Strikes at random until the signal aborts; everything is up again when it resolves. @returns how often each struck */
export async function wreakHavoc(stage: Stage, random: Random, signal: AbortSignal): Promise<Blows> {
  const blows = { workers: 0, cuts: 0, servers: 0, postgres: 0, power: 0 };
  const lasting: Promise<void>[] = [];
  // Each once at first, the longest before all others, so that short runs see them too.
  const fresh = KINDS.filter(({ name }) => name !== 'power');
  while (!signal.aborted) {
    await sleep(random.between(500, 3000), signal);
    if (signal.aborted) break;
    const kind = fresh.shift() ?? drawKind(random);
    const struck = kind.strike(stage, random.fork());
    if (kind.lasts) lasting.push(struck);
    else await struck;
    blows[kind.name] += 1;
  }
  await Promise.all(lasting);
  return blows;
}

/** Kills a worker each second, whatever its state, and starts it again. @returns how many were killed */
export async function killWorkersEachSecond(stage: Stage, random: Random, signal: AbortSignal): Promise<Blows> {
  let workers = 0;
  const restarts: Promise<void>[] = [];
  while (!signal.aborted) {
    await sleep(1000, signal);
    if (signal.aborted) break;
    const up = stage.workers.filter((worker) => worker.isUp);
    if (up.length === 0) continue;
    const worker = random.pick(up);
    await worker.kill();
    workers += 1;
    restarts.push(worker.start());
  }
  await Promise.all(restarts);
  return { workers, cuts: 0, servers: 0, postgres: 0, power: 0 };
}
