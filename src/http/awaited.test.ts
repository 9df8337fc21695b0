import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { whileAwaited } from './awaited.ts';

const never = () => new AbortController().signal;

describe('what goes on while somebody waits for it', () => {
  test('ends when the answer closes', () => {
    const answer = new PassThrough();
    const awaited = whileAwaited(answer, never());
    expect(awaited.signal.aborted).toBe(false);
    answer.emit('close');
    expect(awaited.signal.aborted).toBe(true);
  });

  test('ends when the server closes', () => {
    const closing = new AbortController();
    const awaited = whileAwaited(new PassThrough(), closing.signal);
    closing.abort();
    expect(awaited.signal.aborted).toBe(true);
  });

  test('has ended where the client was gone before, or the server was closing', async () => {
    const answer = new PassThrough();
    answer.destroy();
    await new Promise((resolve) => answer.once('close', resolve));
    expect(whileAwaited(answer, never()).signal.aborted).toBe(true);
    expect(whileAwaited(new PassThrough(), AbortSignal.abort()).signal.aborted).toBe(true);
  });
});
