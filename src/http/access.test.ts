import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { createApiKey } from '../auth/api-keys.ts';
import { systemIdentity } from '../auth/identity.ts';
import { effectivePermissions, PERMISSIONS, type Permission } from '../auth/permissions.ts';
import { createUser, updateUser } from '../auth/users.ts';
import type { RouteAccess } from './access.ts';
import type { Route } from './route-table.ts';

/*
 * Walks every route with every kind of identity. What a route demands is read off its own declaration; what an identity
 * has, off the permissions that it was given: the test fails when the guard thinks otherwise.
 */

const system = { identity: systemIdentity('test') };
const PASSWORD = 'a password for the walk';

let server: TestServer;
let routes: Route[];

beforeAll(async () => {
  server = await startTestServer();
  // Signing out would end the identity that walks on, and is the last thing it does.
  routes = server.app.routeTable.routes
    .filter(({ method }) => method !== 'HEAD')
    .sort((a, b) => Number(a.url === '/auth/logout') - Number(b.url === '/auth/logout'));
});

/** An address of the route, of things that do not exist. */
function addressOf({ url }: Route): string {
  return url
    .replace(':worker_id', 'nobody')
    .replace(':key_id', 'key_nobody')
    .replace(/:\w+/g, '999999999')
    .replace('*', 'x');
}

function call(route: Route, headers: Record<string, string>) {
  const body = ['POST', 'PUT'].includes(route.method) ? { body: { no_such_field: 1 } } : {};
  return server.call(route.method, addressOf(route), { token: '', headers, ...body });
}

function allows(access: RouteAccess, permissions: ReadonlySet<Permission>): boolean {
  if (access === 'public' || access === 'authenticated') return true;
  // The test calls from this machine.
  if (access === 'metrics') return true;
  return [access].flat().every((permission) => permissions.has(permission));
}

async function bearerOf(role: string): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await server.userToken(role)}` };
}

async function keyOf(...permissions: Permission[]): Promise<Record<string, string>> {
  return { 'X-API-Key': await server.apiKey(...permissions) };
}

async function refusedByAll(headers: Record<string, string>): Promise<void> {
  for (const route of routes) {
    const { status } = await call(route, headers);
    const open = route.access === 'public' || route.access === 'metrics';
    // The one public route that reads a token of its own: of these, none is one.
    const expected = route.url === '/api/refresh' ? [401, 422] : undefined;
    const label = `${route.method} ${route.url} answered ${status}`;
    if (expected) expect(expected, label).toContain(status);
    else if (open) expect([401, 403], label).not.toContain(status);
    else expect(status, label).toBe(401);
  }
}

async function walkedBy(headers: Record<string, string>, granted: readonly Permission[]): Promise<void> {
  const permissions = effectivePermissions(granted);
  for (const route of routes) {
    if (route.access === 'public') continue;
    const { status } = await call(route, headers);
    const label = `${route.method} ${route.url} answered ${status}`;
    if (allows(route.access, permissions)) expect([401, 403], label).not.toContain(status);
    else expect(status, label).toBe(403);
    expect(status, label).toBeLessThan(500);
  }
}

test('there are routes to walk, public ones among them by name', () => {
  expect(routes.length).toBeGreaterThan(30);
  const open = routes.filter(({ access }) => access === 'public').map(({ method, url }) => `${method} ${url}`);
  expect(open.sort()).toEqual([
    'GET /',
    'GET /api/health',
    'GET /docs',
    'GET /docs/',
    'GET /docs/js/scalar.js',
    'GET /health/live',
    'GET /health/ready',
    'GET /openapi/datasync.json',
    'GET /openapi/governance.json',
    'GET /openapi/scheduler.json',
    'GET /v1/sync/health',
    'GET /v1/sync/health/live',
    'GET /v1/sync/health/ready',
    'POST /api/refresh',
    'POST /auth/login',
    'POST /v1/sync/auth/refresh',
    'POST /v1/sync/auth/revoke',
    'POST /v1/sync/auth/token',
    'POST /v1/sync/push/webhook/:webhook_id',
  ]);
});

describe('401 at every protected route', () => {
  test.each([
    ['no identity', {}],
    ['a token that is none', { Authorization: 'Bearer nonsense' }],
    ['another scheme', { Authorization: 'Basic YWRtaW46YWRtaW4=' }],
    ['an unknown key', { 'X-API-Key': `sk_live_${'a'.repeat(60)}` }],
    ['a forged session', { Cookie: `longshore_session=${'a'.repeat(22)}.${'b'.repeat(43)}` }],
    [
      'an unsigned token',
      {
        Authorization: `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"user:1"}').toString('base64url')}.`,
      },
    ],
  ])('with %s', (_state, headers) => refusedByAll(headers));

  test('with a refresh token', async () => {
    const login = await server.call('POST', '/auth/login', {
      token: '',
      body: { username: 'admin', password: server.config.adminPassword },
    });
    const headers = { Authorization: `Bearer ${login.body.data.refresh_token}` };
    for (const route of routes.filter(({ access }) => access !== 'public' && access !== 'metrics')) {
      expect((await call(route, headers)).status, route.url).toBe(401);
    }
  });

  test('with the token of a user who was deactivated, a revoked key and an expired one', async () => {
    const { store } = server;
    const user = await store.transaction((tx) =>
      createUser(tx, system, { username: 'leaving', password: PASSWORD, role: 'operator' }),
    );
    const body = { username: 'leaving', password: PASSWORD };
    const login = await server.call('POST', '/auth/login', { token: '', body });
    await store.transaction((tx) => updateUser(tx, system, user.id, { isActive: false }));
    const { id, key } = (
      await server.call('POST', '/v1/sync/api-keys', { body: { name: 'k', permissions: ['admin'] } })
    ).body;
    expect((await server.call('DELETE', `/v1/sync/api-keys/${id}`)).status).toBe(204);
    const short = await store.transaction((tx) =>
      createApiKey(tx, system, 'key', {
        name: 'short',
        permissions: ['admin'],
        ownerId: 1,
        expiresAt: new Date(Date.now() + 60_000),
      }),
    );
    await store.query("UPDATE longshore.api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [
      short.id,
    ]);
    await refusedByAll({ Authorization: `Bearer ${login.body.data.access_token}` });
    await refusedByAll({ Authorization: `Bearer ${key}` });
    await refusedByAll({ 'X-API-Key': short.secret });
  });
});

