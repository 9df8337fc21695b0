import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RestServer } from '../../../../../test/support/rest-server.ts';
import { createOutbound } from '../../../../connections/outbound.ts';
import { AttemptAborted } from '../../../../protocol/executor.ts';
import { RestClient, type RestClientOptions } from './client.ts';

const outbound = createOutbound({ allowPrivate: true });
let server: RestServer;
let lines: string[];
let abort: AbortController;

beforeEach(async () => {
  server = await RestServer.start();
  server.datasets.set('things', { count: 3, record: (id) => ({ id }) });
  lines = [];
  abort = new AbortController();
});
afterEach(() => server.close());

function client(change: Partial<RestClientOptions> = {}): RestClient {
  return new RestClient({
    outbound,
    home: server.url,
    auth: undefined,
    headers: undefined,
    rateLimit: undefined,
    timeoutSeconds: undefined,
    maxRetries: undefined,
    signal: abort.signal,
    log: (level, message) => lines.push(`${level} ${message}`),
    ...change,
  });
}

function request(path = '/all/things') {
  return { url: new URL(path, server.url), method: 'GET', maxBodyBytes: 10_000 } as const;
}

const AT_ONCE = { 'retry-after': '0' };

describe('credentials', () => {
  const secret = 'swordfish-swordfish';

  it.each([
    [
      { type: 'bearer', token: secret },
      { type: 'bearer', token: secret },
    ],
    [
      { type: 'basic', username: '我', password: secret },
      { type: 'basic', username: '我', password: secret },
    ],
    [
      { type: 'api_key', value: secret },
      { type: 'api_key', in: 'header', name: 'X-API-Key', value: secret },
    ],
    [
      { type: 'api_key', in: 'query', name: 'key', value: secret },
      { type: 'api_key', in: 'query', name: 'key', value: secret },
    ],
  ] as const)('%j sign requests', async (auth, wanted) => {
    server.auth = wanted;
    expect((await client().send(request())).status).toBe(401);
    const signed = client({ auth });
    expect((await signed.send(request())).status).toBe(200);
    expect(signed.redact(`it said: ${secret}`)).toBe('it said: ***');
    expect(signed.shownUrl(request())).toBe(`GET ${server.url}/all/things`);
  });

  it('may stand in the URL of the service', async () => {
    server.auth = { type: 'basic', username: 'me', password: 'p%w d' };
    const home = server.url.replace('//', '//me:p%25w%20d@');
    expect((await client({ home }).send(request())).status).toBe(200);
  });

  it('are over a header of the same name', async () => {
    server.auth = { type: 'bearer', token: 'right' };
    const signed = client({ auth: { type: 'bearer', token: 'right' }, headers: { AUTHORIZATION: 'Bearer wrong' } });
    expect((await signed.send(request())).status).toBe(200);
  });

  it('and headers stay with the service, also when it redirects', async () => {
    const other = await RestServer.start();
    const signed = client({
      auth: { type: 'api_key', name: 'X-Odd', value: 'secret' },
      headers: { 'X-Tenant': '7' },
    });
    try {
      await signed.send({ ...request(), url: new URL(`${other.url}/away`) });
      server.order({ status: 302, headers: { location: `${other.url}/redirected` } });
      await signed.send(request());
      expect(other.seen.map(({ path }) => path)).toEqual(['/away', '/redirected']);
      for (const { headers } of other.seen) {
        expect(headers).not.toHaveProperty('x-odd');
        expect(headers).not.toHaveProperty('x-tenant');
      }
      expect(server.seen[0]?.headers).toMatchObject({ 'x-odd': 'secret', 'x-tenant': '7' });
    } finally {
      await other.close();
    }
  });
});

