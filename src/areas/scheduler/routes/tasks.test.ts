import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../../test/support/api-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const shell = { executor: 'shell', command: 'true' };
const put = (id: number, body: object) => server.call('PUT', `/api/tasks/${id}`, { body });
let counter = 0;

async function create(body: object = {}) {
  counter += 1;
  const answer = await server.call('POST', '/api/tasks', { body: { name: `task ${counter}`, ...shell, ...body } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
}

describe('POST /api/tasks', () => {
  test('201 with the documented defaults', async () => {
    expect(await create({ name: 'defaults' })).toMatchObject({
      status: 'active',
      priority: 'normal',
      retry_count: 0,
      retry_delay_seconds: 5,
      timeout_seconds: 3600,
      schedule: null,
      timezone: 'UTC',
      overlap: 'skip',
      misfire: 'coalesce',
      next_run_time: null,
      last_run: null,
    });
  });

  test('201 for cron of five, six and seven fields, in a zone', async () => {
    for (const schedule of ['*/5 * * * *', '30 */5 * * * *', '0 0 0 1 1 * 2099']) {
      expect((await create({ schedule, timezone: 'Asia/Shanghai' })).next_run_time).toBeTruthy();
    }
    const shanghai = await create({ schedule: '0 8 * * *', timezone: 'Asia/Shanghai' });
    expect(shanghai.next_run_time).toMatch(/T00:00:00Z$/);
  });

  test('201 for the options of a schedule that are as they would be anyway, and for a limit, without a schedule', async () => {
    const usual = { timezone: 'UTC', overlap: 'skip', misfire: 'coalesce', catchup_seconds: null, jitter_seconds: 0 };
    expect(await create({ ...usual, starts_at: null, expires_at: null, max_concurrent: 2 })).toMatchObject({
      ...usual,
      max_concurrent: 2,
    });
  });

  test('201 for a webhook with an outcome named twice: it is told once', async () => {
    const on_finish = { url: 'https://example.com/', on: ['failed', 'success', 'failed'] };
    expect((await create({ on_finish })).on_finish.on).toEqual(['failed', 'success']);
  });

  test.each([
    ['an unknown executor', { executor: 'perl' }, 'executor'],
    ['no executor', { executor: undefined }, 'executor'],
    ['no name', { name: undefined }, 'name'],
    ['a blank name', { name: '   ' }, 'name'],
    ['a name with a line break', { name: 'a\nb' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(201) }, 'name'],
    ['no command', { command: undefined }, 'command'],
    ['an empty command', { command: '' }, 'command'],
    ['a command with a NUL', { command: 'echo \0' }, 'command'],
    ['a field of another executor', { url: 'https://example.com' }, 'url'],
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['cron that is none', { schedule: 'every day' }, 'schedule'],
    ['cron of four fields', { schedule: '* * * *' }, 'schedule'],
    ['cron out of range', { schedule: '61 * * * *' }, 'schedule'],
    ['an interval instead of cron', { schedule: '@every 60' }, 'schedule'],
    ['a time instead of cron', { schedule: '@once 2999-01-01T00:00:00Z' }, 'schedule'],
    ['cron that never fires', { schedule: '0 0 31 2 *' }, 'schedule'],
    ['cron in the past', { schedule: '0 0 0 1 1 * 2001' }, 'schedule'],
    ['a zone without a schedule', { timezone: 'Asia/Tokyo' }, 'timezone'],
    ['an overlap policy without a schedule', { overlap: 'queue_all' }, 'overlap'],
    ['a misfire policy without a schedule', { misfire: 'skip' }, 'misfire'],
    ['a time to catch up without a schedule', { catchup_seconds: 60 }, 'catchup_seconds'],
    ['a start without a schedule', { starts_at: '2031-01-01T00:00:00Z' }, 'starts_at'],
    ['an end without a schedule', { expires_at: '2031-01-01T00:00:00Z' }, 'expires_at'],
    ['jitter without a schedule', { jitter_seconds: 5 }, 'jitter_seconds'],
    ['an unknown zone', { schedule: '* * * * *', timezone: 'Mars/Olympus' }, 'timezone'],
    ['a negative timeout', { timeout_seconds: -1 }, 'timeout_seconds'],
    ['no time at all', { timeout_seconds: 0 }, 'timeout_seconds'],
    ['an absurd timeout', { timeout_seconds: 1e12 }, 'timeout_seconds'],
    ['a negative retry_count', { retry_count: -1 }, 'retry_count'],
    ['an absurd retry_count', { retry_count: 1e6 }, 'retry_count'],
    ['half a retry', { retry_count: 1.5 }, 'retry_count'],
    ['a number as text', { retry_count: '3' }, 'retry_count'],
    ['an unknown priority', { priority: 'urgent' }, 'priority'],
    ['an unknown status', { status: 'sleeping' }, 'status'],
    ['a tag with a space', { tags: ['a b'] }, 'tags.0'],
    ['a tag twice', { tags: ['a', 'a'] }, 'tags'],
    ['a time that is none', { starts_at: '2030-02-30T00:00:00Z' }, 'starts_at'],
    [
      'an end before the start',
      { starts_at: '2031-01-01T00:00:00Z', expires_at: '2030-01-01T00:00:00Z' },
      'expires_at',
    ],
    ['a variable whose name is none', { environment: { 'A B': 'c' } }, 'environment.A B'],
    ['a webhook that is no URL', { on_finish: { url: 'ftp://example.com' } }, 'on_finish.url'],
  ])('400 for %s, naming the field', async (_what, change, field) => {
    const answer = await server.call('POST', '/api/tasks', { body: { name: 'bad', ...shell, ...change } });
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('validation');
    expect(answer.body.error.details.map((detail: { field: string }) => detail.field)).toContain(field);
  });

  test('400 for a python task with neither a file nor a script, or both', async () => {
    for (const spec of [{}, { command: 'a.py', script: 'print(1)' }]) {
      const answer = await server.call('POST', '/api/tasks', { body: { name: 'py', executor: 'python', ...spec } });
      expect([answer.status, answer.body.error.details[0].field]).toEqual([400, 'command']);
    }
  });

  test('409 for a name that is taken, naming the field', async () => {
    await create({ name: 'taken' });
    const answer = await server.call('POST', '/api/tasks', { body: { name: 'taken', ...shell } });
    expect([answer.status, answer.body.error.details[0].field]).toEqual([409, 'name']);
  });

  test('a long command: 201 within its limit in any script, 400 that names it beyond, 413 above 16 MiB', async () => {
    const post = (command: string) => server.call('POST', '/api/tasks', { body: { name: 'long', ...shell, command } });
    const beyond = await post('x'.repeat(10_000_000));
    expect([beyond.status, beyond.body.message]).toEqual([400, 'command: must have at most 1000000 characters']);
    const above = await post('x'.repeat(16 * 1024 * 1024));
    expect([above.status, above.body.error.code]).toEqual([413, 'too_large']);
    const command = `: ${'中'.repeat(400_003)}`;
    const within = await post(command);
    expect(within.status, within.body.message).toBe(201);
    expect(within.body.data.command === command).toBe(true);
    const changed = await put(within.body.data.id, { command: 'x'.repeat(1_000_001) });
    expect([changed.status, changed.body.message]).toEqual([400, 'command: must have at most 1000000 characters']);
  });

  test('the first answer again for a repeat with its Idempotency-Key', async () => {
    const body = { name: 'idempotent', ...shell };
    const headers = { 'Idempotency-Key': 'create-1' };
    const first = await server.call('POST', '/api/tasks', { body, headers });
    const again = await server.call('POST', '/api/tasks', { body, headers });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
  });
});

describe('GET /api/tasks', () => {
  test.each([
    'page=0',
    'page=-1',
    'page=abc',
    'page=1.5',
    'page=',
    'size=0',
    'size=101',
    'status=sleeping',
    'page=1&page=2',
  ])('400 for %s, naming the field', async (query) => {
    const answer = await server.call('GET', `/api/tasks?${query}`);
    expect([answer.status, answer.body.error.details[0].field]).toEqual([400, query.split('=')[0]]);
  });
});

describe('/api/tasks/{task_id}', () => {
  test.each(['abc', '0', '-1', '1.5', '0x1', '99999999999999999999'])('400 for the id %s', async (id) => {
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/runs'],
      ['POST', '/trigger'],
    ] as const) {
      const answer = await server.call(method, `/api/tasks/${id}${path}`);
      expect([answer.status, answer.body.error.details[0].field]).toEqual([400, 'task_id']);
    }
  });

  test('404 for a task that is not there, in words of this area', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/runs'],
      ['POST', '/trigger'],
    ] as const) {
      const answer = await server.call(method, `/api/tasks/987654321${path}`);
      expect([answer.status, answer.body.message]).toEqual([404, 'task 987654321 not found']);
    }
    expect((await server.call('PUT', '/api/tasks/987654321', { body: { name: 'x' } })).status).toBe(404);
  });
});

