/**
 * `npm run chaos`: kills and cuts connections at random for a while, then holds the system to what it has promised.
 *
 *     npm run chaos -- --seconds 300 --seed 7
 *     npm run chaos -- --scenario workers --runs 10000 --seconds 60
 */
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../support/at-exit.ts';
import { chaos, killWorkers } from './scenario.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    seconds: { type: 'string', default: '60' },
    runs: { type: 'string', default: '10000' },
  },
});
const scenarios = new Map([
  ['all', chaos],
  ['workers', killWorkers],
]);
const scenario = scenarios.get(values.scenario);
const [seed, seconds, runs] = [Number(values.seed), Number(values.seconds), Number(values.runs)];
if (!scenario || ![seed, seconds, runs].every(Number.isSafeInteger)) {
  console.error('npm run chaos -- [--scenario all|workers] [--seed <n>] [--seconds <n>] [--runs <n>]');
  process.exit(2);
}
exitOnSignals();
console.error(`seed ${seed}: the same decisions again with --seed ${seed}`);
const { violations, summary } = await scenario({ seed, seconds, runs, say: (text) => console.error(text) });
for (const [what, value] of Object.entries(summary)) console.log(`${what.padEnd(30)} ${value}`);
for (const violation of violations) console.log(`VIOLATION: ${violation}`);
console.log(violations.length === 0 ? 'every promise was kept' : `${violations.length} promises were broken`);
process.exit(violations.length === 0 ? 0 : 1);
