import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-server.ts';
import { failure, startIntake } from '../support/intake.ts';
import { eventually } from '../support/serving.ts';

/*
 * The data-sync contract on streams, over a real socket, up to the rows that a real worker
 * makes of what came.
 */

const { server, newSource, ended, rowsOf, countOf, sendAndCut } = await startIntake();

const NDJSON = 'application/x-ndjson';
const streamPath = (source: string) => `/v1/sync/push/stream?source=${encodeURIComponent(source)}`;

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
      const { status, body } = await pushStream('s', line('1'), { headers: { 'Content-Type': type } });
      expect([status, body.error.message], type).toEqual([415, 'Send the body as application/x-ndjson.']);
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

  test('409 for a key that another dataset was meant with; 413 beyond 1 GiB, which frees the key', async () => {
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
    // Nothing of it is kept, and its key is free for another.
    await eventually(async () =>
      (await countOf('longshore.push_requests WHERE source = $1', [source])) === 0 ? true : undefined,
    );
    expect(await countOf("longshore.push_streams WHERE key = 'big'")).toBe(0);
    const anew = await pushStream(source, line('3'), { headers });
    expect([anew.status, anew.body.accepted]).toEqual([200, 1]);
  });
});
