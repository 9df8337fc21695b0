import { storableJson } from '../../../kernel/json.ts';
import type { Queryable, Tx } from '../../../store/store.ts';
import type { PushError } from '../push-records.ts';

/** How long a stream can go on after it broke off, and its key means it: as all idempotency keys do. */
const KEY_HOURS = 24;

/** Whose stream, and what its client calls it. */
export interface StreamName {
  readonly principal: string;
  readonly key: string;
}

export interface StreamRow {
  readonly request_id: number;
  readonly source: string;
  readonly blob_id: number;
  readonly complete: boolean;
  readonly received: number;
  readonly lines: number;
  readonly chunks: number;
  readonly timed: boolean;
  readonly attempt: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: PushError[];
}

/** Locked until the transaction ends. One that is too old is forgotten: its name is free again. */
export async function pushStreamLock(tx: Tx, { principal, key }: StreamName): Promise<StreamRow | undefined> {
  await tx.query(
    `DELETE FROM longshore.push_streams s USING longshore.push_requests p
     WHERE p.id = s.request_id AND s.principal = $1 AND s.key = $2 AND p.created_at < now() - make_interval(hours => $3)`,
    [principal, key, KEY_HOURS],
  );
  const [row] = await tx.query<StreamRow>(
    `SELECT s.request_id, p.source, p.blob_id, p.complete, s.received, s.lines, s.chunks, s.timed, s.attempt,
       p.accepted, p.rejected, p.errors
     FROM longshore.push_streams s JOIN longshore.push_requests p ON p.id = s.request_id
     WHERE s.principal = $1 AND s.key = $2 FOR UPDATE OF s`,
    [principal, key],
  );
  return row;
}

/** @returns false when another request has taken the name at the same moment */
export async function pushStreamInsert(tx: Tx, requestId: number, { principal, key }: StreamName): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO longshore.push_streams (request_id, principal, key) VALUES ($1, $2, $3)
     ON CONFLICT ON CONSTRAINT push_streams_key DO NOTHING RETURNING 1`,
    [requestId, principal, key],
  );
  return rows.length === 1;
}

/** From here on only the caller writes. @returns the number of its attempt */
export async function pushStreamTakeOver(tx: Tx, requestId: number): Promise<number> {
  const [row] = await tx.query<{ attempt: number }>(
    'UPDATE longshore.push_streams SET attempt = attempt + 1 WHERE request_id = $1 RETURNING attempt',
    [requestId],
  );
  if (!row) throw new Error(`stream ${requestId} is gone`);
  return row.attempt;
}

export interface StreamProgress {
  readonly received: number;
  readonly lines: number;
  readonly chunks: number;
  readonly timed: boolean;
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly PushError[];
}

/** @returns false when a later attempt has taken over: nothing is written */
export async function pushStreamProgress(
  db: Queryable,
  { requestId, attempt }: { readonly requestId: number; readonly attempt: number },
  progress: StreamProgress,
): Promise<boolean> {
  const { received, lines, chunks, timed, accepted, rejected, errors } = progress;
  const rows = await db.query(
    `WITH mine AS (
       UPDATE longshore.push_streams SET received = $3, lines = $4, chunks = $5, timed = $6
       WHERE request_id = $1 AND attempt = $2 RETURNING request_id
     )
     UPDATE longshore.push_requests p SET accepted = $7, rejected = $8, errors = $9
     FROM mine WHERE p.id = mine.request_id AND NOT p.complete RETURNING 1`,
    [requestId, attempt, received, lines, chunks, timed, accepted, rejected, storableJson(errors)],
  );
  return rows.length === 1;
}

/** Notes where a request that has just begun keeps its bytes. */
export async function pushRequestBlob(tx: Tx, requestId: number, blobId: number): Promise<void> {
  await tx.query('UPDATE longshore.push_requests SET blob_id = $2 WHERE id = $1', [requestId, blobId]);
}

/** A stream that broke off and cannot go on. */
export async function pushRequestDelete(db: Queryable, requestId: number): Promise<void> {
  await db.query('DELETE FROM longshore.push_requests WHERE id = $1 AND NOT complete', [requestId]);
}
