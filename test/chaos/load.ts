import { createJob, updateJob } from '../../src/engine/jobs.ts';
import type { JobDefinition, Misfire, Overlap } from '../../src/engine/model.ts';
import { cancelRun } from '../../src/engine/runs.ts';
import { sleep } from '../../src/kernel/clock.ts';
import { AppError } from '../../src/kernel/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { enqueueAll, newRun } from '../support/runs.ts';
import { CHAOS_KIND, type ChaosSpec } from './executor.ts';
import type { Random } from './random.ts';

const AREA = 'scheduler';

/** What the outside was told, and holds the system to. */
export interface Promises {
  /** Runs whose enqueuing was acknowledged. */
  readonly enqueued: number[];
  /** Runs whose cancellation was acknowledged. */
  readonly cancelled: number[];
  /** Calls that got no answer: they may have taken effect or not. */
  unanswered: number;
}

/** @returns undefined when there was no answer, or the call came too late for the run */
async function answered<T>(promises: Promises, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'unavailable') promises.unanswered += 1;
    else if (error.code !== 'conflict') throw error;
    return undefined;
  }
}

/** Mostly short; a few outlive the lease of a worker that is cut off. */
function drawMs(random: Random): number {
  const draw = random.next();
  if (draw < 0.01) return random.between(10_000, 30_000);
  return draw < 0.04 ? random.between(1000, 4000) : random.between(0, 150);
}

function drawSpec(random: Random): ChaosSpec {
  return {
    ms: Math.round(drawMs(random)),
    command: random.chance(0.08),
    failures: random.chance(0.1) ? random.integer(1, 4) : 0,
  };
}

export interface LoadOptions {
  readonly store: Store;
  readonly random: Random;
  readonly promises: Promises;
  readonly signal: AbortSignal;
}

/** Enqueues small batches without end, at about `perSecond` runs a second. */
export async function enqueueForever({ store, random, promises, signal }: LoadOptions, perSecond: number) {
  while (!signal.aborted) {
    const runs = Array.from({ length: random.integer(1, 10) }, () =>
      newRun({
        kind: CHAOS_KIND,
        spec: drawSpec(random),
        retryCount: 2,
        retryDelaySeconds: 1,
        timeoutSeconds: random.chance(0.02) ? 1 : null,
        concurrency: random.chance(0.1) ? { key: `chaos-${random.integer(1, 3)}`, limit: 2 } : null,
      }),
    );
    promises.enqueued.push(...((await answered(promises, enqueueAll(store, runs))) ?? []));
    await sleep((runs.length * 1000) / perSecond, signal);
  }
}

/** Cancels one of the latest runs now and then, whatever state it is in. */
export async function cancelForever({ store, random, promises, signal }: LoadOptions): Promise<void> {
  while (!signal.aborted) {
    await sleep(random.between(50, 400), signal);
    const id = promises.enqueued.at(-random.integer(1, 60));
    if (id === undefined) continue;
    const cancelled = store.transaction((tx) => cancelRun(tx, AREA, id));
    const run = await answered(promises, cancelled);
    if (run?.state === 'cancelled' || run?.state === 'cancelling') promises.cancelled.push(id);
  }
}

export interface ChaosJob {
  readonly id: number;
  readonly misfire: Misfire;
}

function everySecond(name: string, misfire: Misfire, overlap: Overlap): JobDefinition {
  const spec: ChaosSpec = { ms: 20, command: false, failures: 0 };
  return {
    area: AREA,
    kind: CHAOS_KIND,
    name,
    description: '',
    spec,
    status: 'active',
    priority: 'high',
    tags: [],
    retryCount: 0,
    retryDelaySeconds: 0,
    timeoutSeconds: null,
    schedule: {
      cron: '*/1 * * * * *',
      timezone: 'UTC',
      startsAt: null,
      expiresAt: null,
      jitterSeconds: 0,
      overlap,
      misfire,
      catchupSeconds: null,
    },
    maxConcurrent: null,
    pauseOnFailure: false,
    onFinish: null,
  };
}

/** Schedules that fire each second, one of each policy about missed instants. */
export async function createSchedules(store: Store): Promise<ChaosJob[]> {
  const definitions = [
    everySecond('all', 'all', 'allow'),
    everySecond('coalesce', 'coalesce', 'allow'),
    everySecond('skip overlapping', 'coalesce', 'skip'),
  ];
  const jobs: ChaosJob[] = [];
  for (const job of definitions) {
    const id = await store.transaction((tx) => createJob(tx, job, null));
    jobs.push({ id, misfire: job.schedule?.misfire ?? 'coalesce' });
  }
  return jobs;
}

export async function pauseSchedules(store: Store, jobs: readonly ChaosJob[]): Promise<void> {
  for (const { id } of jobs) {
    await store.transaction((tx) => updateJob(tx, AREA, id, (job) => ({ ...job, status: 'paused' })));
  }
}
