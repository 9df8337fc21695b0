import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { datasyncExecutors } from '../../src/areas/datasync/executor/data-sync.ts';
import { findMasterKey } from '../../src/auth/master-key.ts';
import { startWorker } from '../../src/bin/worker.ts';
import { createOutbound } from '../../src/connections/outbound.ts';
import { type Answer, startTestServer, type TestServer } from '../support/api-server.ts';
import { afterFile } from '../support/cleanup.ts';
import { silent } from '../support/database.ts';
import { eventually, temporaryFolder } from '../support/serving.ts';

/*
 * What comes in: the data-sync contract's chapter on pushes, streams, webhooks and files, endpoint by endpoint, over a
 * real socket, up to the rows that a real worker makes of it.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const NDJSON = 'application/x-ndjson';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ maxUploadMb: 1 });
  const guard = { allowPrivate: false };
  const outbound = createOutbound(guard);
  const exportDir = await temporaryFolder('exports');
  const { stop } = await startWorker({
    databaseUrl: server.database.url,
    directDatabaseUrl: server.database.directUrl,
    masterKey: await findMasterKey(server.config),
    logCapBytes: 1_000_000,
    executors: datasyncExecutors({ outbound, guard, exportDir }),
    logger: silent,
  });
  afterFile(async () => {
    await stop(0);
    await outbound.close();
  });
});

let sources = 0;
/** A dataset that nothing has been pushed to. */
function newSource(): string {
  sources += 1;
  return `source ${sources}`;
}

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

const pushBatch = (body: unknown, headers: Record<string, string> = {}) =>
  server.call('POST', '/v1/sync/push/batch', { body, headers });

function record(id: string, data: object = { name: id }, metadata?: object) {
  return { id, data, ...(metadata ? { metadata } : {}) };
}

/** Waits until a request's load has ended. */
async function ended(requestId: string): Promise<Answer['body']> {
  return eventually(async () => {
    const { body } = await server.call('GET', `/v1/sync/push/requests/${requestId}`);
    return body.status === 'processing' ? undefined : body;
  });
}

function rowsOf(source: string, columns = '_id, name'): Promise<object[]> {
  return server.store.query(`SELECT ${columns} FROM data."${source}" ORDER BY _id`);
}

