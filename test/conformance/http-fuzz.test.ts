import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { ApiDocument, type Operation } from '../support/documents.ts';

/*
 * Whatever a client sends, it is not answered 5xx, and every answer is as the area's document promises. Half of what
 * is sent is noise; the other half is a good request in which something was changed, since noise alone never gets far.
 */

const RUNS_A_ROUTE = 60;
const AREAS = ['scheduler', 'datasync', 'governance'];

let server: TestServer;
let documents: ApiDocument[];

beforeAll(async () => {
  server = await startTestServer();
  documents = await Promise.all(
    AREAS.map(async (area) => new ApiDocument(area, (await server.call('GET', `/openapi/${area}.json`)).body)),
  );
  for (const [name, body] of Object.entries(GOOD_TASKS)) {
    const answer = await server.call('POST', '/api/tasks', { body: { ...body, name } });
    await server.call('POST', `/api/tasks/${answer.body.data.id}/trigger`);
  }
  await server.call('POST', '/api/workers/register', { body: GOOD_WORKER });
});

const GOOD_TASKS = {
  shell: {
    executor: 'shell',
    command: 'true',
    environment: { A: 'b' },
    limits: { cpu_seconds: 1 },
    schedule: '0 0 * * *',
    timezone: 'Europe/Paris',
    starts_at: '2030-01-01T00:00:00Z',
    expires_at: '2031-01-01T00:00:00Z',
    tags: ['a'],
    on_finish: { url: 'https://example.com/hook', on: ['failed'], secret: 'longenough' },
    timeout_seconds: 5,
  },
  http: { executor: 'http', url: 'https://u:p@example.com', headers: { Authorization: 'x' }, expected_status: [200] },
  python: { executor: 'python', script: 'print(1)', arguments: ['x'] },
};
const GOOD_WORKER = {
  worker_id: 'w-1',
  name: 'w',
  tags: [],
  kinds: ['shell'],
  max_tasks: 1,
  hostname: 'h',
  version: '1',
  protocol: '1.0',
};
/** Bodies that are accepted, by path; what is changed in them reaches the use cases. */
const GOOD_BODIES: Readonly<Record<string, readonly object[]>> = {
  '/api/tasks': Object.values(GOOD_TASKS).map((body) => ({ name: 'fuzz', ...body })),
  '/api/tasks/{task_id}': [
    { name: 'changed', schedule: '*/5 * * * *', url: 'https://u:***@example.com', status: 'paused' },
  ],
  '/api/workers/register': [GOOD_WORKER],
  '/api/workers/{worker_id}': [{ max_tasks: 2, tags: ['x'], enabled: true }],
  '/api/workers/{worker_id}/heartbeat': [
    { status: 'online', system_info: { cpu_usage: 1 } },
    { session_id: 1, held: [{ id: 1, epoch: 1 }] },
  ],
  '/api/workers/{worker_id}/lease': [{ session_id: 1, limit: 1, wait_ms: 0 }],
  '/api/workers/{worker_id}/report': [
    { session_id: 1, outcomes: [{ id: 1, epoch: 1, status: 'succeeded', retryable: false, log_bytes: 0, output: {} }] },
  ],
  '/api/workers/{worker_id}/update': [
    {
      session_id: 1,
      logs: [{ id: 1, epoch: 1, seq: 1, at: '2024-01-01T00:00:00Z', level: 'info', stream: 'stdout', message: 'm' }],
      updates: [{ id: 1, epoch: 1, progress_done: 1, progress_total: 2, checkpoint: {}, emitted: [] }],
    },
  ],
  '/api/workers/{worker_id}/reconcile': [{ session_id: 1, held: [] }],
  '/v1/sync/api-keys': [{ name: 'k', permissions: ['view'], expires_at: '2099-01-01T00:00:00Z', rate_limit: 5 }],
  '/v1/sync/oauth-clients': [{ name: 'c', scope: 'sync:read sync:write' }],
  '/v1/sync/auth/token': [
    { grant_type: 'client_credentials', client_id: 'client_nobody', client_secret: 's', scope: 'sync:read' },
  ],
  '/v1/sync/auth/refresh': [{ grant_type: 'refresh_token', refresh_token: 'none' }],
  '/v1/sync/auth/revoke': [{ token: 'none', token_type_hint: 'access_token' }],
  '/auth/login': [{ username: 'nobody', password: 'wrong' }],
};

