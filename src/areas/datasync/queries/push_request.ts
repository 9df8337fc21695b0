import type { RunState } from '../../../engine/states.ts';
import { storableJson } from '../../../kernel/json.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Queryable, Tx } from '../../../store/store.ts';
import type { PushError } from '../push-records.ts';
import { quarantineForget } from './quarantine.ts';

export const PUSH_KINDS = ['batch', 'stream', 'file', 'webhook'] as const;
export type PushKind = (typeof PUSH_KINDS)[number];

export interface NewPushRequest {
  readonly kind: PushKind;
  readonly source: string | null;
  readonly complete: boolean;
  readonly createdBy: number | null;
  /** Of a webhook. */
  readonly delivery?: { readonly webhookId: string; readonly id: string };
}

/** @returns its id; undefined for a delivery that was here before */
export async function pushRequestInsert(tx: Tx, request: NewPushRequest): Promise<number | undefined> {
  const { kind, source, complete, createdBy, delivery } = request;
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO longshore.push_requests (kind, source, complete, created_by, webhook_id, delivery_id)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT push_requests_delivery DO NOTHING RETURNING id`,
    [kind, source, complete, createdBy, delivery?.webhookId ?? null, delivery?.id ?? null],
  );
  return row?.id;
}

export async function pushRequestOfDelivery(db: Queryable, webhookId: string, id: string): Promise<number | undefined> {
  const [row] = await db.query<{ id: number }>(
    'SELECT id FROM longshore.push_requests WHERE webhook_id = $1 AND delivery_id = $2',
    [webhookId, id],
  );
  return row?.id;
}

/** What came of taking a request. */
export interface Taken {
  /** Null where nothing was taken. */
  readonly blobId: number | null;
  /** Null where there is nothing to load. */
  readonly runId: number | null;
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly PushError[];
  readonly processingMs: number;
}

export async function pushRequestTaken(tx: Tx, id: number, taken: Taken): Promise<void> {
  const { blobId, runId, accepted, rejected, errors, processingMs } = taken;
  await tx.query(
    `UPDATE longshore.push_requests SET complete = true, blob_id = $2, run_id = $3, accepted = $4, rejected = $5,
       errors = $6, processing_ms = $7 WHERE id = $1`,
    [id, blobId, runId, accepted, rejected, storableJson(errors), Math.round(processingMs)],
  );
}

/** A request with its run, as far as that is. */
export interface PushRequestRow {
  readonly id: number;
  readonly kind: PushKind;
  readonly source: string | null;
  readonly blob_id: number | null;
  readonly run_id: number | null;
  readonly complete: boolean;
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: PushError[];
  readonly processing_ms: number;
  readonly created_at: Date;
  /** Null without a run; also of one that has been pruned. */
  readonly state: RunState | null;
  readonly run_error: string | null;
  readonly run_output: Json;
  readonly finished_at: Date | null;
  /** Records that the load has refused so far. */
  readonly quarantined: number;
  /** Its load has told of records that are not among them yet. */
  readonly untold: boolean;
  /** Of a stream that can go on: bytes taken. */
  readonly received: number | null;
  /** Of a file. */
  readonly filename: string | null;
  readonly format: string | null;
  readonly size: number | null;
}

const SELECT = `SELECT p.id, p.kind, p.source, p.blob_id, p.run_id, p.complete, p.accepted, p.rejected, p.errors,
    p.processing_ms, p.created_at, r.state, r.error AS run_error, r.output AS run_output, r.finished_at,
    (SELECT count(*) FROM longshore.sync_quarantine q WHERE q.run_id = p.run_id) AS quarantined,
    EXISTS (SELECT 1 FROM longshore.reports t WHERE t.run_id = p.run_id) AS untold,
    s.received, f.filename, f.format, f.size
  FROM longshore.push_requests p
  LEFT JOIN longshore.runs r ON r.id = p.run_id
  LEFT JOIN longshore.push_streams s ON s.request_id = p.id
  LEFT JOIN longshore.push_files f ON f.request_id = p.id`;

export async function pushRequestGet(db: Queryable, id: number): Promise<PushRequestRow | undefined> {
  return (await db.query<PushRequestRow>(`${SELECT} WHERE p.id = $1`, [id]))[0];
}

/** Nobody changes it until the transaction ends. */
export async function pushRequestLock(tx: Tx, id: number): Promise<PushRequestRow | undefined> {
  await tx.query('SELECT 1 FROM longshore.push_requests WHERE id = $1 FOR UPDATE', [id]);
  return pushRequestGet(tx, id);
}

/**
 * A request is loaded by another run now.
 * @param goesOn behind what the former one has committed: what that has refused is told of the request all the same.
 *   Otherwise every record comes again, and is judged anew.
 */
export async function pushRequestReloaded(
  tx: Tx,
  id: number,
  { former, runId, goesOn }: { readonly former: number; readonly runId: number; readonly goesOn: boolean },
): Promise<void> {
  await tx.query('UPDATE longshore.push_requests SET run_id = $2 WHERE id = $1', [id, runId]);
  if (goesOn) await tx.query('UPDATE longshore.sync_quarantine SET run_id = $2 WHERE run_id = $1', [former, runId]);
  else await quarantineForget(tx, former, 0);
}

export async function pushRequestOfFile(db: Queryable, blobId: number): Promise<PushRequestRow | undefined> {
  return (await db.query<PushRequestRow>(`${SELECT} WHERE p.blob_id = $1 AND p.kind = 'file'`, [blobId]))[0];
}

export interface Refused {
  readonly ordinal: number;
  readonly line: number | null;
  readonly field: string | null;
  readonly reason: string;
  readonly raw: string;
}

/** What a run has refused, in the order of its input. */
export async function refusedOfRun(db: Queryable, runId: number, limit: number): Promise<Refused[]> {
  return db.query<Refused>(
    'SELECT ordinal, line, field, reason, raw FROM longshore.sync_quarantine WHERE run_id = $1 ORDER BY ordinal LIMIT $2',
    [runId, limit],
  );
}

export async function pushFileInsert(
  tx: Tx,
  requestId: number,
  file: { readonly filename: string; readonly format: string; readonly size: number },
): Promise<void> {
  await tx.query('INSERT INTO longshore.push_files (request_id, filename, format, size) VALUES ($1, $2, $3, $4)', [
    requestId,
    file.filename,
    file.format,
    file.size,
  ]);
}
