import { Type } from 'typebox';
import { refuseUnstorable } from '../../http/validation.ts';
import { AppError } from '../../kernel/errors.ts';

/** Why a record was not taken. */
export const PUSH_ERROR_CODES = [
  'VALIDATION_ERROR',
  'INVALID_JSON',
  'INVALID_ENCODING',
  'LINE_TOO_LONG',
  /** It was taken, but its load has refused it. */
  'NOT_LOADED',
] as const;
export type PushErrorCode = (typeof PUSH_ERROR_CODES)[number];

/** A record that was not taken, by its line in what came: from 1, also for batches. */
export interface PushError {
  readonly line: number;
  readonly id: string | null;
  readonly code: PushErrorCode;
  readonly message: string;
}

/** Stands in the place of what was not taken: what is loaded keeps its numbers. The executor's pushed.ts passes over it. */
export const NO_RECORD = '{}';

/** Most errors that are told of one request; the others are counted. */
export const MOST_ERRORS = 100;

const LONGEST_ID = 500;
/** Bytes of a column's name. */
const LONGEST_NAME = 63;
/** What a pushed record becomes in its dataset, beside its data. */
const RESERVED = ['_id', '_metadata', '_updated_at'] as const;
const FIELDS: ReadonlySet<string> = new Set(['id', 'data', 'metadata']);
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)$/;
/** Levels of brackets within a field of `data`. */
const DEEPEST = 60;

/** A record as clients send it. */
export const PushRecord = Type.Object(
  {
    id: Type.Union([Type.String({ minLength: 1, maxLength: LONGEST_ID }), Type.Integer()], {
      description: 'What makes it the same record; column _id of the dataset, as text.',
    }),
    data: Type.Record(Type.String(), Type.Unknown(), { description: 'Its fields.' }),
    metadata: Type.Optional(
      Type.Object(
        { updated_at: Type.Optional(Type.String({ format: 'date-time' })) },
        {
          additionalProperties: true,
          description: 'Column _metadata. An upsert that is older than what is stored is stale.',
        },
      ),
    ),
  },
  { additionalProperties: false, title: 'PushRecord' },
);

/** The id as text, where there is one that can be told. */
export function idOfRecord(record: unknown): string | null {
  const id = isObject(record) ? record.id : undefined;
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint'
    ? String(id).slice(0, LONGEST_ID).toWellFormed().replaceAll('\0', '')
    : null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What keeps a parsed record from being taken; undefined for a good one.
 * @param suspicious as `isSuspicious` says of its text
 */
export function problemOfRecord(record: unknown, suspicious: boolean): string | undefined {
  if (!isObject(record)) return 'a record is an object with id and data';
  for (const field in record) {
    if (!FIELDS.has(field)) return `${field}: is not a known field; known are id, data, metadata`;
  }
  const { id, data, metadata } = record;
  const problem = problemOfId(id) ?? problemOfData(data) ?? problemOfMetadata(metadata);
  if (problem === undefined && suspicious) return unstorable(record);
  return problem;
}

const PLAIN_TEXT = '[^"\\\\\\x00-\\x1f]';
const PLAIN_NUMBER = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?';
const PLAIN_NAME = `"(?!(?:${RESERVED.join('|')}|__proto__)")${PLAIN_TEXT}{1,${LONGEST_NAME}}"`;
const PLAIN_FIELD = `${PLAIN_NAME}: ?(?:"${PLAIN_TEXT}*"|${PLAIN_NUMBER}|true|false|null)`;
const PLAIN_ID = `(?:"${PLAIN_TEXT}{1,${LONGEST_ID}}"|[1-9][0-9]{0,14})`;

/**
 * Most lines of most streams: a good record of flat data without escapes. To see that by this expression, at once on a
 * whole block of lines, takes an eighth of the time of parsing them. It only ever says yes; what it does not match is
 * parsed. Each character can be matched in one way, so a line that fails is not looked at again and again.
 * It reads text of a character a byte; set `lastIndex` to where the line begins.
 */
export const PLAIN_LINE = new RegExp(
  `\\{"id": ?${PLAIN_ID}, ?"data": ?\\{(?:${PLAIN_FIELD}(?:, ?${PLAIN_FIELD})*)?\\}\\}\\r?\\n`,
  'y',
);

function problemOfId(id: unknown): string | undefined {
  if (typeof id === 'string') {
    return id.length > 0 && id.length <= LONGEST_ID ? undefined : `id: must have 1 to ${LONGEST_ID} characters`;
  }
  if (id === undefined) return 'id: is required';
  return Number.isInteger(id) || typeof id === 'bigint' ? undefined : 'id: must be text or a whole number';
}

function problemOfData(data: unknown): string | undefined {
  if (data === undefined) return 'data: is required';
  if (!isObject(data)) return 'data: must be an object';
  for (const name of RESERVED) {
    if (name in data) return `data.${name}: is a name that Longshore gives; call it otherwise`;
  }
  if (Object.hasOwn(data, '__proto__')) return 'data.__proto__: is no name of a field';
  if (isDeeper(data, DEEPEST)) return `data: is nested deeper than ${DEEPEST} levels`;
  for (const name in data) {
    // Of fewer units even the longest are not too long.
    if (name.length > LONGEST_NAME / 3 && Buffer.byteLength(name) > LONGEST_NAME) {
      return `data.${name.slice(0, LONGEST_NAME)}…: the name has more than ${LONGEST_NAME} bytes`;
    }
    if (name === '') return 'data: a field has no name';
    if (isBoundless(data[name])) return `data.${name}: holds a number beyond 1.8e308; send it as text`;
  }
  return undefined;
}

function problemOfMetadata(metadata: unknown): string | undefined {
  if (metadata === undefined) return undefined;
  if (!isObject(metadata)) return 'metadata: must be an object';
  const { updated_at: time } = metadata;
  if (time !== undefined && !(typeof time === 'string' && TIME.test(time) && !Number.isNaN(Date.parse(time)))) {
    return 'metadata.updated_at: must be a time such as 2024-01-01T00:00:00Z';
  }
  return isDeeper(metadata, DEEPEST) ? `metadata: is nested deeper than ${DEEPEST} levels` : undefined;
}

function isDeeper(value: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const key in value) {
    const part = (value as Record<string, unknown>)[key];
    if (typeof part === 'object' && part !== null && isDeeper(part, levels - 1)) return true;
  }
  return false;
}

/** Whether a number of it is so large that only infinity was left of it. */
function isBoundless(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(isBoundless);
}

/** Escapes of characters that no text column holds, or that may be half of one. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/i;

/** Whether the JSON `text` may hold what cannot be stored: to be looked at more closely. */
export function isSuspicious(text: string): boolean {
  return SUSPICIOUS.test(text);
}

function unstorable(record: Record<string, unknown>): string | undefined {
  // Whole characters are written as they are: what is still an escape is half of one, or NUL.
  const text = JSON.stringify(record, (_name, part: unknown) => (typeof part === 'bigint' ? 0 : part));
  if (!isSuspicious(text)) return undefined;
  try {
    refuseUnstorable(record);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Whether a good record says when it was updated. */
export function hasTime(record: unknown): boolean {
  const metadata = isObject(record) ? record.metadata : undefined;
  return isObject(metadata) && metadata.updated_at !== undefined;
}
