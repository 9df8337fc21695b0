import { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createHttpAssembly, type HttpAssembly, testArea } from '../../test/support/http-server.ts';
import { noRedis, TemporaryRedis } from '../../test/support/temporary-redis.ts';
import { createLogger } from '../kernel/logger.ts';
import { plainDialect } from './answers.ts';
import { Health } from './health.ts';
import { RateLimits } from './rate-limits.ts';
import { SharedWindows } from './shared-windows.ts';
import { WINDOW_MS } from './windows.ts';

/** Few enough at a time that a busy machine does not make the server relieve its pressure. */
const CLIENTS = 90;

let redis: TemporaryRedis;
let lines: { msg: string }[] = [];
let opened: SharedWindows[] = [];

beforeAll(async () => {
  if (!noRedis) redis = await TemporaryRedis.create();
});
beforeEach(async (context) => {
  if (noRedis) context.skip(noRedis);
  await redis.start();
  lines = [];
});
afterEach(async () => {
  for (const one of opened) await one.stop();
  opened = [];
});

async function windows(url = redis.url): Promise<SharedWindows> {
  const logger = createLogger('info', 'test', { write: (text: string) => void lines.push(JSON.parse(text)) });
  const shared = new SharedWindows({ url, logger });
  opened.push(shared);
  await shared.start();
  return shared;
}

async function connected(shared: SharedWindows): Promise<void> {
  await vi.waitFor(() => expect(shared.connected).toBe(true), { timeout: 60_000 });
}

const warnings = () => lines.filter(({ msg }) => /Redis/.test(msg)).map(({ msg }) => msg.split(':', 1)[0]);

function server(shared: SharedWindows): Promise<HttpAssembly> {
  return createHttpAssembly({
    windows: shared,
    rateLimitPerMinute: 1000,
    areas: () => [
      testArea((app) => app.get('/api/things', { config: { access: 'public' } }, async () => ({})), plainDialect),
    ],
  });
}

/** Sends `times` requests from one address, in turn to each of `servers`. @returns how many were answered what */
async function statuses(servers: readonly HttpAssembly[], times: number, remoteAddress: string) {
  const seen = new Map<number, number>();
  let next = 0;
  const client = async () => {
    for (let turn = next++; turn < times; turn = next++) {
      const at = servers[turn % servers.length];
      const answer = await at?.app.inject({ url: '/api/things', remoteAddress });
      const status = answer?.statusCode ?? 0;
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return Object.fromEntries(seen);
}

describe('windows shared through Redis', () => {
  test('two servers together let through exactly the limit, and say the same of it', async () => {
    const servers = [await server(await windows()), await server(await windows())];
    expect(await statuses(servers, 1500, '192.0.2.1')).toEqual({ 200: 1000, 429: 500 });
    const last = await Promise.all(
      servers.map(({ app }) => app.inject({ url: '/api/things', remoteAddress: '192.0.2.1' })),
    );
    const [one, other] = last.map(({ headers }) => Number(headers['x-ratelimit-reset']));
    expect(last.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['0', '0']);
    expect(Math.abs((one ?? 0) - (other ?? 9))).toBeLessThanOrEqual(1);
  });

  test('1,500 uses at once of one socket are allowed exactly 1,000 times', async () => {
    const limits = new RateLimits(await windows(), 1_000_000);
    const uses = Array.from({ length: 1500 }, () => limits.take('user:7', 'websocket'));
    const verdicts = await Promise.all(uses);
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(1000);
  });

  test('end by the clock of Redis, and one that has lost its end gets a new one', async () => {
    const shared = await windows();
    const first = await shared.take('standard', 'user:1');
    expect(first).toMatchObject({ count: 1, leftMs: WINDOW_MS });
    const client = new Redis(redis.url);
    const key = 'longshore:rate:standard:user:1';
    const [seconds] = await client.time();
    expect(Math.abs(first.endsAt / 1000 - Number(seconds) - 60)).toBeLessThan(30);
    await client.persist(key);
    expect(await shared.take('standard', 'user:1')).toMatchObject({ count: 2, leftMs: WINDOW_MS });
    expect(await client.pttl(key)).toBeGreaterThan(0);
    client.disconnect();
  });

  test('Redis dies midway: not one request is refused or let through for that, and it is said once', async () => {
    const shared = await windows();
    const http = await server(shared);
    const health = new Health({ store: http.database.store, embeddedDatabase: false, redis: shared });
    expect((await health.report()).data.redis).toBe('connected');
    const before = await statuses([http], 300, '192.0.2.2');
    const during = statuses([http], 300, '192.0.2.2');
    await redis.kill();
    expect([before, await during]).toEqual([{ 200: 300 }, { 200: 300 }]);
    expect(await statuses([http], 900, '192.0.2.2')).toEqual({ 200: 400, 429: 500 });
    expect(await health.report()).toMatchObject({
      success: true,
      data: { status: 'healthy', redis: 'disconnected' },
      message: expect.stringContaining('Redis'),
    });
    await redis.start();
    await connected(shared);
    expect((await shared.take('standard', 'user:2')).count).toBe(1);
    expect(warnings()).toEqual(['Redis cannot be used', 'Redis is back']);
  });

  test('Redis that is not there at the start is neither waited for nor missed, and is found when it comes', async () => {
    await redis.kill();
    const shared = await windows();
    expect([shared.connected, (await shared.take('standard', 'user:3')).count]).toEqual([false, 1]);
    expect((await shared.take('standard', 'user:3')).count).toBe(2);
    expect(warnings()).toEqual(['Redis cannot be used']);
    await redis.start();
    await connected(shared);
  });

  test('Redis that stops answering is given up, and the count goes on', async () => {
    const shared = await windows();
    await shared.take('standard', 'user:4');
    redis.freeze();
    try {
      const uses = await Promise.all([shared.take('standard', 'user:4'), shared.take('standard', 'user:4')]);
      expect(uses.map(({ count }) => count)).toEqual([2, 3]);
      expect(shared.connected).toBe(false);
    } finally {
      redis.thaw();
    }
    await connected(shared);
  });

  test('Redis that refuses to count is no reason to refuse anybody', async () => {
    const shared = await windows();
    const client = new Redis(redis.url);
    await client.lpush('longshore:rate:standard:user:5', 'no number');
    expect((await shared.take('standard', 'user:5')).count).toBe(1);
    expect([shared.connected, warnings()]).toEqual([false, ['Redis cannot be used']]);
    await client.del('longshore:rate:standard:user:5');
    client.disconnect();
    expect((await shared.take('standard', 'user:5')).count).toBe(1);
    expect(shared.connected).toBe(true);
  });

  test('Redis that refuses the login is missed as well, and the password is in no log', async () => {
    const client = new Redis(redis.url);
    await client.config('SET', 'requirepass', 'another');
    const shared = await windows(`redis://:hunter2@127.0.0.1:${redis.port}`);
    expect([shared.connected, (await shared.take('standard', 'user:6')).count]).toEqual([false, 1]);
    expect(warnings()).toEqual(['Redis cannot be used']);
    expect(JSON.stringify(lines)).toContain('WRONGPASS');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    await client.config('SET', 'requirepass', '');
    client.disconnect();
    await connected(shared);
  });
});
