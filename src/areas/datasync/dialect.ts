import { type Static, type TSchema, Type } from 'typebox';
import type { Dialect } from '../../http/area.ts';

const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'One of docs/errors.md.' }),
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
    error: { code, message, details: [...details], request_id: requestId },
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