describe('POST /push/batch', () => {
  test('200 with what the contract shows; its records are in the dataset that is named by source', async () => {
    const answer = await pushBatch({
      source: 'erp_system',
      records: [
        {
          id: 'rec_001',
          data: { name: 'Product A', price: 99.99 },
          metadata: { updated_at: '2024-01-01T00:00:00Z' },
        },
      ],
      options: { upsert: true, validate: true, transform: true },
    });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        request_id: expect.stringMatching(/^req_\d+$/),
        accepted: 1,
        rejected: 0,
        errors: [],
        processing_time_ms: expect.any(Number),
      },
    ]);
    const { request_id } = answer.body;
    expect(await ended(request_id)).toEqual({
      request_id,
      kind: 'batch',
      source: 'erp_system',
      status: 'completed',
      accepted: 1,
      rejected: 0,
      errors: [],
      error: null,
      accepted_offset: null,
      run_id: expect.stringMatching(/^run_\d+$/),
      created_at: expect.stringMatching(ISO),
      finished_at: expect.stringMatching(ISO),
    });
    const [row] = await server.store.query('SELECT * FROM data.erp_system');
    expect(row).toMatchObject({
      _id: 'rec_001',
      name: 'Product A',
      price: 99.99,
      _metadata: { updated_at: '2024-01-01T00:00:00Z' },
      _updated_at: new Date('2024-01-01T00:00:00Z'),
    });
  });

  test('200 when some records are not taken: each is named with the reason, the others are there', async () => {
    const source = newSource();
    const deep = JSON.parse(`${'{"a":'.repeat(80)}1${'}'.repeat(80)}`);
    const records = [
      record('ok 1'),
      { data: {} },
      { id: '', data: {} },
      { id: 1.5, data: {} },
      { id: 'no data' },
      { id: 'list', data: [] },
      { id: 'unknown', data: {}, more: 1 },
      { id: 'time', data: {}, metadata: { updated_at: 'yesterday' } },
      { id: 'reserved', data: { _id: 1 } },
      { id: 'nul', data: { a: 'x\0y' } },
      { id: 'half', data: { a: '\ud800' } },
      { id: 'deep', data: deep },
      { id: 'long', data: { ['名'.repeat(22)]: 1 } },
      'text',
      null,
      record('ok 2'),
    ];
    const { status, body } = await pushBatch({ source, records });
    expect([status, body.accepted, body.rejected]).toEqual([200, 2, 14]);
    const code = 'VALIDATION_ERROR';
    const message = expect.any(String);
    expect(body.errors).toEqual([
      { index: 1, id: null, code, message: 'id: is required' },
      { index: 2, id: '', code, message },
      { index: 3, id: '1.5', code, message },
      { index: 4, id: 'no data', code, message: 'data: is required' },
      { index: 5, id: 'list', code, message },
      { index: 6, id: 'unknown', code, message: expect.stringContaining('more') },
      { index: 7, id: 'time', code, message: expect.stringContaining('metadata.updated_at') },
      { index: 8, id: 'reserved', code, message: expect.stringContaining('data._id') },
      { index: 9, id: 'nul', code, message: expect.stringContaining('data.a') },
      { index: 10, id: 'half', code, message: expect.stringContaining('data.a') },
      { index: 11, id: 'deep', code, message: expect.stringContaining('nested') },
      { index: 12, id: 'long', code, message: expect.stringContaining('63 bytes') },
      { index: 13, id: null, code, message },
      { index: 14, id: null, code, message },
    ]);
    const request = await ended(body.request_id);
    expect(request).toMatchObject({ status: 'completed', accepted: 2, rejected: 14, errors: body.errors });
    expect(await rowsOf(source)).toEqual([
      { _id: 'ok 1', name: 'ok 1' },
      { _id: 'ok 2', name: 'ok 2' },
    ]);
  });

  test('200 when no record is taken; there is nothing to load', async () => {
    const { status, body } = await pushBatch({ source: newSource(), records: [{}] });
    expect([status, body.accepted, body.rejected]).toEqual([200, 0, 1]);
    expect(await ended(body.request_id)).toMatchObject({ status: 'completed', run_id: null });
  });

  test('200 keeps what JSON can say: whole numbers of any size, any text', async () => {
    const source = newSource();
    const body = `{"source":"${source}","records":[{"id":9007199254740993,"data":{"n":12345678901234567890,"名":"中文 🚀"}}]}`;
    const answer = await pushBatch(body);
    expect(answer.body).toMatchObject({ accepted: 1, rejected: 0 });
    await ended(answer.body.request_id);
    expect(await rowsOf(source, '_id, n::text, "名"')).toEqual([
      { _id: '9007199254740993', n: '12345678901234567890', 名: '中文 🚀' },
    ]);
  });

  test('an upsert takes the place of its record; one that is older than what is stored does not', async () => {
    const source = newSource();
    const at = (day: number, name: string, id = 'a') =>
      record(id, { name }, { updated_at: `2024-01-${String(day).padStart(2, '0')}T00:00:00Z` });
    const push = async (...records: object[]) => ended((await pushBatch({ source, records })).body.request_id);
    await push(at(5, 'first'), record('b', { name: 'b' }));
    await push(at(3, 'older'), record('b', { name: 'b again' }));
    expect(await rowsOf(source)).toEqual([
      { _id: 'a', name: 'first' },
      { _id: 'b', name: 'b again' },
    ]);
    await push(at(8, 'newest'), at(7, 'newer'));
    expect(await rowsOf(source)).toEqual([
      { _id: 'a', name: 'newest' },
      { _id: 'b', name: 'b again' },
    ]);
  });

  test("goes through the dataset's transformations and rules, where it has some and unless told otherwise", async () => {
    const source = newSource();
    const dataset = {
      name: source,
      schema: {
        columns: [
          { name: 'name', type: 'text', required: true, max_length: 5 },
          { name: 'age', type: 'integer', min: 0 },
          { name: 'a.b', type: 'text', values: ['x', 'y'] },
        ],
      },
      transformations: [{ type: 'value_transform', config: { op: 'upper', field: 'name' } }],
    };
    const made = await server.call('POST', '/v1/sync/datasets', { body: dataset });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const records = [
      record('1', { name: 'ada', age: '36', 'a.b': 'x' }),
      record('2', { name: 'bob', age: 'old' }),
      record('3', { age: 5 }),
      record('4', { name: 'too long' }),
      record('5', { name: 'eve', age: -1 }),
      record('6', { name: 'fay', 'a.b': 'z' }),
    ];
    const { body } = await pushBatch({ source, records });
    const request = await ended(body.request_id);
    expect(request).toMatchObject({ status: 'completed', accepted: 1, rejected: 5 });
    expect(request.errors).toEqual(
      ['age', 'name', 'name', 'age', 'a.b'].map((field, index) => ({
        index: index + 1,
        id: String(index + 2),
        code: 'NOT_LOADED',
        message: expect.stringContaining(field),
      })),
    );
    expect(await rowsOf(source, '_id, name, age')).toEqual([{ _id: '1', name: 'ADA', age: 36 }]);
    const options = { validate: false, transform: false };
    await ended(
      (await pushBatch({ source, records: [record('7', { name: 'as it is', age: -5 })], options })).body.request_id,
    );
    expect((await rowsOf(source, '_id, name, age')).at(-1)).toEqual({ _id: '7', name: 'as it is', age: -5 });
  });

  test('with upsert false each record is a row of its own', async () => {
    const source = newSource();
    for (const name of ['one', 'two']) {
      const answer = await pushBatch({ source, records: [record('x', { name })], options: { upsert: false } });
      await ended(answer.body.request_id);
    }
    expect(await rowsOf(source, '_id, name')).toHaveLength(2);
  });

  test('pushes at the same moment into one dataset all arrive', async () => {
    const source = newSource();
    const pushes = Array.from({ length: 12 }, (_, index) =>
      pushBatch({ source, records: [record('same', { name: 'same' }), record(`own ${index}`)] }),
    );
    const answers = await Promise.all(pushes);
    for (const { body } of answers) {
      expect(await ended(body.request_id)).toMatchObject({ status: 'completed', error: null });
    }
    expect(await rowsOf(source)).toHaveLength(13);
  });

  test('a repeat with its Idempotency-Key is answered with the first answer, and pushes nothing', async () => {
    const source = newSource();
    const headers = { 'Idempotency-Key': 'batch-1' };
    const first = await pushBatch({ source, records: [record('a')] }, headers);
    const second = await pushBatch({ source, records: [record('a')] }, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    const other = await pushBatch({ source, records: [record('b')] }, headers);
    expect([other.status, other.body]).toEqual([409, failure('CONFLICT', 'Idempotency-Key')]);
  });

  test('400 for 10,001 records and for what is no batch, naming the field; 10,000 are taken', async () => {
    const many = Array.from({ length: 10_001 }, (_, index) => record(String(index)));
    const source = newSource();
    const cases: [unknown, string | undefined][] = [
      [{ source, records: many }, 'records'],
      [{ source, records: [] }, 'records'],
      [{ source }, 'records'],
      [{ source, records: {} }, 'records'],
      [{ records: [record('a')] }, 'source'],
      [{ source: ' ', records: [record('a')] }, 'source'],
      [{ source: '_longshore_sync', records: [record('a')] }, 'source'],
      [{ source: 'a\nb', records: [record('a')] }, 'source'],
      [{ source, records: [record('a')], options: { upsert: 'yes' } }, 'options.upsert'],
      [{ source, records: [record('a')], options: { more: 1 } }, 'options.more'],
      [{ source, records: [record('a')], more: 1 }, 'more'],
      ['{"source":', undefined],
      ['', undefined],
      [`{"source":"s","records":${'['.repeat(1000)}${']'.repeat(1000)}}`, undefined],
    ];
    for (const [body, field] of cases) {
      const answer = await pushBatch(body);
      expect([answer.status, answer.body], field).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    const taken = await pushBatch({ source, records: many.slice(1) });
    expect([taken.status, taken.body.accepted]).toEqual([200, 10_000]);
    expect(await ended(taken.body.request_id)).toMatchObject({ status: 'completed', accepted: 10_000 });
  });

  test('401 and 403 for who may not; 413 for more than 16 MiB; 415 for another type', async () => {
    const body = { source: newSource(), records: [record('a')] };
    expect((await server.call('POST', '/v1/sync/push/batch', { token: '', body })).status).toBe(401);
    const token = await server.apiKey('sync:read');
    expect((await server.call('POST', '/v1/sync/push/batch', { token, body })).status).toBe(403);
    expect((await pushBatch(`{"source":"${'x'.repeat(16 * 1024 * 1024)}"}`)).status).toBe(413);
    expect((await pushBatch('a,b', { 'Content-Type': 'text/csv' })).status).toBe(415);
  });

  test('its answers say how many more there may be: 100 a minute', async () => {
    const token = await server.apiKey('sync:write');
    const { headers } = await server.call('POST', '/v1/sync/push/batch', { token, body: {} });
    expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['100', '99']);
  });
});