describe('PUT /api/tasks/{task_id}', () => {
  test('200 leaves what is absent, and takes away what is null; 400 for options of a schedule that goes', async () => {
    const { id } = await create({
      schedule: '0 1 * * *',
      timezone: 'Asia/Tokyo',
      tags: ['x'],
      working_directory: '/tmp',
    });
    const renamed = await put(id, { description: 'new' });
    expect(renamed.body.data).toMatchObject({
      description: 'new',
      schedule: '0 1 * * *',
      timezone: 'Asia/Tokyo',
      tags: ['x'],
      working_directory: '/tmp',
    });
    const without = await put(id, { schedule: null, timezone: 'Asia/Tokyo' });
    expect([without.status, without.body.error.details[0].field]).toEqual([400, 'timezone']);
    const bare = await put(id, { schedule: null, working_directory: null });
    expect(bare.body.data).toMatchObject({ schedule: null, next_run_time: null, command: 'true' });
    expect(bare.body.data).not.toHaveProperty('working_directory');
  });

  test("200 changes the executor, with that one's fields", async () => {
    const { id } = await create({});
    const answer = await put(id, { executor: 'http', url: 'https://example.com' });
    expect(answer.body.data).toMatchObject({ executor: 'http', url: 'https://example.com' });
    expect(answer.body.data).not.toHaveProperty('command');
  });

  test('200 pauses, disables and retimes a task whose schedule has run out', async () => {
    const { id } = await create({ schedule: '* * * * * *', status: 'paused', expires_at: '2099-01-01T00:00:00Z' });
    const expires_at = '2020-01-01T00:00:00Z';
    await server.store.query('UPDATE longshore.jobs SET expires_at = $2 WHERE id = $1', [id, expires_at]);
    for (const status of ['active', 'paused', 'disabled']) {
      const answer = await put(id, { status, schedule: '* * * * * *', expires_at });
      expect([answer.status, answer.body.data?.next_run_time]).toEqual([200, null]);
    }
    const later = await put(id, { status: 'active', expires_at: null });
    expect(later.body.data.next_run_time).toBeTruthy();
  });

  test('400 for an empty change, a field of another executor, a missing one, and what creating refuses', async () => {
    const { id } = await create({});
    const fields = async (body: object) => {
      const answer = await put(id, body);
      return [answer.status, answer.body.error.details[0].field];
    };
    expect(await fields({})).toEqual([400, 'body']);
    expect(await fields({ url: 'https://example.com' })).toEqual([400, 'url']);
    expect(await fields({ executor: 'http' })).toEqual([400, 'url']);
    expect(await fields({ command: null })).toEqual([400, 'command']);
    expect(await fields({ schedule: '0 0 31 2 *' })).toEqual([400, 'schedule']);
    expect(await fields({ name: ' ' })).toEqual([400, 'name']);
  });

  test('403 for a change to what a shell or python task runs by who may not create, 200 for any other', async () => {
    const token = await server.apiKey('update', 'scheduler_manage');
    const change = async (id: number, body: object) => {
      const answer = await server.call('PUT', `/api/tasks/${id}`, { body, token });
      return answer.status === 403 ? answer.body.message : answer.status;
    };
    const refusal = (executor: string) => `Changing what a ${executor} task runs needs the permission create.`;

    const http = await create({ executor: 'http', command: undefined, url: 'https://example.com' });
    expect(await change(http.id, { executor: 'shell', command: 'id' })).toBe(refusal('shell'));
    expect(await change(http.id, { executor: 'python', script: 'print(1)' })).toBe(refusal('python'));
    expect(await change(http.id, { url: 'https://example.com/other' })).toBe(200);

    const environment = { API_TOKEN: 'hunter2', PLACE: 'here' };
    const own = await create({ environment, working_directory: '/tmp' });
    const changes = [
      { command: 'id' },
      { environment: { BASH_ENV: '/tmp/x' } },
      { environment: null },
      { working_directory: '/etc' },
      { executor: 'python', command: 'a.py' },
    ];
    for (const body of changes) expect(await change(own.id, body)).toBe(refusal(body.executor ?? 'shell'));
    const python = await create({ executor: 'python', command: 'a.py' });
    const others = [{ arguments: ['-x'] }, { python_path: '/tmp/python' }, { command: null, script: 'print(1)' }];
    for (const body of others) expect(await change(python.id, body)).toBe(refusal('python'));

    const { command, environment: shown } = own;
    expect(await change(own.id, { status: 'paused', retry_count: 2, limits: { processes: 10 } })).toBe(200);
    expect(await change(own.id, { command, environment: shown, working_directory: '/tmp' })).toBe(200);
    expect(await change(own.id, { executor: 'http', url: 'https://example.com' })).toBe(200);
    const author = await server.apiKey('create', 'update', 'scheduler_manage');
    const changed = await server.call('PUT', `/api/tasks/${python.id}`, { body: { arguments: [] }, token: author });
    expect(changed.status).toBe(200);
  });

  test('409 for a name that is taken', async () => {
    await create({ name: 'first' });
    const { id } = await create({});
    expect((await put(id, { name: 'first' })).status).toBe(409);
  });
});

