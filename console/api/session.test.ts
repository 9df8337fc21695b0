import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** What the server would know: the session that the browser's cookie names, or none. */
let session: { csrf: string } | undefined;
let server: Server;
let origin: string;
let seen: IncomingMessage[];

function answer(request: IncomingMessage): [number, unknown] {
  const { method, url, headers } = request;
  if (url === '/auth/login') {
    session = { csrf: 'first' };
    return [200, { data: {} }];
  }
  if (!session) return [401, { message: 'Sign in.' }];
  if (method !== 'GET' && headers['x-csrf-token'] !== session.csrf) return [403, { message: 'CSRF' }];
  if (url === '/auth/logout') session = undefined;
  if (url === '/api/me') {
    return [200, { data: { username: 'ada', role: 'admin', permissions: ['view'], csrf_token: session?.csrf } }];
  }
  return [200, { data: 'done' }];
}

beforeEach(async () => {
  vi.resetModules();
  session = undefined;
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    const [status, body] = answer(request);
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_1' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // A browser resolves paths against its page; Node has no page.
  vi.stubGlobal(
    'Request',
    class extends Request {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(typeof input === 'string' ? new URL(input, origin) : input, init);
      }
    },
  );
});

afterEach(async () => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const change = () => new Request('/api/tasks', { method: 'POST', body: '{}' });

test('without a session it is signed out, and says nothing of an ended one', async () => {
  const { restoreSession } = await import('./session.ts');
  expect(await restoreSession()).toEqual({ status: 'signed-out', why: 'left' });
});

test('a sign-in is a cookie session, whose token goes with changes and with nothing else', async () => {
  const { signIn, authorizedFetch, sessionState } = await import('./session.ts');
  await signIn('ada', 'lovelace');
  expect(sessionState()).toMatchObject({ status: 'signed-in', user: { username: 'ada' } });
  expect((await authorizedFetch(change())).status).toBe(200);
  expect((await authorizedFetch(new Request('/api/tasks'))).status).toBe(200);
  expect(seen.map(({ method, url, headers }) => [method, url, headers['x-csrf-token']])).toEqual([
    ['POST', '/auth/login', undefined],
    ['GET', '/api/me', undefined],
    ['POST', '/api/tasks', 'first'],
    ['GET', '/api/tasks', undefined],
  ]);
});

test('a change goes through although another tab has signed in anew', async () => {
  const { signIn, authorizedFetch } = await import('./session.ts');
  await signIn('ada', 'lovelace');
  session = { csrf: 'second' };
  expect((await authorizedFetch(change())).status).toBe(200);
});

test('a change that is truly forbidden is tried once', async () => {
  const { signIn, authorizedFetch } = await import('./session.ts');
  await signIn('ada', 'lovelace');
  server.prependListener('request', (request) => {
    if (request.url === '/api/tasks') request.headers['x-csrf-token'] = 'never the right one';
  });
  expect((await authorizedFetch(change())).status).toBe(403);
  expect(seen.filter(({ url }) => url === '/api/tasks')).toHaveLength(1);
});

test('a session that the server no longer accepts has ended', async () => {
  const { signIn, authorizedFetch, sessionState } = await import('./session.ts');
  await signIn('ada', 'lovelace');
  session = undefined;
  await authorizedFetch(new Request('/api/tasks'));
  expect(sessionState()).toEqual({ status: 'signed-out', why: 'ended' });
});

test('who signs out while the server is away is told so, and stays signed in', async () => {
  const { signIn, signOut, sessionState } = await import('./session.ts');
  await signIn('ada', 'lovelace');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(signOut()).rejects.toMatchObject({ name: 'ApiError', status: 0 });
  expect(sessionState().status).toBe('signed-in');
});