interface Streamed {
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly token?: string;
}

async function pushStream(source: string, body: string | Buffer<ArrayBuffer>, how: Streamed = {}): Promise<Answer> {
  const url = `${server.url}/v1/sync/push/stream?source=${encodeURIComponent(source)}${how.query ?? ''}`;
  const headers = {
    'Content-Type': NDJSON,
    Authorization: `Bearer ${how.token ?? server.adminToken}`,
    ...how.headers,
  };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

function line(id: string, data: object = { name: id }): string {
  return `${JSON.stringify({ id, data })}\n`;
}

/** `count` records, about 100 bytes each. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, index) =>
    line(String(index).padStart(7, '0'), { name: 'x'.repeat(60) }),
  ).join('');
}

function packed(body: string | Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(gzipSync(body));
}

/** Sends the beginning of a body that is to be longer, waits until `seen`, and cuts the connection. */
async function sendAndCut(path: string, headers: Record<string, string>, bytes: string, seen: () => Promise<unknown>) {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const fields = { Host: hostname, Authorization: `Bearer ${server.adminToken}`, ...headers };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join('')}Content-Length: 1000000000\r\n\r\n`);
  socket.write(bytes);
  await eventually(async () => ((await seen()) ? true : undefined));
  socket.destroy();
  await once(socket, 'close');
}

async function countOf(sql: string, params: unknown[] = []): Promise<number> {
  const [row] = await server.store.query<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`, params);
  return row?.n ?? 0;
}

const streamPath = (source: string) => `/v1/sync/push/stream?source=${encodeURIComponent(source)}`;

