import { beforeAll, expect, test } from 'vitest';
import { noMariadb } from '../support/temporary-mariadb.ts';
import { SYNC_POINTS } from './sync-points.ts';
import { killSyncs, type SyncOutcome } from './sync-scenario.ts';

/*
 * Jobs that append, upsert, overwrite, mirror and sync incrementally, into each database that is installed, while who
 * does it is killed: the worker at each point of a run and once more after that, the API, the database that is written
 * to; and a worker that was thought dead, and is not. `npm run chaos -- --scenario sync --times 50` does it more often.
 */

// Not a measure of speed: some seconds a round on an idle machine.
const NET_MS = 900_000;
let outcome: SyncOutcome;

beforeAll(async () => {
  const seed = Math.floor(Math.random() * 1e9);
  const engines = noMariadb ? (['postgresql'] as const) : (['postgresql', 'mariadb'] as const);
  outcome = await killSyncs({ seed, times: 1, engines, say: () => undefined });
}, NET_MS);

test('each row arrives, and none arrives twice, wherever who carries it is killed', () => {
  const { violations, summary } = outcome;
  expect(violations, `seed ${summary.seed}`).toEqual([]);
});

test.each([
  ...SYNC_POINTS.map((point) => `worker, ${point}`),
  'sleeper, anywhere',
  'server, anywhere',
  'destination, anywhere',
])('somebody was struck: %s', (what) => {
  expect(outcome.summary[what], JSON.stringify(outcome.summary)).toBeGreaterThan(0);
});

test('MariaDB was among the databases', (context) => {
  if (noMariadb) context.skip(noMariadb);
  expect(outcome.summary['kinds of jobs']).toBe(10);
});
