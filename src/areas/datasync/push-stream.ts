import type { Actor } from '../../auth/identity.ts';
import { AppError } from '../../kernel/errors.ts';
import { appendChunk, createBlob, deleteBlob, finishBlob } from '../../store/blobs.ts';
import type { Store, Tx } from '../../store/store.ts';
import { auditPush } from './push.ts';
import { chunksOf } from './push-blob.ts';
import { MOST_STREAM_BYTES } from './push-body.ts';
import { type CheckedLines, type LinesState, PushLines } from './push-lines.ts';
import { enqueueLoad, PUSHED, type PushOptions } from './push-load.ts';
import type { PushError } from './push-records.ts';
import { pushRequestGet, pushRequestInsert, pushRequestTaken } from './queries/push_request.ts';
import {
  pushRequestBlob,
  pushRequestDelete,
  pushStreamInsert,
  pushStreamLock,
  pushStreamProgress,
  pushStreamTakeOver,
  type StreamRow,
} from './queries/push_stream.ts';

export interface StreamRequest {
  readonly source: string;
  readonly options: PushOptions;
  /** What the client calls the upload; without a name it cannot go on when it breaks off. */
  readonly key: string | undefined;
  /** Where in the upload `body` begins, in bytes. */
  readonly offset: number;
  /** Unpacked. Throws when the connection is cut. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly startedAt: number;
  /** Whether the client may still do this, asked before it takes effect. @throws AppError */
  authorize(): Promise<void>;
}

export interface PushedStream {
  readonly requestId: number;
  readonly accepted: number;
  readonly rejected: number;
  /** The first 100. */
  readonly errors: readonly PushError[];
  readonly received: number;
  readonly processingMs: number;
  /** All of it was here before. */
  readonly replayed: boolean;
}

/** The client goes on at a place that is not behind what has come. */
export class StreamGap extends AppError {
  /** Bytes that are taken: where to go on. */
  readonly accepted: number;
  constructor(accepted: number) {
    super('conflict', `Only ${accepted} bytes of this upload have come: go on there.`, {
      details: [{ field: 'X-Request-Offset', message: `must be at most ${accepted}` }],
    });
    this.accepted = accepted;
  }
}

/** An upload that takes bytes. */
interface Upload {
  readonly requestId: number;
  readonly blobId: number;
  /** Of one with a name. */
  readonly attempt: number | undefined;
  readonly from: LinesState;
  readonly chunks: number;
}

/**
 * Takes records line by line as they come, and enqueues their load when all have come. What has come is durable a
 * megabyte at a time; with a name the upload goes on there after a break, without one it is as if it had never begun.
 * @throws StreamGap; AppError `too_large`, `conflict` when another request goes on with the upload; what `body` throws
 */
export async function pushStream(store: Store, actor: Actor, request: StreamRequest): Promise<PushedStream> {
  const begun = await store.transaction((tx) => begin(tx, actor, request));
  if ('replayed' in begun) return begun;
  const intake = new Intake(store, begun);
  try {
    await intake.takeAll(request.body, begun.from.received - request.offset);
    await request.authorize();
    return await store.transaction((tx) => intake.complete(tx, actor, request));
  } catch (error) {
    await intake.breakOff(error);
    throw error;
  }
}

async function begin(tx: Tx, actor: Actor, request: StreamRequest): Promise<Upload | PushedStream> {
  const { key, offset } = request;
  const name = key === undefined ? undefined : { principal: actor.identity.principal, key };
  const known = name && (await pushStreamLock(tx, name));
  if (known) return goOn(tx, known, request);
  if (offset > 0) throw new StreamGap(0);
  const { source } = request;
  const created = { kind: 'stream', source, complete: false, createdBy: actor.identity.userId } as const;
  const requestId = await pushRequestInsert(tx, created);
  if (requestId === undefined) throw new Error('the request could not be noted');
  if (name && !(await pushStreamInsert(tx, requestId, name))) throw overtaken();
  const blobId = await createBlob(tx);
  await pushRequestBlob(tx, requestId, blobId);
  return { requestId, blobId, attempt: name && 1, from: new PushLines().state, chunks: 0 };
}

async function goOn(tx: Tx, known: StreamRow, { source, offset }: StreamRequest): Promise<Upload | PushedStream> {
  const { request_id: requestId, received, lines, accepted, rejected, errors, timed, chunks } = known;
  if (known.source !== source) {
    throw new AppError('conflict', 'This Idempotency-Key was used for a different request. Use a new key.', {
      details: [{ field: 'source', message: `was ${known.source}` }],
    });
  }
  if (known.complete) return replay(tx, requestId, received);
  if (offset > received) throw new StreamGap(received);
  const attempt = await pushStreamTakeOver(tx, requestId);
  const from = { received, lines, accepted, rejected, errors, timed };
  return { requestId, blobId: known.blob_id, attempt, from, chunks };
}

