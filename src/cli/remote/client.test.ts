import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { describeFailure, exitCodeOf } from '../failure.ts';
import { Client } from './client.ts';
import { followRun, type LogLineView } from './runs.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Answer = { status?: number; body?: unknown; text?: string; headers?: Record<string, string> };

async function serve(answer: (request: IncomingMessage) => Answer): Promise<Client> {
  server = createServer((request, response) => {
    const { status = 200, body, text, headers = {} } = answer(request);
    response.writeHead(status, headers).end(text ?? (body === undefined ? '' : JSON.stringify(body)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return new Client({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'sk_x' });
}

it.each([
  { success: true, data: { id: 1 }, message: 'OK', timestamp: 'now' },
  { status: 'success', data: { id: 1 }, message: 'OK' },
  { code: 0, message: 'success', data: { id: 1 } },
  { id: 1 },
])('takes the payload out of %j', async (body) => {
  const client = await serve(() => ({ body }));
  expect(await client.get('/x')).toEqual({ id: 1 });
});

it.each([
  [401, 4],
  [403, 4],
  [404, 5],
  [409, 6],
  [400, 2],
  [413, 2],
  [422, 2],
  [429, 1],
  [500, 1],
  [503, 3],
])('ends with the exit code of status %i', async (status, code) => {
  const client = await serve(() => ({ status, body: { success: false, message: 'no' } }));
  const error = await client.get('/x').catch((caught: unknown) => caught);
  expect(exitCodeOf(error)).toBe(code);
});

it.each([
  {
    success: false,
    message: 'It is wrong.',
    error: { code: 'validation', details: [{ field: 'schedule', message: 'never fires' }] },
  },
  { error: { code: 'validation', message: 'It is wrong.', details: [{ field: 'schedule', message: 'never fires' }] } },
  {
    status: 'error',
    error: 'ValidationError',
    message: 'It is wrong.',
    details: [{ field: 'schedule', message: 'never fires' }],
  },
])('tells what the server said of which field, and the request id: %j', async (body) => {
  const client = await serve(() => ({ status: 400, body, headers: { 'x-request-id': 'req_1' } }));
  const error = await client.get('/x').catch((caught: unknown) => caught);
  expect(describeFailure(error)).toBe('It is wrong.\n  schedule: never fires\n  (request req_1)');
});

it('survives an answer that is no JSON', async () => {
  const client = await serve(() => ({ status: 502, text: '<html>Bad Gateway</html>' }));
  await expect(client.get('/x')).rejects.toThrow('The server answered 502.');
});

it('says that nobody listens', async () => {
  const client = await serve(() => ({}));
  await new Promise((resolve) => server?.close(resolve));
  const error = await client.get('/x').catch((caught: unknown) => caught);
  expect(exitCodeOf(error)).toBe(3);
  expect(describeFailure(error)).toMatch(/Cannot reach .*ECONNREFUSED.*longshore up/);
});

it('reads all pages of a list', async () => {
  const client = await serve((request) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
    const items = Array.from({ length: page < 3 ? 100 : 7 }, (_, index) => (page - 1) * 100 + index);
    return { body: { success: true, data: { items, total: 207, page, size: 100 } } };
  });
  const seen: number[] = [];
  for await (const item of client.pages<number>('/x')) seen.push(item);
  expect(seen).toEqual(Array.from({ length: 207 }, (_, index) => index));
});

it('follows a log across a broken stream without losing or repeating a line', async () => {
  const line = (n: number) =>
    `id: 1-${n}\nevent: log\ndata: ${JSON.stringify({ message: `line ${n}`, stream: 'stdout' })}\n\n`;
  const run = { id: 3, status: 'success', end_time: '2024-01-01T00:00:00Z' };
  const asked: (string | undefined)[] = [];
  const client = await serve((request) => {
    if (!request.url?.endsWith('/logs?follow=true'))
      return { body: { success: true, data: { ...run, end_time: null } } };
    asked.push(request.headers['last-event-id'] as string | undefined);
    const ended = `event: end\ndata: ${JSON.stringify(run)}\n\n`;
    return { text: asked.length === 1 ? line(1) + line(2) : line(3) + ended };
  });
  const lines: LogLineView[] = [];
  const ended = await followRun(client, 3, (one) => lines.push(one), new AbortController().signal);
  expect(lines.map(({ message }) => message)).toEqual(['line 1', 'line 2', 'line 3']);
  expect(asked).toEqual([undefined, '1-2']);
  expect(ended.status).toBe('success');
});
