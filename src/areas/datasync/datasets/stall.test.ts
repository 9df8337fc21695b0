import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watched } from './stall.ts';

const STALL_MS = 60_000;
/** Each look moves the clock on a little: not so far that anything stalls. */
const PATIENCE = { timeout: STALL_MS / 2 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function* chunks(...given: Buffer[]): AsyncGenerator<Buffer> {
  yield* given;
}

describe('bytes that are watched', () => {
  it('are the same, however large their chunks are', async () => {
    const large = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const taken: Buffer[] = [];
    for await (const piece of watched(chunks(large, Buffer.from('end')), STALL_MS, () => {})) taken.push(piece);
    expect(Buffer.concat(taken).equals(Buffer.concat([large, Buffer.from('end')]))).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be taken slowly, but not left', async () => {
    const stalled = vi.fn();
    const pieces = watched(chunks(Buffer.from('a'), Buffer.from('b')), STALL_MS, stalled);
    await pieces.next();
    vi.advanceTimersByTime(STALL_MS - 1);
    await pieces.next();
    vi.advanceTimersByTime(STALL_MS - 1);
    expect(stalled).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(stalled).toHaveBeenCalledOnce();
  });

  it('may take their time to come', async () => {
    const stalled = vi.fn();
    const come = new EventEmitter();
    async function* late() {
      yield Buffer.from('early');
      await once(come, 'late');
      yield Buffer.from('late');
    }
    const pieces = watched(late(), STALL_MS, stalled);
    await pieces.next();
    const second = pieces.next();
    await vi.waitUntil(() => come.listenerCount('late') === 1, PATIENCE);
    vi.advanceTimersByTime(10 * STALL_MS);
    come.emit('late');
    await second;
    expect(stalled).not.toHaveBeenCalled();
  });

  it('end a stream that nobody takes, with what they came from', async () => {
    const ended = vi.fn();
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(100_000);
      } finally {
        ended();
      }
    }
    const stream: Readable = Readable.from(
      watched(endless(), STALL_MS, () => stream.destroy()),
      { objectMode: false },
    );
    stream.read(0);
    await vi.waitUntil(
      () => vi.getTimerCount() === 1 && stream.readableLength >= stream.readableHighWaterMark,
      PATIENCE,
    );
    const closed = once(stream, 'close');
    vi.advanceTimersByTime(STALL_MS);
    await closed;
    expect(ended).toHaveBeenCalledOnce();
  });
});
