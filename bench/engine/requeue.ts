import { killWorkers } from '../../test/chaos/scenario.ts';
import type { Measurement } from '../support/bench.ts';
import { percentile } from '../support/statistics.ts';

const RUNS_PER_KILL = 150;
const TARGET_S = 20;

/** How long the runs of a killed worker wait until another one starts them, and whether anything is lost or doubled. */
export const requeue: Measurement = {
  name: 'requeue',
  async run({ options, say, add, skip }) {
    say(`requeue: a worker is killed each second for ${options.kills} s`);
    const { requeuedMs, violations, summary } = await killWorkers({
      seed: 1,
      seconds: options.kills,
      runs: options.kills * RUNS_PER_KILL,
      say,
    });
    if (requeuedMs.length === 0) {
      skip({ measurement: 'requeue', reason: 'no kill met a worker at work; give it more --kills' });
      return;
    }
    const measurement = 'killed worker to run again';
    const [p50, p99] = [0.5, 0.99].map((share) => percentile(requeuedMs, share) / 1000) as [number, number];
    add({ measurement, what: 'p50', value: p50, unit: 's', beside: `${requeuedMs.length} runs cut off` });
    add({ measurement, what: 'p99', value: p99, unit: 's', target: { text: `≤ ${TARGET_S} s`, met: p99 <= TARGET_S } });
    add({
      measurement,
      what: 'runs lost, ended twice or overlapping',
      value: violations.length,
      unit: 'runs',
      beside: `of ${summary['acknowledged runs']}`,
      target: { text: '0', met: violations.length === 0 },
    });
    for (const violation of violations) say(violation);
  },
};
