import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseEventStream, type ServerEvent } from './event-stream.ts';

async function* pieces(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function parse(text: string, sizes: readonly number[] = [1_000_000]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of parseEventStream(pieces(text, sizes))) events.push(event);
  return events;
}

it('reads events, skips comments, and keeps the last id', async () => {
  expect(
    await parse('retry: 2000\n\n: still here\n\nid: 1-2\nevent: log\ndata: {"a":1}\n\ndata: x\r\ndata: y\r\n\r\n'),
  ).toEqual([
    { event: 'log', data: '{"a":1}', id: '1-2' },
    { event: 'message', data: 'x\ny', id: '1-2' },
  ]);
});

it('drops an event that the connection broke off', async () => {
  expect(await parse('event: log\ndata: whole\n\nevent: log\ndata: ha')).toEqual([
    { event: 'log', data: 'whole', id: undefined },
  ]);
});

it('reads the same however the bytes are cut, also within a character', async () => {
  const text = 'id: 9\nevent: log\ndata: 数据 🚢\n\nevent: end\ndata: {}\n\n';
  const whole = await parse(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
      expect(await parse(text, sizes)).toEqual(whole);
    }),
  );
});
