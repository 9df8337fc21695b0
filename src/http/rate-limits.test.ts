import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpAssembly, type HttpAssembly, testArea } from '../../test/support/http-server.ts';
import { createApiKey } from '../auth/api-keys.ts';
import { ensureAdmin } from '../auth/first-admin.ts';
import { systemIdentity } from '../auth/identity.ts';
import { plainDialect } from './answers.ts';
import type { App } from './area.ts';
import { RateLimits } from './rate-limits.ts';
import { LocalWindows } from './windows.ts';

let http: HttpAssembly;
beforeAll(async () => {
  http = await createHttpAssembly({
    rateLimitPerMinute: 5,
    trustedProxies: ['192.0.2.0/24'],
    areas: () => [testArea(register, plainDialect)],
  });
  await ensureAdmin(http.database.store, { password: 'a password for tests', dataDir: '/nowhere' });
});
afterAll(() => http.app.close());

function register(app: App): void {
  app.get('/api/things', { config: { access: 'authenticated' } }, async () => ({}));
  app.get('/api/things/open', { config: { access: 'public' } }, async () => ({}));
  app.post('/api/things/hooks/:webhook_id', { config: { access: 'public', bucket: 'push_webhook' } }, async () => ({}));
  app.get('/api/things/free', { config: { access: 'public', bucket: 'none' } }, async () => ({}));
}

async function keyWith(rateLimit: number | null): Promise<string> {
  const key = await http.database.store.transaction((tx) =>
    createApiKey(tx, { identity: systemIdentity('test') }, 'key', {
      name: 'k',
      permissions: ['view'],
      ownerId: 1,
      rateLimit,
    }),
  );
  return key.secret;
}

function get(url: string, headers: Record<string, string> = {}, remoteAddress = '198.51.100.1') {
  return http.app.inject({ url, headers, remoteAddress });
}

async function statuses(times: number, one: () => Promise<{ statusCode: number }>): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < times; i += 1) seen.push((await one()).statusCode);
  return seen;
}

