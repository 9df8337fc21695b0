import { type Static, type TSchema, Type } from 'typebox';
import type { RunState } from '../../engine/states.ts';
import type { Dialect } from '../../http/area.ts';
import { rfc3339 } from '../../kernel/clock.ts';

/** The contract's words for the states of a run. */
export const RUN_STATUSES = [
  'pending',
  'running',
  'paused',
  'retrying',
  'cancelled',
  'success',
  'failed',
  'skipped',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

const STATUS_OF: Readonly<Record<RunState, RunStatus>> = {
  scheduled: 'pending',
  queued: 'pending',
  running: 'running',
  pausing: 'running',
  paused: 'paused',
  retry_wait: 'retrying',
  cancelling: 'cancelled',
  suspended: 'running',
  cancelled: 'cancelled',
  succeeded: 'success',
  failed: 'failed',
  dead: 'failed',
  skipped: 'skipped',
};

export function statusOf(state: RunState): RunStatus {
  return STATUS_OF[state];
}

/** The states that a status word stands for. */
export function statesOf(status: RunStatus): RunState[] {
  return (Object.keys(STATUS_OF) as RunState[]).filter((state) => STATUS_OF[state] === status);
}

/** `{success, data, message, timestamp}`, which every answer of the area is. */
export interface Envelope<Data> {
  readonly success: true;
  readonly data: Data;
  readonly message: string;
  readonly timestamp: string;
}

export function success<Data>(data: Data, message = 'OK'): Envelope<Data> {
  return { success: true, data, message, timestamp: rfc3339(new Date()) };
}

/** The schema of `success`. */
export function envelope<Data extends TSchema>(data: Data, description: string) {
  return Type.Object(
    {
      success: Type.Literal(true),
      data,
      message: Type.String(),
      timestamp: Type.String({ format: 'date-time' }),
    },
    { description },
  );
}

/** `{items, total, page, size}`, which every list is. */
export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), total: Type.Integer(), page: Type.Integer(), size: Type.Integer() });
}

export const PageQuery = {
  page: Type.Integer({ minimum: 1, default: 1, description: 'From 1; a page past the end is empty.' }),
  size: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
};

/** Of requests whose address says all: nothing, or an empty object, which many clients send. */
export const NoBody = Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()]);

const ErrorBody = Type.Object(
  {
    success: Type.Literal(false),
    data: Type.Null(),
    message: Type.String(),
    error: Type.Object({
      code: Type.String({ description: 'One of docs/errors.md.' }),
      details: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
      request_id: Type.String(),
    }),
    timestamp: Type.String({ format: 'date-time' }),
  },
  { title: 'Failure' },
);

export const schedulerDialect: Dialect = {
  error: ({ code, message, details }, requestId): Static<typeof ErrorBody> => ({
    success: false,
    data: null,
    message,
    error: { code, details: [...details], request_id: requestId },
    timestamp: rfc3339(new Date()),
  }),
  errorSchema: ErrorBody,
};
