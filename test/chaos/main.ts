/**
 * `npm run chaos`: kills and cuts connections at random for a while, then holds the system to what it has promised.
 *
 *     npm run chaos -- --seconds 300 --seed 7
 *     npm run chaos -- --scenario workers --runs 10000 --seconds 60
 *     npm run chaos -- --scenario sync --times 50
 */
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../support/at-exit.ts';
import { noMariadb } from '../support/temporary-mariadb.ts';
import { chaos, killWorkers } from './scenario.ts';
import { killSyncs } from './sync-scenario.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    seconds: { type: 'string', default: '60' },
    runs: { type: 'string', default: '10000' },
    times: { type: 'string', default: '5' },
  },
});
const [seed, seconds, runs, times] = [values.seed, values.seconds, values.runs, values.times].map(Number) as [
  number,
  number,
  number,
  number,
];
const say = (text: string) => console.error(text);
const scenarios = new Map([
  ['all', () => chaos({ seed, seconds, runs, say })],
  ['workers', () => killWorkers({ seed, seconds, runs, say })],
  ['sync', () => killSyncs({ seed, times, engines: noMariadb ? ['postgresql'] : ['postgresql', 'mariadb'], say })],
]);
const scenario = scenarios.get(values.scenario);
if (!scenario || ![seed, seconds, runs, times].every(Number.isSafeInteger)) {
  console.error(
    'npm run chaos -- [--scenario all|workers|sync] [--seed <n>] [--seconds <n>] [--runs <n>] [--times <n>]',
  );
  process.exit(2);
}
exitOnSignals();
say(`seed ${seed}: the same decisions again with --seed ${seed}`);
const { violations, summary } = await scenario();
for (const [what, value] of Object.entries(summary)) console.log(`${what.padEnd(30)} ${value}`);
for (const violation of violations) console.log(`VIOLATION: ${violation}`);
console.log(violations.length === 0 ? 'every promise was kept' : `${violations.length} promises were broken`);
process.exit(violations.length === 0 ? 0 : 1);
