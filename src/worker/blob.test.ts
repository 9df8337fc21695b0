import { describe, expect, it } from 'vitest';
import { AppError, notFound } from '../kernel/errors.ts';
import { AttemptAborted } from '../protocol/executor.ts';
import { readBlob } from './blob.ts';

const forever = new AbortController().signal;

/** A blob of pieces with their numbers in them, which tells what was asked for. */
function blobOf(pieces: number) {
  const asked: number[] = [];
  const fetch = async (seq: number) => {
    asked.push(seq);
    return seq < pieces ? Uint8Array.of(seq) : undefined;
  };
  return { asked, fetch };
}

describe('readBlob', () => {
  it('reads to the end, in order', async () => {
    const seen: number[] = [];
    for await (const bytes of readBlob(blobOf(5).fetch, forever)) seen.push(...bytes);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it('begins with any piece, and fetches none before it', async () => {
    const { fetch, asked } = blobOf(5);
    const seen: number[] = [];
    for await (const bytes of readBlob(fetch, forever, 3)) seen.push(...bytes);
    expect(seen).toEqual([3, 4]);
    expect(asked).toEqual([3, 4, 5]);
  });

  it('reads one piece ahead, and no more', async () => {
    const { fetch, asked } = blobOf(100);
    const pieces = readBlob(fetch, forever);
    await pieces.next();
    expect(asked).toEqual([0, 1]);
    await pieces.next();
    expect(asked).toEqual([0, 1, 2]);
    await pieces.return(undefined);
    expect(asked).toEqual([0, 1, 2]);
  });

  it('tries again when the server was away', async () => {
    let failures = 0;
    const fetch = async (seq: number) => {
      failures += 1;
      if (failures === 1) throw new AppError('unavailable', 'restarting');
      if (failures === 2) throw new Error('other side closed');
      return seq === 0 ? Uint8Array.of(7) : undefined;
    };
    const seen: number[] = [];
    for await (const bytes of readBlob(fetch, forever)) seen.push(...bytes);
    expect(seen).toEqual([7]);
  });

  it('does not try again what was refused', async () => {
    let calls = 0;
    const fetch = async () => {
      calls += 1;
      throw notFound('blob 7');
    };
    await expect(readBlob(fetch, forever).next()).rejects.toMatchObject({ code: 'not_found' });
    expect(calls).toBe(1);
  });

  it('ends with the attempt, also while it waits to try again', async () => {
    const ending = new AbortController();
    const fetch = async (): Promise<Uint8Array> => {
      ending.abort(new AttemptAborted('cancel'));
      throw new AppError('unavailable', 'away');
    };
    await expect(readBlob(fetch, ending.signal).next()).rejects.toMatchObject({ reason: 'cancel' });
  });
});
