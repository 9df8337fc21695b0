import { jobsList } from '../../src/engine/queries/job.ts';
import { runsCount, runsList } from '../../src/engine/queries/run_read.ts';
import { jobCounts, outcomesBetween, queueDepths } from '../../src/engine/queries/statistics.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { Store } from '../../src/store/store.ts';
import { monotonicMs } from '../../test/support/child.ts';
import type { Bench, Measurement } from '../support/bench.ts';
import { HISTORY_JOBS } from '../support/history.ts';
import { percentile } from '../support/statistics.ts';

const AREA = 'scheduler';
const PAGE = { limit: 20, offset: 0 };
const TARGET_MS = 20;
/** A question that scans the history takes seconds: a few answers tell as much as hundreds. */
const MOST_MS = 10_000;
const LEAST_SAMPLES = 10;

type Question = readonly [what: string, ask: (store: Store, jobId: number) => Promise<unknown>];

/** What the API's lists, counters and overview ask. */
const QUESTIONS: readonly Question[] = [
  ['newest runs', (store) => runsList(store, { area: AREA, ofJobs: true }, PAGE)],
  ['newest runs of a job', (store, jobId) => runsList(store, { area: AREA, jobId }, PAGE)],
  ['newest failed runs', (store) => runsList(store, { area: AREA, ofJobs: true, states: ['failed', 'dead'] }, PAGE)],
  ['running runs', (store) => runsList(store, { area: AREA, ofJobs: true, states: ['running'] }, PAGE)],
  ['number of runs', (store) => runsCount(store, { area: AREA, ofJobs: true })],
  ['number of runs of a job', (store, jobId) => runsCount(store, { area: AREA, jobId })],
  ['number of failed runs', (store) => runsCount(store, { area: AREA, ofJobs: true, states: ['failed', 'dead'] })],
  ['jobs, with their last run', (store) => jobsList(store, { area: AREA }, PAGE)],
  ['jobs by status', (store) => jobCounts(store, AREA)],
  ['depth of queues', (store) => queueDepths(store)],
  ["a day's outcomes", (store) => outcomesBetween(store, { area: AREA, ofJobs: true, from: today(), to: today() })],
  ["a job's outcomes", (store, jobId) => outcomesBetween(store, { area: AREA, jobId, from: null, to: null })],
];

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

async function ask({ options }: Bench, store: Store, question: Question): Promise<number[]> {
  const times: number[] = [];
  const until = monotonicMs() + MOST_MS;
  for (let n = 0; n < options.samples && (n < LEAST_SAMPLES || monotonicMs() < until); n += 1) {
    const begun = monotonicMs();
    await question[1](store, 1 + Math.floor(Math.random() * HISTORY_JOBS));
    times.push(monotonicMs() - begun);
  }
  return times;
}

/** Lists, counters and statistics over a long history. */
export const lists: Measurement = {
  name: 'lists',
  async run(bench) {
    const { options } = bench;
    const url = await bench.historyUrl();
    const store = new Store({ url, poolSize: 1, logger: createLogger('error', 'bench'), applicationName: 'bench' });
    try {
      for (const question of QUESTIONS) {
        bench.say(`lists: ${question[0]}`);
        const times = await ask(bench, store, question);
        const p99 = percentile(times, 0.99);
        bench.add({
          measurement: `over ${options.history.toLocaleString('en')} runs`,
          what: `${question[0]}, p99`,
          value: p99,
          unit: 'ms',
          beside: `p50 ${percentile(times, 0.5).toFixed(2)} ms`,
          target: { text: `≤ ${TARGET_MS} ms`, met: p99 <= TARGET_MS },
        });
      }
    } finally {
      await store.close();
    }
  },
};
