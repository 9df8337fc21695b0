import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { idempotencyKeyOf } from '../../../http/idempotency.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { AppError, invalidField } from '../../../kernel/errors.ts';
import { ExecutorError } from '../../../protocol/executor.ts';
import type { DatasyncDeps } from '../deps.ts';
import { NoBody } from '../dialect.ts';
import { idOf, PathId } from '../ids.ts';
import { getPushRequest, PushBatch, type PushView, parseBatch, pushBatch } from '../push.ts';
import { bodyOf } from '../push-body.ts';
import { PushOptions, Source } from '../push-load.ts';
import { PUSH_ERROR_CODES, type PushError, PushRecord } from '../push-records.ts';
import { retryPushRequest } from '../push-retry.ts';
import { pushStream, StreamGap } from '../push-stream.ts';
import { PUSH_KINDS } from '../queries/push_request.ts';
import { OptionalTime, Time } from '../schemas.ts';

const BATCH_BYTES = 16 * 1024 * 1024;
const NDJSON = 'application/x-ndjson';
const OptionalText = Type.Union([Type.String(), Type.Null()]);

const refusal = { id: OptionalText, code: Type.Enum([...PUSH_ERROR_CODES]), message: Type.String() };
const BatchError = Type.Object(
  { index: Type.Integer({ description: 'From 0.' }), ...refusal },
  { title: 'BatchError' },
);
const LineError = Type.Object({ line: Type.Integer({ description: 'From 1.' }), ...refusal }, { title: 'LineError' });

const BatchAnswer = Type.Object(
  {
    request_id: Type.String(),
    accepted: Type.Integer(),
    rejected: Type.Integer(),
    errors: Type.Array(BatchError, { description: 'Of every record that was not taken; the others were.' }),
    processing_time_ms: Type.Integer(),
  },
  { title: 'PushedBatch' },
);

const StreamAnswer = Type.Object(
  {
    request_id: Type.String(),
    accepted: Type.Integer(),
    rejected: Type.Integer(),
    errors: Type.Array(LineError, { description: 'Of the first 100 lines that were not taken; the others were.' }),
    errors_omitted: Type.Integer(),
    accepted_offset: Type.Integer({ description: 'Bytes of the upload that are taken, unpacked: all of them.' }),
    processing_time_ms: Type.Integer(),
  },
  { title: 'PushedStream' },
);

const RequestAnswer = Type.Object(
  {
    request_id: Type.String(),
    kind: Type.Enum([...PUSH_KINDS]),
    source: OptionalText,
    status: Type.Enum(['processing', 'completed', 'failed']),
    accepted: Type.Integer({ description: 'Less those that the load has refused so far.' }),
    rejected: Type.Integer(),
    errors: Type.Array(Type.Union([BatchError, LineError]), { description: 'The first 100.' }),
    error: Type.Union([Type.String(), Type.Null()], { description: 'Why the load has failed.' }),
    accepted_offset: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Of a stream with an Idempotency-Key: where it goes on if it broke off.',
    }),
    run_id: OptionalText,
    created_at: Time,
    finished_at: OptionalTime,
  },
  { title: 'PushRequest' },
);

const STREAM_DESCRIPTION = `One record a line, \`{"id", "data", "metadata"}\`; \`Content-Encoding\` gzip, and zstd where the server's Node.js has it.
Lines that are no record (at most 1 MiB each) are reported by number, and the rest goes on. All of it has at most 1 GiB,
packed and unpacked: more is answered 413, and nothing of it is kept. One answer comes at the end, when all is durable.

An upload can go on after its connection broke off, for 24 h, if it has an \`Idempotency-Key\`: a repeat with the same key begins, as
\`X-Request-Offset\` says, so many bytes (unpacked) into the upload; 0 unless told. What has come already is passed over, so sending all of it again
is right too. An offset behind what has come is answered 409, and \`X-Accepted-Offset\` says where to go on. Nothing is loaded before the upload is
whole; without a key, one that broke off leaves nothing. A repeat of a whole upload gets its first answer.`;

export const RETRY_DESCRIPTION = `A load is tried for days by itself; this is for one that has failed for good, or was cancelled. It goes on behind what was loaded of it
where rows are appended, and else begins anew, by the dataset's rules of when it came: what was refused is judged anew too. It comes after all that was sent into the
dataset since: older values may take the place of newer ones, unless \`metadata.updated_at\` tells them apart. 409 while it has not failed,
when its bytes are no longer kept, and where it is a file with \`mode\` overwrite and other records have come into the dataset since:
they would be gone. Upload it again if that is what is wanted.`;

function batchError({ line, ...error }: PushError): Static<typeof BatchError> {
  return { index: line - 1, ...error };
}

function requestAnswer({ row, status, errors }: PushView): Static<typeof RequestAnswer> {
  const byIndex = row.kind === 'batch';
  return {
    request_id: idOf('request', row.id),
    kind: row.kind,
    source: row.source,
    status,
    accepted: Math.max(0, row.accepted - row.quarantined),
    rejected: row.rejected + row.quarantined,
    errors: byIndex ? errors.map(batchError) : [...errors],
    error: status === 'failed' ? row.run_error : null,
    accepted_offset: row.received,
    run_id: row.run_id === null ? null : idOf('run', row.run_id),
    created_at: rfc3339(row.created_at),
    finished_at: row.finished_at && rfc3339(row.finished_at),
  };
}

