import { describe, expect, it } from 'vitest';
import { ReadAhead } from './rest-api-read-ahead.ts';

/** Numbers from 0 up to before `end`; `made` tells how far it is. */
function numbers(end: number, failure?: Error) {
  const progress = { made: 0, ended: false };
  async function* generate(): AsyncGenerator<number> {
    try {
      for (let index = 0; index < end; index++) {
        progress.made += 1;
        yield index;
      }
      if (failure) throw failure;
    } finally {
      progress.ended = true;
    }
  }
  return { progress, items: generate() };
}

const turns = async () => {
  for (let index = 0; index < 50; index++) await Promise.resolve();
};

describe('reading ahead', () => {
  it('gives everything in order, and then nothing', async () => {
    const ahead = new ReadAhead(numbers(20).items, (waiting) => waiting.length >= 3);
    const taken: unknown[] = [];
    for (let item = await ahead.next(); item !== undefined; item = await ahead.next()) taken.push(item);
    expect(taken).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(await ahead.next()).toBeUndefined();
    await ahead.close();
  });

  it('goes on by itself, until that is enough', async () => {
    const { items, progress } = numbers(20);
    const ahead = new ReadAhead(items, (waiting) => waiting.length >= 3);
    await turns();
    expect(progress.made).toBe(3);
    await ahead.next();
    await turns();
    expect(progress.made).toBe(4);
    await ahead.close();
  });

  it('waits while what is being used is enough, and never for ever', async () => {
    const { items, progress } = numbers(5);
    const ahead = new ReadAhead(items, (waiting, taken) => waiting.length > 0 || taken !== undefined);
    for (let count = 0; count < 5; count++) {
      expect(await ahead.next()).toBe(count);
      await turns();
      expect(progress.made).toBe(count + 1);
    }
    expect(await ahead.next()).toBeUndefined();
  });

  it('shows the next item without taking it', async () => {
    const ahead = new ReadAhead(numbers(2).items, () => false);
    expect([await ahead.peek(), await ahead.peek(), await ahead.next(), await ahead.peek()]).toEqual([0, 0, 0, 1]);
    await ahead.close();
  });

  it('fails where the generator did, again and again', async () => {
    const ahead = new ReadAhead(numbers(2, new Error('lost')).items, () => false);
    expect([await ahead.next(), await ahead.next()]).toEqual([0, 1]);
    await expect(ahead.next()).rejects.toThrow('lost');
    await expect(ahead.peek()).rejects.toThrow('lost');
    await ahead.close();
  });

  it('ends the generator when it is closed', async () => {
    const { items, progress } = numbers(100);
    const ahead = new ReadAhead(items, (waiting) => waiting.length >= 2);
    await ahead.next();
    await ahead.close();
    await ahead.close();
    expect(progress.ended).toBe(true);
    expect(progress.made).toBeLessThan(10);
  });
});
