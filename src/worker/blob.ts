import { backoffMs, sleep } from '../kernel/clock.ts';
import { AppError } from '../kernel/errors.ts';

/** Some twenty seconds: longer than a server takes to start again, and than a lease lasts without one. */
const TRIES = 10;

/**
 * The pieces of a blob, in order. The next one is fetched while the one before is worked on, so two are in memory. A
 * fetch that fails is tried again for a while: what has been read of a large file should not be for nothing.
 * @param fetch one piece, from 0; undefined behind the last one
 * @param first the number of the piece to begin with
 * @throws what the signal aborts with; AppError for a blob that is not there; what the last try failed with
 */
export async function* readBlob(
  fetch: (seq: number) => Promise<Uint8Array | undefined>,
  signal: AbortSignal,
  first = 0,
): AsyncGenerator<Uint8Array> {
  let next = begin(fetch, first, signal);
  for (let seq = first + 1; ; seq += 1) {
    const bytes = await next;
    if (bytes === undefined) return;
    next = begin(fetch, seq, signal);
    yield bytes;
  }
}

/** A piece that is under way; nobody may ever ask for it, and then its failure is nobody's. */
function begin(
  fetch: (seq: number) => Promise<Uint8Array | undefined>,
  seq: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const bytes = persist(() => fetch(seq), signal);
  bytes.catch(() => undefined);
  return bytes;
}

async function persist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (isFinal(error) || failures === TRIES) throw error;
      await sleep(100 + backoffMs(failures, 250, 5000), signal);
    }
  }
}

/** Whether the server has understood and said no: it will say so again. */
function isFinal(error: unknown): boolean {
  return error instanceof AppError && !['unavailable', 'internal', 'rate_limited'].includes(error.code);
}