describe('POST /push/stream', () => {
  test('200 with one summary for the lines of the contract, which are in the dataset then', async () => {
    const source = newSource();
    const body =
      '{"id": "1", "data": {"name": "A"}}\n{"id": "2", "data": {"name": "B"}}\n{"id": "3", "data": {"name": "C"}}';
    const answer = await pushStream(source, body);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        request_id: expect.stringMatching(/^req_\d+$/),
        accepted: 3,
        rejected: 0,
        errors: [],
        errors_omitted: 0,
        accepted_offset: body.length,
        processing_time_ms: expect.any(Number),
      },
    ]);
    expect(await ended(answer.body.request_id)).toMatchObject({ kind: 'stream', status: 'completed', accepted: 3 });
    expect(await rowsOf(source)).toEqual([
      { _id: '1', name: 'A' },
      { _id: '2', name: 'B' },
      { _id: '3', name: 'C' },
    ]);
  });

  test('bad lines are reported by number, the rest goes on', async () => {
    const source = newSource();
    const body = Buffer.concat([
      Buffer.from(`\ufeff${line('1')}\r\n`),
      Buffer.from('no json\n'),
      Buffer.from('{"id":"4","data":{"name":"'),
      Buffer.of(0xff, 0xfe),
      Buffer.from('"}}\n'),
      Buffer.from(line('5', { name: '中文 🚀' })),
      Buffer.from('{"id":"6","data":{"name":"\\ud83d\\ude80"}}\n'),
      Buffer.from('{"id":"7","data":{"name":"\\u0000"}}\n'),
      Buffer.from(line('8', { name: 'y'.repeat(1024 * 1024) })),
      Buffer.from(line('9')),
      Buffer.from('{"id":"10"}'),
    ]);
    const answer = await pushStream(source, body);
    expect(answer.body).toMatchObject({ accepted: 4, rejected: 5, errors_omitted: 0 });
    expect(answer.body.errors).toEqual([
      { line: 3, id: null, code: 'INVALID_JSON', message: expect.any(String) },
      { line: 4, id: null, code: 'INVALID_ENCODING', message: expect.any(String) },
      { line: 7, id: '7', code: 'VALIDATION_ERROR', message: expect.stringContaining('data.name') },
      { line: 8, id: null, code: 'LINE_TOO_LONG', message: expect.any(String) },
      { line: 10, id: '10', code: 'VALIDATION_ERROR', message: 'data: is required' },
    ]);
    await ended(answer.body.request_id);
    expect(await rowsOf(source)).toEqual([
      { _id: '1', name: '1' },
      { _id: '5', name: '中文 🚀' },
      { _id: '6', name: '🚀' },
      { _id: '9', name: '9' },
    ]);
  });

  test('of bad lines the first 100 are told, the others counted', async () => {
    const { body } = await pushStream(newSource(), 'x\n'.repeat(250));
    expect([body.accepted, body.rejected, body.errors.length, body.errors_omitted]).toEqual([0, 250, 100, 150]);
    expect(body.errors[99].line).toBe(100);
  });

  test('a record that its load refuses is told by its line', async () => {
    const source = newSource();
    await ended((await pushStream(source, line('3'))).body.request_id);
    const body = `no json\n${line('2')}${line('3')}${line('4')}`;
    const answer = await pushStream(source, body, { query: '&upsert=false' });
    const request = await ended(answer.body.request_id);
    expect(request).toMatchObject({ status: 'completed', accepted: 2, rejected: 2 });
    expect(request.errors).toEqual([
      { line: 1, id: null, code: 'INVALID_JSON', message: expect.any(String) },
      { line: 3, id: '3', code: 'NOT_LOADED', message: expect.any(String) },
    ]);
  });

  test('gzip is unpacked as it comes; a bomb, a broken one and other encodings are refused', async () => {
    const source = newSource();
    const headers = { 'Content-Encoding': 'gzip' };
    const good = await pushStream(source, packed(lines(20_000)), { headers });
    expect(good.body).toMatchObject({ accepted: 20_000, rejected: 0 });
    expect(await ended(good.body.request_id)).toMatchObject({ status: 'completed', accepted: 20_000 });
    const bomb = await pushStream(source, packed(Buffer.alloc(80 * 1024 * 1024, '\n')), { headers });
    expect([bomb.status, bomb.body]).toEqual([400, failure('VALIDATION_ERROR', 'body')]);
    const cut = await pushStream(source, packed(lines(100)).subarray(0, 200), { headers });
    expect([cut.status, cut.body]).toEqual([400, failure('VALIDATION_ERROR', 'body')]);
    expect((await pushStream(source, 'x', { headers: { 'Content-Encoding': 'br' } })).status).toBe(415);
    expect(await countOf('longshore.push_requests WHERE source = $1', [source])).toBe(1);
  });

  test('400, 401, 403, 415 for what is malformed, not permitted or of another type', async () => {
    const cases: [string, Streamed, string][] = [
      ['', {}, 'source'],
      ['a\nb', {}, 'source'],
      ['s', { query: '&upsert=maybe' }, 'upsert'],
      ['s', { headers: { 'X-Request-Offset': '-1' } }, 'X-Request-Offset'],
      ['s', { headers: { 'Idempotency-Key': 'a b' } }, 'Idempotency-Key'],
    ];
    for (const [source, how, field] of cases) {
      const answer = await pushStream(source, line('1'), how);
      expect([answer.status, answer.body], field).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    expect((await pushStream('s', line('1'), { token: 'nobody' })).status).toBe(401);
    expect((await pushStream('s', line('1'), { token: await server.apiKey('sync:read') })).status).toBe(403);
    for (const type of ['text/plain', 'application/json']) {
      expect((await pushStream('s', line('1'), { headers: { 'Content-Type': type } })).status, type).toBe(415);
    }
  });

  test('one that is cut and has no key leaves nothing', async () => {
    const source = newSource();
    const blobs = await countOf('longshore.blobs');
    await sendAndCut(streamPath(source), { 'Content-Type': NDJSON }, lines(20_000), () =>
      countOf('longshore.blob_chunks c JOIN longshore.push_requests p USING (blob_id) WHERE p.source = $1', [source]),
    );
    await eventually(async () =>
      (await countOf('longshore.push_requests WHERE source = $1', [source])) === 0 ? true : undefined,
    );
    expect(await countOf('longshore.blobs')).toBe(blobs);
    expect(await countOf("longshore.runs WHERE name LIKE '%' || $1", [source])).toBe(0);
  });

  test('one that is cut goes on with its key where it stopped; each record arrives once', async () => {
    const source = newSource();
    const whole = lines(30_000);
    const headers = { 'Content-Type': NDJSON, 'Idempotency-Key': 'cut 1'.replace(' ', '-') };
    const received = async () => {
      const [row] = await server.store.query<{ received: number }>(
        'SELECT received FROM longshore.push_streams s JOIN longshore.push_requests p ON p.id = request_id WHERE source = $1',
        [source],
      );
      return row?.received ?? 0;
    };
    const first = whole.slice(0, 2_500_050);
    await sendAndCut(streamPath(source), headers, first, async () => (await received()) > 1_000_000);
    // All whole lines that had come; the beginning of the next one not.
    const sent = first.lastIndexOf('\n') + 1;
    await eventually(async () => ((await received()) === sent ? true : undefined));

    const behind = await pushStream(source, 'x', { headers: { ...headers, 'X-Request-Offset': String(sent + 1) } });
    expect([behind.status, behind.body]).toEqual([409, failure('CONFLICT', 'X-Request-Offset')]);
    expect(behind.headers.get('x-accepted-offset')).toBe(String(sent));

    // From before that place: what is here already is passed over.
    const from = sent - 1234;
    const answer = await pushStream(source, whole.slice(from), {
      headers: { ...headers, 'X-Request-Offset': String(from) },
    });
    expect(answer.body).toMatchObject({ accepted: 30_000, rejected: 0, accepted_offset: whole.length });
    const again = await pushStream(source, whole, { headers });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(answer.body);

    const request = await ended(answer.body.request_id);
    expect(request).toMatchObject({ status: 'completed', accepted: 30_000, accepted_offset: whole.length });
    const [{ n, ids } = { n: 0, ids: 0 }] = await server.store.query<{ n: number; ids: number }>(
      `SELECT count(*) AS n, count(DISTINCT _id) AS ids FROM data."${source}"`,
    );
    expect([n, ids]).toEqual([30_000, 30_000]);
  });

  test('line numbers and errors go on through all parts of an upload', async () => {
    const source = newSource();
    const headers = { 'Content-Type': NDJSON, 'Idempotency-Key': 'parts' };
    const part = `${line('1')}bad\n${lines(10_000)}`;
    const chunks = () => countOf('longshore.push_streams WHERE key = $1 AND lines = 10002', ['parts']);
    await sendAndCut(streamPath(source), headers, part, async () => {
      // Less than a block has come after the last one: it is written when the connection breaks.
      return countOf('longshore.push_streams WHERE key = $1 AND lines > 0', ['parts']);
    });
    await eventually(async () => ((await chunks()) ? true : undefined));
    const answer = await pushStream(source, `${part}bad too\n${line('last')}`, { headers });
    expect(answer.body).toMatchObject({ accepted: 10_002, rejected: 2 });
    expect(answer.body.errors.map((error: { line: number }) => error.line)).toEqual([2, 10_003]);
  });

  test('409 for a key that another dataset was meant with; 413 beyond 1 GiB', async () => {
    const source = newSource();
    const headers = { 'Idempotency-Key': 'big' };
    await pushStream(source, line('1'), { headers });
    const other = await pushStream(newSource(), line('1'), { headers });
    expect([other.status, other.body]).toEqual([409, failure('CONFLICT', 'source')]);
    // As if nearly all of it had come, and the connection had then been cut.
    const gigabyte = 1024 * 1024 * 1024;
    await server.store.query(`UPDATE longshore.push_requests SET complete = false WHERE source = $1`, [source]);
    await server.store.query(`UPDATE longshore.push_streams SET received = $1 WHERE key = 'big'`, [gigabyte - 10]);
    const beyond = await pushStream(source, line('2'), {
      headers: { ...headers, 'X-Request-Offset': String(gigabyte - 10) },
    });
    expect([beyond.status, beyond.body]).toEqual([413, failure('PAYLOAD_TOO_LARGE')]);
  });
});