/** `/v1/sync/push`: records that are sent to us. */
export function registerPushRoutes(app: App, deps: DatasyncDeps): void {
  void app.register(async (scope: App) => registerBatch(scope, deps));
  void app.register(async (scope: App) => registerStream(scope, deps));
  app.get(
    '/v1/sync/push/requests/:request_id',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'Get what became of a push, stream or upload',
        tags: ['push'],
        params: Type.Object({ request_id: PathId }),
        response: { 200: RequestAnswer },
      },
    },
    async (request) => requestAnswer(await getPushRequest(deps.store, request.params.request_id)),
  );
  app.post(
    '/v1/sync/push/requests/:request_id/retry',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Load a push, stream or upload again whose load has failed',
        description: RETRY_DESCRIPTION,
        tags: ['push'],
        params: Type.Object({ request_id: PathId }),
        body: NoBody,
        response: { 202: RequestAnswer },
      },
    },
    (request, reply) =>
      deps.idempotency.send(request, reply, async (tx) => {
        const view = await retryPushRequest(tx, actorOf(request), request.params.request_id);
        return { status: 202, body: requestAnswer(view) };
      }),
  );
}

function registerBatch(app: App, { idempotency }: DatasyncDeps): void {
  const json = 'application/json';
  app.removeContentTypeParser(json);
  app.addContentTypeParser(json, { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
  app.post(
    '/v1/sync/push/batch',
    {
      config: { access: 'sync:write', bucket: 'batch_push', rawBody: { consumes: [json], schema: PushBatch } },
      bodyLimit: BATCH_BYTES,
      schema: {
        summary: 'Push up to 10,000 records',
        description:
          'Each record is judged by itself: those that are not taken are reported, the others are durable, and soon in the dataset that `source` names.',
        tags: ['push'],
        response: { 200: BatchAnswer },
      },
    },
    (request, reply) => {
      const startedAt = performance.now();
      const bytes = bufferOf(request.body);
      const batch = parseBatch(bytes);
      const work = async (tx: Parameters<typeof pushBatch>[0]) => {
        const { requestId, accepted, rejected, errors } = await pushBatch(tx, actorOf(request), batch, startedAt);
        const body: Static<typeof BatchAnswer> = {
          request_id: idOf('request', requestId),
          accepted,
          rejected,
          errors: errors.map(batchError),
          processing_time_ms: Math.round(performance.now() - startedAt),
        };
        return { status: 200, body };
      };
      return idempotency.send(request, reply, work, createHash('sha256').update(bytes).digest('hex'));
    },
  );
}

function bufferOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

const streamQuery = Type.Object({ source: Source, ...PushOptions.properties });

function registerStream(app: App, { store }: DatasyncDeps): void {
  // Read by the route itself, and nothing else is taken.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(NDJSON, (_request: unknown, _payload: unknown, done: (error: null) => void) => done(null));
  app.post(
    '/v1/sync/push/stream',
    {
      config: {
        access: 'sync:write',
        bucket: 'push_stream',
        rawBody: { consumes: [NDJSON], schema: PushRecord, streamed: true },
      },
      schema: {
        summary: 'Push any number of records, a line each',
        description: STREAM_DESCRIPTION,
        tags: ['push'],
        querystring: streamQuery,
        response: { 200: StreamAnswer },
      },
    },
    async (request, reply) => {
      const startedAt = performance.now();
      const { source, ...options } = request.query;
      try {
        const key = idempotencyKeyOf(request);
        const offset = offsetOf(request);
        const encoding = request.headers['content-encoding'];
        // Who ends a request early must still be able to answer it.
        const body = bodyOf(request.raw.iterator({ destroyOnReturn: false }), encoding);
        const authorize = () => request.authorizeAgain();
        const from = { source, options, key, offset, body, startedAt, authorize };
        const pushed = await pushStream(store, actorOf(request), from);
        if (pushed.replayed) reply.header('Idempotent-Replayed', 'true');
        return streamAnswer(pushed);
      } catch (error) {
        // What still comes is read and thrown away: else the client would not hear the answer.
        request.raw.resume();
        if (error instanceof StreamGap) reply.header('X-Accepted-Offset', error.accepted);
        throw faultOf(error);
      }
    },
  );
}

function streamAnswer(pushed: Awaited<ReturnType<typeof pushStream>>): Static<typeof StreamAnswer> {
  const { requestId, accepted, rejected, errors, received, processingMs } = pushed;
  return {
    request_id: idOf('request', requestId),
    accepted,
    rejected,
    errors: [...errors],
    errors_omitted: rejected - errors.length,
    accepted_offset: received,
    processing_time_ms: processingMs,
  };
}

/** @throws AppError `validation` */
function offsetOf(request: FastifyRequest): number {
  const header = request.headers['x-request-offset'] ?? '0';
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw invalidField('X-Request-Offset', 'must be a number of bytes');
}

/** In words for a client, where it is the client's. */
function faultOf(error: unknown): unknown {
  if (error instanceof ExecutorError) return invalidField('body', error.message);
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' ? new AppError('validation', 'The body broke off.', { cause: error }) : error;
}
