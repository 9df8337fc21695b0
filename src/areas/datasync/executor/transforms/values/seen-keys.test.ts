import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenKeys } from './seen-keys.ts';

test('knows which keys were there, through every growth of its table', () => {
  const seen = new SeenKeys(1_000_000, 7);
  // Keys that differ in one character or in their order are what weak hashes confuse.
  const keys = Array.from({ length: 200_000 }, (_, index) => `n6:${String(index).padStart(6, '0')}t1:${index % 7}`);
  expect(keys.filter((key) => seen.add(key))).toHaveLength(keys.length);
  expect(keys.filter((key) => seen.add(key))).toHaveLength(0);
});

test('agrees with a set', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 500 }), fc.integer(), (keys, seed) => {
      const seen = new SeenKeys(1000, seed);
      const set = new Set<string>();
      for (const key of keys) {
        expect(seen.add(key)).toBe(!set.has(key));
        set.add(key);
      }
    }),
  );
});

test('refuses more keys than it may hold, and still knows the others', () => {
  const seen = new SeenKeys(2, 0);
  seen.add('a');
  seen.add('b');
  expect(() => seen.add('c')).toThrow('more than 2 different keys');
  expect(seen.add('a')).toBe(false);
});
