import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../../test/support/api-server.ts';
import { PlayedWorker } from '../../../../test/support/http-worker.ts';
import { eventually } from '../../../../test/support/serving.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

describe('/api/workers/{worker_id}', () => {
  test('404 for an unknown worker, 400 for an id that is none', async () => {
    const calls = [
      ['GET', '', undefined],
      ['PUT', '', { enabled: false }],
      ['POST', '/heartbeat', { status: 'online' }],
    ] as const;
    for (const [method, path, body] of calls) {
      expect((await server.call(method, `/api/workers/nobody${path}`, { body })).status).toBe(404);
      expect((await server.call(method, `/api/workers/no%20body${path}`, { body })).status).toBe(400);
    }
  });

  test.each([
    ['nothing', {}, 'body'],
    ['no slots', { max_tasks: 0 }, 'max_tasks'],
    ['an unknown field', { name: 'x' }, 'name'],
    ['a tag with a space', { tags: ['a b'] }, 'tags.0'],
    ['text for a truth', { enabled: 'yes' }, 'enabled'],
  ])('400 for a change of %s, naming the field', async (_what, body, field) => {
    await PlayedWorker.join(server, 'changed');
    const answer = await server.call('PUT', '/api/workers/changed', { body });
    expect([answer.status, answer.body.error.details[0].field]).toEqual([400, field]);
  });

  test('is busy when all its slots are taken, and offline when its lease has lapsed', async () => {
    const worker = await PlayedWorker.join(server, 'small');
    await server.call('PUT', '/api/workers/small', { body: { max_tasks: 1 } });
    const task = { name: 'fills', executor: 'shell', command: 'true' };
    const { id } = (await server.call('POST', '/api/tasks', { body: task })).body.data;
    await server.call('POST', `/api/tasks/${id}/trigger`);
    const run = await worker.lease();
    const shown = async () => (await server.call('GET', '/api/workers/small')).body.data;
    expect(await shown()).toMatchObject({ status: 'busy', current_tasks: 1, max_tasks: 1 });
    await worker.report(run, { status: 'succeeded' });
    expect(await shown()).toMatchObject({ status: 'online', current_tasks: 0 });
    await server.store.query("UPDATE longshore.worker_sessions SET lease_until = now() - interval '1 second'");
    expect(await shown()).toMatchObject({ status: 'offline' });
    const beat = await server.call('POST', '/api/workers/small/heartbeat', { body: { status: 'online' } });
    expect(beat.status).toBe(409);
  });
});

describe('POST /api/workers/register', () => {
  test('409 for another major version of the protocol', async () => {
    const body = {
      worker_id: 'old',
      name: 'old',
      tags: [],
      kinds: [],
      max_tasks: 1,
      hostname: 'h',
      version: '0',
      protocol: '99.0',
    };
    expect((await server.call('POST', '/api/workers/register', { body })).status).toBe(409);
  });

  test('409 for the id of a worker that is online with another key, 200 for its own key and once it has left', async () => {
    const [own, other] = [await server.apiKey('worker'), await server.apiKey('worker')];
    const first = await PlayedWorker.join(server, 'held', ['shell'], own);
    await expect(PlayedWorker.join(server, 'held', ['http'], other)).rejects.toThrow('online under this id');
    expect((await server.store.query("SELECT kinds FROM longshore.workers WHERE id = 'held'"))[0]).toEqual({
      kinds: ['shell'],
    });
    const second = await PlayedWorker.join(server, 'held', ['shell'], own);
    for (const { sessionId: session_id } of [first, second]) {
      await server.call('POST', '/api/workers/held/leave', { body: { session_id }, token: own });
    }
    await PlayedWorker.join(server, 'held', ['shell'], other);
  });

  test('409 for all but one of those who join under a new id at the same time', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, () => server.apiKey('worker')));
    const joined = await Promise.allSettled(keys.map((key) => PlayedWorker.join(server, 'raced', ['shell'], key)));
    expect(joined.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('200 for a newer minor version that says more', async () => {
    const body = {
      worker_id: 'newer',
      name: 'newer',
      tags: [],
      kinds: [],
      max_tasks: 1,
      hostname: 'h',
      version: '9',
      protocol: '1.9',
      something_new: true,
    };
    expect((await server.call('POST', '/api/workers/register', { body })).status).toBe(200);
  });
});

