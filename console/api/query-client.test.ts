import { expect, test } from 'vitest';
import { ApiError, toApiError } from './errors.ts';
import { retryMutation, retryQuery } from './query-client.ts';

const overloaded = toApiError(
  new Response(null, { status: 503, headers: { 'Retry-After': '5', 'X-Request-Id': 'req_1' } }),
  { message: 'Overloaded.' },
);
const fromProxy = toApiError(new Response('<h1>503</h1>', { status: 503 }), '<h1>503</h1>');
const unreachable = new ApiError(0, '');
const refused = toApiError(new Response(null, { status: 409, headers: { 'X-Request-Id': 'req_1' } }), {});
const fault = toApiError(new Response(null, { status: 500, headers: { 'X-Request-Id': 'req_1' } }), {});

test('reading is tried again whenever that may help, changing only when surely nothing was changed', () => {
  const errors = { overloaded, fromProxy, unreachable, refused, fault };
  const tried = (retry: typeof retryQuery) =>
    Object.entries(errors).flatMap(([name, error]) => (retry(0, error) ? [name] : []));
  expect(tried(retryQuery)).toEqual(['overloaded', 'fromProxy', 'unreachable', 'fault']);
  expect(tried(retryMutation)).toEqual(['overloaded']);
});

test('nothing is tried for ever', () => {
  expect(retryQuery(3, unreachable)).toBe(false);
  expect(retryMutation(3, overloaded)).toBe(false);
});

test('an error keeps what the server said of it', () => {
  const body = { message: 'schedule: is wrong', error: { details: [{ field: 'schedule', message: 'is wrong' }, 7] } };
  const error = toApiError(new Response(null, { status: 400, headers: { 'X-Request-Id': 'req_2' } }), body);
  expect(error).toMatchObject({
    status: 400,
    message: 'schedule: is wrong',
    requestId: 'req_2',
    details: [{ field: 'schedule', message: 'is wrong' }],
    retryAfterMs: undefined,
  });
});
