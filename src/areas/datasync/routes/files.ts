import multipart, { type Multipart, type MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { AppError, invalidField } from '../../../kernel/errors.ts';
import { deleteBlob } from '../../../store/blobs.ts';
import type { Queryable, Tx } from '../../../store/store.ts';
import type { DatasyncDeps } from '../deps.ts';
import { NoBody } from '../dialect.ts';
import type { PipelineResult } from '../executor/pipeline/pipeline.ts';
import { FILE_FORMATS } from '../executor/spec/files.ts';
import { getFile, keepFile, parseForm, type UploadForm, UploadOptions } from '../files.ts';
import { idOf, PathId } from '../ids.ts';
import type { PushView } from '../push.ts';
import { type StoredBytes, storeBytes } from '../push-blob.ts';
import { retryFile } from '../push-retry.ts';
import { OptionalTime, Time } from '../schemas.ts';
import { RETRY_DESCRIPTION } from './push.ts';

const FORM = 'multipart/form-data';
const FIELD_BYTES = 64 * 1024;
/** One more of each than is allowed, so that it is refused by name. */
const LIMITS = { files: 2, fields: 4, parts: 6, fieldSize: FIELD_BYTES, headerPairs: 20 } as const;

const OptionalText = Type.Union([Type.String(), Type.Null()]);
const Status = Type.Enum(['processing', 'completed', 'failed']);

const UploadBody = Type.Object(
  {
    file: Type.Unsafe<string>({ type: 'string', contentMediaType: 'application/octet-stream' }),
    format: Type.Optional(Type.Enum([...FILE_FORMATS], { description: "From the file's name unless told." })),
    options: Type.Optional(UploadOptions),
  },
  { additionalProperties: false, title: 'UploadForm' },
);

const fileFields = {
  file_id: Type.String({ description: "For a job's connector, too." }),
  filename: Type.String(),
  size_bytes: Type.Integer(),
  records_count: Type.Union([Type.Integer(), Type.Null()], { description: 'Null until it is parsed.' }),
  status: Status,
};
const UploadedAnswer = Type.Object(fileFields, { title: 'UploadedFile' });

const FileError = Type.Object(
  { line: Type.Integer({ description: 'From 1; where a format has no lines, the record.' }), message: Type.String() },
  { title: 'FileError' },
);
const FileAnswer = Type.Object(
  {
    ...fileFields,
    format: Type.Enum([...FILE_FORMATS]),
    dataset: Type.Union([Type.String(), Type.Null()], { description: 'Null for a file that is not loaded.' }),
    rejected_count: Type.Integer({ description: 'Records that were refused.' }),
    errors: Type.Array(FileError, { description: 'Why, of the first 100.' }),
    error: Type.Union([Type.String(), Type.Null()], { description: 'Why the load has failed.' }),
    run_id: OptionalText,
    created_at: Time,
    finished_at: OptionalTime,
  },
  { title: 'File' },
);

function recordsOf({ row, status }: PushView): number | null {
  const { records_read: read, taken_over_from: from } = (row.run_output ?? {}) as Partial<PipelineResult>;
  return status === 'completed' ? (from?.records_read ?? read ?? null) : null;
}

function fileAnswer(view: PushView): Static<typeof FileAnswer> {
  const { row, status, errors } = view;
  return {
    file_id: idOf('file', row.blob_id ?? 0),
    filename: row.filename ?? '',
    size_bytes: row.size ?? 0,
    records_count: recordsOf(view),
    status,
    format: row.format as (typeof FILE_FORMATS)[number],
    dataset: row.source,
    rejected_count: row.quarantined,
    errors: errors.map(({ line, message }) => ({ line, message })),
    error: status === 'failed' ? row.run_error : null,
    run_id: row.run_id === null ? null : idOf('run', row.run_id),
    created_at: rfc3339(row.created_at),
    finished_at: row.finished_at && rfc3339(row.finished_at),
  };
}

/** A form whose file is stored. */
interface ReceivedForm {
  readonly filename: string | undefined;
  readonly format: string | undefined;
  readonly options: string | undefined;
  readonly stored: StoredBytes;
}

/**
 * Reads a form as it comes; its file goes to the store a chunk at a time.
 * @throws AppError `validation` naming the field, `too_large`; nothing is left of the file then
 */
async function receiveForm(db: Queryable, request: FastifyRequest, maxBytes: number): Promise<ReceivedForm> {
  const fields = new Map<string, string>();
  let file: { readonly name: string | undefined; readonly stored: StoredBytes } | undefined;
  try {
    for await (const part of request.parts({ limits: { ...LIMITS, fileSize: maxBytes } })) {
      if (part.type === 'field') takeField(fields, part);
      else if (part.fieldname !== 'file') throw unknownField(part.fieldname);
      else if (file) throw invalidField('file', 'must be one file');
      else file = { name: part.filename, stored: await storeFile(db, part, maxBytes) };
    }
    if (!file) throw invalidField('file', 'is required: the file itself');
    return {
      filename: file.name,
      format: fields.get('format'),
      options: fields.get('options'),
      stored: file.stored,
    };
  } catch (error) {
    if (file) await discard(db, file.stored);
    // What still comes is read and thrown away: else the client would not hear the answer.
    request.raw.unpipe();
    request.raw.resume();
    throw faultOf(error);
  }
}

async function storeFile(db: Queryable, part: MultipartFile, maxBytes: number): Promise<StoredBytes> {
  const stored = await storeBytes(db, part.file);
  if (!part.file.truncated) return stored;
  await deleteBlob(db, stored.blobId);
  const message = `must have at most ${Math.round(maxBytes / 1024 / 1024)} MiB`;
  throw new AppError('too_large', `file: ${message}`, { details: [{ field: 'file', message }] });
}

function takeField(fields: Map<string, string>, part: Exclude<Multipart, MultipartFile>): void {
  const { fieldname: name, value } = part;
  if (name !== 'format' && name !== 'options') {
    throw name === 'file' ? invalidField('file', 'must be a file, with a file name') : unknownField(name);
  }
  if (fields.has(name)) throw invalidField(name, 'must be given only once');
  if (part.valueTruncated) throw invalidField(name, `must have at most ${FIELD_BYTES / 1024} KiB`);
  // A part that says that it is JSON has been parsed already.
  fields.set(name, typeof value === 'string' ? value : JSON.stringify(value));
}

function unknownField(name: string): AppError {
  return invalidField(name || 'body', 'is not a known field; known are file, format, options');
}

/** The parser's own errors, in words for a client. */
function faultOf(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'FST_MP_PREMATURE_CLOSE' || code === 'ECONNRESET') {
    return new AppError('validation', 'The body broke off.', { cause: error });
  }
  if (/^FST_(PARTS|FILES|FIELDS)_LIMIT$/.test(code ?? '')) {
    return new AppError('validation', 'The form has too many fields; known are file, format, options.', {
      cause: error,
    });
  }
  if (code === 'FST_INVALID_JSON_FIELD_ERROR') return invalidField('options', 'is not valid JSON');
  const isParsers = /^FST_|multipart|boundary|part header/i.test(`${code} ${message}`);
  return isParsers ? new AppError('validation', 'The body is no valid form.', { cause: error }) : error;
}

