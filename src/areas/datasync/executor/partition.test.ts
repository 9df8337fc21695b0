import { expect, test } from 'vitest';
import { generationsOf } from './destinations/database-fence.ts';
import { partitionKey } from './partition.ts';

test('each partition has a state of its own, and keeps it apart from the job and from its other partitions', () => {
  const keys = ['job:2', ...[1, 2, 11].map((number) => partitionKey('job:2', number))];
  expect(keys).toEqual(['job:2', 'job/1:2', 'job/2:2', 'job/11:2']);
  for (const key of keys) {
    const own = generationsOf(key) ?? '';
    expect(keys.filter((other) => other.startsWith(own))).toEqual([key]);
  }
});

test('a reset of the job forgets the states of its partitions', () => {
  expect(generationsOf(partitionKey('job:2', 3))).toBe(generationsOf(partitionKey('job:3', 3)));
});
