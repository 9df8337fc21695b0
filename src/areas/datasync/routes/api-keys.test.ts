import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../../test/support/api-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const example = {
  name: 'production-key',
  permissions: ['sync:read', 'sync:write'],
  expires_at: '2095-12-31T23:59:59Z',
  rate_limit: 1000,
};

function create(body: object, token = server.adminToken, headers = {}) {
  return server.call('POST', '/v1/sync/api-keys', { body, token, headers });
}

describe('POST /v1/sync/api-keys', () => {
  test('201 as the contract shows it; the key works, and is shown once', async () => {
    const answer = await create({ ...example, permissions: ['scheduler_view'] });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      ...example,
      permissions: ['scheduler_view'],
      id: expect.stringMatching(/^key_/),
      key: expect.stringMatching(/^sk_live_/),
      created_at: expect.stringMatching(/Z$/),
    });
    expect((await server.call('GET', '/api/tasks', { token: answer.body.key })).status).toBe(200);
    const shown = await server.call('GET', `/v1/sync/api-keys/${answer.body.id}`);
    expect(JSON.stringify(shown.body)).not.toContain(answer.body.key);
  });

  test('the same key again for a repeat with its Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'key-1' };
    const first = await create(example, server.adminToken, headers);
    const second = await create(example, server.adminToken, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  test.each([
    ['no name', { name: '' }, 'name'],
    ['no permission', { permissions: [] }, 'permissions'],
    ['an unknown permission', { permissions: ['root'] }, 'permissions.0'],
    ['a time that has passed', { expires_at: '2001-01-01T00:00:00Z' }, 'expires_at'],
    ['a time that is none', { expires_at: 'tomorrow' }, 'expires_at'],
    ['no requests at all', { rate_limit: 0 }, 'rate_limit'],
    ['an unknown field', { secret: 'mine' }, 'secret'],
  ])('400 for %s, naming the field', async (_what, change, field) => {
    const answer = await create({ ...example, ...change });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.body.error.details[0].field).toBe(field);
    expect(answer.body.error.request_id).toBe(answer.headers.get('x-request-id'));
  });

  test('401 without an identity; 403 for more than its owner may do, and for a key that breeds keys', async () => {
    expect((await create(example, '')).status).toBe(401);
    expect((await create({ ...example, permissions: ['admin'] }, await server.userToken('user'))).status).toBe(403);
    expect((await create({ ...example, permissions: ['view'] }, await server.apiKey('view'))).status).toBe(403);
  });
});

describe('/v1/sync/api-keys/{key_id}', () => {
  test('a user sees and revokes their own; 404 for those of others', async () => {
    const token = await server.userToken('user');
    const own = (await create({ ...example, permissions: ['view'] }, token)).body;
    const foreign = (await create({ ...example, permissions: ['view'] })).body;
    const list = await server.call('GET', '/v1/sync/api-keys', { token });
    expect(list.body).toEqual({ items: [expect.objectContaining({ id: own.id })], total: 1, page: 1, per_page: 20 });
    expect((await server.call('GET', `/v1/sync/api-keys/${foreign.id}`, { token })).status).toBe(404);
    expect((await server.call('DELETE', `/v1/sync/api-keys/${foreign.id}`, { token })).status).toBe(404);
    expect((await server.call('DELETE', `/v1/sync/api-keys/${own.id}`, { token })).status).toBe(204);
    expect((await server.call('GET', '/api/me', { token: own.key })).status).toBe(401);
    expect((await server.call('GET', `/v1/sync/api-keys/${own.id}`, { token })).body.revoked_at).toBeTruthy();
  });

  test('400 for pages that are none', async () => {
    for (const query of ['page=0', 'per_page=101', 'per_page=x']) {
      expect((await server.call('GET', `/v1/sync/api-keys?${query}`)).status).toBe(400);
    }
  });
});
