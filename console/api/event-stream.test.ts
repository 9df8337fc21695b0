import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventStreamParser, readEvents } from './event-stream.ts';

const STREAM =
  ': hello\r\n\r\nid: 7\nevent: log\ndata: {"a":1}\n\n' +
  'data: two\ndata:  lines\n\n\n: keep-alive\n\nid: 8\r\nevent: end\r\ndata\r\n\r\ndata: not finished\n';

const EVENTS = [
  { id: '7', type: 'log', data: '{"a":1}' },
  { id: '7', type: 'message', data: 'two\n lines' },
  { id: '8', type: 'end', data: '' },
];

test('the events are the same however the stream is cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const parser = new EventStreamParser();
      const places = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
      const events = places.slice(1).flatMap((end, index) => parser.push(STREAM.slice(places[index], end)));
      expect(events).toEqual(EVENTS);
    }),
  );
});

test('a character that is cut in two by the network arrives whole', async () => {
  const bytes = new TextEncoder().encode('data: 中文 🚢\n\n');
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const seen: string[] = [];
  for await (const event of readEvents(pieces)) seen.push(event.data);
  expect(seen).toEqual(['中文 🚢']);
});
