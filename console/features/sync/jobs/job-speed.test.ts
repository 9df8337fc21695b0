import { expect, test } from 'vitest';
import { addSample, type Sample, speedOf } from './job-speed.ts';

const after = (...samples: Sample[]) => samples.reduce<readonly Sample[]>(addSample, []);

test('a speed needs two moments', () => {
  expect(speedOf([])).toBeUndefined();
  expect(speedOf(after({ at: 0, done: 0 }, { at: 0, done: 500 }))).toBeUndefined();
  expect(speedOf(after({ at: 0, done: 0 }, { at: 2000, done: 500 }))).toBe(250);
});

test('what is long ago does not count, and a run that begins anew is measured anew', () => {
  expect(speedOf(after({ at: 0, done: 0 }, { at: 20_000, done: 100 }, { at: 21_000, done: 400 }))).toBe(300);
  expect(speedOf(after({ at: 0, done: 900 }, { at: 1000, done: 10 }, { at: 2000, done: 30 }))).toBe(20);
});