describe('POST /api/tasks/{task_id}/trigger', () => {
  test('202 on a paused task, 409 on a disabled one', async () => {
    const paused = await create({ status: 'paused' });
    expect((await server.call('POST', `/api/tasks/${paused.id}/trigger`)).status).toBe(202);
    const disabled = await create({ status: 'disabled' });
    expect((await server.call('POST', `/api/tasks/${disabled.id}/trigger`)).status).toBe(409);
  });

  test('202 whose line in the log names the request and the run', async () => {
    const { id } = await create();
    const { headers, body } = await server.call('POST', `/api/tasks/${id}/trigger`);
    const line = () =>
      server.logLines.map((each) => JSON.parse(each)).find(({ path }) => path === `/api/tasks/${id}/trigger`);
    // It is written when the answer has left.
    await expect
      .poll(line, { timeout: 60_000 })
      .toMatchObject({ request_id: headers.get('x-request-id'), run: body.data.id, status: 202 });
  });

  test('one run for a repeat with its Idempotency-Key', async () => {
    const { id } = await create();
    const options = { headers: { 'Idempotency-Key': 'trigger-1' } };
    const [first, second] = await Promise.all([
      server.call('POST', `/api/tasks/${id}/trigger`, options),
      server.call('POST', `/api/tasks/${id}/trigger`, options),
    ]);
    expect(second.body.data.id).toBe(first.body.data.id);
    expect((await server.call('GET', `/api/tasks/${id}/runs`)).body.data.total).toBe(1);
  });
});
