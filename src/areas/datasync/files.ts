import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Actor } from '../../auth/identity.ts';
import { problemsOf, refuseUnstorable, validationError } from '../../http/validation.ts';
import { invalidField, notFound } from '../../kernel/errors.ts';
import { finishBlob } from '../../store/blobs.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { type FileFormat, formatOfName, unlikeFormat } from './executor/formats/file-format.ts';
import { WRITE_MODES } from './executor/spec/destinations.ts';
import { Identifier } from './executor/spec/fields.ts';
import { FILE_FORMATS, FileOptions } from './executor/spec/files.ts';
import { numberOf } from './ids.ts';
import { auditPush, isForgotten, type PushView, viewOf } from './push.ts';
import type { StoredBytes } from './push-blob.ts';
import { enqueueLoad, Source } from './push-load.ts';
import { pushFileInsert, pushRequestInsert, pushRequestOfFile, pushRequestTaken } from './queries/push_request.ts';

const { format: _aFieldOfItsOwn, ...readOptions } = FileOptions;

/** The form's field `options`. */
export const UploadOptions = Type.Object(
  {
    load: Type.Optional(
      Type.Boolean({ default: true, description: 'False: the file is kept for jobs to read, and loaded nowhere.' }),
    ),
    source: Type.Optional(Source),
    mode: Type.Optional(Type.Enum([...WRITE_MODES], { default: 'append' })),
    key_columns: Type.Optional(
      Type.Array(Identifier, {
        minItems: 1,
        maxItems: 16,
        uniqueItems: true,
        description: 'What makes a row the same row; needed to upsert.',
      }),
    ),
    validate: Type.Optional(Type.Boolean({ default: true, description: "Whether the dataset's rules are applied." })),
    transform: Type.Optional(
      Type.Boolean({ default: true, description: "Whether the dataset's transformations are applied." }),
    ),
    ...readOptions,
  },
  { additionalProperties: false, title: 'UploadOptions' },
);
type UploadOptions = Static<typeof UploadOptions>;
const uploadOptions = Compile(UploadOptions);
const datasetName = Compile(Source);

const LONGEST_NAME = 255;

/** What a form says of its file. */
export interface UploadForm {
  readonly filename: string;
  readonly format: FileFormat;
  readonly options: UploadOptions;
}

/**
 * The fields of an upload's form.
 * @param filename as the client names it, perhaps with a path
 * @throws AppError `validation` naming the field
 */
export function parseForm(filename: string | undefined, format: string | undefined, options = '{}'): UploadForm {
  const name = (filename ?? '').split(/[/\\]/).at(-1) ?? '';
  if (name === '' || name.length > LONGEST_NAME) {
    throw invalidField('file', `must have a file name of 1 to ${LONGEST_NAME} characters`);
  }
  refuseUnstorable({ filename: name });
  return { filename: name, format: formatOf(name, format), options: parseOptions(options) };
}

function formatOf(filename: string, told: string | undefined): FileFormat {
  if (told === undefined || told === '') {
    const found = formatOfName(filename);
    if (found) return found;
    throw invalidField('format', `is needed, for the file's name does not tell it: one of ${FILE_FORMATS.join(', ')}`);
  }
  const format = FILE_FORMATS.find((known) => known === told);
  if (!format) throw invalidField('format', `must be one of ${FILE_FORMATS.join(', ')}`);
  return format;
}

function parseOptions(text: string): UploadOptions {
  let options: unknown;
  try {
    options = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw invalidField('options', 'is not valid JSON');
  }
  if (!uploadOptions.Check(options)) {
    const problems = problemsOf(uploadOptions.Errors(options), 'options');
    throw validationError(
      problems.map(({ field, message }) => ({ field: field === 'options' ? field : `options.${field}`, message })),
    );
  }
  refuseUnstorable({ options });
  if (options.mode === 'upsert' && options.key_columns === undefined) {
    throw invalidField('options.key_columns', 'is required to upsert: what makes a row the same row');
  }
  return options;
}

const MAGIC: Partial<Readonly<Record<FileFormat, Buffer>>> = {
  parquet: Buffer.from('PAR1'),
  excel: Buffer.from('PK\x03\x04'),
};
const PACKED = [Buffer.of(0x1f, 0x8b), Buffer.of(0x28, 0xb5, 0x2f, 0xfd)];

function beginsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning);
}

/** @throws AppError `validation` for a file that is plainly of another format than it is said to be */
function refuseOther(format: FileFormat, { beginning, size }: StoredBytes): void {
  if (size === 0) throw invalidField('file', 'is empty');
  if (PACKED.some((magic) => beginsWith(beginning, magic))) return;
  const found = unlikeFormat(format, beginning);
  if (found) throw invalidField('format', `is ${format}, but the file is ${found}`);
  const magic = MAGIC[format];
  if (magic && !beginsWith(beginning, magic)) throw invalidField('format', `is ${format}, but the file is not`);
}

/** The name without extensions. @throws AppError `validation` for one that no dataset can have */
function datasetOf(filename: string): string {
  const name = filename.replace(/(?<=.)\.[^.]*$/, '').replace(/(?<=.)\.(?:csv|tsv|json|jsonl|ndjson)$/i, '');
  if (datasetName.Check(name)) return name;
  throw invalidField('options.source', "is needed: the file's name is none that a dataset can have");
}

/** Keeps an uploaded file, and enqueues its load unless the form says otherwise. @throws AppError `validation` */
export async function keepFile(
  tx: Tx,
  actor: Actor,
  { filename, format, options }: UploadForm,
  stored: StoredBytes,
): Promise<void> {
  refuseOther(format, stored);
  const { load = true, source: told, mode = 'append', key_columns, validate, transform, ...reading } = options;
  const source = load ? (told ?? datasetOf(filename)) : null;
  const request = { kind: 'file', source, complete: true, createdBy: actor.identity.userId } as const;
  const requestId = await pushRequestInsert(tx, request);
  if (requestId === undefined) throw new Error('the request could not be noted');
  const { blobId } = stored;
  const size = await finishBlob(tx, blobId, stored.sha256);
  const applied = {
    ...(validate === undefined ? {} : { validate }),
    ...(transform === undefined ? {} : { transform }),
  };
  const runId =
    source === null
      ? null
      : await enqueueLoad(tx, actor, {
          ...{ blobId, source, mode, file: { ...reading, format }, options: applied },
          ...{ keyColumns: key_columns ?? [], pushed: false, timed: false },
        });
  await pushRequestTaken(tx, requestId, { blobId, runId, accepted: 0, rejected: 0, errors: [], processingMs: 0 });
  await pushFileInsert(tx, requestId, { filename, format, size });
  await auditPush(tx, actor, requestId, { kind: 'file', source, filename, format, size });
}

/** @throws AppError `not_found` */
export async function getFile(db: Queryable, id: string): Promise<PushView> {
  const row = await pushRequestOfFile(db, numberOf('file', id));
  if (!row || isForgotten(row)) throw notFound(`file ${id}`);
  return viewOf(db, row);
}
