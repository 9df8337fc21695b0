import { expect, test } from 'vitest';
import { IdentityCache } from './identity-cache.ts';

function setUp(maxEntries = 10) {
  const clock = { now: 0 };
  const cache = new IdentityCache<string>({ ttlMs: 3000, maxEntries, now: () => clock.now });
  const loads: string[] = [];
  const get = (key: string, value: string | undefined = key) =>
    cache.get(key, async () => {
      loads.push(key);
      return value;
    });
  return { clock, cache, loads, get };
}

function deferred() {
  let resolve: (value: string) => void = () => undefined;
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test('asks once while it remembers, and again after that', async () => {
  const { clock, loads, get } = setUp();
  await get('a');
  clock.now = 2999;
  expect(await get('a', 'changed')).toBe('a');
  clock.now = 3000;
  expect(await get('a', 'changed')).toBe('changed');
  expect(loads).toEqual(['a', 'a']);
});

test('counts from when it asked, not from when the answer came', async () => {
  const { clock, cache, get } = setUp();
  const slow = deferred();
  const first = cache.get('a', () => slow.promise);
  clock.now = 2500;
  slow.resolve('old');
  expect(await first).toBe('old');
  clock.now = 3000;
  expect(await get('a', 'new')).toBe('new');
});

test('those who ask at once share one question', async () => {
  const { loads, get } = setUp();
  expect(await Promise.all([get('a'), get('a'), get('a')])).toEqual(['a', 'a', 'a']);
  expect(loads).toEqual(['a']);
});

test('does not remember what is absent, nor an error', async () => {
  const { cache, loads, get } = setUp();
  expect(await cache.get('a', async () => undefined)).toBeUndefined();
  await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await get('a')).toBe('a');
  expect(loads).toEqual(['a']);
});

test('an answer that was asked for before it was told to forget is not remembered, nor shared afterwards', async () => {
  const { cache, get } = setUp();
  const slow = deferred();
  const before = cache.get('a', () => slow.promise);
  cache.clear();
  expect(await get('a', 'fresh')).toBe('fresh');
  slow.resolve('stale');
  expect(await before).toBe('stale');
  expect(await get('a', 'unasked')).toBe('fresh');
});

test('holds no more than it may', async () => {
  const { loads, get } = setUp(2);
  for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await get(key);
  expect(loads).toEqual(['a', 'b', 'c', 'a']);
});
