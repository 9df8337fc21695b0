import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/api-server.ts';

/*
 * Every endpoint and example of the task scheduler's contract, as it stands there, over a real socket: what users
 * hold in their hands must answer as written.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  key = await server.apiKey('admin');
});

function envelope(data: unknown) {
  return { success: true, data, message: expect.any(String), timestamp: expect.stringMatching(ISO) };
}

async function create(body: object) {
  const answer = await server.call('POST', '/api/tasks', { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
}

/** Joins as a worker that never takes anything. */
async function joinWorker(id: string) {
  const answer = await server.call('POST', '/api/workers/register', {
    body: {
      worker_id: id,
      name: 'worker-node-1',
      tags: ['gpu', 'python'],
      kinds: ['shell'],
      max_tasks: 10,
      hostname: 'node-1',
      version: '1.0.0',
      protocol: '1.0',
    },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data.session_id as number;
}

describe('authentication', () => {
  test.each([
    ['an API key', () => ({ Authorization: `Bearer ${key}` })],
    ['an API key in X-API-Key', () => ({ 'X-API-Key': key })],
    ['a JWT', () => ({ Authorization: `Bearer ${server.adminToken}` })],
  ])('200 with %s', async (_name, headers) => {
    const answer = await server.call('GET', '/api/tasks', { token: '', headers: headers() });
    expect(answer.status).toBe(200);
  });

  test('401 without any, in the envelope of the area', async () => {
    const answer = await server.call('GET', '/api/tasks', { token: '' });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ success: false, data: null, timestamp: expect.stringMatching(ISO) });
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });
});

describe('tasks', () => {
  test('201 for the example of the reference', async () => {
    const body = {
      name: 'task_name',
      executor: 'shell',
      command: 'echo hello',
      schedule: '0 */6 * * *',
      priority: 'normal',
      retry_count: 3,
      timeout_seconds: 3600,
    };
    const answer = await server.call('POST', '/api/tasks', { body });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual(
      envelope(expect.objectContaining({ ...body, id: expect.any(Number), status: 'active' })),
    );
    expect(answer.body.data.next_run_time).toMatch(/T(00|06|12|18):00:00Z$/);
  });

  test('201 for the two examples of the curl section, with an API key', async () => {
    const backup = {
      name: 'database_backup',
      executor: 'shell',
      command: 'pg_dump mydb > /backup/$(date +%Y%m%d).sql',
      schedule: '0 2 * * *',
      priority: 'high',
      retry_count: 2,
      timeout_seconds: 1800,
    };
    const webhook = {
      name: 'status_webhook',
      executor: 'http',
      url: 'https://hooks.slack.com/services/xxx',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"text": "Daily report completed"}',
    };
    for (const body of [backup, webhook]) {
      const answer = await server.call('POST', '/api/tasks', { body, token: key });
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      expect(answer.body.data).toMatchObject(body);
    }
  });

  test('201 for the examples of the three executors', async () => {
    const shell = {
      executor: 'shell',
      command: 'ls -la',
      working_directory: '/tmp',
      environment: { PATH: '/usr/bin:/bin' },
    };
    const http = {
      executor: 'http',
      url: 'https://api.example.com/webhook',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"data": "value"}',
    };
    const python = {
      executor: 'python',
      command: 'data_processor.py',
      arguments: ['--input', 'data.csv'],
      python_path: '/usr/bin/python3',
    };
    for (const body of [shell, http, python]) {
      expect(await create({ name: `executor ${body.executor}`, ...body })).toMatchObject(body);
    }
  });

  test('200 for a list, by page, status and search', async () => {
    await create({ name: 'findable needle', executor: 'shell', command: 'true', status: 'paused' });
    const found = await server.call('GET', '/api/tasks?page=1&size=20&status=paused&search=NEEDLE');
    expect(found.status).toBe(200);
    expect(found.body).toEqual(
      envelope({ items: [expect.objectContaining({ name: 'findable needle' })], total: 1, page: 1, size: 20 }),
    );
    const defaults = await server.call('GET', '/api/tasks');
    expect(defaults.body.data).toMatchObject({ page: 1, size: 20 });
    const past = await server.call('GET', '/api/tasks?page=999');
    expect(past.body.data.items).toEqual([]);
    expect(past.body.data.total).toBeGreaterThan(0);
  });

  test('200 for get and update as written, 204 for delete', async () => {
    const { id } = await create({ name: 'to update', executor: 'shell', command: 'true' });
    expect((await server.call('GET', `/api/tasks/${id}`)).body).toEqual(envelope(expect.objectContaining({ id })));
    for (const status of ['paused', 'disabled', 'active']) {
      const body = { name: 'updated_name', status, schedule: '0 12 * * *' };
      const answer = await server.call('PUT', `/api/tasks/${id}`, { body });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(envelope(expect.objectContaining({ id, command: 'true', ...body })));
      expect(answer.body.data.next_run_time === null).toBe(status !== 'active');
    }
    const gone = await server.call('DELETE', `/api/tasks/${id}`);
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect((await server.call('GET', `/api/tasks/${id}`)).status).toBe(404);
  });

  test('202 for a trigger, and the run in the list of runs', async () => {
    const { id } = await create({ name: 'to trigger', executor: 'shell', command: 'true' });
    const started = await server.call('POST', `/api/tasks/${id}/trigger`, { token: key });
    expect(started.status).toBe(202);
    expect(started.body.data).toMatchObject({ task_id: id, task_name: 'to trigger', status: 'pending', attempt: 0 });
    const runs = await server.call('GET', `/api/tasks/${id}/runs`, { token: key });
    expect(runs.status).toBe(200);
    expect(runs.body).toEqual(envelope({ items: [expect.any(Object)], total: 1, page: 1, size: 20 }));
    const fields =
      'id task_id task_name status attempt attempts priority worker_id scheduled_time start_time end_time duration_seconds exit_code error_message progress create_time';
    expect(Object.keys(runs.body.data.items[0])).toEqual(expect.arrayContaining(fields.split(' ')));
  });
});

