import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpAssembly, type HttpAssembly, testArea } from '../../test/support/http-server.ts';
import type { App, Dialect } from './area.ts';

const dialect: Dialect = {
  error: (error, requestId) => ({ oops: error.code, text: error.message, details: error.details, requestId }),
  errorSchema: { type: 'object', title: 'Oops' },
};

function registerThings(app: App): void {
  const config = { access: 'public' } as const;
  const body = Type.Object(
    { name: Type.String({ minLength: 1 }), size: Type.Optional(Type.Union([Type.Integer(), Type.Null()])) },
    { additionalProperties: false, title: 'Thing' },
  );
  app.post('/api/things', { config, schema: { body } }, async (request) => ({ got: request.body }));
  app.get('/api/things/:id', { config, schema: { params: Type.Object({ id: Type.Integer() }) } }, async (request) => ({
    id: request.params.id,
  }));
  app.get('/api/things/broken', { config }, async () => {
    throw new Error('the password of the database is hunter2');
  });
}

let http: HttpAssembly;
beforeAll(async () => {
  http = await createHttpAssembly({ areas: () => [testArea(registerThings, dialect)] });
});
afterAll(() => http.app.close());

function post(payload: string | object, headers: Record<string, string> = {}) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return http.app.inject({
    method: 'POST',
    url: '/api/things',
    payload: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

describe('starting', () => {
  test('fails for a route that does not say who may call it', async () => {
    const careless = testArea((app) => app.get('/api/things', async () => ({})), dialect);
    await expect(createHttpAssembly({ areas: () => [careless] })).rejects.toThrow(/GET \/api\/things does not say who/);
  });
});

describe('request ids', () => {
  test('takes over a sane one, and makes one in place of what could forge log lines', async () => {
    const kept = await post({ name: 'a' }, { 'x-request-id': 'trace-1:2.3' });
    expect(kept.headers['x-request-id']).toBe('trace-1:2.3');
    for (const bad of ['', 'a b', 'x'.repeat(129), 'ü']) {
      const made = await post({ name: 'a' }, { 'x-request-id': bad });
      expect(made.headers['x-request-id']).toMatch(/^req_[0-9A-Za-z]{20}$/);
    }
  });

  test('stands on every answer and in the log, also where no route was found', async () => {
    const answer = await http.app.inject({ url: '/api/things/1/2' });
    const id = answer.headers['x-request-id'];
    expect(answer.json().requestId).toBe(id);
    expect(http.lines).toContainEqual(
      expect.objectContaining({ request_id: id, status: 404, path: '/api/things/1/2' }),
    );
  });
});

describe('bodies', () => {
  test('200 for what fits; nothing is coerced', async () => {
    expect((await post({ name: 'a', size: null })).json()).toEqual({ got: { name: 'a', size: null } });
    expect((await post({ name: 'a', size: '7' })).json()).toMatchObject({
      oops: 'validation',
      details: [{ field: 'size', message: 'must be a whole number' }],
    });
  });

  test('400 names every field that is wrong', async () => {
    const answer = await post({ name: '', color: 'red' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().details).toEqual([
      { field: 'color', message: 'is not a known field; known are name, size' },
      { field: 'name', message: 'must not be empty' },
    ]);
    expect((await post({})).json().text).toBe('name: is required');
  });

  test.each([
    ['broken JSON', '{"name"', 'The body is not valid JSON.'],
    ['a poisoned prototype', '{"name":"a","__proto__":{"x":1}}', 'The body is not valid JSON.'],
    ['a poisoned constructor', '{"name":"a","constructor":{"prototype":{"x":1}}}', 'The body is not valid JSON.'],
    ['a list', '[]', 'body: must be an object'],
    ['nothing', '', 'body: must be an object'],
  ])('400 for %s', async (_what, text, message) => {
    const answer = await post(text);
    expect([answer.statusCode, answer.json().text]).toEqual([400, message]);
  });

  test('413 above a megabyte, 415 for another type', async () => {
    const large = await post({ name: 'x'.repeat(1024 * 1024) });
    expect([large.statusCode, large.json().oops]).toEqual([413, 'too_large']);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const other = await post('name=a', { 'content-type': type });
      expect([other.statusCode, other.json().oops]).toEqual([415, 'unsupported_media_type']);
    }
  });
});

describe('addresses', () => {
  test('404 in the dialect of the area below whose prefix it lies, else in the common one', async () => {
    expect((await http.app.inject({ url: '/api/things/1/2' })).json().oops).toBe('not_found');
    expect((await http.app.inject({ url: '/api/thingsandmore' })).json().error.code).toBe('not_found');
  });

  test('405 with the methods that there are; OPTIONS and HEAD are answered', async () => {
    const wrong = await http.app.inject({ method: 'DELETE', url: '/api/things/1' });
    expect([wrong.statusCode, wrong.headers.allow, wrong.json().oops]).toEqual([
      405,
      'GET, HEAD, OPTIONS',
      'method_not_allowed',
    ]);
    const options = await http.app.inject({ method: 'OPTIONS', url: '/api/things' });
    expect([options.statusCode, options.headers.allow]).toEqual([204, 'OPTIONS, POST']);
    const head = await http.app.inject({ method: 'HEAD', url: '/api/things/1' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  test('400 for what is no URL and for an id that is none, named', async () => {
    expect((await http.app.inject({ url: '/api/things/%ff' })).statusCode).toBe(400);
    const answer = await http.app.inject({ url: '/api/things/1.5' });
    expect([answer.statusCode, answer.json().text]).toEqual([400, 'id: must be a whole number']);
  });
});

describe('faults', () => {
  test('500 tells nothing of the fault; the request id finds it in the log', async () => {
    const answer = await http.app.inject({ url: '/api/things/broken' });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toMatch(/hunter2|Error/);
    const line = http.lines.find((one) => one.request_id === answer.json().requestId && one.msg === 'request failed');
    expect(JSON.stringify(line)).toContain('hunter2');
  });
});

describe('headers', () => {
  test('forbid framing, sniffing and foreign scripts', async () => {
    const { headers } = await http.app.inject({ url: '/' });
    expect(headers['content-security-policy']).toContain("script-src 'self';");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
  });
});

describe('probes', () => {
  test('200 live and ready; 503 ready while draining and while the database is away', async () => {
    const own = await createHttpAssembly();
    const status = async (url: string) => (await own.app.inject({ url })).statusCode;
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 200]);
    own.health.drain();
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503]);

    const away = await createHttpAssembly();
    await away.database.drop();
    expect((await away.app.inject({ url: '/health/ready' })).statusCode).toBe(503);
    expect(await away.health.report()).toMatchObject({ success: false, data: { database: 'disconnected' } });
  });
});

describe('console', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longshore-console-'));
    await mkdir(path.join(folder, 'assets'));
    await writeFile(path.join(folder, 'index.html'), '<title>Longshore console</title>');
    await writeFile(path.join(folder, 'assets/app-1a2b3c.js'), 'export {};');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('a page that helps when it is not built', async () => {
    const answer = await http.app.inject({ url: '/' });
    expect([answer.statusCode, answer.body]).toEqual([200, expect.stringContaining('npm run build')]);
  });

  test('assets for ever, the page anew each time, for each of its own addresses', async () => {
    const { app } = await createHttpAssembly({
      consoleFolder: folder,
      areas: () => [testArea(registerThings, dialect)],
    });
    const asset = await app.inject({ url: '/assets/app-1a2b3c.js' });
    expect([asset.statusCode, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await app.inject({ url: '/assets/../index.html' })).statusCode).not.toBe(500);
    expect((await app.inject({ url: '/assets/gone.js' })).statusCode).toBe(404);
    for (const url of ['/', '/tasks/7']) {
      const page = await app.inject({ url, headers: { accept: 'text/html,*/*' } });
      expect([page.statusCode, page.headers['cache-control']]).toEqual([200, 'no-cache']);
      expect(page.body).toContain('Longshore console');
    }
    const api = await app.inject({ url: '/api/things/1/2', headers: { accept: 'text/html' } });
    expect([api.statusCode, api.json().oops]).toEqual([404, 'not_found']);
  });
});
