import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { appendChunk, BLOB_CHUNK_BYTES, createBlob, deleteBlob, finishBlob, pruneBlobs, readChunk } from './blobs.ts';
import type { Store } from './store.ts';

let store: Store;
beforeAll(async () => {
  ({ store } = await createTestDatabase());
});

const chunksOf = async (id: number) =>
  (await store.query<{ n: number }>('SELECT count(*) AS n FROM longshore.blob_chunks WHERE blob_id = $1', [id]))[0]?.n;

describe('a blob', () => {
  it('gives back what was written, whichever view of memory it came in', async () => {
    const bytes = new Uint8Array(randomBytes(100)).subarray(10, 60);
    const id = await createBlob(store);
    await appendChunk(store, id, 0, bytes);
    await appendChunk(store, id, 1, Buffer.from('中文 🚢'));
    const sha256 = createHash('sha256').update(bytes).update('中文 🚢').digest();
    expect(await finishBlob(store, id, sha256)).toBe(50 + Buffer.byteLength('中文 🚢'));
    expect(Buffer.compare((await readChunk(store, id, 0)) ?? Buffer.alloc(0), bytes)).toBe(0);
    expect(Buffer.from((await readChunk(store, id, 1)) ?? []).toString()).toBe('中文 🚢');
    expect(await readChunk(store, id, 2)).toBeUndefined();
    const [row] = await store.query('SELECT size, sha256, complete FROM longshore.blobs WHERE id = $1', [id]);
    expect(row).toEqual({ size: 50 + Buffer.byteLength('中文 🚢'), sha256, complete: true });
  });

  it('may be empty', async () => {
    const id = await createBlob(store);
    expect(await finishBlob(store, id)).toBe(0);
    expect(await readChunk(store, id, 0)).toBeUndefined();
  });

  it('takes a repeated chunk once, as it was first', async () => {
    const id = await createBlob(store);
    await appendChunk(store, id, 0, Buffer.from('first'));
    await appendChunk(store, id, 0, Buffer.from('other'));
    expect(await finishBlob(store, id)).toBe(5);
    expect(Buffer.from((await readChunk(store, id, 0)) ?? []).toString()).toBe('first');
  });

  it('is read by nobody before it is finished, and written by nobody after', async () => {
    const id = await createBlob(store);
    await appendChunk(store, id, 0, Buffer.from('x'));
    await expect(readChunk(store, id, 0)).rejects.toMatchObject({ code: 'not_found' });
    await finishBlob(store, id);
    await expect(appendChunk(store, id, 1, Buffer.from('y'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(finishBlob(store, id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('cannot be finished while a chunk is missing, and can when it has come', async () => {
    const id = await createBlob(store);
    await appendChunk(store, id, 1, Buffer.from('b'));
    await expect(finishBlob(store, id)).rejects.toMatchObject({ code: 'conflict' });
    await appendChunk(store, id, 0, Buffer.from('a'));
    expect(await finishBlob(store, id)).toBe(2);
  });

  it.each([0, BLOB_CHUNK_BYTES + 1])('refuses a chunk of %i bytes', async (length) => {
    const id = await createBlob(store);
    await expect(appendChunk(store, id, 0, Buffer.alloc(length))).rejects.toThrow(/blob_chunks_bytes_check/);
  });

  it('goes with its chunks', async () => {
    const id = await createBlob(store);
    await appendChunk(store, id, 0, Buffer.from('x'));
    await finishBlob(store, id);
    await deleteBlob(store, id);
    await deleteBlob(store, id);
    expect(await chunksOf(id)).toBe(0);
    await expect(readChunk(store, id, 0)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('pruning', () => {
  it('removes what was given up two days ago, and neither what may still go on nor what is finished', async () => {
    const [old, young, finished] = [await createBlob(store), await createBlob(store), await createBlob(store)];
    for (const id of [old, young, finished]) await appendChunk(store, id, 0, Buffer.from('x'));
    await finishBlob(store, finished);
    await store.query(`UPDATE longshore.blobs SET created_at = now() - interval '49 hours' WHERE id = ANY ($1)`, [
      [old, finished],
    ]);
    // Its key meant it until an hour ago: it may have gone on at the last moment.
    await store.query(`UPDATE longshore.blobs SET created_at = now() - interval '25 hours' WHERE id = $1`, [young]);
    expect(await pruneBlobs(store, 10)).toBe(1);
    expect([await chunksOf(old), await chunksOf(young), await chunksOf(finished)]).toEqual([0, 1, 1]);
  });
});
