import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../kernel/logger.ts';
import type { App } from './area.ts';
import { createFastify } from './fastify.ts';
import { upgradesOf } from './upgrades.ts';

let app: App;
const taken: string[] = [];

beforeAll(async () => {
  app = createFastify(createLogger('silent', 'test'));
  const upgrades = upgradesOf(app, '/socket');
  upgrades.on('upgrade', (request, socket) => {
    taken.push(request.url ?? '');
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  });
  app.get('/plain', async () => ({ plain: true }));
  app.post('/echo', async (request) => ({ echo: request.body }));
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

/** All that the server answers to a request, until it closes the connection. */
async function exchange(...parts: string[]): Promise<string> {
  const { port } = app.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  await once(socket, 'connect');
  for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
  await once(socket, 'close');
  return answer;
}

const H2C = 'Host: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';

test('a request that asks for HTTP/2 along with what it wants gets what it wants', async () => {
  const answer = await exchange(`GET /plain HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings, close\r\n${H2C}\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\{"plain":true\}$/);
});

test('with its body, also where that comes later, and with the request behind it', async () => {
  const body = JSON.stringify({ text: '中文'.repeat(10_000) });
  const head = `POST /echo HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Type: application/json\r\n`;
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const next = 'GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const answer = await exchange(`${head}${length}${H2C}\r\n`, body.slice(0, 7), body.slice(7) + next);
  expect(answer).toContain(`{"echo":${body}}`);
  expect(answer).toMatch(/\{"plain":true\}$/);
});

test('a WebSocket is for its own path alone', async () => {
  const asks = 'Host: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
  expect(await exchange(`GET /plain HTTP/1.1\r\n${asks}`)).toMatch(/^HTTP\/1\.1 200/);
  expect(taken).toEqual([]);
  expect(await exchange(`GET /socket?token=x HTTP/1.1\r\n${asks}`)).toMatch(/^HTTP\/1\.1 101/);
  expect(taken).toEqual(['/socket?token=x']);
});
