import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';
import { PlayedWorker } from '../../../test/support/http-worker.ts';

let server: TestServer;
let worker: PlayedWorker;
beforeAll(async () => {
  server = await startTestServer();
  worker = await PlayedWorker.join(server, 'player');
});

async function start(name: string, body: object): Promise<number> {
  const task = { name, executor: 'shell', command: 'true', ...body };
  const { id } = (await server.call('POST', '/api/tasks', { body: task })).body.data;
  await server.call('POST', `/api/tasks/${id}/trigger`);
  return id;
}

describe('on_finish', () => {
  test('a run that delivers the notice, signed, follows the end of each wanted run', async () => {
    const secret = 'shared with the receiver';
    const taskId = await start('noticed', { on_finish: { url: 'https://example.com/hook', on: ['failed'], secret } });
    await worker.report(await worker.lease(), { status: 'failed', retryable: false, exit_code: 7, error: 'no luck' });
    const notice = await worker.lease();
    expect(notice).toMatchObject({ kind: 'http', name: 'notice: noticed' });
    const spec = notice.spec as { url: string; method: string; headers: Record<string, string>; body: string };
    expect(spec).toMatchObject({ url: 'https://example.com/hook', method: 'POST' });
    expect(JSON.parse(spec.body)).toMatchObject({
      event: 'run.finished',
      run: { task_id: taskId, task_name: 'noticed', status: 'failed', exit_code: 7, error_message: 'no luck' },
    });
    const signed = `${spec.headers['X-Longshore-Timestamp']}.${spec.body}`;
    expect(spec.headers['X-Longshore-Signature']).toBe(createHmac('sha256', secret).update(signed).digest('hex'));
    await worker.report(notice, { status: 'succeeded' });
  });

  test('none for an outcome that is not wanted', async () => {
    await start('silent', { on_finish: { url: 'https://example.com/hook', on: ['failed'] } });
    await worker.report(await worker.lease(), { status: 'succeeded' });
    // The next report to be told comes after the one of `silent`, so what is leased now settles the question.
    await start('loud', { on_finish: { url: 'https://example.com/hook' } });
    await worker.report(await worker.lease(), { status: 'succeeded' });
    const next = await worker.lease();
    expect(next.name).toBe('notice: loud');
    await worker.report(next, { status: 'succeeded' });
  });
});

describe('the runs that deliver notices', () => {
  test("count as nobody's runs, and are listed for who asks", async () => {
    const status = async () => (await server.call('GET', '/api/system/status')).body.data;
    const listed = async (query: string) => {
      const { items, total } = (await server.call('GET', `/api/runs?${query}`)).body.data;
      return { total, names: items.map((run: { task_name: string }) => run.task_name) };
    };
    const [before, all] = [await status(), await listed('notices=true')];
    const own = await listed('');
    await start('delivered', { on_finish: { url: 'https://example.com/hook' } });
    await worker.report(await worker.lease(), { status: 'succeeded' });
    const notice = await worker.lease();
    expect(notice.name).toBe('notice: delivered');
    await worker.report(notice, { status: 'failed', retryable: false });
    const after = await status();
    expect(after.runs_today).toBe(before.runs_today + 1);
    expect(after.success_rate).toBeGreaterThanOrEqual(before.success_rate);
    expect(await listed('')).toEqual({ total: own.total + 1, names: ['delivered', ...own.names] });
    expect(await listed('notices=true')).toEqual({
      total: all.total + 2,
      names: ['notice: delivered', 'delivered', ...all.names],
    });
    expect((await listed('status=failed')).names).not.toContain('notice: delivered');
    expect((await listed('status=failed&notices=true')).names).toContain('notice: delivered');
    expect((await server.call('GET', `/api/runs/${notice.id}`)).status).toBe(200);
    expect((await server.call('GET', '/api/runs?notices=maybe')).status).toBe(400);
  });
});

describe('pause_on_failure', () => {
  test('pauses the schedule of a task whose run has failed for good', async () => {
    const taskId = await start('fragile', {
      schedule: '0 0 1 1 *',
      pause_on_failure: true,
      on_finish: { url: 'https://example.com/hook' },
    });
    await worker.report(await worker.lease(), { status: 'failed', retryable: false });
    // Written in the same transaction as the pause.
    await worker.report(await worker.lease(), { status: 'succeeded' });
    const task = (await server.call('GET', `/api/tasks/${taskId}`)).body.data;
    expect(task).toMatchObject({ status: 'paused', next_run_time: null, last_run: { status: 'failed' } });
  });
});