describe('workers', () => {
  test('200 for a list, a worker, its configuration and its heartbeat', async () => {
    await joinWorker('worker-001');
    const shown = {
      id: 'worker-001',
      name: 'worker-node-1',
      status: 'online',
      last_heartbeat: expect.stringMatching(ISO),
      current_tasks: 0,
      max_tasks: 10,
      tags: ['gpu', 'python'],
    };
    const list = await server.call('GET', '/api/workers');
    expect(list.body).toEqual(envelope([expect.objectContaining(shown)]));
    const one = await server.call('GET', '/api/workers/worker-001');
    expect(one.body).toEqual(envelope(expect.objectContaining(shown)));

    const change = { max_tasks: 20, tags: ['cpu', 'shell'], enabled: true };
    const changed = await server.call('PUT', '/api/workers/worker-001', { body: change });
    expect(changed.status).toBe(200);
    expect(changed.body.data).toMatchObject(change);

    const system_info = { cpu_usage: 45.2, memory_usage: 60.8, disk_usage: 35.1 };
    const beat = await server.call('POST', '/api/workers/worker-001/heartbeat', {
      body: { status: 'online', current_tasks: 3, system_info },
    });
    expect(beat.status).toBe(200);
    expect(beat.body).toEqual(envelope(expect.objectContaining({ id: 'worker-001', status: 'online', system_info })));
  });
});

describe('system', () => {
  test('200 for health without any identity, fit for both contracts', async () => {
    const answer = await server.call('GET', '/api/health', { token: '' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      status: 'success',
      data: {
        status: 'healthy',
        database: 'connected',
        message_queue: 'connected',
        redis: 'disabled',
        embedded: ['message_queue'],
        uptime_seconds: expect.any(Number),
        timestamp: expect.any(Number),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      },
      message: expect.any(String),
      timestamp: expect.stringMatching(ISO),
    });
  });

  test('200 for the overview', async () => {
    const answer = await server.call('GET', '/api/system/status');
    expect(answer.status).toBe(200);
    const { tasks, workers, runs_today, success_rate } = answer.body.data;
    expect(tasks.total).toBe(tasks.active + tasks.paused + tasks.disabled);
    expect(tasks.running).toBe(1);
    expect(workers.total).toBe(workers.online + workers.offline);
    expect([runs_today, success_rate]).toEqual([0, 100]);
  });

  test('200 for metrics in the format of Prometheus', async () => {
    const answer = await server.call('GET', '/metrics', { token: '' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    for (const name of [
      'longshore_runs_total',
      'longshore_run_duration_seconds',
      'longshore_run_queue_wait_seconds',
      'longshore_queue_depth',
      'longshore_queue_oldest_seconds',
      'longshore_workers',
      'longshore_schedule_lateness_seconds',
      'longshore_http_request_duration_seconds',
      'longshore_database_pool_connections',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(answer.body).toContain(`# TYPE ${name} `);
    }
    expect(answer.body).toMatch(/longshore_queue_depth\{queue="[^"]+"\} 1/);
  });
});