/** Would wait for commands, or end the identity that the test goes on with. */
const LEFT_OUT = ['/api/workers/{worker_id}/watch', '/auth/logout', '/api/change-password'];

const nastyText = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '0',
    '-1',
    '1.5',
    '1e400',
    'null',
    "'; DROP TABLE longshore.jobs; --",
    '../..',
    '%00',
    '***',
  ),
  fc.constantFrom(
    '9999-12-31T23:59:59-14:00',
    '0000-01-01T00:00:00Z',
    '2024-06-30T23:59:60Z',
    '0 0 31 2 *',
    '* * * * * * *',
    'Mars/Base',
  ),
  fc.string({ unit: 'binary' }),
);
const nastyValue = fc.oneof(
  nastyText,
  fc.constantFrom(0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e308, true, null, [], {}),
  fc.jsonValue(),
);

/** A copy of `body` with one place, at any depth, replaced or added. */
function changed(body: object): fc.Arbitrary<unknown> {
  const places: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    places.push(path);
    if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) walk(item, [...path, Array.isArray(value) ? Number(key) : key]);
      if (!Array.isArray(value)) places.push([...path, 'added']);
    }
  };
  walk(body, []);
  return fc.tuple(fc.constantFrom(...places), nastyValue).map(([place, value]) => replaced(body, place, value));
}

function replaced(body: unknown, [key, ...rest]: (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(body)) return body.map((item, index) => (index === key ? replaced(item, rest, value) : item));
  const fields = body as Record<string, unknown>;
  return { ...fields, [key]: replaced(fields[key], rest, value) };
}

function bodyFor({ path, body }: Operation): fc.Arbitrary<unknown> {
  if (!body) return fc.constant(undefined);
  const good = GOOD_BODIES[path] ?? [{}];
  return fc.oneof(fc.constantFrom(...good), fc.oneof(...good.map(changed)), nastyValue);
}

/** Path parameters are often right, so that what lies behind the lookup is reached. */
function pathFor({ path, parameters }: Operation): fc.Arbitrary<string> {
  const text = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('1', '2', '3', 'w-1') }, nastyText);
  const values = fc.record(
    Object.fromEntries(parameters.map(({ name }) => [name, name.endsWith('_id') ? text : fc.option(nastyText)])),
  );
  return values.map((chosen) => {
    const query = new URLSearchParams();
    let url = path;
    for (const { name, in: where } of parameters) {
      const value = chosen[name];
      if (typeof value !== 'string') continue;
      // What is no well-formed text cannot be put into a URL at all.
      const encoded = encodeURIComponent(value.toWellFormed()) || '%20';
      if (where === 'path') url = url.replace(`{${name}}`, encoded);
      else query.set(name, value);
    }
    return query.size > 0 ? `${url}?${query}` : url;
  });
}

describe('no request is answered 5xx, and every answer keeps its document', () => {
  test.each(AREAS)('in the %s area', async (area) => {
    const document = documents.find((one) => one.area === area);
    expect(document?.operations.length).toBeGreaterThan(3);
    for (const operation of document?.operations ?? []) {
      if (LEFT_OUT.includes(operation.path)) continue;
      const request = fc.tuple(pathFor(operation), bodyFor(operation));
      await fc.assert(
        fc.asyncProperty(request, async ([path, body]) => {
          const headers = operation.path === '/auth/login' ? { 'X-Request-Id': 'fuzz' } : {};
          const answer = await server.call(operation.method, path, { body, headers });
          expect(answer.status, `${operation.method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
          expect(document?.problems(operation, answer.status, answer.body)).toEqual([]);
        }),
        { numRuns: RUNS_A_ROUTE },
      );
    }
  });
});
