import { readFile } from 'node:fs/promises';
import { sleep } from '../../src/kernel/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { enqueueAll, newRun } from '../support/runs.ts';
import { CHAOS_KIND, type ChaosSpec } from './executor.ts';
import { readLedger } from './ledger.ts';
import {
  type ChaosJob,
  cancelForever,
  createSchedules,
  enqueueForever,
  type Promises,
  pauseSchedules,
} from './load.ts';
import { type Blows, killWorkersEachSecond, wreakHavoc } from './mayhem.ts';
import { Random } from './random.ts';
import { Stage } from './stage.ts';
import { executionsOf, findViolations, requeueTimes } from './verdict.ts';
import { survivorsNow, watchForSurvivors } from './watch.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Runs that are enqueued before the first blow; only `workers`. */
  readonly runs: number;
  say(text: string): void;
}

export interface Outcome {
  readonly violations: readonly string[];
  /** See `requeueTimes`. */
  readonly requeuedMs: readonly number[];
  /** What happened, for people. */
  readonly summary: Readonly<Record<string, number | string>>;
}

const LOSS_RATE = 0.05;
const RUNS_PER_SECOND = 60;
/** A run that is lost three times, each with its lease to wait for, and retried in between. */
const DRAIN_PATIENCE_MS = 240_000;

/** Waits until every run has ended, or patience is over: what has not is then a violation. */
async function drained(store: Store, say: (text: string) => void): Promise<void> {
  const until = Date.now() + DRAIN_PATIENCE_MS;
  while (Date.now() < until) {
    const [row] = await store.query<{ live: number }>(
      'SELECT count(*) AS live FROM longshore.runs WHERE finished_at IS NULL',
    );
    if (row?.live === 0) return;
    say(`${row?.live} runs are yet to end`);
    await sleep(1000);
  }
}

interface Act {
  readonly stage: Stage;
  readonly promises: Promises;
  readonly jobs: readonly ChaosJob[];
  readonly blows: Blows;
}

async function judge(
  options: ChaosOptions,
  act: Act,
  store: Store,
  watched: Promise<string[]>,
  stopWatching: () => void,
): Promise<Outcome> {
  const { stage, promises, jobs, blows } = act;
  await drained(store, options.say);
  stopWatching();
  const survivors = [...(await watched), ...(await survivorsNow(stage.name, store))];
  await stage.stopProcesses();
  const ledger = readLedger(stage.ledger);
  const violations = await findViolations({ store, promises, jobs, ledger, deaths: stage.deaths, survivors });
  const executions = executionsOf(ledger, stage.deaths);
  const requeuedMs = await requeueTimes(store, stage.workerDeaths);
  const ended = await store.query<{ state: string; n: number }>(
    'SELECT state, count(*) AS n FROM longshore.runs GROUP BY state ORDER BY state',
  );
  const p99 = requeuedMs[Math.ceil(requeuedMs.length * 0.99) - 1];
  return {
    violations,
    requeuedMs,
    summary: {
      seed: options.seed,
      'acknowledged runs': promises.enqueued.length,
      'acknowledged cancellations': promises.cancelled.length,
      'calls without an answer': promises.unanswered,
      'answers lost by the proxy': stage.losses,
      ...Object.fromEntries(Object.entries(blows).map(([name, n]) => [`struck: ${name}`, n])),
      executions: executions.length,
      'cut off by a kill': executions.filter(({ killed }) => killed).length,
      ...Object.fromEntries(ended.map(({ state, n }) => [`runs ${state}`, n])),
      'leased again after a kill, p99':
        p99 === undefined ? 'none was' : `${(p99 / 1000).toFixed(1)} s of ${requeuedMs.length}`,
    },
  };
}

/** Runs `play`, then judges what came of it; everything is removed in the end. */
async function perform(
  options: ChaosOptions,
  cast: { servers: number; workers: number },
  play: (
    stage: Stage,
    random: Random,
    promises: Promises,
    store: Store,
  ) => Promise<{ jobs: readonly ChaosJob[]; blows: Blows }>,
): Promise<Outcome> {
  const random = new Random(options.seed);
  const stage = await Stage.open({ ...cast, random });
  const store = stage.store(stage.url);
  const watching = new AbortController();
  try {
    const promises: Promises = { enqueued: [], cancelled: [], unanswered: 0 };
    const watched = watchForSurvivors(stage.name, store, watching.signal);
    const { jobs, blows } = await play(stage, random, promises, store);
    const outcome = await judge(options, { stage, promises, jobs, blows }, store, watched, () => watching.abort());
    if (outcome.violations.length > 0) options.say(await readFile(stage.log, 'utf8').catch(() => ''));
    return outcome;
  } finally {
    watching.abort();
    await store.close();
    await stage.close();
  }
}

/** Everything may be killed at any time, and one in twenty committed writes is never answered. */
export function chaos(options: ChaosOptions): Promise<Outcome> {
  return perform(options, { servers: 2, workers: 3 }, async (stage, random, promises, store) => {
    const jobs = await createSchedules(store);
    const lossy = stage.store(stage.lossyUrl);
    const over = new AbortController();
    const load = { store: lossy, promises, signal: over.signal };
    stage.lossRate = LOSS_RATE;
    try {
      const busy = [
        enqueueForever({ ...load, random: random.fork() }, RUNS_PER_SECOND),
        cancelForever({ ...load, random: random.fork() }),
      ];
      const struck = wreakHavoc(stage, random.fork(), over.signal);
      await sleep(options.seconds * 1000);
      over.abort();
      await Promise.all(busy);
      const blows = await struck;
      stage.lossRate = 0;
      await pauseSchedules(store, jobs);
      return { jobs, blows };
    } finally {
      over.abort();
      await lossy.close();
    }
  });
}

/** Three workers, one of them over HTTP, work off a full queue while one of them is killed each second. */
export function killWorkers(options: ChaosOptions): Promise<Outcome> {
  return perform(options, { servers: 1, workers: 3 }, async (stage, random, promises, store) => {
    const spec: ChaosSpec = { ms: 50, command: false, failures: 0 };
    const runs = Array.from({ length: options.runs }, () => newRun({ kind: CHAOS_KIND, spec }));
    promises.enqueued.push(...(await enqueueAll(store, runs)));
    const over = new AbortController();
    const struck = killWorkersEachSecond(stage, random.fork(), over.signal);
    await sleep(options.seconds * 1000);
    over.abort();
    return { jobs: [], blows: await struck };
  });
}
