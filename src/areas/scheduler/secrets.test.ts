import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';
import { PlayedWorker } from '../../../test/support/http-worker.ts';
import { eventually } from '../../../test/support/serving.ts';

let server: TestServer;
let worker: PlayedWorker;
beforeAll(async () => {
  server = await startTestServer();
  worker = await PlayedWorker.join(server, 'player');
});

let counter = 0;
function post(body: object) {
  counter += 1;
  return server.call('POST', '/api/tasks', { body: { name: `secret ${counter}`, ...body } });
}
const put = (id: number, body: object) => server.call('PUT', `/api/tasks/${id}`, { body });

async function create(body: object) {
  const answer = await post(body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
}

/** What the database holds of a task and all of its runs, as text. */
async function atRest(id: number): Promise<string> {
  const rows = await server.store.query(
    `SELECT spec, on_finish FROM longshore.jobs WHERE id = $1
     UNION ALL SELECT spec, NULL FROM longshore.runs WHERE job_id = $1 OR kind = 'http'`,
    [id],
  );
  return JSON.stringify(rows);
}

/** What a worker is given when the task runs. */
async function leased(id: number) {
  expect((await server.call('POST', `/api/tasks/${id}/trigger`)).status).toBe(202);
  const run = await worker.lease();
  await worker.report(run, { status: 'succeeded' });
  return run.spec;
}

const request = {
  executor: 'http',
  url: 'https://me:hunter2@example.com/x?api_key=hunter2',
  headers: { Authorization: 'Bearer hunter2', Referer: 'https://hunter2@example.com/', Accept: 'text/plain' },
  on_finish: { url: 'https://me:hunter2@example.com/hook?token=hunter2', secret: 'hunter2hunter2' },
};
const { on_finish: _, ...plainRequest } = request;
const shell = {
  executor: 'shell',
  command: 'true',
  environment: { API_TOKEN: 'hunter2', DATABASE_URL: 'postgres://me:hunter2@db/app', PLACE: 'here' },
};

describe('a task with secrets', () => {
  test('is answered without them, wherever they are', async () => {
    const [first, second] = [await create(request), await create(shell)];
    const list = (await server.call('GET', '/api/tasks')).body.data;
    expect(JSON.stringify([first, second, list])).not.toContain('hunter2');
    expect(first).toMatchObject({
      url: 'https://me:***@example.com/x?api_key=***',
      headers: { Authorization: '***', Referer: 'https://***@example.com/', Accept: 'text/plain' },
      on_finish: { url: 'https://me:***@example.com/hook?token=***', secret: '***' },
    });
    expect(second.environment).toEqual({
      API_TOKEN: '***',
      DATABASE_URL: 'postgres://me:***@db/app',
      PLACE: 'here',
    });
  });

  test('keeps them through an update that sends back what was answered, and gives them to its worker', async () => {
    const { id, url, headers } = await create(plainRequest);
    expect((await put(id, { url, headers: { ...headers, Accept: 'text/html' } })).status).toBe(200);
    expect(await leased(id)).toEqual({ url: request.url, headers: { ...request.headers, Accept: 'text/html' } });
    const made = await create(shell);
    expect((await put(made.id, { environment: { ...made.environment, PLACE: 'there' } })).status).toBe(200);
    expect(await leased(made.id)).toMatchObject({ environment: { ...shell.environment, PLACE: 'there' } });
  });

  test('gives its worker the new ones, and no run of before another than its own', async () => {
    const { id } = await create(shell);
    await server.call('POST', `/api/tasks/${id}/trigger`);
    expect((await put(id, { environment: { API_TOKEN: 'hunter3' } })).status).toBe(200);
    const before = await worker.lease();
    expect(before.spec).toMatchObject({ environment: shell.environment });
    await worker.report(before, { status: 'succeeded' });
    expect(await leased(id)).toMatchObject({ environment: { API_TOKEN: 'hunter3' } });
  });

  test('has none in the database, nor have its runs', async () => {
    for (const body of [plainRequest, shell]) {
      const { id } = await create(body);
      await leased(id);
      expect(await atRest(id)).not.toContain('hunter2');
    }
  });

  test('leaves none in the vault when it is deleted', async () => {
    const { id } = await create(request);
    const owned = () => server.store.query('SELECT id FROM longshore.secrets WHERE owner = $1', [`job:${id}`]);
    expect(await owned()).toHaveLength(5);
    await server.call('DELETE', `/api/tasks/${id}`);
    expect(await owned()).toEqual([]);
  });

  test('from before there was a vault works, is answered masked, and is sealed with the next change', async () => {
    const { id } = await create({ ...shell, environment: {} });
    const spec = { command: 'true', environment: shell.environment };
    await server.store.query('UPDATE longshore.jobs SET spec = $2 WHERE id = $1', [id, JSON.stringify(spec)]);
    expect(await leased(id)).toEqual(spec);
    const { environment } = (await server.call('GET', `/api/tasks/${id}`)).body.data;
    expect(environment).toMatchObject({ API_TOKEN: '***', DATABASE_URL: 'postgres://me:***@db/app' });
    await server.store.query('DELETE FROM longshore.runs');
    expect((await put(id, { environment })).status).toBe(200);
    expect(await atRest(id)).not.toContain('hunter2');
    expect(await leased(id)).toEqual(spec);
  });
});

describe('the notice of a task', () => {
  test('is signed and sent with secrets that lie nowhere in the open, also when the task is gone', async () => {
    const on_finish = { url: 'https://me:hunter2@example.com/hook?token=hunter2', secret: 'hunter2hunter2' };
    const { id } = await create({ executor: 'shell', command: 'true', on_finish });
    await leased(id);
    const { rows } = await eventually(async () => {
      const rows = await server.store.query("SELECT id FROM longshore.runs WHERE name LIKE 'notice: %'");
      return rows.length > 0 ? { rows } : undefined;
    });
    expect(rows).toHaveLength(1);
    expect(await atRest(id)).not.toContain('hunter2');
    await server.call('DELETE', `/api/tasks/${id}`);
    const notice = await worker.lease();
    const spec = notice.spec as { url: string; headers: Record<string, string>; body: string };
    expect(spec.url).toBe(on_finish.url);
    const signed = `${spec.headers['X-Longshore-Timestamp']}.${spec.body}`;
    const signature = createHmac('sha256', on_finish.secret).update(signed).digest('hex');
    expect(spec.headers['X-Longshore-Signature']).toBe(signature);
    await worker.report(notice, { status: 'succeeded' });
  });

  test('keeps its secrets through an update that sends back what was answered', async () => {
    const { id, on_finish } = await create(request);
    const answer = await put(id, { on_finish: { ...on_finish, on: ['failed'] } });
    expect(answer.body.data.on_finish).toEqual({ ...on_finish, on: ['failed'] });
    const short = await put(id, { on_finish: { ...on_finish, secret: 'short' } });
    expect([short.status, short.body.error?.details[0].field]).toEqual([400, 'on_finish.secret']);
  });
});

describe('400 for a reference into the vault', () => {
  test.each([
    ['headers', { executor: 'http', url: 'https://example.com', headers: { $secret: 'sec_x' } }],
    ['headers', { executor: 'http', url: 'https://example.com', headers: { $secret: 'sec_x', Accept: 'x' } }],
    ['body.deep', { executor: 'http', url: 'https://example.com', body: { deep: { $secret: 'sec_x' } } }],
    ['body', { executor: 'http', url: 'https://example.com', body: { $secret: 7 } }],
  ])('in %s', async (field, body) => {
    const answer = await post(body);
    expect([answer.status, answer.body.error?.details[0].field]).toEqual([400, field]);
  });

  test("in an update, be it the task's own", async () => {
    const { id } = await create(request);
    const [row] = await server.store.query<{ spec: { headers: { Authorization: object } } }>(
      'SELECT spec FROM longshore.jobs WHERE id = $1',
      [id],
    );
    const answer = await put(id, { body: { leak: row?.spec.headers.Authorization } });
    expect([answer.status, answer.body.error?.details[0].field]).toEqual([400, 'body.leak']);
  });
});

describe('400 for a mask of which nothing is stored', () => {
  test.each([
    ['headers.Authorization', { executor: 'http', url: 'https://example.com', headers: { Authorization: '***' } }],
    ['url', { executor: 'http', url: 'https://me:***@example.com' }],
    ['environment.API_TOKEN', { executor: 'shell', command: 'true', environment: { API_TOKEN: '***' } }],
    ['on_finish.secret', { executor: 'shell', command: 'true', on_finish: { url: 'https://x.test', secret: '***' } }],
    ['on_finish.url', { executor: 'shell', command: 'true', on_finish: { url: 'https://me:***@x.test' } }],
  ])('in %s of a new task', async (field, body) => {
    const answer = await post(body);
    expect([answer.status, answer.body.error?.details[0].field]).toEqual([400, field]);
  });

  test('in an update: a header that was not there, a URL that is not the one answered', async () => {
    const { id, headers, url } = await create(request);
    const added = await put(id, { headers: { ...headers, 'X-Api-Key': '***' } });
    expect([added.status, added.body.error?.details[0].field]).toEqual([400, 'headers.X-Api-Key']);
    const moved = await put(id, { url: url.replace('/x', '/y') });
    expect([moved.status, moved.body.error?.details[0].field]).toEqual([400, 'url']);
  });
});

describe('a change of the server that is called', () => {
  const elsewhere = 'https://elsewhere.test/';

  test('400 while secret headers of the old one would go along', async () => {
    const { id, url, headers } = await create(request);
    const kept = await put(id, { url: elsewhere });
    expect([kept.status, kept.body.error?.details[0].field]).toEqual([400, 'headers']);
    const masked = await put(id, { url: elsewhere, headers });
    expect([masked.status, masked.body.error?.details[0].field]).toEqual([400, expect.stringMatching(/^headers\./)]);
    expect((await server.call('GET', `/api/tasks/${id}`)).body.data.url).toBe(url);
  });

  test('200 with headers given anew, without any, with none that is secret, and on the same server', async () => {
    const { id } = await create(request);
    expect((await put(id, { url: 'https://example.com/other' })).status).toBe(200);
    expect((await put(id, { url: elsewhere, headers: { Authorization: 'Bearer other' } })).status).toBe(200);
    expect((await put(id, { url: 'https://third.test/', headers: null })).status).toBe(200);
    const plain = await create({ ...request, headers: { Accept: 'text/plain' } });
    expect((await put(plain.id, { url: elsewhere })).status).toBe(200);
  });
});
