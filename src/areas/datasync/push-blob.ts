import { createHash } from 'node:crypto';
import { appendChunk, BLOB_CHUNK_BYTES, createBlob, deleteBlob, finishBlob } from '../../store/blobs.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { TELLING_BYTES } from './executor/formats/file-format.ts';

/** `bytes` in pieces that a blob takes as its chunks. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let start = 0; start < bytes.length; start += BLOB_CHUNK_BYTES) {
    yield bytes.subarray(start, start + BLOB_CHUNK_BYTES);
  }
}

/** Keeps bytes where any worker can read them. @returns the blob's id */
export async function blobOf(tx: Tx, bytes: Uint8Array): Promise<number> {
  const blobId = await createBlob(tx);
  let seq = 0;
  for (const chunk of chunksOf(bytes)) {
    await appendChunk(tx, blobId, seq, chunk);
    seq += 1;
  }
  await finishBlob(tx, blobId);
  return blobId;
}

/** A blob whose bytes are all there; it is to be finished together with what refers to it. */
export interface StoredBytes {
  readonly blobId: number;
  readonly size: number;
  readonly sha256: Buffer;
  /** The first bytes; fewer where there are no more. */
  readonly beginning: Buffer;
}

/**
 * Stores what comes as it comes: one chunk is written while the next is collected. What was stored is deleted when the
 * input fails.
 */
export async function storeBytes(db: Queryable, input: AsyncIterable<Uint8Array>): Promise<StoredBytes> {
  const blobId = await createBlob(db);
  try {
    return { blobId, ...(await storeInto(db, blobId, input)) };
  } catch (error) {
    // Else the pruner finds it.
    await deleteBlob(db, blobId).catch(() => undefined);
    throw error;
  }
}

async function storeInto(
  db: Queryable,
  blobId: number,
  input: AsyncIterable<Uint8Array>,
): Promise<Omit<StoredBytes, 'blobId'>> {
  const hash = createHash('sha256');
  let beginning = Buffer.alloc(0);
  let size = 0;
  let seq = 0;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (bytes: Buffer): Promise<void> => {
    for (const chunk of chunksOf(bytes)) {
      await appendChunk(db, blobId, seq, chunk);
      seq += 1;
    }
  };
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(pending, pendingBytes);
    pending = [];
    pendingBytes = 0;
    await writing;
    writing = write(bytes);
    // Awaited before the next one; until then nobody else would hear of it.
    writing.catch(() => undefined);
  };
  try {
    for await (const bytes of input) {
      hash.update(bytes);
      if (beginning.length < TELLING_BYTES) {
        beginning = Buffer.concat([beginning, bytes]).subarray(0, TELLING_BYTES);
      }
      size += bytes.length;
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= BLOB_CHUNK_BYTES) await flush();
    }
    await flush();
  } finally {
    await writing;
  }
  return { size, sha256: hash.digest(), beginning };
}