async function replay(tx: Tx, requestId: number, received: number): Promise<PushedStream> {
  const row = await pushRequestGet(tx, requestId);
  if (!row) throw new Error(`request ${requestId} is gone`);
  const { accepted, rejected, errors, processing_ms: processingMs } = row;
  return { requestId, accepted, rejected, errors, received, processingMs, replayed: true };
}

function overtaken(): AppError {
  return new AppError('conflict', 'Another request goes on with this upload.');
}

/** Checks and stores: one block is written while the next is checked. */
class Intake {
  readonly #store: Store;
  readonly #upload: Upload;
  readonly #lines: PushLines;
  #chunks: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Store, upload: Upload) {
    this.#store = store;
    this.#upload = upload;
    this.#lines = new PushLines(upload.from);
    this.#chunks = upload.chunks;
  }

  /** @param known how many bytes of `body` are here already */
  async takeAll(body: AsyncIterable<Uint8Array>, known: number): Promise<void> {
    let passOver = known;
    let total = this.#upload.from.received;
    for await (const given of body) {
      const bytes = given.subarray(Math.min(passOver, given.length));
      passOver -= given.length - bytes.length;
      total += bytes.length;
      if (total > MOST_STREAM_BYTES) {
        throw new AppError('too_large', `An upload has at most ${MOST_STREAM_BYTES / 1024 / 1024} MiB, unpacked.`);
      }
      await this.#keep(this.#lines.take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    }
    if (passOver > 0) throw new StreamGap(this.#upload.from.received);
    await this.#keep(this.#lines.cut());
    await this.#keep(this.#lines.finish());
    await this.#writing;
  }

  /** @returns what came of the upload, which is whole now */
  async complete(tx: Tx, actor: Actor, { source, options, startedAt }: StreamRequest): Promise<PushedStream> {
    const { requestId, blobId } = this.#upload;
    const { accepted, rejected, errors, received, timed } = this.#lines.state;
    await this.#note(tx, this.#lines.state);
    const processingMs = Math.round(performance.now() - startedAt);
    const loads = accepted > 0;
    if (loads) await finishBlob(tx, blobId);
    else await deleteBlob(tx, blobId);
    const runId = loads ? await enqueueLoad(tx, actor, { ...PUSHED, blobId, source, timed, options }) : null;
    const taken = { blobId: loads ? blobId : null, runId, accepted, rejected, errors, processingMs };
    await pushRequestTaken(tx, requestId, taken);
    await auditPush(tx, actor, requestId, { kind: 'stream', source, accepted, rejected });
    return { requestId, accepted, rejected, errors, received, processingMs, replayed: false };
  }

  /** Leaves what is whole for a request that goes on; or nothing, where none can. */
  async breakOff(error: unknown): Promise<void> {
    const { attempt } = this.#upload;
    // It may be whole after all, and only the answer to that was lost.
    if (error instanceof AppError && error.code === 'unavailable') return;
    // Whatever fails here, the pruner finds.
    try {
      await this.#writing.catch(() => undefined);
      // Of what is too large no more can be taken: left here, it would refuse whatever comes under its key.
      if (attempt === undefined || (error instanceof AppError && error.code === 'too_large')) {
        await this.#store.transaction((tx) => this.#drop(tx));
      } else if (!(error instanceof AppError)) {
        await this.#keep(this.#lines.cut());
        await this.#writing;
      }
    } catch {}
  }

  /** @throws AppError `conflict` when another request goes on with it */
  async #drop(tx: Tx): Promise<void> {
    await this.#note(tx, this.#lines.state);
    await deleteBlob(tx, this.#upload.blobId);
    await pushRequestDelete(tx, this.#upload.requestId);
  }

  async #keep(checked: CheckedLines | undefined): Promise<void> {
    if (!checked) return;
    await this.#writing;
    this.#writing = this.#write(checked);
    // Awaited before the next; until then nobody else would hear of it.
    this.#writing.catch(() => undefined);
  }

  async #write({ bytes, state }: CheckedLines): Promise<void> {
    const { attempt } = this.#upload;
    const chunks = [...chunksOf(bytes)];
    if (attempt === undefined && chunks.length === 1) return this.#append(this.#store, chunks);
    await this.#store.transaction(async (tx) => {
      await this.#append(tx, chunks);
      await this.#note(tx, state);
    });
  }

  async #append(db: Pick<Store, 'query'>, chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      await appendChunk(db, this.#upload.blobId, this.#chunks, chunk);
      this.#chunks += 1;
    }
  }

  async #note(tx: Tx, state: LinesState): Promise<void> {
    const { requestId, attempt } = this.#upload;
    if (attempt === undefined) return;
    const noted = await pushStreamProgress(tx, { requestId, attempt }, { ...state, chunks: this.#chunks });
    if (!noted) throw overtaken();
  }
}
