/**
 * Bytes of any length, in chunks of at most a megabyte: written by whoever takes an upload, read by workers. A blob that
 * is not finished can be read by nobody; finished, it changes no more.
 *
 * Every function takes a transaction as well as the store: an upload that lasts minutes writes its chunks one by one, and
 * only finishes the blob together with what refers to it.
 */
import { AppError, notFound } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { Daemon } from '../kernel/service.ts';
import type { Queryable, Tx } from './store.ts';

/** The most bytes of one chunk. */
export const BLOB_CHUNK_BYTES = 1024 * 1024;

/** Twice as long as an upload's key means it: one that goes on at the last moment still has a day to come. */
const INCOMPLETE_HOURS = 48;
const PRUNE_EVERY_MS = 3_600_000;
/** Blobs in one statement: each may have thousands of chunks. */
const PRUNE_BATCH = 20;

/** Begins a blob. @returns its id */
export async function createBlob(db: Queryable): Promise<number> {
  const [row] = await db.query<{ id: number }>('INSERT INTO longshore.blobs DEFAULT VALUES RETURNING id');
  if (!row) throw new Error('creating a blob returned no id');
  return row.id;
}

/**
 * Writes one chunk; the same one again changes nothing, so that a write whose answer was lost may be repeated.
 * @param seq from 0, without gaps
 * @param bytes 1 to BLOB_CHUNK_BYTES
 * @throws AppError `not_found` when there is no such unfinished blob
 */
export async function appendChunk(db: Queryable, blobId: number, seq: number, bytes: Uint8Array): Promise<void> {
  const rows = await db.query(
    `WITH blob AS (
       SELECT id FROM longshore.blobs WHERE id = $1 AND NOT complete
     ), written AS (
       INSERT INTO longshore.blob_chunks (blob_id, seq, bytes) SELECT id, $2, $3 FROM blob ON CONFLICT DO NOTHING
     )
     SELECT id FROM blob`,
    [blobId, seq, asBuffer(bytes)],
  );
  if (rows.length === 0) throw notFound(`an unfinished blob ${blobId}`);
}

/**
 * Makes a blob readable, and fixes it.
 * @param sha256 of its bytes, where the writer has computed it
 * @returns its size in bytes
 * @throws AppError `not_found` when there is no such unfinished blob, `conflict` when a chunk is missing
 */
export async function finishBlob(db: Queryable, blobId: number, sha256?: Uint8Array): Promise<number> {
  const [row] = await db.query<{ size: number; gapless: boolean }>(
    `WITH content AS (
       SELECT coalesce(sum(octet_length(bytes)), 0) AS size, count(*) = coalesce(max(seq), -1) + 1 AS gapless
       FROM longshore.blob_chunks WHERE blob_id = $1
     )
     UPDATE longshore.blobs b SET complete = c.gapless, size = CASE WHEN c.gapless THEN c.size END,
       sha256 = CASE WHEN c.gapless THEN $2::bytea END
     FROM content c WHERE b.id = $1 AND NOT b.complete RETURNING c.size, c.gapless`,
    [blobId, sha256 === undefined ? null : asBuffer(sha256)],
  );
  if (!row) throw notFound(`an unfinished blob ${blobId}`);
  if (!row.gapless) throw new AppError('conflict', `blob ${blobId} lacks a chunk`);
  return row.size;
}

/**
 * One chunk of a finished blob.
 * @returns undefined behind its last one
 * @throws AppError `not_found` when there is no such finished blob
 */
export async function readChunk(db: Queryable, blobId: number, seq: number): Promise<Uint8Array | undefined> {
  const [row] = await db.query<{ bytes: Buffer | null }>(
    `SELECT c.bytes FROM longshore.blobs b LEFT JOIN longshore.blob_chunks c ON c.blob_id = b.id AND c.seq = $2
     WHERE b.id = $1 AND b.complete`,
    [blobId, seq],
  );
  if (!row) throw notFound(`blob ${blobId}`);
  return row.bytes ?? undefined;
}

/** Whether there is such a finished blob; it is not deleted until the transaction ends. */
export async function blobStays(tx: Tx, blobId: number): Promise<boolean> {
  const rows = await tx.query('SELECT 1 FROM longshore.blobs WHERE id = $1 AND complete FOR KEY SHARE', [blobId]);
  return rows.length === 1;
}

/** Deletes a blob, finished or not; one that is gone already is no error. */
export async function deleteBlob(db: Queryable, blobId: number): Promise<void> {
  await db.query('DELETE FROM longshore.blobs WHERE id = $1', [blobId]);
}

/** Deletes up to `limit` blobs whose upload was given up. @returns how many */
export async function pruneBlobs(db: Queryable, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM longshore.blobs WHERE id IN (
       SELECT id FROM longshore.blobs WHERE NOT complete AND created_at < now() - make_interval(hours => $1)
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [INCOMPLETE_HOURS, limit],
  );
  return rows.length;
}

/** Removes what uploads that broke off have left. Any number of servers may run it. */
export function blobPruner(db: Queryable, logger: Logger): Daemon {
  return new Daemon({
    name: 'blob-pruner',
    logger,
    async runOnce() {
      const pruned = await pruneBlobs(db, PRUNE_BATCH);
      return { nextInMs: pruned === PRUNE_BATCH ? 0 : PRUNE_EVERY_MS };
    },
  });
}

/** What the driver sends as bytea; of another view of bytes it would make JSON. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
