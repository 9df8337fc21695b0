import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { encodeRows } from '../../src/areas/datasync/executor/formats/encode-rows.ts';
import type { Answer } from '../support/api-server.ts';
import { failure, ISO, record, startIntake } from '../support/intake.ts';
import { eventually } from '../support/serving.ts';

/*
 * The data-sync contract on uploaded files, over a real socket, up to the rows that a real worker
 * makes of what came.
 */

const { server, newSource, pushBatch, rowsOf, countOf, sendAndCut } = await startIntake();

interface Sent {
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

async function upload(
  form: Record<string, string | [string, string | Buffer<ArrayBuffer>]>,
  how: Sent = {},
): Promise<Answer> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form)) {
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, new Blob([value[1]]), value[0]);
  }
  return sendForm(body, how);
}

async function sendForm(body: FormData, how: Sent = {}): Promise<Answer> {
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

  test.each([
    ['csv', 'data.csv'],
    ['json', 'data.json'],
    ['ndjson', 'data.ndjson'],
    ['parquet', 'data.parquet'],
    ['excel', 'data.xlsx'],
  ] as const)('a file of format %s is read, told or by its name', async (format, filename) => {
    const rows = [
      { id: 1, name: '张三' },
      { id: 2, name: '李四 🚀' },
    ];
    const content = Buffer.from(await buffer(encodeRows(format, [rows])));
    for (const form of [{ file: [filename, content] }, { file: ['data', content], format }] as const) {
      const source = newSource();
      const { body } = await upload({ ...form, file: [...form.file], options: JSON.stringify({ source }) });
      expect(await loaded(body.file_id)).toMatchObject({ status: 'completed', format, records_count: 2 });
      expect(await rowsOf(source, 'id::int AS _id, name')).toEqual(rows.map(({ id, name }) => ({ _id: id, name })));
    }
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
      connector: { type: 'file', config: { file_id } },
      destination: { type: 'database', table: 'of_a_file' },
    };
    const { body } = await server.call('POST', '/v1/sync/jobs', { body: job });
    expect((await server.call('GET', `/v1/sync/jobs/${body.id}`)).body.connector).toEqual(job.connector);
    await server.call('POST', `/v1/sync/jobs/${body.id}/start`);
    await eventually(async () => {
      const { status } = (await server.call('GET', `/v1/sync/jobs/${body.id}`)).body;
      return status === 'completed' ? true : undefined;
    });
    expect(await countOf('data.of_a_file')).toBe(2);
  });

  test.each(['file_999999999', 'file_0', 'file_99999999999999999999'])(
    'a job of %s, which nobody has uploaded, is refused',
    async (file_id) => {
      const job = {
        name: 'of no file',
        connector: { type: 'file', config: { file_id } },
        destination: { type: 'database', table: 'of_no_file' },
      };
      const answer = await server.call('POST', '/v1/sync/jobs', { body: job });
      expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', 'connector.config.file_id')]);
    },
  );

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
      [{ file: ['a.csv', '<!doctype html><title>Sign in</title>'] }, 'format'],
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
    const json = await send('application/json', '{}');
    expect([json.status, json.body.error.message]).toEqual([415, 'Send the body as multipart/form-data.']);
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
