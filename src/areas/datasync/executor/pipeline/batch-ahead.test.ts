import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Json } from '../../../../protocol/executor.ts';
import { BatchAhead } from './batch-ahead.ts';
import type { Batch, TextRecords } from './contracts.ts';

const CHUNKS = [Buffer.from('1\n'), Buffer.from('2\n')];
const TEXT: TextRecords = { count: 2, fields: [{ name: 'id', type: 'integer', nulls: false }], chunks: CHUNKS };

/** Three batches; `read` are those that were begun to be read. */
function source() {
  const read: number[] = [];
  async function* batches(): AsyncGenerator<Batch, Json> {
    for (const position of [1, 2, 3]) {
      read.push(position);
      yield { rows: [], ordinals: [], rejects: [], position };
    }
    return 'the cursor';
  }
  return { read, ahead: new BatchAhead(batches()) };
}

it('gives all batches in order, and then the cursor, reading one ahead', async () => {
  const { read, ahead } = source();
  for (const position of [1, 2, 3]) {
    expect((await ahead.next()).value).toMatchObject({ position });
    ahead.readOn();
    ahead.readOn();
    await turn();
    expect(read).toHaveLength(Math.min(3, position + 1));
  }
  expect(await ahead.next()).toEqual({ done: true, value: 'the cursor' });
});

it('reads on behind a text when all of it is taken, however often that is', async () => {
  const { read, ahead } = source();
  await ahead.next();
  const { chunks, ...rest } = ahead.readingBehind(TEXT);
  expect(rest).toEqual({ count: 2, fields: TEXT.fields });
  const taking = chunks[Symbol.iterator]();
  expect(taking.next().value).toBe(CHUNKS[0]);
  expect(taking.next().value).toBe(CHUNKS[1]);
  await turn();
  expect(read).toEqual([1]);
  expect(taking.next().done).toBe(true);
  expect([...chunks]).toEqual(CHUNKS);
  await turn();
  expect(read).toEqual([1, 2]);
});

it('reads nothing more once it has settled', async () => {
  const { read, ahead } = source();
  await ahead.next();
  [...ahead.readingBehind(TEXT).chunks];
  await ahead.settled();
  await turn();
  expect(read).toEqual([1]);
});
