import { expect, test } from 'vitest';
import { chaos, killWorkers, type Outcome } from './scenario.ts';

/** What a person needs who wants to see it again. */
function report({ violations, summary }: Outcome): string {
  return [...Object.entries(summary).map(([what, value]) => `${what}: ${value}`), ...violations].join('\n');
}

// Not a measure of speed: leases of killed workers must run out, a few times in a row at worst.
const NET_MS = 600_000;
const say = () => undefined;

test('nothing acknowledged is lost and nothing ends twice, whatever is killed and whichever answers are lost', {
  timeout: NET_MS,
}, async () => {
  const seed = Math.floor(Math.random() * 1e9);
  const outcome = await chaos({ seed, seconds: 30, runs: 0, say });
  expect(outcome.violations, report(outcome)).toEqual([]);
  expect(outcome.summary['acknowledged runs'], report(outcome)).toBeGreaterThan(0);
});

test('three workers work off a queue while one of them is killed each second', { timeout: NET_MS }, async () => {
  const seed = Math.floor(Math.random() * 1e9);
  const outcome = await killWorkers({ seed, seconds: 8, runs: 600, say });
  expect(outcome.violations, report(outcome)).toEqual([]);
  expect(outcome.summary['struck: workers'], report(outcome)).toBeGreaterThan(0);
});