/** `/v1/sync/push/file` and `/v1/sync/files`. */
export function registerFileRoutes(app: App, deps: DatasyncDeps): void {
  void app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    await scope.register(multipart);
    registerUpload(scope, deps);
  });
  app.get(
    '/v1/sync/files/:file_id',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'Get an uploaded file, and what became of its records',
        tags: ['push'],
        params: Type.Object({ file_id: PathId }),
        response: { 200: FileAnswer },
      },
    },
    async (request) => fileAnswer(await getFile(deps.store, request.params.file_id)),
  );
  app.post(
    '/v1/sync/files/:file_id/retry',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Load an uploaded file again whose load has failed',
        description: RETRY_DESCRIPTION,
        tags: ['push'],
        params: Type.Object({ file_id: PathId }),
        body: NoBody,
        response: { 202: FileAnswer },
      },
    },
    (request, reply) =>
      deps.idempotency.send(request, reply, async (tx) => {
        const view = await retryFile(tx, actorOf(request), request.params.file_id);
        return { status: 202, body: fileAnswer(view) };
      }),
  );
}

function registerUpload(app: App, { store, idempotency, maxUploadBytes }: DatasyncDeps): void {
  app.post(
    '/v1/sync/push/file',
    {
      config: {
        access: 'sync:write',
        bucket: 'push_file',
        rawBody: { consumes: [FORM], schema: UploadBody, streamed: true },
      },
      schema: {
        summary: 'Upload a file, and load its records into a dataset',
        description:
          'The dataset is the one that `options.source` names, or else the file without its extension. With `options.load` false the file is only kept, for jobs whose connector names its id.',
        tags: ['push'],
        response: { 202: UploadedAnswer },
      },
    },
    async (request, reply) => {
      const { stored, ...fields } = await receiveForm(store, request, maxUploadBytes);
      let used = false;
      const keep = async (tx: Tx) => {
        const form = parseForm(fields.filename, fields.format, fields.options);
        await keepFile(tx, actorOf(request), form, stored);
        used = true;
        return { status: 202, body: uploadedAnswer(form, stored) };
      };
      try {
        await request.authorizeAgain();
        const sent = { ...fields, sha256: stored.sha256.toString('hex') };
        const answer = await idempotency.send(request, reply, keep, sent);
        // A repeat: the first file was the answer.
        if (!used) await discard(store, stored);
        return answer;
      } catch (error) {
        // Of anything else nobody knows whether it was committed; if not, the pruner finds it.
        if (error instanceof AppError && error.code !== 'unavailable') await discard(store, stored);
        throw error;
      }
    },
  );
}

async function discard(db: Queryable, { blobId }: StoredBytes): Promise<void> {
  // Else the pruner finds it.
  await deleteBlob(db, blobId).catch(() => undefined);
}

function uploadedAnswer({ filename, options }: UploadForm, stored: StoredBytes): Static<typeof UploadedAnswer> {
  return {
    file_id: idOf('file', stored.blobId),
    filename,
    size_bytes: stored.size,
    records_count: null,
    status: options.load === false ? 'completed' : 'processing',
  };
}
