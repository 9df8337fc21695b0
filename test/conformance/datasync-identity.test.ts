import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startTestServer, type TestServer } from '../support/api-server.ts';
import { PlayedWorker } from '../support/http-worker.ts';
import { enqueueOne } from '../support/runs.ts';
import { eventually } from '../support/serving.ts';
import { noRedis, TemporaryRedis } from '../support/temporary-redis.ts';

/*
 * Who may use the data-sync area and how much: its contract's chapters on authentication, API keys, monitoring, errors
 * and rate limits, endpoint by endpoint and example by example, over a real socket.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const FORM = 'application/x-www-form-urlencoded';
let server: TestServer;
let client: { client_id: string; client_secret: string };

beforeAll(async () => {
  server = await startTestServer();
  client = await createClient('sync:read sync:write');
});

async function createClient(scope: string, at = server) {
  const answer = await at.call('POST', '/v1/sync/oauth-clients', { body: { name: 'erp', scope } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return { client_id: answer.body.client_id as string, client_secret: answer.body.client_secret as string };
}

/** As a program that has no identity yet. */
function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return server.call('POST', `/v1/sync/auth/${path}`, { token: '', body, headers });
}

function buy(change: object = {}): Promise<Answer> {
  return post('token', { grant_type: 'client_credentials', ...client, scope: 'sync:read sync:write', ...change });
}

const refresh = (token: string) => post('refresh', { grant_type: 'refresh_token', refresh_token: token });
const keysWith = (token: string) => server.call('GET', '/v1/sync/api-keys', { token });

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

