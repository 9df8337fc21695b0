import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound } from '../../../connections/outbound.ts';
import { httpExecutor } from './http.ts';
import { attempt } from './run.fixture.ts';

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const outbound = createOutbound({ allowPrivate: true });
const http = httpExecutor({ outbound });
const seen: Seen[] = [];
let answer: (response: ServerResponse) => void = (response) => response.end();
const server = createServer((request, response) => {
  void text(request).then((body) => {
    seen.push({ method: request.method, headers: request.headers, body });
    answer(response);
  });
});
let url = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  seen.length = 0;
  answer = (response) => response.end();
});
afterAll(async () => {
  await outbound.close();
  server.close();
});

function answers(status: number, body: string | Buffer = '', headers: Record<string, string> = {}): void {
  answer = (response) => response.writeHead(status, headers).end(body);
}

describe('an http task', () => {
  it('succeeds on 2xx; the answer is in its log and its output', async () => {
    answers(201, '{"id":1}\nsecond line', { 'content-type': 'application/json', 'x-powered-by': 'test' });
    const run = attempt(http, { url });
    expect(await run.result).toEqual({
      output: {
        status: 201,
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
        body: '{"id":1}\nsecond line',
        truncated: false,
      },
    });
    expect(run.text('stdout')).toBe('{"id":1}\nsecond line');
    expect(run.text('system')).toMatch(new RegExp(`^GET ${url}: 201 Created, \\d+ ms`));
    expect(run.text()).not.toContain('x-powered-by');
  });

  it('sends method, headers and body; an object as JSON', async () => {
    await attempt(http, { url, method: 'POST', headers: { 'X-A': 'b' }, body: '{"data": "value"}' }).result;
    await attempt(http, { url, method: 'PUT', body: { data: ['值'] } }).result;
    expect(seen[0]).toMatchObject({ method: 'POST', headers: { 'x-a': 'b' }, body: '{"data": "value"}' });
    expect(seen[1]).toMatchObject({ headers: { 'content-type': 'application/json' }, body: '{"data":["值"]}' });
  });

  it('sends the idempotency key of its run with what changes something, unless the task has its own', async () => {
    await attempt(http, { url, method: 'DELETE' }).result;
    await attempt(http, { url, method: 'POST', headers: { 'idempotency-key': 'mine' } }).result;
    await attempt(http, { url }).result;
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-of-run-7', 'mine', undefined]);
  });

  it.each([
    [400, false],
    [404, false],
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
  ])('fails on %i (tried again: %s)', async (status, retryable) => {
    answers(status, 'why');
    await expect(attempt(http, { url }).result).rejects.toMatchObject({
      retryable,
      output: { status, body: 'why' },
      message: expect.stringContaining(`the server answered ${status} `),
    });
  });

  it('comes back when the server asks for it', async () => {
    answers(429, '', { 'retry-after': '7' });
    await expect(attempt(http, { url }).result).rejects.toMatchObject({ retryAfterMs: 7000 });
  });

  it('takes what is expected for success, and nothing else', async () => {
    answers(404);
    expect((await attempt(http, { url, expected_status: [200, 404] }).result).output).toMatchObject({ status: 404 });
    answers(200, 'all systems go');
    await expect(attempt(http, { url, expected_status: 204 }).result).rejects.toThrow('answered 200 OK, not 204');
    await attempt(http, { url, expected_body: 'systems' }).result;
    await expect(attempt(http, { url, expected_body: 'System' }).result).rejects.toThrow('does not contain');
  });

  it('follows redirects unless told not to', async () => {
    answer = (response) => {
      if (seen.length === 1) response.writeHead(302, { location: '/next' }).end();
      else response.end('there');
    };
    expect((await attempt(http, { url }).result).output).toMatchObject({ body: 'there' });
    answers(302, '', { location: '/next' });
    const stays = attempt(http, { url, follow_redirects: false });
    await expect(stays.result).rejects.toMatchObject({ message: 'the server answered 302 Found', retryable: false });
  });

  it('does not show its secrets, though the server repeats them', async () => {
    answer = (response) => response.end(JSON.stringify(seen.at(-1)?.headers));
    const { host } = new URL(url);
    const run = attempt(http, {
      url: `http://me:hunter22@${host}/?api_key=k3yk3yk3y&q=open`,
      headers: { 'X-Api-Key': 'abcdefgh', Cookie: 'session=12345678' },
    });
    const shown = JSON.stringify((await run.result).output) + run.text();
    for (const secret of [
      'hunter22',
      'k3yk3yk3y',
      'abcdefgh',
      '12345678',
      Buffer.from('me:hunter22').toString('base64'),
    ]) {
      expect(shown).not.toContain(secret);
    }
    expect(shown).toContain('q=open');
  });

  it('keeps of a long answer what fits', async () => {
    answers(200, '"'.repeat(3_000_000), { 'content-type': 'text/plain' });
    const run = attempt(http, { url });
    const { output } = await run.result;
    expect(output).toMatchObject({ truncated: true });
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(64 * 1024);
    expect(run.text('stdout').replaceAll('\n', '').length).toBe(64 * 1024);
    expect(run.text('system')).toContain('the first 64 KiB are shown');
  });

  it('does not show what is no text', async () => {
    answers(200, Buffer.from([0, 1, 2, 255]), { 'content-type': 'image/png' });
    const run = attempt(http, { url });
    expect((await run.result).output).toMatchObject({ body: null });
    expect(run.text('system')).toContain('no text: 4 bytes');
  });

  it('fails, to be tried again, when nobody answers', async () => {
    const gone = createServer();
    gone.listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    await expect(attempt(http, { url: `http://127.0.0.1:${port}` }).result).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('fails for good when the address is not allowed, or the request is none', async () => {
    await expect(attempt(http, { url: 'http://169.254.169.254/latest' }).result).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('not allowed to connect to 169.254.169.254'),
    });
    const odd = attempt(http, { url, headers: { 'Transfer-Encoding': 'chunked' } });
    await expect(odd.result).rejects.toMatchObject({ retryable: false });
  });

  it('is ended with the reason of the abort', async () => {
    const asked = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const run = attempt(http, { url });
    await asked;
    run.abort('cancel');
    await expect(run.result).rejects.toMatchObject({ name: 'AttemptAborted', reason: 'cancel' });
  });
});
