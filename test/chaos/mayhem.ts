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

export interface Blows {
  readonly workers: number;
  readonly servers: number;
  readonly postgres: number;
  readonly power: number;
}

const KINDS: readonly { readonly name: keyof Blows; readonly share: number; readonly strike: Blow }[] = [
  { name: 'workers', share: 0.5, strike: killWorker },
  { name: 'servers', share: 0.22, strike: killServer },
  { name: 'postgres', share: 0.22, strike: killPostgres },
  { name: 'power', share: 0.06, strike: killAll },
];

/** Strikes at random until the signal aborts; everything is up again when it resolves. @returns how often each struck */
export async function wreakHavoc(stage: Stage, random: Random, signal: AbortSignal): Promise<Blows> {
  const blows = { workers: 0, servers: 0, postgres: 0, power: 0 };
  while (!signal.aborted) {
    await sleep(random.between(500, 3000), signal);
    if (signal.aborted) break;
    let draw = random.next();
    const kind = KINDS.find(({ share }) => {
      draw -= share;
      return draw < 0;
    });
    if (!kind) continue;
    await kind.strike(stage, random);
    blows[kind.name] += 1;
  }
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
  return { workers, servers: 0, postgres: 0, power: 0 };
}
