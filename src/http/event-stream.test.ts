import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { makeUser, setup } from '../../test/support/auth.ts';
import { createHttpAssembly, type HttpAssembly, testArea } from '../../test/support/http-server.ts';
import { createApiKey, revokeApiKey } from '../auth/api-keys.ts';
import { plainDialect } from './answers.ts';
import { lastEventId, type StreamEvent, sendEvents } from './event-stream.ts';
import { MOST_STREAMS } from './open-streams.ts';

type Source = (signal: AbortSignal, from: number) => AsyncIterable<StreamEvent>;

let http: HttpAssembly;
afterEach(() => http.app.close());

async function serve(
  source: Source,
  heartbeatMs = 60_000,
  access: 'public' | 'scheduler_view' = 'public',
): Promise<number> {
  const area = testArea((app) => {
    app.get('/api/things', { config: { access } }, async (request, reply) => {
      const from = lastEventId(request, (text) => (/^\d+$/.test(text) ? Number(text) : undefined)) ?? 0;
      return sendEvents(request, reply, {
        source: (signal) => source(signal, from),
        closing: app.closing,
        heartbeatMs,
      });
    });
  }, plainDialect);
  http = await createHttpAssembly({ areas: () => [area] });
  await http.app.listen({ port: 0, host: '127.0.0.1' });
  return (http.app.server.address() as AddressInfo).port;
}

async function open(port: number, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const sent = httpRequest({ port, host: '127.0.0.1', path: '/api/things', headers });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return text;
}

async function* numbers(from: number, to: number): AsyncGenerator<StreamEvent> {
  for (let n = from + 1; n <= to; n += 1) yield { id: String(n), event: 'number', data: { n, text: 'a\nb' } };
}

describe('sendEvents', () => {
  test('sends events as the standard has them, and ends with its source', async () => {
    const answer = await open(await serve((_signal, from) => numbers(from, 2)));
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(await textOf(answer)).toBe(
      'retry: 2000\n\nid: 1\nevent: number\ndata: {"n":1,"text":"a\\nb"}\n\nid: 2\nevent: number\ndata: {"n":2,"text":"a\\nb"}\n\n',
    );
  });

  test('goes on after the event that the client had last; 400 for an id that it never had', async () => {
    const port = await serve((_signal, from) => numbers(from, 3));
    const text = await textOf(await open(port, { 'Last-Event-ID': '2' }));
    expect(text.match(/id: \d+/g)).toEqual(['id: 3']);
    expect((await open(port, { 'Last-Event-ID': 'x' })).statusCode).toBe(400);
  });

  test('a quiet stream is kept open by comments', async () => {
    const port = await serve(async function* quiet(signal) {
      await once(signal, 'abort');
      yield* numbers(0, 0);
    }, 5);
    const answer = await open(port);
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) {
      text += chunk;
      if (text.includes(': still here')) break;
    }
    expect(text).toContain(': still here\n\n');
  });

  test('the source hears that the client has gone', async () => {
    let gone: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const port = await serve(async function* waiting(signal) {
      yield* numbers(0, 1);
      await once(signal, 'abort');
      gone();
    });
    const answer = await open(port);
    await once(answer, 'data');
    answer.destroy();
    await heard;
  });

  test('closing the server ends its streams', async () => {
    const port = await serve(async function* waiting(signal) {
      yield* numbers(0, 1);
      await once(signal, 'abort');
    });
    const text = textOf(await open(port));
    await http.app.close();
    expect(await text).toContain('id: 1');
  });

  test('a client that does not read holds its source back', async () => {
    const total = 20_000;
    let made = 0;
    const port = await serve(async function* flood() {
      for (; made < total; made += 1) yield { event: 'flood', data: 'x'.repeat(10_000) };
    });
    const answer = await open(port);
    answer.pause();
    // Until nothing more is made over many turns of the loop: what there is lies in the sockets' buffers.
    for (let still = 0, last = -1; still < 200; still = made === last ? still + 1 : 0) {
      last = made;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(total / 2);
    answer.destroy();
  });
});

async function* quiet(signal: AbortSignal): AsyncGenerator<StreamEvent> {
  yield* numbers(0, 1);
  await once(signal, 'abort');
}

/** An API key that may read the stream, of a user of its own. */
async function makeKey() {
  const { store } = http.database;
  const { id: ownerId } = await makeUser(store, 'operator');
  const wanted = { name: 'reader', permissions: ['scheduler_view'], ownerId };
  return store.transaction((tx) => createApiKey(tx, setup, 'key', wanted));
}

describe("a reader's right", () => {
  test('is asked for again while the stream is quiet, and its end ends the stream', async () => {
    const port = await serve(quiet, 20, 'scheduler_view');
    const { id, secret } = await makeKey();
    const answer = await open(port, { 'X-API-Key': secret });
    let text = '';
    let revoked = false;
    for await (const chunk of answer.setEncoding('utf8')) {
      text += chunk;
      if (revoked || !text.includes(': still here')) continue;
      revoked = true;
      await http.database.store.transaction((tx) => revokeApiKey(tx, setup, 'key', id));
    }
    expect(text).toContain('id: 1');
    expect((await open(port, { 'X-API-Key': secret })).statusCode).toBe(401);
  });

  test('is to so many streams at a time: 429 beyond, 200 for somebody else, and again when one has ended', async () => {
    let ended = 0;
    let oneEnded: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => {
      oneEnded = resolve;
    });
    const port = await serve(
      async function* counted(signal) {
        yield* quiet(signal);
        ended += 1;
        oneEnded();
      },
      60_000,
      'scheduler_view',
    );
    const [mine, other] = [(await makeKey()).secret, (await makeKey()).secret];
    const streams = await Promise.all(Array.from({ length: MOST_STREAMS }, () => open(port, { 'X-API-Key': mine })));
    expect(streams.map((stream) => stream.statusCode)).toEqual(streams.map(() => 200));
    const beyond = await open(port, { 'X-API-Key': mine });
    expect(beyond.statusCode).toBe(429);
    expect(Number(beyond.headers['retry-after'])).toBeGreaterThan(0);
    const others = await open(port, { 'X-API-Key': other });
    expect(others.statusCode).toBe(200);
    streams[0]?.destroy();
    await heard;
    expect(ended).toBe(1);
    const again = await open(port, { 'X-API-Key': mine });
    expect(again.statusCode).toBe(200);
    for (const stream of [...streams, beyond, others, again]) stream.destroy();
  });
});