describe('OAuth 2.0 client credentials', () => {
  const registered = { type: 'oauth2', clientId: 'me', clientSecret: 's3cr+t =' } as const;
  const oauth = (change = {}) =>
    client({
      auth: {
        type: 'oauth2',
        token_url: `${server.url}/oauth/token`,
        client_id: 'me',
        client_secret: 's3cr+t =',
        scope: 'read',
        ...change,
      },
    });
  const tokensAsked = () => server.seen.filter(({ path }) => path === '/oauth/token').length;

  it('fetch a token once, and keep it', async () => {
    server.auth = { ...registered, clientSecret: 's3cret', expiresIn: 3600 };
    const signed = oauth({ client_secret: 's3cret' });
    for (let round = 0; round < 3; round++) expect((await signed.send(request())).status).toBe(200);
    expect(tokensAsked()).toBe(1);
    expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'read',
    });
    expect(signed.redact('token-1')).toBe('***');
  });

  it('fetch one for requests that come together', async () => {
    server.auth = { ...registered, clientSecret: 's3cret' };
    const signed = oauth({ client_secret: 's3cret' });
    await Promise.all([signed.send(request()), signed.send(request())]);
    expect(tokensAsked()).toBe(1);
  });

  it('send the secret in the form where Basic is refused', async () => {
    server.auth = { ...registered, secretInForm: true };
    const signed = oauth();
    expect((await signed.send(request())).status).toBe(200);
    server.revokeTokens();
    expect((await signed.send(request())).status).toBe(200);
    // Basic was tried once only.
    expect(tokensAsked()).toBe(3);
  });

  it('renew before the token expires', async () => {
    server.auth = { ...registered, clientSecret: 's3cret', expiresIn: 0.000001 };
    const signed = oauth({ client_secret: 's3cret' });
    await signed.send(request());
    await signed.send(request());
    expect(tokensAsked()).toBe(2);
  });

  it('renew on a 401, once', async () => {
    server.auth = { ...registered, clientSecret: 's3cret', expiresIn: 3600 };
    const signed = oauth({ client_secret: 's3cret' });
    await signed.send(request());
    server.revokeTokens();
    expect((await signed.send(request())).status).toBe(200);
    expect(tokensAsked()).toBe(2);
    server.order({ status: 401 }, { status: 401 });
    expect((await signed.send(request())).status).toBe(401);
    expect(tokensAsked()).toBe(3);
  });

  it('fail for good when the client is refused, without showing its secret', async () => {
    server.auth = { ...registered, clientSecret: 'another-one' };
    const refused = oauth({ client_secret: 'another-two' }).send(request());
    await expect(refused).rejects.toMatchObject({
      retryable: false,
      message: expect.stringMatching(/^no token from auth.token_url: it answered 401: .*invalid_client/),
    });
  });
});

describe('retries', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])('follow a %i', async (status) => {
    server.order({ status, headers: AT_ONCE }, { status, headers: AT_ONCE });
    expect((await client().send(request())).status).toBe(200);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(new RegExp(`^warning GET .*/all/things: the server answered ${status} .*; asking again`));
  });

  it('follow lost connections, also in the middle of an answer', async () => {
    server.order('cut', 'cut-body');
    expect(JSON.parse((await client().send(request())).body.toString())).toHaveLength(3);
    expect(server.seen).toHaveLength(3);
  });

  it.each([400, 404, 409, 422])('do not follow a %i', async (status) => {
    server.order({ status });
    expect((await client().send(request())).status).toBe(status);
    expect(server.seen).toHaveLength(1);
  });

  it('end after max_retries, for another attempt to go on', async () => {
    server.order(...Array.from({ length: 9 }, () => ({ status: 503, headers: AT_ONCE })));
    await expect(client({ maxRetries: 2 }).send(request())).rejects.toMatchObject({
      retryable: true,
      message: `GET ${server.url}/all/things: the server answered 503 Service Unavailable, the last of 3 times`,
    });
    expect(server.seen).toHaveLength(3);
  });

  it('leave a long Retry-After to another attempt', async () => {
    server.order({ status: 429, headers: { 'retry-after': '301' } });
    await expect(client().send(request())).rejects.toMatchObject({ retryable: true, retryAfterMs: 301_000 });
    expect(server.seen).toHaveLength(1);
  });

  it('follow an answer that does not come in time', async () => {
    server.order('hang');
    expect((await client({ timeoutSeconds: 1 }).send(request())).status).toBe(200);
    expect(lines[0]).toContain('no complete answer within 1 s; asking again');
  });

  it('do not follow what is not allowed, or is no request', async () => {
    const guarded = client({ outbound: createOutbound({ allowPrivate: false }) });
    await expect(guarded.send(request())).rejects.toMatchObject({
      retryable: false,
      message: expect.stringMatching(/^GET .*: not allowed to connect to 127.0.0.1/),
    });
    await expect(client({ headers: { 'X-A': 'line\nbreak' } }).send(request())).rejects.toMatchObject({
      retryable: false,
    });
    expect(server.seen).toHaveLength(0);
  });

  it('keep a POST a POST', async () => {
    server.order({ status: 302, headers: { location: '/elsewhere' } });
    expect((await client().send({ ...request(), method: 'POST', body: '{}' })).status).toBe(302);
  });
});

it('ends at once with the signal: while waiting for an answer, and between two tries', async () => {
  server.order('hang');
  const waiting = client().send(request());
  await server.asked(1);
  abort.abort(new AttemptAborted('cancel'));
  await expect(waiting).rejects.toMatchObject({ name: 'AttemptAborted', reason: 'cancel' });

  abort = new AbortController();
  server.order({ status: 503, headers: { 'retry-after': '200' } });
  let between: Promise<unknown> = Promise.resolve();
  await new Promise<void>((paused) => {
    between = client({ log: () => paused() }).send(request());
  });
  abort.abort(new AttemptAborted('pause'));
  await expect(between).rejects.toMatchObject({ reason: 'pause' });
});

it('keeps connections alive', async () => {
  const kept = client();
  for (let round = 0; round < 20; round++) await kept.send(request());
  // Two at most: the second is opened when a request comes while the first is still being put away.
  expect(server.connections).toBeLessThanOrEqual(2);
});
