import { isUtf8 } from 'node:buffer';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import { problemsOf, refuseUnstorable, validationError } from '../../http/validation.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { jsonText } from './executor/destinations/schema-json.ts';
import { JsonTooDeep, parseJson } from './executor/json-text.ts';
import type { Value } from './executor/pipeline/contracts.ts';
import { numberOf } from './ids.ts';
import { blobOf } from './push-blob.ts';
import { enqueueLoad, PUSHED, PushOptions, Source } from './push-load.ts';
import {
  hasTime,
  idOfRecord,
  isObject,
  isSuspicious,
  MOST_ERRORS,
  NO_RECORD,
  type PushError,
  PushRecord,
  problemOfRecord,
} from './push-records.ts';
import {
  type PushRequestRow,
  pushRequestGet,
  pushRequestInsert,
  pushRequestTaken,
  refusedOfRun,
} from './queries/push_request.ts';
import { type SyncStatus, syncStatus } from './status.ts';

const MOST_RECORDS = 10_000;

function batchOf<Record extends TSchema>(record: Record) {
  return Type.Object(
    {
      source: Source,
      records: Type.Array(record, { minItems: 1, maxItems: MOST_RECORDS }),
      options: Type.Optional(PushOptions),
    },
    { additionalProperties: false, title: 'PushBatch' },
  );
}

/** What the document says of a batch. */
export const PushBatch = batchOf(PushRecord);
/** Records are judged one by one. */
const Batch = batchOf(Type.Unknown());
type Batch = Static<typeof Batch>;
const batch = Compile(Batch);

/**
 * JSON as it came over HTTP; integers beyond 2^53 are bigints.
 * @throws AppError `validation`
 */
export function parseBody(bytes: Buffer): Value {
  if (!isUtf8(bytes)) throw new AppError('validation', 'The body is not UTF-8.');
  try {
    return parseJson(bytes.toString().replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof JsonTooDeep) throw new AppError('validation', error.message);
    if (error instanceof SyntaxError) throw new AppError('validation', 'The body is not valid JSON.');
    throw error;
  }
}

/** A batch as it came. */
export interface ParsedBatch extends Batch {
  /** Whether some record may hold what cannot be stored. */
  readonly suspicious: boolean;
}

/** @throws AppError `validation` for what is no batch, whatever its records are */
export function parseBatch(bytes: Buffer): ParsedBatch {
  const body = parseBody(bytes) as unknown;
  if (!batch.Check(body)) throw validationError(problemsOf(batch.Errors(body), 'body'));
  const { records: _judgedLater, ...rest } = body;
  refuseUnstorable(rest);
  return { ...body, suspicious: isSuspicious(bytes.toString('latin1')) };
}

/** What came of a batch. */
export interface PushedBatch {
  readonly requestId: number;
  readonly accepted: number;
  readonly rejected: number;
  /** All of them. */
  readonly errors: readonly PushError[];
}

/** The good ones of `records` as lines, each in its place. */
function linesOf({ records, suspicious }: ParsedBatch) {
  const errors: PushError[] = [];
  let timed = false;
  const lines = records.map((record, index) => {
    const message = problemOfRecord(record, suspicious);
    if (message === undefined) {
      timed ||= hasTime(record);
      return jsonText(record as Value);
    }
    errors.push({ line: index + 1, id: idOfRecord(record), code: 'VALIDATION_ERROR', message });
    return NO_RECORD;
  });
  return { lines, errors, timed };
}

/** Keeps the good records of a batch, and enqueues their load. */
export async function pushBatch(tx: Tx, actor: Actor, pushed: ParsedBatch, startedAt: number): Promise<PushedBatch> {
  const { source, records, options = {} } = pushed;
  const { lines, errors, timed } = linesOf(pushed);
  const accepted = records.length - errors.length;
  const request = { kind: 'batch', source, complete: true, createdBy: actor.identity.userId } as const;
  const requestId = await pushRequestInsert(tx, request);
  if (requestId === undefined) throw new Error('the request could not be noted');
  const blobId = accepted === 0 ? null : await blobOf(tx, Buffer.from(lines.join('\n')));
  const runId = blobId === null ? null : await enqueueLoad(tx, actor, { ...PUSHED, blobId, source, timed, options });
  const rejected = errors.length;
  const processingMs = performance.now() - startedAt;
  const told = errors.slice(0, MOST_ERRORS);
  await pushRequestTaken(tx, requestId, { blobId, runId, accepted, rejected, errors: told, processingMs });
  await auditPush(tx, actor, requestId, { kind: 'batch', source, accepted, rejected });
  return { requestId, accepted, rejected, errors };
}

export async function auditPush(
  tx: Tx,
  actor: Actor,
  requestId: number,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await recordAudit(tx, actor, { action: 'sync_push.take', target: `sync_push:${requestId}`, details });
}

/** A request as it stands now: taken, being loaded, loaded. */
export interface PushView {
  readonly row: PushRequestRow;
  readonly status: 'processing' | 'completed' | 'failed';
  /** What was refused when it came, then what its load has refused; the first 100. */
  readonly errors: readonly PushError[];
}

const WORDS: Readonly<Record<SyncStatus, PushView['status']>> = {
  pending: 'processing',
  running: 'processing',
  paused: 'processing',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'failed',
};

/** How a request is, which its run alone knows. */
export async function viewOf(db: Queryable, row: PushRequestRow): Promise<PushView> {
  const { run_id: runId, complete, state } = row;
  const room = MOST_ERRORS - row.errors.length;
  const refused = runId === null || room <= 0 ? [] : await refusedOfRun(db, runId, room);
  const errors = [
    ...row.errors,
    ...refused.map(({ line, ordinal, field, reason, raw }): PushError => {
      const message = field === null ? reason : `${field}: ${reason}`;
      return { line: line ?? ordinal + 1, id: idOfRow(raw), code: 'NOT_LOADED', message };
    }),
  ];
  if (!complete || row.untold) return { row, status: 'processing', errors };
  return { row, status: runId === null ? 'completed' : WORDS[syncStatus(state)], errors };
}

/** Of a pushed record that its load has refused. */
function idOfRow(raw: string): string | null {
  try {
    const row: unknown = JSON.parse(raw);
    return isObject(row) && typeof row._id === 'string' ? row._id : null;
  } catch {
    return null;
  }
}

/** @throws AppError `not_found`, also for one whose run is no longer kept */
export async function getPushRequest(db: Queryable, id: string): Promise<PushView> {
  const row = await pushRequestGet(db, numberOf('request', id));
  if (!row || isForgotten(row)) throw notFound(`request ${id}`);
  return viewOf(db, row);
}

/** Its run is no longer kept. */
export function isForgotten({ run_id: runId, state }: PushRequestRow): boolean {
  return runId !== null && state === null;
}
