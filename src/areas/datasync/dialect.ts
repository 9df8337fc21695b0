import { type Static, type TSchema, Type } from 'typebox';
import type { Dialect } from '../../http/area.ts';
import type { ErrorCode } from '../../kernel/errors.ts';

/** The contract's words for what went wrong, and, in their manner, for what it does not name. */
const ERROR_CODES: Readonly<Record<ErrorCode, string>> = {
  validation: 'VALIDATION_ERROR',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  method_not_allowed: 'METHOD_NOT_ALLOWED',
  conflict: 'CONFLICT',
  too_large: 'PAYLOAD_TOO_LARGE',
  unsupported_media_type: 'UNSUPPORTED_MEDIA_TYPE',
  rate_limited: 'RATE_LIMITED',
  internal: 'INTERNAL_ERROR',
  unavailable: 'SERVICE_UNAVAILABLE',
};

const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.Enum(Object.values(ERROR_CODES)),
      message: Type.String(),
      details: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
      request_id: Type.String(),
    }),
  },
  { title: 'Failure' },
);

/** Bare objects; only errors have an envelope. */
export const datasyncDialect: Dialect = {
  error: ({ code, message, details }, requestId): Static<typeof ErrorBody> => ({
    error: {
      code: ERROR_CODES[code],
      // Which fields, and what of them, stands in the details.
      message: code === 'validation' && details.length > 0 ? 'Invalid request parameters' : message,
      details: [...details],
      request_id: requestId,
    },
  }),
  errorSchema: ErrorBody,
};

/** `{items, total, page, per_page}`, which every list is. */
export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    total: Type.Integer(),
    page: Type.Integer(),
    per_page: Type.Integer(),
  });
}

export const PageQuery = {
  page: Type.Integer({ minimum: 1, default: 1, description: 'From 1; a page past the end is empty.' }),
  per_page: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
};

/** Of requests whose address says all: nothing, or an empty object, which many clients send. */
export const NoBody = Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()]);
