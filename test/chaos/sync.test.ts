import { beforeAll, expect, test } from 'vitest';
import { noMariadb } from '../support/temporary-mariadb.ts';
import { VICTIMS } from './sync-play.ts';
import { killSyncs, missedPoints, type SyncOutcome } from './sync-scenario.ts';

/*
 * Syncs of every kind into each database that is installed, struck at every point by every victim, in the run of one
 * kind or another: which, the seed says. `npm run chaos -- --scenario sync --times 50` does it more often.
 */

// Not a measure of speed: some seconds a round on an idle machine.
const NET_MS = 900_000;
const engines = noMariadb ? (['postgresql'] as const) : (['postgresql', 'mariadb'] as const);
let outcome: SyncOutcome;

beforeAll(async () => {
  const seed = Math.floor(Math.random() * 1e9);
  outcome = await killSyncs({ seed, times: 1, engines, say: () => undefined });
}, NET_MS);

test('each row arrives, and none arrives twice, whoever is struck wherever', () => {
  const { violations, summary } = outcome;
  expect(violations, `seed ${summary.seed}`).toEqual([]);
});

test.each(VICTIMS)('there was somebody to strike at every point: %s', (victim) => {
  expect(missedPoints(victim, Object.keys(outcome.summary)), `seed ${outcome.summary.seed}`).toEqual([]);
});

test('MariaDB was among the databases', (context) => {
  if (noMariadb) context.skip(noMariadb);
  expect(Object.keys(outcome.summary).some((what) => what.endsWith('mariadb'))).toBe(true);
});
