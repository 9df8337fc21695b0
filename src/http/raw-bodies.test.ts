import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { endSlowBodies } from './raw-bodies.ts';

const MINUTE_MS = 60_000;
const app = Fastify({ logger: false });
let port: number;
/** Told of the beginning of each request, and of each piece of a body that is read. */
let begun: () => void = () => undefined;
let came: () => void = () => undefined;

beforeAll(async () => {
  endSlowBodies(app);
  app.addHook('onRequest', async () => begun());
  app.post('/whole', async () => 'done');
  app.addContentTypeParser('text/x', (_request, _body, done) => done(null));
  const rawBody = { consumes: ['text/x'], schema: {}, streamed: true } as const;
  app.post('/streamed', { config: { rawBody } }, async (request) => {
    let pieces = 0;
    for await (const _piece of request.raw) {
      pieces += 1;
      came();
    }
    return `${pieces} pieces`;
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = app.server.address() as { port: number });
});
afterAll(() => app.close());
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/**
 * Sends the head of a request with a body of ten bytes and the `beginning` of that, and waits until the server has them.
 * They go together: bytes that come when the server hangs up can cost its last words.
 */
async function begin(path: string, type: string, beginning = ''): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  // Who is answered while still sending may be told of a reset behind the answer: `once` would fail for that.
  socket.on('error', () => undefined);
  const answer = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(Buffer.concat(received).toString()));
  });
  const seen = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const head = ['Host: x', 'Connection: close', `Content-Type: ${type}`, 'Content-Length: 10'];
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${beginning}`);
  await seen;
  return { socket, answer };
}

describe('a body that does not come within a minute', () => {
  test('ends its request with 408', async () => {
    const { answer } = await begin('/whole', 'application/json', '"abc');
    vi.advanceTimersByTime(MINUTE_MS);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('ends that of a streamed one too', async () => {
    const { answer } = await begin('/streamed', 'text/x');
    vi.advanceTimersByTime(MINUTE_MS);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });
});

test('a streamed body may take longer, as long as it keeps coming', async () => {
  const { socket, answer } = await begin('/streamed', 'text/x');
  for (let sent = 0; sent < 10; sent += 1) {
    const arrived = new Promise<void>((resolve) => {
      came = resolve;
    });
    socket.write('x');
    await arrived;
    if (sent < 9) vi.advanceTimersByTime(MINUTE_MS);
  }
  expect(await answer).toMatch(/^HTTP\/1\.1 200 .*10 pieces$/s);
});
