import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../../test/support/api-server.ts';
import { PlayedWorker } from '../../../../test/support/http-worker.ts';

let server: TestServer;
let worker: PlayedWorker;
beforeAll(async () => {
  server = await startTestServer();
  worker = await PlayedWorker.join(server, 'player');
});

let counter = 0;
async function createTask(body: object = {}): Promise<number> {
  counter += 1;
  const task = { name: `task ${counter}`, executor: 'shell', command: 'true', ...body };
  return (await server.call('POST', '/api/tasks', { body: task })).body.data.id;
}

/** A run of a new task, taken by the worker. */
async function started(body: object = {}) {
  const taskId = await createTask(body);
  const { id } = (await server.call('POST', `/api/tasks/${taskId}/trigger`)).body.data;
  const leased = await worker.lease();
  expect(leased.id).toBe(id);
  return { taskId, id: id as number, leased };
}

async function run(id: number) {
  return (await server.call('GET', `/api/runs/${id}`)).body.data;
}

describe('GET /api/runs/{run_id}', () => {
  test('200 from pending to success, with progress, times and exit code', async () => {
    const { id, taskId, leased } = await started();
    await worker.progress(leased, 1, 4);
    expect(await run(id)).toMatchObject({
      status: 'running',
      attempt: 1,
      worker_id: 'player',
      progress: 25,
      end_time: null,
    });
    await worker.report(leased, { status: 'succeeded', exit_code: 0, output: { lines: 3 } });
    const done = await run(id);
    expect(done).toMatchObject({
      status: 'success',
      exit_code: 0,
      progress: 100,
      output: { lines: 3 },
      error_message: null,
    });
    expect(done.duration_seconds).toBeGreaterThanOrEqual(0);
    expect(done.attempts).toEqual([expect.objectContaining({ attempt: 1, status: 'success', worker_id: 'player' })]);
    const task = (await server.call('GET', `/api/tasks/${taskId}`)).body.data;
    expect(task.last_run).toMatchObject({ id, status: 'success' });
  });

  test('200 with every attempt of a run that was tried again', async () => {
    const { id, leased } = await started({ retry_count: 1, retry_delay_seconds: 0 });
    await worker.report(leased, { status: 'failed', exit_code: 3, error: 'first' });
    await worker.report(await worker.lease(), { status: 'failed', exit_code: 4, error: 'second' });
    const failed = await run(id);
    expect(failed).toMatchObject({ status: 'failed', attempt: 2, exit_code: 4, error_message: 'second' });
    expect(failed.attempts).toMatchObject([
      { attempt: 1, status: 'failed', exit_code: 3, error_message: 'first' },
      { attempt: 2, status: 'failed', exit_code: 4, error_message: 'second' },
    ]);
  });

  test('400 for an id that is none, 404 for one that is unknown', async () => {
    for (const path of ['', '/logs']) {
      expect((await server.call('GET', `/api/runs/x${path}`)).status).toBe(400);
      expect((await server.call('GET', `/api/runs/999999${path}`)).status).toBe(404);
    }
  });
});

describe('lists of runs', () => {
  test('200 by status, newest first; 400 for an unknown one', async () => {
    const { id, taskId, leased } = await started();
    await worker.report(leased, { status: 'succeeded' });
    const second = (await server.call('POST', `/api/tasks/${taskId}/trigger`)).body.data.id;
    const ids = async (query: string) =>
      (await server.call('GET', `/api/tasks/${taskId}/runs${query}`)).body.data.items.map(
        (item: { id: number }) => item.id,
      );
    expect(await ids('')).toEqual([second, id]);
    expect(await ids('?status=success')).toEqual([id]);
    expect(await ids('?status=pending')).toEqual([second]);
    expect(await ids('?size=1&page=2')).toEqual([id]);
    expect((await server.call('GET', '/api/runs?size=1')).body.data.items[0].id).toBe(second);
    expect((await server.call('GET', `/api/tasks/${taskId}/runs?status=queued`)).status).toBe(400);
    await server.call('POST', `/api/runs/${second}/cancel`);
  });
});

