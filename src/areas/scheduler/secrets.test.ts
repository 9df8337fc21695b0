import { beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
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

async function stored(id: number) {
  const [row] = await server.store.query<{ spec: object; on_finish: object | null }>(
    'SELECT spec, on_finish FROM longshore.jobs WHERE id = $1',
    [id],
  );
  return row;
}

const request = {
  executor: 'http',
  url: 'https://me:hunter2@example.com/x?api_key=hunter2',
  headers: { Authorization: 'Bearer hunter2', Referer: 'https://hunter2@example.com/', Accept: 'text/plain' },
  on_finish: { url: 'https://me:hunter2@example.com/hook?token=hunter2', secret: 'hunter2hunter2' },
};
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

  test('keeps them through an update that sends back what was answered', async () => {
    const { id, url, headers, on_finish } = await create(request);
    expect((await put(id, { url, headers: { ...headers, Accept: 'text/html' }, on_finish })).status).toBe(200);
    const { url: sent, on_finish: hook } = request;
    expect(await stored(id)).toEqual({
      spec: { url: sent, headers: { ...request.headers, Accept: 'text/html' } },
      on_finish: hook,
    });
    const made = await create(shell);
    expect((await put(made.id, { environment: { ...made.environment, PLACE: 'there' } })).status).toBe(200);
    expect(await stored(made.id)).toMatchObject({ spec: { environment: { ...shell.environment, PLACE: 'there' } } });
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
    const { id, headers } = await create(request);
    const kept = await put(id, { url: elsewhere });
    expect([kept.status, kept.body.error?.details[0].field]).toEqual([400, 'headers']);
    const masked = await put(id, { url: elsewhere, headers });
    expect([masked.status, masked.body.error?.details[0].field]).toEqual([400, expect.stringMatching(/^headers\./)]);
    expect(await stored(id)).toMatchObject({ spec: { url: request.url } });
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