describe('403 exactly where the permission lacks', () => {
  test.each([
    ['user', ['view', 'scheduler_view']],
    ['operator', ['view', 'scheduler_view', 'scheduler_manage', 'create', 'update']],
    ['admin', ['admin']],
  ] as const)('for the role %s', async (role, permissions) => walkedBy(await bearerOf(role), permissions));

  test.each(PERMISSIONS.map((permission) => [permission] as const))('for a key with %s alone', async (permission) =>
    walkedBy(await keyOf(permission), [permission]),
  );
});

describe('a console session', () => {
  test('403 for what changes something without its CSRF token; with it, as its user', async () => {
    const body = { username: 'admin', password: server.config.adminPassword, session: 'cookie' };
    const login = await server.call('POST', '/auth/login', { token: '', body });
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^longshore_session=[^;]+; .*HttpOnly; SameSite=Strict/);
    const session = { Cookie: cookie.split(';', 1)[0] ?? '' };
    const task = { name: 'by session', executor: 'shell', command: 'true' };
    const send = (headers: Record<string, string>) =>
      server.call('POST', '/api/tasks', { token: '', headers: { ...session, ...headers }, body: task });
    expect((await server.call('GET', '/api/tasks', { token: '', headers: session })).status).toBe(200);
    expect((await send({})).status).toBe(403);
    expect((await send({ 'X-CSRF-Token': 'guess' })).status).toBe(403);
    const me = await server.call('GET', '/api/me', { token: '', headers: session });
    expect(me.body.data.csrf_token).toBe(login.body.data.csrf_token);
    expect((await send({ 'X-CSRF-Token': me.body.data.csrf_token })).status).toBe(201);
  });
});

describe('metrics', () => {
  test('200 for this machine itself; 401 for whom a proxy passes on, 200 again for those who may view', async () => {
    const passedOn = { 'X-Forwarded-For': '203.0.113.7' };
    expect((await server.call('GET', '/metrics', { token: '' })).status).toBe(200);
    expect((await server.call('GET', '/metrics', { token: '', headers: passedOn })).status).toBe(401);
    expect(
      (await server.call('GET', '/metrics', { token: '', headers: { ...passedOn, ...(await keyOf('worker')) } }))
        .status,
    ).toBe(403);
    expect(
      (await server.call('GET', '/metrics', { token: '', headers: { ...passedOn, ...(await keyOf('view')) } })).status,
    ).toBe(200);
  });
});
