import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { unreadable } from './reading.ts';
import { isZstd, unpackFrames } from './zstd-frames.ts';

export type Compression = 'auto' | 'none' | 'gzip' | 'zstd';

/** Packed data that grows by more than this is a bomb, once there is enough of it to tell. */
const MOST_RATIO = 250;
const RATIO_FROM_BYTES = 64 * 1024 * 1024;

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const LONGEST_MAGIC = 4;

/**
 * Unpacks a file while it is read.
 * @param maxBytes of what is unpacked, and of what is packed; files that are not packed have no such limit
 * @throws ExecutorError for broken data, a bomb, and a method that this Node.js lacks
 */
export async function* unpacked(
  input: AsyncIterable<Uint8Array>,
  compression: Compression,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void> {
  const peeked = await peek(input, LONGEST_MAGIC);
  const method = compression === 'auto' ? methodOf(peeked.beginning) : compression;
  if (method === 'none') yield* peeked.whole();
  else yield* unpack(peeked.whole(), method, maxBytes);
}

/** How a file is packed, as its beginning tells. */
export function methodOf(beginning: Buffer): 'none' | 'gzip' | 'zstd' {
  if (beginning.subarray(0, 2).equals(GZIP_MAGIC)) return 'gzip';
  return isZstd(beginning) ? 'zstd' : 'none';
}

async function* unpack(
  input: AsyncIterable<Uint8Array>,
  method: 'gzip' | 'zstd',
  maxBytes: number,
): AsyncGenerator<Uint8Array, void> {
  let packedBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of input) {
      packedBytes += chunk.length;
      // What unpacks to nothing could go on for ever.
      if (packedBytes > maxBytes) throw tooLarge(method, maxBytes, 'packed');
      yield chunk;
    }
  }
  const stream =
    method === 'gzip'
      ? (pipeline(counted(), zlib.createGunzip(), () => {}) as AsyncIterable<Buffer>)
      : unpackFrames(counted(), zstdDecompressor());
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(method, maxBytes, 'when unpacked');
      if (bytes > RATIO_FROM_BYTES && bytes > packedBytes * MOST_RATIO) {
        throw unreadable(`the ${method} file unpacks to more than ${MOST_RATIO} times its size, as zip bombs do`);
      }
      yield chunk;
    }
  } catch (error) {
    throw isDataError(error) ? unreadable(`the ${method} data is broken: ${error.message}`, error) : error;
  }
}

function tooLarge(method: string, maxBytes: number, how: string): ExecutorError {
  return unreadable(`the ${method} file is more than ${Math.round(maxBytes / 1024 / 1024)} MiB ${how}`);
}

function isDataError(error: unknown): error is Error {
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof Error && typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZLIB)/.test(code);
}

/** From Node.js 22.15 on; not among the types of the oldest version that is supported. */
interface ZstdOfNewerNodes {
  readonly createZstdDecompress?: () => Transform;
}

/** Whether this Node.js can unpack zstd. */
export const hasZstd = 'createZstdDecompress' in zlib;

/** Makes decompressors of one frame. @throws ExecutorError where there are none */
export function zstdDecompressor(): () => Transform {
  const create = (zlib as ZstdOfNewerNodes).createZstdDecompress;
  if (create) return create;
  throw new ExecutorError(
    `zstd needs Node.js 22.15 or newer; this worker runs on ${process.versions.node}. Compress the file with gzip instead`,
    { retryable: false },
  );
}

export interface Peeked {
  /** The first bytes; fewer only where the input is shorter. */
  readonly beginning: Buffer;
  /** All of it, the beginning too. Once; it ends the input when it is done with it. */
  whole(): AsyncGenerator<Uint8Array, void>;
  /** Ends the input where nobody wants all of it; at any time when nothing of it is being waited for. */
  close(): Promise<void>;
}

/** Looks at the first bytes of an input without losing them. */
export async function peek(input: AsyncIterable<Uint8Array>, count: number): Promise<Peeked> {
  const iterator = input[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  while (size < count) {
    const { value, done } = await iterator.next();
    if (done) {
      ended = true;
      break;
    }
    chunks.push(value);
    size += value.length;
  }
  async function close(): Promise<void> {
    if (ended) return;
    ended = true;
    await iterator.return?.();
  }
  async function* whole(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* chunks;
      while (!ended) {
        const { value, done } = await iterator.next();
        if (done) ended = true;
        else yield value;
      }
    } finally {
      await close();
    }
  }
  return { beginning: Buffer.concat(chunks).subarray(0, count), whole, close };
}