describe('rate limits', () => {
  test('count an identity over all its addresses, and say what is left and until when', async () => {
    const headers = { 'x-api-key': await keyWith(null) };
    const before = Math.floor(Date.now() / 1000);
    const first = await get('/api/things', headers);
    expect(first.headers).toMatchObject({ 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4' });
    const reset = Number(first.headers['x-ratelimit-reset']);
    expect(reset).toBeGreaterThanOrEqual(before + 60);
    expect(reset).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000) + 60);
    const addresses = [2, 3, 4, 5, 6].map((host) => `198.51.100.${host}`);
    const rest = await statuses(5, () => get('/api/things', headers, addresses.pop()));
    expect(rest).toEqual([200, 200, 200, 200, 429]);
  });

  test('429 says when to come back, in the dialect of the area', async () => {
    const headers = { 'x-api-key': await keyWith(1) };
    await get('/api/things', headers);
    const answer = await get('/api/things', headers);
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(answer.json().error.code).toBe('rate_limited');
  });

  test("a key's own limit counts where it is stricter, not where it is looser", async () => {
    const strict = { 'x-api-key': await keyWith(2) };
    expect(await statuses(3, () => get('/api/things', strict))).toEqual([200, 200, 429]);
    const loose = { 'x-api-key': await keyWith(1000) };
    expect(await statuses(6, () => get('/api/things', loose))).toEqual([200, 200, 200, 200, 200, 429]);
  });

  test('without an identity the address is counted, and so is guessing', async () => {
    expect(await statuses(6, () => get('/api/things/open', {}, '203.0.113.1'))).toEqual([200, 200, 200, 200, 200, 429]);
    const guess = { authorization: 'Bearer guess' };
    expect(await statuses(6, () => get('/api/things', guess, '203.0.113.2'))).toEqual([401, 401, 401, 401, 401, 429]);
    const honest = { 'x-api-key': await keyWith(null) };
    expect((await get('/api/things', honest, '203.0.113.2')).statusCode).toBe(200);
  });

  test('behind a trusted proxy whoever it passes on is counted; nobody else is believed about that', async () => {
    const behind = (client: string, proxy: string) => get('/api/things/open', { 'x-forwarded-for': client }, proxy);
    expect(await statuses(6, () => behind('203.0.113.3', '192.0.2.1'))).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await behind('203.0.113.4', '192.0.2.1')).statusCode).toBe(200);
    let liar = 10;
    const lying = () => {
      liar += 1;
      return behind(`203.0.113.${liar}`, '198.51.100.99');
    };
    expect(await statuses(6, lying)).toEqual([200, 200, 200, 200, 200, 429]);
  });

  test('an IPv6 network counts as one address', async () => {
    const hosts = [1, 2, 3, 4, 5, 6].map((host) => `2001:db8:1:2::${host}`);
    expect(await statuses(6, () => get('/api/things/open', {}, hosts.pop()))).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await get('/api/things/open', {}, '2001:db8:1:3::1')).statusCode).toBe(200);
  });

  test('addresses that do not exist are counted where an area answers for them, and nowhere else', async () => {
    const unknown = await get('/api/things/nowhere', {}, '203.0.113.5');
    expect(unknown.headers).toMatchObject({ 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4' });
    const again = () => get('/api/things/nowhere', {}, '203.0.113.5');
    expect(await statuses(5, again)).toEqual([404, 404, 404, 404, 429]);
    expect((await get('/nowhere', {}, '203.0.113.5')).headers['x-ratelimit-limit']).toBeUndefined();
  });

  test("a webhook's deliveries are counted for it alone, whatever the standard is", async () => {
    const deliver = (id: string) =>
      http.app.inject({ method: 'POST', url: `/api/things/hooks/${id}`, remoteAddress: '203.0.113.6' });
    const first = await deliver('wh_1');
    expect(first.headers).toMatchObject({ 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '99' });
    expect(await statuses(100, () => deliver('wh_1'))).toEqual([...Array(99).fill(200), 429]);
    expect((await deliver('wh_2')).statusCode).toBe(200);
  });

  test('an address cannot escape by naming webhooks that do not exist', async () => {
    const address = '203.0.113.7';
    const deliver = (id: string) =>
      http.app.inject({ method: 'POST', url: `/api/things/hooks/${id}`, remoteAddress: address });
    const first = await deliver('wh_made_up_1');
    expect(first.headers).toMatchObject({ 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '99' });
    for (let sent = 1; sent < 999; sent += 1) await http.app.rateLimits.take(`address:${address}`, 'webhook_address');
    expect(await statuses(2, () => deliver(`wh_made_up_${Math.random()}`))).toEqual([200, 429]);
    const refused = await deliver('wh_made_up_1');
    expect(refused.headers).toMatchObject({ 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '0' });
  });

  test('of 1,500 requests at once exactly 1,000 pass', async () => {
    const limits = new RateLimits(new LocalWindows(), 1000);
    const uses = Array.from({ length: 1500 }, () => limits.take('user:1', 'standard'));
    const allowed = (await Promise.all(uses)).map((verdict) => verdict.allowed);
    expect(allowed).toEqual([...Array(1000).fill(true), ...Array(500).fill(false)]);
  });

  test('what is no request is counted the same way', async () => {
    const { rateLimits } = http.app;
    const first = await rateLimits.take('user:9', 'websocket');
    expect(first).toMatchObject({ allowed: true, limit: 1000, remaining: 999 });
    const strict = await rateLimits.take('user:9', 'websocket', 1);
    expect(strict).toMatchObject({ allowed: false, limit: 1, remaining: 0 });
    expect(strict.retryAfterSeconds).toBeGreaterThan(0);
    expect(strict.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  test('do not touch health, the console, the API pages and routes that say so', async () => {
    for (const url of ['/health/live', '/', '/openapi/things.json', '/api/things/free']) {
      const answer = await get(url);
      expect(answer.headers['x-ratelimit-limit']).toBeUndefined();
      expect(await statuses(10, () => get(url))).toEqual(Array(10).fill(200));
    }
  });
});