describe('POST /auth/token', () => {
  test('200 for the request of the contract, with its answer; the token is an identity', async () => {
    const answer = await buy();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^eyJ/),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String),
      scope: 'sync:read sync:write',
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const me = await server.call('GET', '/api/me', { token: answer.body.access_token });
    expect(me.body.data.permissions.sort()).toEqual(['sync:read', 'sync:write']);
  });

  test('200 for a narrower scope, and for none, which is all', async () => {
    expect((await buy({ scope: 'sync:read' })).body.scope).toBe('sync:read');
    expect((await buy({ scope: undefined })).body.scope).toBe('sync:read sync:write');
  });

  test('200 for a form, with the client in it or in Authorization: Basic', async () => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...client, scope: '' });
    const inBody = await post('token', form.toString(), { 'Content-Type': FORM });
    expect([inBody.status, inBody.body.scope]).toEqual([200, 'sync:read sync:write']);
    const pair = `${encodeURIComponent(client.client_id)}:${encodeURIComponent(client.client_secret)}`;
    const headers = { 'Content-Type': FORM, Authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    const byHeader = await post('token', 'grant_type=client_credentials&scope=sync%3Aread', headers);
    expect([byHeader.status, byHeader.body.scope]).toEqual([200, 'sync:read']);
  });

  test('400 for what is malformed, naming the field', async () => {
    const cases: [object, string][] = [
      [{ grant_type: 'password' }, 'grant_type'],
      [{ client_id: undefined }, 'client_id'],
      [{ client_secret: undefined }, 'client_secret'],
      [{ scope: 'sync:read admin' }, 'scope'],
      [{ scope: 'everything' }, 'scope'],
      [{ audience: 'me' }, 'audience'],
    ];
    for (const [change, field] of cases) {
      const answer = await buy(change);
      expect([answer.status, answer.body], field).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    const twice = 'grant_type=client_credentials&client_id=a&client_id=b&client_secret=c';
    expect((await post('token', twice, { 'Content-Type': FORM })).body).toEqual(
      failure('VALIDATION_ERROR', 'client_id'),
    );
    expect((await post('token', '{"grant_type":')).body).toEqual(failure('VALIDATION_ERROR'));
  });

  test('400 for a client in both places', async () => {
    const Authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`;
    const both = await post('token', { grant_type: 'client_credentials', ...client }, { Authorization });
    expect([both.status, both.body]).toEqual([400, failure('VALIDATION_ERROR', 'client_secret')]);
    const other = { grant_type: 'client_credentials', client_id: 'client_other' };
    expect((await post('token', other, { Authorization })).body).toEqual(failure('VALIDATION_ERROR', 'client_id'));
  });

  test('401 for a wrong secret, an unknown client and an API key', async () => {
    const key = await server.apiKey('view');
    for (const change of [{ client_secret: 'wrong' }, { client_id: 'client_nobody' }, { client_secret: key }]) {
      const answer = await buy(change);
      expect([answer.status, answer.body]).toEqual([401, failure('UNAUTHORIZED')]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const pair of [`${client.client_id}:wrong`, 'no colon', `${client.client_id}:%zz`]) {
      const Authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      const answer = await post('token', { grant_type: 'client_credentials' }, { Authorization });
      expect([answer.status, answer.body]).toEqual([401, failure('UNAUTHORIZED')]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });

  test('413 for a body that no token needs, 415 for one in another form; forms are taken nowhere else', async () => {
    const large = await buy({ scope: 'x'.repeat(20_000) });
    expect([large.status, large.body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const xml = await post('token', '<token/>', { 'Content-Type': 'application/xml' });
    expect([xml.status, xml.body.error]).toMatchObject([
      415,
      { code: 'UNSUPPORTED_MEDIA_TYPE', message: `Send the body as application/json or ${FORM}.` },
    ]);
    const headers = { 'Content-Type': FORM };
    const key = await server.call('POST', '/v1/sync/api-keys', { body: 'name=a&permissions=view', headers });
    expect([key.status, key.body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
});

describe('POST /auth/refresh', () => {
  test('200 with new tokens of the same shape and scope; the old access token still works', async () => {
    const first = (await buy({ scope: 'sync:read' })).body;
    const answer = await refresh(first.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...first, access_token: expect.any(String), refresh_token: expect.any(String) });
    expect(answer.body.refresh_token).not.toBe(first.refresh_token);
    expect((await keysWith(answer.body.access_token)).status).toBe(200);
    expect((await keysWith(first.access_token)).status).toBe(200);
  });

  test('200 also for the refresh token of a user who signed in, with all that they may do', async () => {
    const body = { username: 'admin', password: server.config.adminPassword };
    const login = await server.call('POST', '/auth/login', { token: '', body });
    const answer = await refresh(login.body.data.refresh_token);
    expect([answer.status, answer.body.scope.split(' ')]).toEqual([
      200,
      expect.arrayContaining(['admin', 'sync:write']),
    ]);
  });

  test('401 for a spent one, and from then on for everything of its family', async () => {
    const first = (await buy()).body;
    const second = (await refresh(first.refresh_token)).body;
    const third = (await refresh(second.refresh_token)).body;
    const stolen = await refresh(first.refresh_token);
    expect([stolen.status, stolen.body]).toEqual([401, failure('UNAUTHORIZED')]);
    expect((await refresh(third.refresh_token)).status).toBe(401);
    await eventually(async () => (await keysWith(third.access_token)).status === 401 || undefined);
  });

  test('401 for what is none, 400 for a body without', async () => {
    const { access_token } = (await buy()).body;
    for (const token of ['nonsense', access_token]) expect((await refresh(token)).status).toBe(401);
    expect((await post('refresh', { grant_type: 'refresh_token' })).body).toEqual(
      failure('VALIDATION_ERROR', 'refresh_token'),
    );
    const wrongGrant = await post('refresh', { grant_type: 'client_credentials', refresh_token: 'x' });
    expect(wrongGrant.body).toEqual(failure('VALIDATION_ERROR', 'grant_type'));
  });
});

describe('POST /auth/revoke', () => {
  test.each(['access_token', 'refresh_token'])('200 for the %s: it and its family end at once', async (which) => {
    const tokens = (await buy()).body;
    expect((await keysWith(tokens.access_token)).status).toBe(200);
    expect(await post('revoke', { token: tokens[which] })).toMatchObject({ status: 200, body: {} });
    expect((await keysWith(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
    expect((await post('revoke', { token: tokens[which] })).status).toBe(200);
  });

  test('200 for whatever is no token of ours, also as OAuth clients send it', async () => {
    for (const token of ['eyJhbGciOiJIUzI1NiIs...', 'x', '中文'])
      expect((await post('revoke', { token })).status).toBe(200);
    const form = await post('revoke', 'token=x&token_type_hint=refresh_token', { 'Content-Type': FORM });
    expect(form.status).toBe(200);
    expect((await post('revoke', {})).body).toEqual(failure('VALIDATION_ERROR', 'token'));
  });
});

describe('/oauth-clients', () => {
  test('201 with the secret, which is shown once', async () => {
    const answer = await server.call('POST', '/v1/sync/oauth-clients', {
      body: { name: '中文 🚢', scope: 'sync:read' },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      client_id: expect.stringMatching(/^client_/),
      client_secret: expect.any(String),
      name: '中文 🚢',
      scope: 'sync:read',
      created_at: expect.stringMatching(ISO),
    });
    const { client_secret, ...shown } = answer.body;
    const address = `/v1/sync/oauth-clients/${shown.client_id}`;
    const got = await server.call('GET', address);
    expect([got.status, got.body]).toEqual([200, { ...shown, last_used_at: null, revoked_at: null }]);
    const list = await server.call('GET', '/v1/sync/oauth-clients?per_page=1');
    expect(list.body).toEqual({ items: [got.body], total: expect.any(Number), page: 1, per_page: 1 });
    expect(JSON.stringify([got.body, list.body])).not.toContain(client_secret);
    expect((await server.call('GET', '/v1/sync/oauth-clients?page=999')).body.items).toEqual([]);
  });

  test('the same client again for a repeat with its Idempotency-Key', async () => {
    const create = { body: { name: 'once', scope: 'sync:read' }, headers: { 'Idempotency-Key': 'client-1' } };
    const first = await server.call('POST', '/v1/sync/oauth-clients', create);
    expect((await server.call('POST', '/v1/sync/oauth-clients', create)).body).toEqual(first.body);
  });

  test('204 for its revocation, which ends the tokens that it bought', async () => {
    const own = await createClient('sync:read');
    const tokens = (await buy({ ...own, scope: undefined })).body;
    expect((await keysWith(tokens.access_token)).status).toBe(200);
    const address = `/v1/sync/oauth-clients/${own.client_id}`;
    expect((await server.call('DELETE', address)).status).toBe(204);
    expect((await keysWith(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
    expect((await buy(own)).status).toBe(401);
    expect((await server.call('GET', address)).body.revoked_at).toMatch(ISO);
    expect((await server.call('DELETE', address)).body).toEqual(failure('NOT_FOUND'));
  });

  test('400, 401, 403, 404', async () => {
    const create = (body: object, token = server.adminToken) =>
      server.call('POST', '/v1/sync/oauth-clients', { body, token });
    for (const [body, field] of [
      [{ name: 'x', scope: 'everything' }, 'scope'],
      [{ name: 'x', scope: ' ' }, 'scope'],
      [{ name: '', scope: 'sync:read' }, 'name'],
      [{ scope: 'sync:read' }, 'name'],
      [{ name: 'x', scope: 'sync:read', secret: 'mine' }, 'secret'],
    ] as const) {
      const answer = await create(body);
      expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    expect((await create({ name: 'x', scope: 'sync:read' }, '')).body).toEqual(failure('UNAUTHORIZED'));
    const user = await server.userToken('user');
    expect((await create({ name: 'x', scope: 'admin' }, user)).body).toEqual(failure('FORBIDDEN'));
    for (const method of ['GET', 'DELETE']) {
      const foreign = await server.call(method, `/v1/sync/oauth-clients/${client.client_id}`, { token: user });
      expect([foreign.status, foreign.body]).toEqual([404, failure('NOT_FOUND')]);
    }
    const mistaken = await server.call('GET', `/v1/sync/api-keys/${client.client_id}`);
    expect([mistaken.status, mistaken.body]).toEqual([404, failure('NOT_FOUND')]);
  });
});

describe('/api-keys', () => {
  const example = {
    name: 'production-key',
    permissions: ['sync:read', 'sync:write'],
    expires_at: '2095-12-31T23:59:59Z',
    rate_limit: 1000,
  };

  test('201 for the example of the contract, sent in either header; 204 for its revocation', async () => {
    const { status, body } = await server.call('POST', '/v1/sync/api-keys', { body: example });
    expect([status, body]).toEqual([
      201,
      {
        ...example,
        id: expect.stringMatching(/^key_/),
        key: expect.stringMatching(/^sk_live_/),
        created_at: expect.stringMatching(ISO),
      },
    ]);
    const byHeader = await server.call('GET', '/v1/sync/api-keys', { token: '', headers: { 'X-API-Key': body.key } });
    expect([byHeader.status, (await keysWith(body.key)).status]).toEqual([200, 200]);
    const shown = await eventually(async () => {
      const key = (await server.call('GET', `/v1/sync/api-keys/${body.id}`)).body;
      return key.last_used_at === null ? undefined : key;
    });
    expect(shown.last_used_at).toMatch(ISO);
    expect((await server.call('DELETE', `/v1/sync/api-keys/${body.id}`)).status).toBe(204);
    expect((await keysWith(body.key)).body).toEqual(failure('UNAUTHORIZED'));
  });
});

describe('rate limits', () => {
  let limited: TestServer;
  beforeAll(async () => {
    limited = await startTestServer({ rateLimitPerMinute: 1000 });
  });
  const limitOf = ({ headers }: Answer) =>
    ['limit', 'remaining', 'reset'].map((part) => Number(headers.get(`x-ratelimit-${part}`)));

  test('are told with every answer: 1,000 a minute, and an epoch in seconds', async () => {
    const before = Date.now() / 1000;
    const [limit, remaining, reset] = limitOf(await limited.call('GET', '/v1/sync/api-keys'));
    expect(limit).toBe(1000);
    expect(remaining).toBeLessThan(1000);
    expect(reset).toBeGreaterThan(before);
    expect(reset).toBeLessThanOrEqual(Date.now() / 1000 + 61);
    const others = [
      await limited.call('GET', '/v1/sync/api-keys', { token: '' }),
      await limited.call('GET', '/v1/sync/nowhere'),
      await limited.call('GET', '/v1/sync/api-keys/key_nobody'),
      await limited.call('POST', '/v1/sync/api-keys', { body: {} }),
    ];
    expect(others.map(({ status }) => status)).toEqual([401, 404, 404, 400]);
    for (const answer of others) expect(limitOf(answer)[0]).toBe(1000);
  });

  test('of pushes are counted by themselves: 100 a minute of batches, streams, files and each webhook', async () => {
    const token = await limited.apiKey('sync:write');
    const push = async (path: string, how: object = {}) =>
      limitOf(await limited.call('POST', `/v1/sync/push/${path}`, { token, body: '', ...how })).slice(0, 2);
    const lines = { headers: { 'Content-Type': 'application/x-ndjson' } };
    const form = { headers: { 'Content-Type': 'multipart/form-data; boundary=x' } };
    expect(await push('batch')).toEqual([100, 99]);
    expect(await push('stream?source=s', lines)).toEqual([100, 99]);
    expect(await push('file', form)).toEqual([100, 99]);
    expect(await push('batch')).toEqual([100, 98]);
    for (const id of ['one', 'two']) expect(await push(`webhook/wh_${id}`)).toEqual([100, 99]);
    expect(await push('webhook/wh_one')).toEqual([100, 98]);
  });

  test("429 beyond a key's own limit, until the reset", async () => {
    const body = { name: 'slow', permissions: ['sync:read'], rate_limit: 2 };
    const { key } = (await limited.call('POST', '/v1/sync/api-keys', { body })).body;
    const ask = () => limited.call('GET', '/v1/sync/api-keys', { token: key });
    expect(limitOf(await ask()).slice(0, 2)).toEqual([2, 1]);
    expect(limitOf(await ask()).slice(0, 2)).toEqual([2, 0]);
    const refused = await ask();
    expect([refused.status, refused.body]).toEqual([429, failure('RATE_LIMITED')]);
    expect(limitOf(refused).slice(0, 2)).toEqual([2, 0]);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(Math.abs((limitOf(refused)[2] ?? 0) - Date.now() / 1000 - seconds)).toBeLessThan(10);
  });
});

describe('monitoring', () => {
  test('GET /metrics tells of syncs and loads that ended, by connector and status', async () => {
    const spec = (type: string) => ({ area: 'datasync', kind: 'data_sync', spec: { connector: { type, config: {} } } });
    await enqueueOne(server.store, spec('rest_api'));
    await enqueueOne(server.store, spec('database'));
    await enqueueOne(server.store, { ...spec('file'), kind: 'file_load' });
    await enqueueOne(server.store, { ...spec('rest_api'), trigger: 'system' });
    const worker = await PlayedWorker.join(server, 'metrics-worker', ['data_sync', 'file_load']);
    for (let runs = 0; runs < 4; runs += 1) {
      const run = await worker.lease();
      const failed = JSON.stringify(run.spec).includes('database');
      await worker.report(run, { status: failed ? 'failed' : 'succeeded', retryable: false });
    }
    const text = await eventually(async () => {
      const { body } = await server.call('GET', '/v1/sync/metrics', { token: '' });
      return String(body).includes('sync_latency_seconds_count 3') ? String(body) : undefined;
    });
    for (const line of [
      '# HELP sync_operations_total Total sync operations',
      '# TYPE sync_operations_total counter',
      'sync_operations_total{connector="rest_api",status="success"} 1',
      'sync_operations_total{connector="database",status="failed"} 1',
      'sync_operations_total{connector="file",status="success"} 1',
      '# HELP sync_latency_seconds Sync operation latency',
      '# TYPE sync_latency_seconds histogram',
      'sync_latency_seconds_bucket{le="0.1"}',
      'sync_latency_seconds_bucket{le="0.5"}',
      '# TYPE longshore_runs_total counter',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('GET /metrics is for those who may view, and for scrapers on this machine', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    const answer = await server.call('GET', '/v1/sync/metrics', { token: '', headers });
    expect([answer.status, answer.body]).toEqual([401, failure('UNAUTHORIZED')]);
    expect((await server.call('GET', '/v1/sync/metrics', { headers })).status).toBe(200);
  });

  test('GET /health, /health/live and /health/ready answer anybody', async () => {
    const alone = await startTestServer();
    const ask = (path: string) => alone.call('GET', `/v1/sync/health${path}`, { token: '' });
    const version = expect.stringMatching(/^\d+\.\d+\.\d+/);
    expect(await ask('')).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        components: { database: 'healthy', redis: 'disabled', connectors: 'unhealthy' },
        version,
      },
    });
    await PlayedWorker.join(alone, 'sync-worker', ['data_sync']);
    expect((await ask('')).body).toEqual({
      status: 'healthy',
      components: { database: 'healthy', redis: 'disabled', connectors: 'healthy' },
      version,
    });
    expect(await ask('/live')).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await ask('/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  test('GET /health tells of Redis where one is used; without it the server goes on', async (context) => {
    if (noRedis) context.skip(noRedis);
    const redis = await TemporaryRedis.create();
    const shared = await startTestServer({ redisUrl: redis.url });
    const components = async () => (await shared.call('GET', '/v1/sync/health', { token: '' })).body.components;
    // A first try to reach it that takes too long is followed by others.
    await eventually(async () => (await components()).redis === 'healthy' || undefined);
    expect(await components()).toMatchObject({ database: 'healthy', redis: 'healthy' });
    expect((await shared.call('GET', '/api/health')).body.data.redis).toBe('connected');
    await redis.kill();
    await eventually(async () => (await components()).redis === 'unhealthy' || undefined);
    expect((await shared.call('GET', '/api/health')).body).toMatchObject({
      success: true,
      data: { redis: 'disconnected' },
    });
    expect((await shared.call('GET', '/v1/sync/api-keys')).status).toBe(200);
  });

  test('GET /health answers 503 while the database is away', async () => {
    const lost = await startTestServer();
    await lost.store.close();
    const answer = await lost.call('GET', '/v1/sync/health', { token: '' });
    expect([answer.status, answer.body]).toMatchObject([
      503,
      { status: 'unhealthy', components: { database: 'unhealthy', connectors: 'unhealthy' } },
    ]);
    expect((await lost.call('GET', '/v1/sync/health/ready', { token: '' })).status).toBe(503);
    expect((await lost.call('GET', '/v1/sync/health/live', { token: '' })).status).toBe(200);
  });
});