async function upload(
  form: Record<string, string | [string, string | Buffer<ArrayBuffer>]>,
  how: Streamed = {},
): Promise<Answer> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form)) {
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, new Blob([value[1]]), value[0]);
  }
  return sendForm(body, how);
}

async function sendForm(body: FormData, how: Streamed = {}): Promise<Answer> {
  const headers = { Authorization: `Bearer ${how.token ?? server.adminToken}`, ...how.headers };
  const response = await fetch(`${server.url}/v1/sync/push/file`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const fileOf = (id: string) => server.call('GET', `/v1/sync/files/${id}`);

async function loaded(id: string): Promise<Answer['body']> {
  return eventually(async () => {
    const { body } = await fileOf(id);
    return body.status === 'processing' ? undefined : body;
  });
}

describe('POST /push/file', () => {
  const csv = 'id,name,价格\n1,张三,9.5\n2,李四 🚀,12\n';

  test('202 with what the contract shows; then its records are counted, and in the dataset', async () => {
    const source = newSource();
    const answer = await upload({ file: ['data.csv', csv], format: 'csv', options: JSON.stringify({ source }) });
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        file_id: expect.stringMatching(/^file_\d+$/),
        filename: 'data.csv',
        size_bytes: Buffer.byteLength(csv),
        records_count: null,
        status: 'processing',
      },
    ]);
    const { file_id } = answer.body;
    expect(await loaded(file_id)).toEqual({
      ...answer.body,
      records_count: 2,
      status: 'completed',
      format: 'csv',
      dataset: source,
      rejected_count: 0,
      errors: [],
      error: null,
      run_id: expect.stringMatching(/^run_\d+$/),
      created_at: expect.stringMatching(ISO),
      finished_at: expect.stringMatching(ISO),
    });
    expect(await server.store.query(`SELECT id, name, "价格" FROM data."${source}" ORDER BY id`)).toEqual([
      { id: 1, name: '张三', 价格: 9.5 },
      { id: 2, name: '李四 🚀', 价格: 12 },
    ]);
  });

  test('the format and the dataset are taken from the name, unless they are told', async () => {
    const name = `uploaded ${newSource()}`;
    const answer = await upload({ file: [`some/path/${name}.ndjson`, '{"a":1}\n'] });
    expect(answer.body.filename).toBe(`${name}.ndjson`);
    expect(await loaded(answer.body.file_id)).toMatchObject({ format: 'ndjson', dataset: name, records_count: 1 });
  });

  test('upserts by key_columns, reads GBK, and tells the lines that were refused', async () => {
    const source = newSource();
    const options = { source, mode: 'upsert', key_columns: ['id'] };
    const ndjson = '{"id":1,"name":"a"}\nno json\n{"id":2,"name":"b"}\n';
    const first = await upload({ file: ['a.ndjson', ndjson], options: JSON.stringify(options) });
    expect(await loaded(first.body.file_id)).toMatchObject({
      records_count: 3,
      rejected_count: 1,
      errors: [{ line: 2, message: expect.stringContaining('JSON') }],
    });
    // 中 in GBK.
    const gbk = Buffer.concat([Buffer.from('id;name\n2;'), Buffer.of(0xd6, 0xd0), Buffer.from('\n')]);
    const told = JSON.stringify({ ...options, encoding: 'gbk', delimiter: ';' });
    const second = await upload({ file: ['b.csv', gbk], options: told });
    await loaded(second.body.file_id);
    expect(await server.store.query(`SELECT id, name FROM data."${source}" ORDER BY id`)).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: '中' },
    ]);
  });

  test('a file that cannot be read is failed, and says why', async () => {
    const answer = await upload({ file: ['a.parquet', Buffer.from('PAR1 and then nothing')] });
    const file = await loaded(answer.body.file_id);
    expect(file).toMatchObject({ status: 'failed', records_count: null, error: expect.any(String) });
  });

  test('with load false it is kept for jobs, which read it by its id', async () => {
    const answer = await upload({ file: ['kept.csv', csv], options: '{"load":false}' });
    expect(answer.body).toMatchObject({ status: 'completed', records_count: null });
    const { file_id } = answer.body;
    expect((await fileOf(file_id)).body).toMatchObject({ status: 'completed', dataset: null, run_id: null });
    const job = {
      name: 'of a file',
      connector: { type: 'file', config: { file_id, format: 'csv' } },
      destination: { type: 'database', table: 'of_a_file' },
    };
    const { body } = await server.call('POST', '/v1/sync/jobs', { body: job });
    await server.call('POST', `/v1/sync/jobs/${body.id}/start`);
    await eventually(async () => {
      const { status } = (await server.call('GET', `/v1/sync/jobs/${body.id}`)).body;
      return status === 'completed' ? true : undefined;
    });
    expect(await countOf('data.of_a_file')).toBe(2);
  });

  test('a repeat with its Idempotency-Key is answered with the first file; another file with it is refused', async () => {
    const headers = { 'Idempotency-Key': 'file-1' };
    const options = JSON.stringify({ source: newSource() });
    const first = await upload({ file: ['a.csv', csv], options }, { headers });
    const blobs = await countOf('longshore.blobs');
    const again = await upload({ file: ['a.csv', csv], options }, { headers });
    expect([again.status, again.body]).toEqual([202, first.body]);
    const other = await upload({ file: ['a.csv', `${csv}3,x,1\n`], options }, { headers });
    expect([other.status, other.body]).toEqual([409, failure('CONFLICT', 'Idempotency-Key')]);
    expect(await countOf('longshore.blobs')).toBe(blobs);
  });

  test('400 for a form that is not as it should be, naming the field; nothing is kept of it', async () => {
    const blobs = await countOf('longshore.blobs');
    const file: [string, string] = ['data.csv', csv];
    const cases: [Parameters<typeof upload>[0], string][] = [
      [{ format: 'csv' }, 'file'],
      [{ file: 'text' }, 'file'],
      [{ file: ['data.csv', ''] }, 'file'],
      [{ file, format: 'xls' }, 'format'],
      [{ file: ['data', csv] }, 'format'],
      [{ file, format: 'parquet' }, 'format'],
      [{ file: ['a.csv', 'PAR1'] }, 'format'],
      [{ file, format: 'excel' }, 'format'],
      [{ file: ['_longshore_sync.csv', csv] }, 'options.source'],
      [{ file, options: '{' }, 'options'],
      [{ file, options: '[]' }, 'options'],
      [{ file, options: '{"mode":"replace"}' }, 'options.mode'],
      [{ file, options: '{"mode":"upsert"}' }, 'options.key_columns'],
      [{ file, options: '{"sheets":1}' }, 'options.sheets'],
      [{ file, more: 'x' }, 'more'],
      [{ more: file }, 'more'],
    ];
    for (const [form, field] of cases) {
      const answer = await upload(form);
      expect([answer.status, answer.body], JSON.stringify(form)).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    const two = new FormData();
    two.append('file', new Blob([csv]), 'a.csv');
    two.append('file', new Blob([csv]), 'b.csv');
    const answer = await sendForm(two);
    expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', 'file')]);
    expect(await countOf('longshore.blobs')).toBe(blobs);
  });

  test('400 for what is no form, 401, 403, 415; 413 for a file beyond LONGSHORE_MAX_UPLOAD_MB', async () => {
    const send = (type: string, body: string) =>
      server.call('POST', '/v1/sync/push/file', { headers: { 'Content-Type': type }, body });
    expect((await send('multipart/form-data', 'x')).status).toBe(400);
    expect((await send('multipart/form-data; boundary=x', 'no part at all')).status).toBe(400);
    expect((await send('application/json', '{}')).status).toBe(415);
    const file: [string, string] = ['data.csv', csv];
    expect((await upload({ file }, { token: 'nobody' })).status).toBe(401);
    expect((await upload({ file }, { token: await server.apiKey('sync:read') })).status).toBe(403);
    const blobs = await countOf('longshore.blobs');
    const large = await upload({ file: ['large.csv', 'x'.repeat(1024 * 1024 + 1)] });
    expect([large.status, large.body]).toEqual([413, failure('PAYLOAD_TOO_LARGE', 'file')]);
    expect(await countOf('longshore.blobs')).toBe(blobs);
  });

  test('one that is cut leaves nothing', async () => {
    const blobs = await countOf('longshore.blobs');
    const form = '--b\r\nContent-Disposition: form-data; name="file"; filename="cut.csv"\r\n\r\n';
    await sendAndCut(
      '/v1/sync/push/file',
      { 'Content-Type': 'multipart/form-data; boundary=b' },
      form + csv,
      async () => (await countOf('longshore.blobs')) > blobs,
    );
    await eventually(async () => ((await countOf('longshore.blobs')) === blobs ? true : undefined));
  });

  test('404 for a file and a request that do not exist, or that are something else', async () => {
    const { body } = await pushBatch({ source: newSource(), records: [record('a')] });
    const [{ blob_id } = { blob_id: 0 }] = await server.store.query<{ blob_id: number }>(
      'SELECT blob_id FROM longshore.push_requests WHERE id = $1',
      [Number(body.request_id.slice(4))],
    );
    for (const id of ['file_999999', `file_${blob_id}`, 'data.csv', 'req_1']) {
      expect((await fileOf(id)).body, id).toEqual(failure('NOT_FOUND'));
    }
    for (const id of ['req_999999', 'file_1', '1']) {
      expect((await server.call('GET', `/v1/sync/push/requests/${id}`)).status, id).toBe(404);
    }
  });
});