describe('POST /api/runs/{run_id}/cancel', () => {
  test('200: one that waits is cancelled at once, a running one when its worker says so', async () => {
    const taskId = await createTask({ tags: ['nobody-has-this'] });
    const waiting = (await server.call('POST', `/api/tasks/${taskId}/trigger`)).body.data.id;
    const cancelled = await server.call('POST', `/api/runs/${waiting}/cancel`);
    expect([cancelled.status, cancelled.body.data.status]).toEqual([200, 'cancelled']);
    expect(cancelled.body.data.end_time).toBeTruthy();

    const { id, leased } = await started();
    const asked = await server.call('POST', `/api/runs/${id}/cancel`, { body: {} });
    expect([asked.status, asked.body.data.status, asked.body.data.end_time]).toEqual([200, 'cancelled', null]);
    await worker.report(leased, { status: 'cancelled' });
    expect((await run(id)).end_time).toBeTruthy();
  });

  test('404 for an unknown run, 409 for one that has ended', async () => {
    expect((await server.call('POST', '/api/runs/999999/cancel')).status).toBe(404);
    const { id, leased } = await started();
    await worker.report(leased, { status: 'succeeded' });
    expect((await server.call('POST', `/api/runs/${id}/cancel`)).status).toBe(409);
  });
});

describe('POST /api/runs/{run_id}/pause and /resume', () => {
  test('200 for one that waits; 409 when it is not possible', async () => {
    const taskId = await createTask({ tags: ['nobody-has-this'] });
    const { id } = (await server.call('POST', `/api/tasks/${taskId}/trigger`)).body.data;
    expect((await server.call('POST', `/api/runs/${id}/resume`)).status).toBe(409);
    expect((await server.call('POST', `/api/runs/${id}/pause`)).body.data.status).toBe('paused');
    expect((await server.call('POST', `/api/runs/${id}/resume`)).body.data.status).toBe('pending');
    await server.call('POST', `/api/runs/${id}/cancel`);
    expect((await server.call('POST', `/api/runs/${id}/pause`)).status).toBe(409);
  });
});

describe('DELETE /api/tasks/{task_id}', () => {
  test('204 cancels what runs; its history stays', async () => {
    const { id, taskId, leased } = await started();
    expect((await server.call('DELETE', `/api/tasks/${taskId}`)).status).toBe(204);
    expect((await run(id)).status).toBe('cancelled');
    await worker.report(leased, { status: 'cancelled' });
    expect(await run(id)).toMatchObject({ task_id: taskId, status: 'cancelled' });
  });
});

describe('GET /api/runs/{run_id}/logs', () => {
  test('200 in pages, from a level on', async () => {
    const { id, leased } = await started();
    await worker.log(leased, 1, [
      { level: 'info', message: 'one' },
      { level: 'error', message: 'two' },
      { level: 'debug', message: 'three' },
    ]);
    const messages = async (query: string) => {
      const { data } = (await server.call('GET', `/api/runs/${id}/logs${query}`)).body;
      return { messages: data.items.map((item: { message: string }) => item.message), next: data.next };
    };
    expect(await messages('')).toEqual({ messages: ['one', 'two', 'three'], next: null });
    const page = await messages('?limit=2');
    expect(page.messages).toEqual(['one', 'two']);
    expect(await messages(`?after=${page.next}`)).toEqual({ messages: ['three'], next: null });
    expect((await messages('?level=warning')).messages).toEqual(['two']);
    for (const query of ['after=x', 'level=loud', 'limit=0', 'follow=maybe']) {
      expect((await server.call('GET', `/api/runs/${id}/logs?${query}`)).status).toBe(400);
    }
    await worker.report(leased, { status: 'succeeded' });
  });

  test('200 followed live to the end, and gone on with after a break', async () => {
    const { id, leased } = await started();
    await worker.log(leased, 1, [{ level: 'info', message: 'before' }]);
    const headers = { Authorization: `Bearer ${server.adminToken}` };
    const stream = await fetch(`${server.url}/api/runs/${id}/logs?follow=true`, { headers });
    expect(stream.headers.get('content-type')).toMatch('text/event-stream');
    let text = '';
    for await (const chunk of (stream.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const before = text;
      text += chunk;
      const first = (part: string) => text.includes(part) && !before.includes(part);
      if (first('"before"')) await worker.log(leased, 2, [{ level: 'info', message: 'during' }]);
      if (first('"during"')) await worker.report(leased, { status: 'succeeded', exit_code: 0 });
    }
    const events = [...text.matchAll(/(?:id: (.+)\n)?event: (\w+)\ndata: (.+)\n/g)].map(([, eventId, event, data]) => ({
      eventId,
      event,
      data: JSON.parse(data ?? ''),
    }));
    expect(events).toMatchObject([
      { event: 'log', data: { message: 'before' } },
      { event: 'log', data: { message: 'during' } },
      { event: 'end', data: { id, status: 'success' } },
    ]);
    const again = await server.call('GET', `/api/runs/${id}/logs?follow=true`, {
      headers: { 'Last-Event-ID': events[0]?.eventId ?? '' },
    });
    expect(again.body).not.toContain('"before"');
    expect(again.body).toContain('"during"');
    expect(again.body).toContain('event: end');
  });
});
