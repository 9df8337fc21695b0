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
  for (const [name, body] of Object.entries(GOOD_JOBS)) await made('/v1/sync/jobs', { name, ...body });
  await made('/v1/sync/datasets', { name: 'good', ...GOOD_DATASET });
  await made('/v1/sync/push/batch', GOOD_BATCH);
  IDS.webhook_id = [(await made('/v1/sync/webhooks', { name: 'good', ...GOOD_WEBHOOK })).id];
});

async function made(path: string, body: object) {
  const answer = await server.call('POST', path, { body });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
}

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
const GOOD_JOBS = {
  rest: {
    description: 'd',
    connector: {
      type: 'rest_api',
      config: {
        base_url: 'https://example.com',
        auth: { type: 'bearer', token: 't' },
        headers: { 'X-A': 'b' },
        endpoints: [
          {
            path: '/customers',
            method: 'POST',
            params: { a: 'b' },
            body: { a: [1] },
            record_path: '/data',
            pagination: { type: 'offset', page_param: 'page', limit_param: 'limit', limit: 100, max_pages: 5 },
            cursor_field: 'at',
            cursor_param: 'since',
          },
        ],
        rate_limit: 5,
      },
    },
    transformations: [
      { type: 'field_mapping', config: { mappings: { a: 'b' } } },
      { type: 'type_conversion', config: { fields: { a: { type: 'timestamp', timezone: 'Asia/Shanghai' } } } },
      { type: 'filter', config: { expression: 'a > 1' } },
      { type: 'computed', config: { field: 'c', expression: 'round(a * 2, 2)' } },
      { type: 'validation', config: { rules: [{ field: 'a', rule: 'pattern', value: '^a+$' }] } },
    ],
    destination: { type: 'database', table: 't', mode: 'upsert', key_columns: ['id'] },
    sync_mode: 'incremental',
    conflict: { strategy: 'timestamp', timestamp_column: 'at' },
    schedule: { type: 'cron', expression: '0 0 * * *', timezone: 'Europe/Paris' },
    tags: ['a'],
  },
  database: {
    connector: {
      type: 'database',
      config: { engine: 'mysql', host: 'h', port: 1, database: 'd', username: 'u', password: 'p', table: 't' },
    },
    destination: {
      type: 'rest_api',
      url: 'https://example.com/in',
      auth: { type: 'basic', username: 'u', password: 'p' },
    },
    schedule: { type: 'interval', seconds: 3600 },
  },
  file: {
    connector: { type: 'file', config: { url: 'https://example.com/a.csv', delimiter: ';', null_values: ['-'] } },
    destination: { type: 'file', path: 'a/b.csv', mode: 'append' },
    schedule: { type: 'once', at: '2090-01-01T00:00:00Z' },
  },
};
const GOOD_BATCH = {
  source: 'fuzz',
  records: [{ id: '1', data: { a: 1, b: { c: [null, 'x'] } }, metadata: { updated_at: '2024-01-01T00:00:00Z' } }],
  options: { upsert: true, validate: true, transform: true },
};
const GOOD_DATASET = {
  category: 'c',
  schema: { columns: [{ name: 'id', type: 'integer', required: true, min: 0 }], key_columns: ['id'] },
};
const GOOD_WEBHOOK = {
  source: 'hooks',
  schema: { type: 'object', required: ['a'], properties: { a: { pattern: '^a' } } },
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
  '/v1/sync/jobs': Object.values(GOOD_JOBS).map((body) => ({ name: 'fuzz', ...body })),
  '/v1/sync/jobs/{job_id}': Object.values(GOOD_JOBS),
  '/v1/sync/jobs/{job_id}/quarantine/redrive': [{ ids: [1] }],
  '/v1/sync/conflicts/{conflict_id}/resolve': [{ resolution: 'values', values: { a: 1 } }],
  '/v1/sync/push/batch': [GOOD_BATCH],
  '/v1/sync/webhooks': [{ name: 'fuzz', ...GOOD_WEBHOOK }],
  '/v1/sync/datasets': [{ name: 'fuzz', ...GOOD_DATASET }],
  '/v1/sync/datasets/dilute': [
    {
      source_dataset_id: 'ds_999',
      dilution_dataset_ids: ['ds_998'],
      config: { dilution_ratio: 0.3, matching_fields: ['category'], quality_threshold: 0.8 },
    },
  ],
  '/v1/sync/datasets/augment': [
    { dataset_id: 'ds_999', augmentation: { strategies: ['random_swap'], multiplier: 3, preserve_labels: true } },
  ],
  '/v1/sync/api-keys': [{ name: 'k', permissions: ['view'], expires_at: '2099-01-01T00:00:00Z', rate_limit: 5 }],
  '/v1/sync/oauth-clients': [{ name: 'c', scope: 'sync:read sync:write' }],
  '/v1/sync/auth/token': [
    { grant_type: 'client_credentials', client_id: 'client_nobody', client_secret: 's', scope: 'sync:read' },
  ],
  '/v1/sync/auth/refresh': [{ grant_type: 'refresh_token', refresh_token: 'none' }],
  '/v1/sync/auth/revoke': [{ token: 'none', token_type_hint: 'access_token' }],
  '/auth/login': [{ username: 'nobody', password: 'wrong' }],
};

/** Would wait for commands or for a worker's answer, or end the identity that the test goes on with. */
const LEFT_OUT = [
  ...['/api/workers/{worker_id}/watch', '/v1/sync/jobs/{job_id}/preview'],
  ...['/auth/logout', '/api/change-password'],
];

/** What is there, by the name of the parameter; elsewhere ids are numbers. */
const IDS: Record<string, readonly string[]> = {
  job_id: ['job_1', 'job_2', 'job_3'],
  dataset_id: ['ds_1'],
  request_id: ['req_1'],
  conflict_id: ['conf_1'],
  file_id: ['file_1'],
};

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
  const idOf = (name: string) => {
    const known = path.startsWith('/v1/sync') ? IDS[name] : undefined;
    return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...(known ?? ['1', '2', '3', 'w-1'])) }, nastyText);
  };
  const values = fc.record(
    Object.fromEntries(parameters.map(({ name }) => [name, name.endsWith('_id') ? idOf(name) : fc.option(nastyText)])),
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
  // Thousands of requests: on a machine that has much else to do they take minutes.
  test.each(AREAS)('in the %s area', { timeout: 300_000 }, async (area) => {
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