describe('calls of a worker', () => {
  test("409 with another worker's session, 200 with its own, and one that is over is told so", async () => {
    const [mine, other] = [await PlayedWorker.join(server, 'mine'), await PlayedWorker.join(server, 'other')];
    const calls = [
      ['heartbeat', { held: [] }],
      ['lease', { limit: 1, wait_ms: 0 }],
      ['update', { logs: [], updates: [] }],
      ['report', { outcomes: [] }],
      ['reconcile', { held: [] }],
    ] as const;
    const status = async (action: string, body: object, session_id: number) =>
      (await server.call('POST', `/api/workers/mine/${action}`, { body: { ...body, session_id } })).status;
    for (const [action, body] of calls) {
      expect(await status(action, body, other.sessionId), action).toBe(409);
      expect(await status(action, body, mine.sessionId), action).toBe(200);
    }
    expect(await status('watch', {}, other.sessionId)).toBe(409);
    expect(await status('leave', {}, other.sessionId)).toBe(409);
    const unknown = await server.call('POST', '/api/workers/mine/heartbeat', {
      body: { session_id: 987_654_321, held: [] },
    });
    expect(unknown.body.data).toMatchObject({ alive: false });
  });

  test("409 with another key's session, an admin's too: its runs and their secrets stay with who joined", async () => {
    const [own, other] = [await server.apiKey('worker'), await server.apiKey('worker')];
    const victim = await PlayedWorker.join(server, 'victim', ['shell'], own);
    const body = { executor: 'shell', command: 'true', environment: { API_TOKEN: 'hunter2' } };
    const task = await server.call('POST', '/api/tasks', { body: { name: 'coveted', ...body } });
    await server.call('POST', `/api/tasks/${task.body.data.id}/trigger`);
    const session_id = victim.sessionId;
    const calls = [
      ['heartbeat', { held: [] }],
      ['lease', { limit: 1, wait_ms: 0 }],
      ['update', { logs: [], updates: [] }],
      ['report', { outcomes: [] }],
      ['reconcile', { held: [] }],
      ['watch', {}],
      ['leave', {}],
    ] as const;
    for (const token of [other, server.adminToken]) {
      for (const [action, more] of calls) {
        const answer = await server.call('POST', `/api/workers/victim/${action}`, {
          body: { session_id, ...more },
          token,
        });
        expect([action, answer.status]).toEqual([action, 409]);
      }
      const blob = await server.call('GET', `/api/workers/victim/blobs/1/0?session_id=${session_id}`, { token });
      expect(blob.status).toBe(409);
    }
    const beat = (token: string) =>
      server.call('POST', '/api/workers/victim/heartbeat', { body: { status: 'online' }, token });
    expect((await beat(other)).status).toBe(409);
    expect((await beat(own)).status).toBe(200);
    const run = await victim.lease();
    expect(run.spec).toMatchObject({ environment: { API_TOKEN: 'hunter2' } });
    await victim.report(run, { status: 'succeeded' });
  });
});

describe('waiting calls of workers', () => {
  const leasing = { limit: 1, wait_ms: 60_000 };

  /** Until so many requests are under way besides the one that asks. */
  async function untilUnderWay(at: TestServer, count: number): Promise<void> {
    const wanted = new RegExp(`^longshore_http_requests_in_flight ${count + 1}$`, 'm');
    await eventually(async () => wanted.test((await at.call('GET', '/metrics')).body) || undefined);
  }

  test('end when the server closes', async () => {
    const own = await startTestServer();
    const { sessionId: session_id } = await PlayedWorker.join(own, 'waits');
    const watch = own.call('POST', '/api/workers/waits/watch', { body: { session_id } });
    const lease = own.call('POST', '/api/workers/waits/lease', { body: { session_id, ...leasing } });
    await untilUnderWay(own, 2);
    await own.stop();
    expect((await watch).body.data).toEqual({ cancel: [], pause: [], fenced: [] });
    expect((await lease).body.data).toEqual({ runs: [] });
  });

  test('end when their worker hangs up: no run goes to one that is gone', async () => {
    const own = await startTestServer();
    const gone = await PlayedWorker.join(own, 'gone');
    const hangUp = new AbortController();
    const body = { session_id: gone.sessionId, ...leasing };
    const lease = own.call('POST', '/api/workers/gone/lease', { body, signal: hangUp.signal });
    await untilUnderWay(own, 1);
    hangUp.abort();
    await expect(lease).rejects.toThrow('aborted');
    await untilUnderWay(own, 0);
    expect((await own.call('GET', '/metrics')).body).toMatch(/^longshore_http_requests_aborted_total 1$/m);
    const task = await own.call('POST', '/api/tasks', { body: { name: 'waits', executor: 'shell', command: 'true' } });
    // Queued before anybody else may take it.
    await own.call('POST', `/api/tasks/${task.body.data.id}/trigger`);
    const here = await PlayedWorker.join(own, 'here');
    expect((await here.lease()).attempt).toBe(1);
  });
});
