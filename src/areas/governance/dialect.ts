import { type TSchema, Type } from 'typebox';
import type { Dialect } from '../../http/area.ts';
import type { AppError, ErrorCode } from '../../kernel/errors.ts';

/** The contract's words for what went wrong. */
const ERROR_TYPES: Readonly<Record<ErrorCode, string>> = {
  validation: 'ValidationError',
  unauthenticated: 'AuthenticationError',
  forbidden: 'AuthorizationError',
  not_found: 'ResourceNotFoundError',
  method_not_allowed: 'MethodNotAllowedError',
  conflict: 'ConflictError',
  too_large: 'PayloadTooLargeError',
  unsupported_media_type: 'UnsupportedMediaTypeError',
  rate_limited: 'RateLimitError',
  internal: 'InternalServerError',
  unavailable: 'DatabaseError',
};

export interface Envelope<Data> {
  readonly status: 'success';
  readonly data: Data;
  readonly message: string;
}

export function success<Data>(data: Data, message: string): Envelope<Data> {
  return { status: 'success', data, message };
}

/** The schema of `success`. */
export function envelope<Data extends TSchema>(data: Data, description: string) {
  return Type.Object({ status: Type.Literal('success'), data, message: Type.String() }, { description });
}

const ErrorBody = Type.Object(
  {
    status: Type.Literal('error'),
    error: Type.Enum(Object.values(ERROR_TYPES)),
    message: Type.String(),
    code: Type.Integer({ description: 'The HTTP status.' }),
    details: Type.Object({
      fields: Type.Record(Type.String(), Type.String(), { description: 'What is wrong, by field.' }),
      request_id: Type.String(),
    }),
  },
  { title: 'Failure' },
);

/** A request that could be read, but whose fields are wrong, is 422 here; one that could not be read is 400. */
function statusOf(error: AppError): number {
  return error.code === 'validation' && error.details.length > 0 ? 422 : error.status;
}

export const governanceDialect: Dialect = {
  status: statusOf,
  error: (error, requestId) => ({
    status: 'error',
    error: ERROR_TYPES[error.code],
    message: error.message,
    code: statusOf(error),
    details: {
      fields: Object.fromEntries(error.details.map(({ field, message }) => [field, message])),
      request_id: requestId,
    },
  }),
  errorSchema: ErrorBody,
};