interface Hook {
  readonly id: string;
  readonly secret: string;
}

let hooks = 0;
async function newHook(change: object = {}): Promise<Hook> {
  hooks += 1;
  const answer = await server.call('POST', '/v1/sync/webhooks', {
    body: { name: `hook ${hooks}`, source: newSource(), ...change },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

const now = () => Math.floor(Date.now() / 1000);

/** What a sender that knows the secret sends, with `change` over it. */
function deliver(
  hook: Hook,
  body: string,
  change: Record<string, string | undefined> = {},
  at = now(),
): Promise<Answer> {
  const signature = createHmac('sha256', hook.secret).update(`${at}.${body}`).digest('hex');
  const signed = { 'X-Timestamp': String(at), 'X-Signature': signature, ...change };
  const headers = Object.fromEntries(Object.entries(signed).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return server.call('POST', `/v1/sync/push/webhook/${hook.id}`, { token: '', body, headers });
}

describe('webhooks', () => {
  test('201 with an address and a secret that is shown this once; listed, read, deleted', async () => {
    const schema = { type: 'object', required: ['order'] };
    const body = { name: 'orders', source: 'orders', schema };
    const created = await server.call('POST', '/v1/sync/webhooks', { body });
    expect([created.status, created.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^wh_\w+$/),
        ...body,
        url: `${server.url}/v1/sync/push/webhook/${created.body.id}`,
        secret: expect.stringMatching(/^whsec_\w{32}$/),
        created_at: expect.stringMatching(ISO),
      },
    ]);
    const { secret, ...shown } = created.body;
    const path = `/v1/sync/webhooks/${shown.id}`;
    expect((await server.call('GET', path)).body).toEqual(shown);
    const { body: list } = await server.call('GET', '/v1/sync/webhooks');
    expect([list.items[0], list.page, list.per_page]).toEqual([shown, 1, 20]);
    const stored = await server.store.query('SELECT secret::text FROM longshore.webhooks WHERE id = $1', [shown.id]);
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', path)).status).toBe(404);
    expect((await server.call('DELETE', path)).status).toBe(404);
    expect((await deliver({ id: shown.id, secret }, '{"order":1}')).status).toBe(404);
    expect(await countOf('longshore.secrets WHERE owner = $1', [`webhook:${shown.id}`])).toBe(0);
  });

  test('409 for a name that is taken; 400 for a schema that is none or that could cost too much; 403', async () => {
    await newHook({ name: 'taken' });
    const again = await server.call('POST', '/v1/sync/webhooks', { body: { name: 'taken', source: 's' } });
    expect([again.status, again.body]).toEqual([409, failure('CONFLICT')]);
    const doubled = Object.fromEntries(
      Array.from({ length: 20 }, (_, level) => [
        `s${level}`,
        { allOf: [{ $ref: `#/$defs/s${level + 1}` }, { $ref: `#/$defs/s${level + 1}` }] },
      ]),
    );
    const schemas: object[] = [
      { type: 'objekt' },
      { typo: 1 },
      { $ref: 'https://example.com/schema' },
      { $ref: '#/$defs/nothing' },
      { $ref: '#' },
      { properties: { a: { pattern: '(a)\\1' } } },
      { properties: { a: { pattern: '(' } } },
      { items: { uniqueItems: true } },
      { $defs: { ...doubled, s20: {} }, $ref: '#/$defs/s0' },
      { enum: Array.from({ length: 20_000 }, (_, index) => `value ${index}`) },
    ];
    for (const schema of schemas) {
      const body = { name: 'refused', source: 's', schema };
      const answer = await server.call('POST', '/v1/sync/webhooks', { body });
      expect([answer.status, answer.body.error.details[0].field], JSON.stringify(schema).slice(0, 100)).toEqual([
        400,
        expect.stringMatching(/^schema/),
      ]);
    }
    const token = await server.apiKey('sync:read');
    expect((await server.call('POST', '/v1/sync/webhooks', { token, body: { name: 'n', source: 's' } })).status).toBe(
      403,
    );
    expect((await server.call('GET', '/v1/sync/webhooks', { token })).status).toBe(200);
  });

  test('200 with what the contract shows for a signed delivery; it is a record of the dataset', async () => {
    const source = newSource();
    const hook = await newHook({ source });
    const answer = await deliver(hook, '{"order": 7, "名": "中文"}', { 'X-Delivery-Id': 'd-1' });
    expect([answer.status, answer.body]).toEqual([
      200,
      { received: true, webhook_id: hook.id, event_id: expect.stringMatching(/^evt_\d+$/) },
    ]);
    const { event_id } = answer.body;
    expect(await ended(event_id.replace('evt_', 'req_'))).toMatchObject({ kind: 'webhook', status: 'completed' });
    const [row] = await server.store.query(`SELECT * FROM data."${source}"`);
    expect(row).toMatchObject({ _id: event_id, order: 7, 名: '中文', _metadata: { webhook_id: hook.id, event_id } });
  });

  test('a list is a record an entry', async () => {
    const source = newSource();
    const hook = await newHook({ source });
    const { body } = await deliver(hook, '[{"name":"a"},{"name":"b"}]');
    await ended(body.event_id.replace('evt_', 'req_'));
    expect(await rowsOf(source)).toEqual([
      { _id: `${body.event_id}.1`, name: 'a' },
      { _id: `${body.event_id}.2`, name: 'b' },
    ]);
  });

  test('401, always the same, for a wrong or missing signature and for a time that is more than 5 minutes off', async () => {
    const hook = await newHook();
    const wrong = createHmac('sha256', 'another secret').update(`${now()}.{}`).digest('hex');
    const refused = await Promise.all([
      deliver(hook, '{}', { 'X-Signature': wrong }),
      deliver(hook, '{}', { 'X-Signature': undefined }),
      deliver(hook, '{}', { 'X-Signature': 'zz' }),
      deliver(hook, '{}', { 'X-Timestamp': undefined }),
      deliver(hook, '{}', { 'X-Timestamp': String(now() + 1) }),
      deliver(hook, '{}', {}, now() - 302),
      deliver(hook, '{}', {}, now() + 302),
      deliver({ ...hook, secret: 'guessed' }, '{}'),
      deliver(hook, 'no json', { 'X-Signature': wrong }),
    ]);
    const messages = new Set(refused.map(({ body }) => body.error.message));
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
    expect(messages.size).toBe(1);
    expect(await countOf('longshore.push_requests WHERE webhook_id = $1', [hook.id])).toBe(0);
  });

  test('404 for a webhook that nobody has', async () => {
    expect((await deliver({ id: 'wh_nobody', secret: 'x' }, '{}')).body).toEqual(failure('NOT_FOUND'));
  });

  test('a delivery that comes again is the first event, also at the same moment and under another signature', async () => {
    const hook = await newHook();
    const headers = { 'X-Delivery-Id': 'again' };
    const all = await Promise.all(Array.from({ length: 8 }, () => deliver(hook, '{"a":1}', headers)));
    const later = await deliver(hook, '{"a":1}', headers, now() - 100);
    const events = new Set([...all, later].map(({ body }) => body.event_id));
    expect(events.size).toBe(1);
    const other = await deliver(hook, '{"a":1}', { 'X-Delivery-Id': 'other' });
    expect(events.has(other.body.event_id)).toBe(false);
    // Without a name: the same bytes, signed at the same second.
    const at = now();
    const first = await deliver(hook, '{"a":2}', {}, at);
    const second = await deliver(hook, '{"a":2}', {}, at);
    expect(second.body).toEqual(first.body);
    expect(await countOf('longshore.push_requests WHERE webhook_id = $1', [hook.id])).toBe(3);
  });

  test('400 naming the field for a body that its schema or we refuse', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      required: ['order'],
      additionalProperties: false,
      properties: {
        order: { type: 'integer', minimum: 1 },
        code: { type: 'string', pattern: '^(a+)+$' },
        lines: { type: 'array', items: { type: 'object', required: ['sku'] } },
      },
    };
    const hook = await newHook({ schema });
    const cases: [string, string | undefined][] = [
      ['{}', 'order'],
      ['{"order":0}', 'order'],
      ['{"order":1,"more":1}', 'more'],
      ['{"order":1,"lines":[{}]}', 'lines.0.sku'],
      [`{"order":1,"code":"${'a'.repeat(50_000)}!"}`, 'code'],
      ['{"order":1,"code":"\\u0000"}', 'code'],
      ['no json', undefined],
    ];
    for (const [body, field] of cases) {
      const answer = await deliver(hook, body);
      expect([answer.status, answer.body], body.slice(0, 50)).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    expect((await deliver(hook, `{"order":1,"code":"${'a'.repeat(5000)}"}`)).status).toBe(200);
    const free = await newHook();
    expect((await deliver(free, '"text"')).body).toEqual(failure('VALIDATION_ERROR', 'body'));
    expect((await deliver(free, '{"_id":1}')).body).toEqual(failure('VALIDATION_ERROR', '_id'));
    expect((await deliver(free, '[{},{"_id":1}]')).body).toEqual(failure('VALIDATION_ERROR', '1._id'));
    expect((await deliver(free, '{}', { 'X-Delivery-Id': 'a b' })).status).toBe(400);
  });

  test('413 for more than 1 MiB, before anything is computed of it', async () => {
    const hook = await newHook();
    expect((await deliver(hook, `{"a":"${'x'.repeat(1024 * 1024)}"}`)).status).toBe(413);
  });
});
