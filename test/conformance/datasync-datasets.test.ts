import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { datasyncExecutors } from '../../src/areas/datasync/executor/data-sync.ts';
import { openTranslator } from '../../src/areas/datasync/executor/datasets/translator.ts';
import { findMasterKey } from '../../src/auth/master-key.ts';
import { startWorker } from '../../src/bin/worker.ts';
import { createOutbound } from '../../src/connections/outbound.ts';
import { type Answer, startTestServer, type TestServer } from '../support/api-server.ts';
import { afterFile } from '../support/cleanup.ts';
import { silent } from '../support/database.ts';
import { eventually, temporaryFolder } from '../support/serving.ts';

/*
 * The data-sync contract's chapter on datasets, endpoint by endpoint, over a real socket and with a real worker: tables
 * of a real warehouse, what is counted in them, and what is made of them.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
let server: TestServer;

/** A service that answers as LibreTranslate does: it writes the language behind each text. @returns its URL */
async function startTranslator(): Promise<string> {
  const service = createServer(async (request, response) => {
    const { q, target } = (await json(request)) as { q: string[]; target: string };
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ translatedText: q.map((text) => `${text} ${target}`) }));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  afterFile(async () => {
    service.close();
    service.closeAllConnections();
  });
  return `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const translatorUrl = await startTranslator();
  server = await startTestServer({ translatorUrl });
  const guard = { allowPrivate: true };
  const outbound = createOutbound(guard);
  const exportDir = await temporaryFolder('exports');
  const translator = await openTranslator({ url: translatorUrl, apiKey: undefined }, outbound);
  const { stop } = await startWorker({
    databaseUrl: server.database.url,
    directDatabaseUrl: server.database.directUrl,
    masterKey: await findMasterKey(server.config),
    logCapBytes: 1_000_000,
    executors: datasyncExecutors({ outbound, guard, exportDir, translator }),
    logger: silent,
  });
  afterFile(async () => {
    await stop(0);
    await outbound.close();
  });
});

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A table of the warehouse, as somebody else has made it. */
async function makeTable(name: string, columns: string, values?: string): Promise<void> {
  const { store } = server.database;
  await store.query(`CREATE TABLE data.${quote(name)} (${columns})`);
  if (values !== undefined) await store.query(`INSERT INTO data.${quote(name)} ${values}`);
  const [owner] = await store.query<{ name: string }>(
    "SELECT pg_get_userbyid(nspowner) AS name FROM pg_namespace WHERE nspname = 'data'",
  );
  await store.query(`ALTER TABLE data.${quote(name)} OWNER TO ${quote(owner?.name ?? '')}`);
}

const rowsOf = (table: string, order = '1') =>
  server.database.store.query<Record<string, unknown>>(`SELECT * FROM data.${quote(table)} ORDER BY ${order}`);

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  server.call('POST', `/v1/sync/datasets${path}`, { body, headers });
const get = (path: string) => server.call('GET', `/v1/sync/datasets${path}`);

/** The dataset, once it is counted. */
async function counted(id: string): Promise<Answer['body']> {
  return eventually(async () => {
    const { body } = await get(`/${id}`);
    return body.profiled_at === null ? undefined : body;
  });
}

async function register(name: string, more: object = {}): Promise<Answer['body']> {
  const answer = await post('', { name, ...more });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function registered(name: string, columns: string, values: string, more: object = {}): Promise<Answer['body']> {
  await makeTable(name, columns, values);
  const { id } = await register(name, more);
  return counted(id);
}

describe('GET /datasets', () => {
  test('200 with the documented fields, filtered by category, quality and words', async () => {
    const { id } = await registered(
      'Industry Customer Data',
      'id int PRIMARY KEY, name text',
      "VALUES (1, 'Ada'), (2, 'Bob')",
      { category: 'customer' },
    );
    await registered('half empty', 'id int, name text', 'VALUES (1, NULL), (1, NULL)', { category: 'customer' });
    const all = await get('?category=customer');
    expect(all.status).toBe(200);
    expect(all.body).toMatchObject({ total: 2, page: 1, per_page: 20 });
    const good = await get('?category=customer&quality_min=0.9');
    expect(good.body.datasets).toEqual([
      {
        id,
        name: 'Industry Customer Data',
        category: 'customer',
        quality_score: 1,
        records_count: 2,
        last_updated: expect.stringMatching(ISO),
      },
    ]);
    expect((await get('?search=INDUSTRY')).body.datasets).toMatchObject([{ id }]);
    expect((await get('?category=customer&page=2&per_page=1')).body.datasets).toHaveLength(1);
    expect((await get('?page=99')).body.datasets).toEqual([]);
  });

  test('400 for a quality beyond 1, and for a page of 0', async () => {
    expect((await get('?quality_min=2')).body).toEqual(failure('VALIDATION_ERROR', 'quality_min'));
    expect((await get('?page=0')).body).toEqual(failure('VALIDATION_ERROR', 'page'));
  });

  test('401 without an identity, 403 for writing with a key that may read', async () => {
    expect((await server.call('GET', '/v1/sync/datasets', { token: '' })).status).toBe(401);
    const token = await server.apiKey('sync:read');
    expect((await server.call('GET', '/v1/sync/datasets', { token })).status).toBe(200);
    const refused = await server.call('POST', '/v1/sync/datasets', { token, body: { name: 'x' } });
    expect(refused.status).toBe(403);
  });
});

describe('POST /datasets', () => {
  test('201 for a table of the warehouse, which is counted', async () => {
    const dataset = await registered('orders', 'id int, note text', "VALUES (1, 'a'), (2, NULL)");
    expect(dataset).toMatchObject({
      name: 'orders',
      source: 'manual',
      table: 'orders',
      status: 'ready',
      records_count: 2,
      schema: null,
    });
  });

  test('201 for one without records, whose table comes with the first load', async () => {
    const schema = { columns: [{ name: 'id', type: 'integer' }] };
    const { id } = await register('to come', { schema });
    expect((await get(`/${id}`)).body).toMatchObject({
      records_count: 0,
      quality_score: null,
      schema,
      status: 'ready',
    });
    const records = await get(`/${id}/records`);
    expect(records.body).toMatchObject({ items: [], total: 0, columns: [{ name: 'id', type: 'integer' }] });
    expect((await get(`/${id}/download`)).body).toBe('id\n');
  });

  test('400 without a table and a schema, and for a schema that contradicts itself', async () => {
    expect((await post('', { name: 'nothing there' })).body).toEqual(failure('VALIDATION_ERROR', 'schema'));
    const twice = {
      columns: [
        { name: 'a', type: 'text' },
        { name: 'a', type: 'text' },
      ],
    };
    expect((await post('', { name: 'x', schema: twice })).body).toEqual(
      failure('VALIDATION_ERROR', 'schema.columns.1.name'),
    );
    const keyless = { columns: [{ name: 'a', type: 'text' }], key_columns: ['b'] };
    expect((await post('', { name: 'x', schema: keyless })).body).toEqual(
      failure('VALIDATION_ERROR', 'schema.key_columns.0'),
    );
    expect((await post('', { name: '_longshore_sync' })).body).toEqual(failure('VALIDATION_ERROR', 'name'));
  });

  test('409 for a name that is taken, and the first answer for a repeated Idempotency-Key', async () => {
    const schema = { columns: [{ name: 'id', type: 'integer' }] };
    const first = await post('', { name: 'once', schema }, { 'Idempotency-Key': 'once' });
    const again = await post('', { name: 'once', schema }, { 'Idempotency-Key': 'once' });
    expect(again.body).toEqual(first.body);
    expect((await post('', { name: 'once', schema })).status).toBe(409);
  });
});

describe('GET /datasets/{id}', () => {
  test('200 with quality and profile as they are counted by hand', async () => {
    // 6 records of 4 columns: 24 values, of which 4 are null. Two records are the same: 5 distinct ones of 6.
    // Valid are those with an amount from 0 to 100 and a state of the list: 1, 2, 3 and 4, not 5 (-5) and 6 (gone).
    const schema = {
      columns: [
        { name: 'amount', type: 'number', min: 0, max: 100 },
        { name: 'state', type: 'text', required: true, values: ['new', 'done'] },
      ],
    };
    const dataset = await registered(
      'measured',
      'id int, amount text, state text, at timestamptz',
      `VALUES (1, '10', 'new', '2024-01-01Z'), (1, '10', 'new', '2024-01-01Z'), (2, NULL, 'new', NULL),
              (3, '99.5', 'done', '2024-02-29T12:00:00Z'), (4, '-5', 'done', NULL), (NULL, '3', 'gone', '2023-05-05Z')`,
      { schema },
    );
    const completeness = 20 / 24;
    const uniqueness = 5 / 6;
    const validity = 4 / 6;
    const rounded = (share: number) => Math.round(share * 10_000) / 10_000;
    expect(dataset.quality).toEqual({
      completeness: rounded(completeness),
      uniqueness: rounded(uniqueness),
      validity: rounded(validity),
    });
    expect(dataset.quality_score).toBe(rounded(0.4 * completeness + 0.3 * uniqueness + 0.3 * validity));
    expect(dataset.profile.distinct_is_estimate).toBe(false);
    expect(dataset.profile.columns).toEqual([
      { name: 'id', type: 'integer', nulls: 1, distinct: 4, min: '1', max: '4', examples: ['1', '2', '3'] },
      { name: 'amount', type: 'text', nulls: 1, distinct: 4, min: '-5', max: '99.5', examples: ['10', '99.5', '-5'] },
      {
        name: 'state',
        type: 'text',
        nulls: 0,
        distinct: 3,
        min: 'done',
        max: 'new',
        examples: ['new', 'done', 'gone'],
      },
      {
        name: 'at',
        type: 'timestamp',
        nulls: 2,
        distinct: 3,
        min: '2023-05-05T00:00:00.000Z',
        max: '2024-02-29T12:00:00.000Z',
        examples: ['2024-01-01T00:00:00.000Z', '2024-02-29T12:00:00.000Z', '2023-05-05T00:00:00.000Z'],
      },
    ]);
  });

  test('uniqueness by the key that the schema names', async () => {
    const schema = { columns: [{ name: 'k', type: 'integer' }], key_columns: ['k'] };
    const dataset = await registered('keyed', 'k int, v text', "VALUES (1, 'a'), (1, 'b'), (2, 'c'), (3, 'd')", {
      schema,
    });
    expect(dataset.quality.uniqueness).toBe(0.75);
  });

  test('404 for what is not there', async () => {
    for (const id of ['ds_999999', 'ds_x', 'job_1']) expect((await get(`/${id}`)).status).toBe(404);
  });
});

describe('what is pushed', () => {
  test('becomes a dataset, and is counted', async () => {
    const records = [1, 2, 3].map((n) => ({ id: `r${n}`, data: { n, 名: '客户😀' } }));
    const pushed = await server.call('POST', '/v1/sync/push/batch', { body: { source: 'pushed 客户', records } });
    expect(pushed.status, JSON.stringify(pushed.body)).toBe(200);
    const found = await eventually(async () => {
      const { body } = await get(`?search=${encodeURIComponent('pushed 客户')}`);
      return body.datasets[0]?.records_count === 3 ? body.datasets[0] : undefined;
    });
    const dataset = (await get(`/${found.id}`)).body;
    expect(dataset).toMatchObject({ source: 'push', quality: { completeness: 1, uniqueness: 1, validity: 1 } });
    const page = await get(
      `/${found.id}/records?column=${encodeURIComponent('名')}&value=${encodeURIComponent('客户😀')}`,
    );
    expect(page.body).toMatchObject({ total: 3, total_is_exact: true });
    expect(page.body.items[0]).toMatchObject({ _id: 'r1', n: 1, 名: '客户😀' });
  });
});

describe('what is uploaded', () => {
  test('becomes a dataset, and what was refused of it counts against its validity', async () => {
    const form = new FormData();
    const lines = ['{"a": 1}', '{"a": 2}', 'no record', '{"a": 3}'];
    form.set('file', new Blob([lines.join('\n')]), 'uploaded.ndjson');
    form.set('options', JSON.stringify({ source: 'uploaded' }));
    const uploaded = await fetch(`${server.url}/v1/sync/push/file`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${server.adminToken}` },
      body: form,
    });
    expect(uploaded.status, await uploaded.text()).toBeLessThan(300);
    const dataset = await eventually(async () => {
      const [item] = (await get('?search=uploaded')).body.datasets;
      return item?.records_count === 3 ? (await get(`/${item.id}`)).body : undefined;
    });
    expect(dataset).toMatchObject({
      source: 'upload',
      quality: { completeness: 1, uniqueness: 1, validity: 0.75 },
      quality_score: 0.925,
    });
  });
});

describe('POST /datasets/{id}/profile', () => {
  test('202, and the dataset is counted anew', async () => {
    const { id } = await registered('growing', 'n int', 'VALUES (1)');
    await server.database.store.query('INSERT INTO data.growing VALUES (2), (3)');
    const answer = await post(`/${id}/profile`, {});
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ dataset_id: id, run_id: expect.stringMatching(/^run_\d+$/) });
    await eventually(async () => (await get(`/${id}`)).body.records_count === 3 || undefined);
  });

  test('404 for what is not there', async () => {
    expect((await post('/ds_999999/profile', {})).status).toBe(404);
  });
});

describe('GET /datasets/{id}/records', () => {
  test('200 in the order of the key, exact beyond what doubles hold', async () => {
    const { id } = await registered(
      'exact',
      'id bigint PRIMARY KEY, price numeric(30, 10), at timestamptz, doc jsonb, raw bytea',
      `VALUES (9007199254740993, 0.1000000001, '2024-01-01T00:00:00Z', '{"a": [1]}', '\\x00ff'), (1, NULL, NULL, NULL, NULL)`,
    );
    const { body } = await get(`/${id}/records?per_page=1&page=2`);
    expect(body).toMatchObject({ total: 2, page: 2, per_page: 1 });
    expect(body.items).toEqual([
      { id: '9007199254740993', price: '0.1000000001', at: '2024-01-01T00:00:00.000Z', doc: { a: [1] }, raw: 'AP8=' },
    ]);
    expect((await get(`/${id}/records`)).body.items[0].id).toBe(1);
    expect((await get(`/${id}/records?page=9`)).body.items).toEqual([]);
  });

  test('400 for a column that is not there, and for half a filter', async () => {
    const { id } = await registered('filtered', 'n int', 'VALUES (1)');
    const injected = encodeURIComponent('n" = 1; DROP TABLE data.filtered; --');
    expect((await get(`/${id}/records?column=${injected}&value=1`)).body).toEqual(
      failure('VALIDATION_ERROR', 'column'),
    );
    expect((await get(`/${id}/records?column=n`)).body).toEqual(failure('VALIDATION_ERROR', 'value'));
    expect((await get(`/${id}/records?column=n&value=${encodeURIComponent("1' OR '1'='1")}`)).body.total).toBe(0);
  });
});

describe('GET /datasets/{id}/download', () => {
  test('200 as csv, without formulas, under its own name', async () => {
    const { id } = await registered(
      '客户 "1"',
      'id int PRIMARY KEY, note text',
      "VALUES (1, '=1+1'), (2, '中文😀,'), (3, NULL)",
    );
    const answer = await get(`/${id}/download?format=csv`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/csv');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="__ _1_.csv"; filename*=UTF-8''${encodeURIComponent('客户 "1".csv')}`,
    );
    expect(answer.body).toBe(`id,note\n1,"'=1+1"\n2,"中文😀,"\n3,\n`);
  });

  test('200 as ndjson and as parquet', async () => {
    const { id } = await registered(
      'files',
      'id int, name text',
      "SELECT n, '客户' || n FROM generate_series(1, 5000) n",
    );
    const ndjson = await get(`/${id}/download?format=ndjson`);
    const lines = (ndjson.body as string).trim().split('\n');
    expect(lines).toHaveLength(5000);
    expect(JSON.parse(lines[4999] ?? '')).toEqual({ id: 5000, name: '客户5000' });
    const parquet = await fetch(`${server.url}/v1/sync/datasets/${id}/download?format=parquet`, {
      headers: { Authorization: `Bearer ${server.adminToken}` },
    });
    const file = await parquet.arrayBuffer();
    const { parquetReadObjects } = await import('hyparquet');
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(5000);
    expect(rows[0]).toEqual({ id: 1n, name: '客户1' });
  });

  test('gives its connection back when the client goes away in the middle', async () => {
    const { id } = await registered(
      'long',
      'n int, t text',
      "SELECT n, repeat('x', 1000) FROM generate_series(1, 50000) n",
    );
    for (let turn = 0; turn < 10; turn += 1) {
      const gone = new AbortController();
      const answer = await fetch(`${server.url}/v1/sync/datasets/${id}/download`, {
        headers: { Authorization: `Bearer ${server.adminToken}` },
        signal: gone.signal,
      });
      await answer.body?.getReader().read();
      gone.abort();
    }
    await eventually(async () => {
      const [row] = await server.database.store.query<{ n: number }>(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'longshore datasets' AND state LIKE '%transaction%' AND datname = current_database()",
      );
      return row?.n === 0 || undefined;
    });
    expect((await get(`/${id}/records`)).status).toBe(200);
  });

  test('400 for another format, 404 for what is not there', async () => {
    const { id } = await registered('formats', 'n int', 'VALUES (1)');
    expect((await get(`/${id}/download?format=tape`)).body).toEqual(failure('VALIDATION_ERROR', 'format'));
    expect((await get('/ds_999999/download')).status).toBe(404);
  });
});

describe('DELETE /datasets/{id}', () => {
  const remove = (id: string) => server.call('DELETE', `/v1/sync/datasets/${id}`);

  test('204, and a table that was there before stays', async () => {
    const { id } = await registered('stays', 'n int', 'VALUES (1)');
    expect((await remove(id)).status).toBe(204);
    expect((await get(`/${id}`)).status).toBe(404);
    expect(await rowsOf('stays')).toEqual([{ n: 1 }]);
    expect((await remove(id)).status).toBe(404);
    const [entry] = await server.database.store.query(
      'SELECT details FROM longshore.audit WHERE action = $1 AND target = $2',
      ['dataset.delete', `dataset:${id.replace('ds_', '')}`],
    );
    expect(entry).toEqual({ details: { name: 'stays', table_dropped: false } });
  });

  test('409 while a run reads it', async () => {
    const { id } = await registered('read', 'n int', 'VALUES (1)');
    // On a worker that nobody is: it stays in its queue.
    const job = await server.call('POST', '/v1/sync/jobs', {
      body: {
        name: 'reads it',
        connector: { type: 'dataset', config: { dataset_id: id } },
        destination: { type: 'database', table: 'copy_of_read' },
        tags: ['nobody'],
      },
    });
    expect(job.status, JSON.stringify(job.body)).toBe(201);
    await server.call('POST', `/v1/sync/jobs/${job.body.id}/start`);
    expect((await remove(id)).body).toEqual(failure('CONFLICT'));
    await server.call('POST', `/v1/sync/jobs/${job.body.id}/cancel`);
    expect((await remove(id)).status).toBe(204);
  });
});

describe('a job whose source is a dataset', () => {
  test('copies it', async () => {
    const { id } = await registered('to copy', 'id int PRIMARY KEY, name text', "VALUES (1, '甲'), (2, '乙')");
    const job = await server.call('POST', '/v1/sync/jobs', {
      body: {
        name: 'copies',
        connector: { type: 'dataset', config: { dataset_id: id } },
        destination: { type: 'dataset', name: 'the copy', category: 'copies', mode: 'overwrite' },
      },
    });
    await server.call('POST', `/v1/sync/jobs/${job.body.id}/start`);
    const copy = await eventually(async () => {
      const { body } = await get('?category=copies');
      return body.datasets[0]?.records_count === 2 ? body.datasets[0] : undefined;
    });
    expect(await rowsOf('the copy')).toEqual(await rowsOf('to copy'));
    expect((await get(`/${copy.id}`)).body.source).toBe('job');
    expect((await server.call('DELETE', `/v1/sync/datasets/${copy.id}`)).status).toBe(204);
    await expect(rowsOf('the copy')).rejects.toThrow('does not exist');
  });

  test('400 for a dataset that is not there', async () => {
    const answer = await server.call('POST', '/v1/sync/jobs', {
      body: {
        name: 'copies nothing',
        connector: { type: 'dataset', config: { dataset_id: 'ds_999999' } },
        destination: { type: 'dataset', name: 'nothing' },
      },
    });
    expect(answer.body).toEqual(failure('VALIDATION_ERROR', 'connector.config.dataset_id'));
  });
});

describe('POST /datasets/dilute', () => {
  /** 100 records of three groups: 70 of A, 20 of B, 10 without one; half of them have a note. */
  async function source(name: string): Promise<string> {
    const values = `SELECT n, CASE WHEN n <= 70 THEN 'A' WHEN n <= 90 THEN 'B' END, 'EU',
                           CASE WHEN n % 2 = 0 THEN 'note ' || n END FROM generate_series(1, 100) n`;
    return (await registered(name, 'id int PRIMARY KEY, category text, region text, note text', values)).id;
  }

  /** Records of all groups, and of one that the source has not; with ids that the source has too. */
  async function good(name: string): Promise<string> {
    const values = `SELECT n::text, (ARRAY['A', 'B', 'C', NULL])[1 + n % 4], 'EU', 'good ' || n, 'x'
                      FROM generate_series(1, 400) n`;
    return (await registered(name, 'id text, category text, region text, note text, other text', values)).id;
  }

  const body = (sourceId: string, ids: readonly string[], config: object = {}, more: object = {}) => ({
    source_dataset_id: sourceId,
    dilution_dataset_ids: ids,
    config: { dilution_ratio: 0.3, matching_fields: ['category', 'region'], quality_threshold: 0.8, ...config },
    ...more,
  });

  test('200 with the documented numbers, and a new dataset that keeps the distribution', async () => {
    const sourceId = await source('noisy');
    const goodId = await good('good');
    const answer = await post('/dilute', body(sourceId, [goodId]));
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body).toEqual({
      output_dataset_id: expect.stringMatching(/^ds_\d+$/),
      run_id: expect.stringMatching(/^run_\d+$/),
      original_records: 100,
      diluted_records: 30,
      final_records: 130,
      // Of the source's 400 values 60 are null, of the output's 520 values 63: three drawn ones have no category.
      quality_improvement: expect.closeTo(0.4 * (457 / 520 - 340 / 400), 3),
      short_groups: [],
      short_groups_total: 0,
    });
    const output = await counted(answer.body.output_dataset_id);
    expect(output).toMatchObject({
      name: 'noisy (diluted)',
      source: 'dilution',
      records_count: 130,
      status: 'ready',
      run_id: answer.body.run_id,
    });
    const groups = await server.database.store.query(
      'SELECT category, count(*) AS n FROM data."noisy (diluted)" WHERE _diluted_from = $1 GROUP BY 1 ORDER BY 1',
      [goodId],
    );
    expect(groups).toEqual([
      { category: 'A', n: 21 },
      { category: 'B', n: 6 },
      { category: null, n: 3 },
    ]);
    const kept = await server.database.store.query(
      'SELECT id, category, region, note FROM data."noisy (diluted)" WHERE _diluted_from IS NULL ORDER BY id',
    );
    expect(kept).toEqual(await rowsOf('noisy'));
  });

  test('draws the same records for the same seed, and others for another', async () => {
    const sourceId = await source('seeded');
    const goodId = await good('seeds');
    const drawn = async (seed: number | undefined, name: string) => {
      const config = seed === undefined ? {} : { seed };
      const answer = await post('/dilute', body(sourceId, [goodId], config, { output: { name } }));
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return (await rowsOf(name, '1, 2, 4')).filter((row) => row._diluted_from !== null);
    };
    const first = await drawn(undefined, 'seed none');
    expect(await drawn(0, 'seed 0')).toEqual(first);
    // Where the records lie in their table does not matter.
    await server.database.store.query('CREATE TABLE data.other_place AS SELECT * FROM data.seeds ORDER BY id DESC');
    await server.database.store.query('DELETE FROM data.seeds');
    await server.database.store.query('INSERT INTO data.seeds SELECT * FROM data.other_place');
    expect(await drawn(0, 'seed 0 again')).toEqual(first);
    expect(await drawn(7, 'seed 7')).not.toEqual(first);
  });

  test('draws only what is good enough, and tells of groups that are short', async () => {
    const sourceId = await source('picky');
    // Of A only 5 are complete; of B none has a number for an id; none is without a category.
    const values = `SELECT n::text, 'A', 'EU', CASE WHEN n <= 5 THEN 'full' END FROM generate_series(1, 50) n
                    UNION ALL SELECT 'no number', 'B', 'EU', 'note' FROM generate_series(1, 50)`;
    const { id } = await registered('uneven', 'id text, category text, region text, note text', values);
    const { body: answer } = await post('/dilute', body(sourceId, [id], { quality_threshold: 1 }));
    expect(answer).toMatchObject({ diluted_records: 5, final_records: 105, short_groups_total: 3 });
    expect(answer.short_groups).toEqual([
      { values: { category: 'A', region: 'EU' }, wanted: 21, drawn: 5 },
      { values: { category: 'B', region: 'EU' }, wanted: 6, drawn: 0 },
      { values: { category: null, region: 'EU' }, wanted: 3, drawn: 0 },
    ]);
  });

  test('takes names that try to be SQL for names', async () => {
    await makeTable('victim', 'n int', 'VALUES (1)');
    const name = `x"; DROP TABLE data.victim; --'`;
    const column = `c"); DELETE FROM data.victim; --`;
    const columns = `${quote(column)} text, v int`;
    const { id } = await registered(name, columns, "SELECT 'g''', n FROM generate_series(1, 10) n");
    const other = await registered(`${name}2`, columns, "SELECT 'g''', n FROM generate_series(50, 90) n");
    const answer = await post('/dilute', body(id, [other.id], { matching_fields: [column] }));
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ diluted_records: 3, final_records: 13 });
    expect(await rowsOf('victim')).toHaveLength(1);
  });

  test('400 naming a field that a dataset lacks, a ratio out of range, the source among the others', async () => {
    const sourceId = await source('strict');
    const { id } = await registered('lacking', 'id int, category text', "VALUES (1, 'A')");
    const lacking = await post('/dilute', body(sourceId, [id]));
    expect(lacking.body).toEqual(failure('VALIDATION_ERROR', 'config.matching_fields.1'));
    expect(lacking.body.error.details[0].message).toContain('"region"');
    for (const dilution_ratio of [0, -1, 11]) {
      const answer = await post('/dilute', body(sourceId, [id], { dilution_ratio }));
      expect(answer.body).toEqual(failure('VALIDATION_ERROR', 'config.dilution_ratio'));
    }
    expect((await post('/dilute', body(sourceId, [sourceId]))).body).toEqual(
      failure('VALIDATION_ERROR', 'dilution_dataset_ids.0'),
    );
  });

  test('404 for a dataset that is not there, 409 for one without records', async () => {
    const sourceId = await source('alone');
    expect((await post('/dilute', body(sourceId, ['ds_999999']))).body).toEqual(failure('NOT_FOUND'));
    expect((await post('/dilute', body('ds_999999', [sourceId]))).body).toEqual(failure('NOT_FOUND'));
    await makeTable('void', 'id int, category text, region text');
    const { id } = await register('void');
    expect((await post('/dilute', body(id, [sourceId]))).body).toEqual(failure('CONFLICT'));
  });

  test('the first answer for a repeated Idempotency-Key', async () => {
    const sourceId = await source('repeated');
    const goodId = await good('repeats');
    const headers = { 'Idempotency-Key': 'dilute-once' };
    const first = await post('/dilute', body(sourceId, [goodId]), headers);
    const again = await post('/dilute', body(sourceId, [goodId]), headers);
    expect(first.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect((await get('?search=repeated')).body.total).toBe(2);
  });
});

describe('POST /datasets/augment', () => {
  const COLUMNS = 'id int PRIMARY KEY, label text, comment text, price numeric(8, 2), grade int';
  const VALUES = `VALUES
    (1, 'good', 'The big car was quick and the customer happy', 10.50, 5),
    (2, 'bad',  'A slow delivery of the purchase to the house', 20.00, 1),
    (3, 'good', '商品质量不错，客户认为非常满意，送货也快', 30.25, 4),
    (4, 'bad',  '', NULL, NULL)`;

  const augment = (id: string, augmentation: object, more: object = {}) =>
    post('/augment', { dataset_id: id, augmentation, ...more });

  test('200, with variants that keep ids and labels and tell where they come from', async () => {
    const { id } = await registered('reviews', COLUMNS, VALUES);
    const strategies = ['synonym_replacement', 'random_swap', 'random_deletion', 'numeric_jitter'];
    const answer = await augment(id, { strategies, multiplier: 3, preserve_labels: true });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body).toEqual({
      output_dataset_id: expect.stringMatching(/^ds_\d+$/),
      run_id: expect.stringMatching(/^run_\d+$/),
      original_records: 4,
      augmented_records: 8,
      final_records: 12,
    });
    const output = await counted(answer.body.output_dataset_id);
    expect(output).toMatchObject({ name: 'reviews (augmented)', source: 'augmentation', records_count: 12 });
    const originals = await rowsOf('reviews');
    const rows = await rowsOf('reviews (augmented)', 'id, _augmented_from NULLS FIRST, comment');
    for (const row of rows) {
      const original = originals.find((one) => one.id === row.id);
      expect(row.label).toBe(original?.label);
      if (row._strategy === null) expect(row).toMatchObject(original ?? {});
      else expect(row._augmented_from).toBe(row.id);
    }
    const changed = rows.filter((row) => row._strategy !== null && row.id !== 4);
    expect(changed.every((row) => strategies.includes(String(row._strategy)))).toBe(true);
    // There is nothing to change in the fourth.
    expect(rows.filter((row) => row.id === 4).map((row) => row._strategy)).toEqual([null, 'unchanged', 'unchanged']);
  });

  test('makes the same variants for the same seed, and others for another', async () => {
    const { id } = await registered('repeatable', COLUMNS, VALUES);
    const made = async (seed: number, name: string) => {
      const how = { strategies: ['random_swap', 'numeric_jitter'], multiplier: 5, seed };
      expect((await augment(id, how, { output: { name } })).status).toBe(200);
      return rowsOf(name, 'id, comment COLLATE "C", price, grade');
    };
    const first = await made(1, 'augmented 1');
    expect(await made(1, 'augmented 1 again')).toEqual(first);
    expect(await made(2, 'augmented 2')).not.toEqual(first);
  });

  test('replaces Chinese words by Chinese words of the same meaning', async () => {
    const text = '他非常节约，也许会购买香肠';
    const { id } = await registered('中文评论', 'id int, 评论 text', `VALUES (1, '${text}')`);
    const how = { strategies: ['synonym_replacement'], multiplier: 4 };
    const answer = await augment(id, how, { output: { name: '增强' } });
    expect(answer.body).toMatchObject({ final_records: 4 });
    const variants = (await rowsOf('增强')).map((row) => String(row.评论)).filter((variant) => variant !== text);
    expect(variants).toHaveLength(3);
    for (const variant of variants)
      expect(variant).toMatch(/^他非常\p{Script=Han}{2}，\p{Script=Han}{2}会购买\p{Script=Han}{2}$/u);
  });

  test('translates back and forth where there is a translator', async () => {
    const { id } = await registered('translated', 'id int, t text', "VALUES (1, '你好'), (2, 'hello')");
    const how = { strategies: ['back_translation'], multiplier: 2 };
    expect((await augment(id, how, { output: { name: 'there and back' } })).status).toBe(200);
    const rows = await rowsOf('there and back', 'id, _strategy NULLS FIRST');
    expect(rows.map((row) => [row.t, row._strategy])).toEqual([
      ['你好', null],
      ['你好 en zh', 'back_translation'],
      ['hello', null],
      ['hello es en', 'back_translation'],
    ]);
  });

  test('409 saying what to configure where there is none', async () => {
    const bare = await startTestServer();
    await bare.database.store.query("CREATE TABLE data.prose AS SELECT 1 AS id, text 'a few words' AS t");
    await bare.database.store.query('GRANT SELECT ON data.prose TO PUBLIC');
    const made = await bare.call('POST', '/v1/sync/datasets', { body: { name: 'prose' } });
    // Not even Apertium, which may be on this machine.
    vi.stubEnv('PATH', '/nowhere');
    const body = { dataset_id: made.body.id, augmentation: { strategies: ['back_translation'] } };
    const answer = await bare.call('POST', '/v1/sync/datasets/augment', { body });
    vi.unstubAllEnvs();
    expect(answer.body).toEqual(failure('CONFLICT'));
    expect(answer.body.error.message).toContain('LONGSHORE_TRANSLATOR_URL');
    expect((await bare.call('GET', '/v1/sync/datasets')).body.total).toBe(1);
  });

  test('400 naming a column that is not there, a strategy that is none, a multiplier out of range', async () => {
    const { id } = await registered('strictly', 'id int, t text', "VALUES (1, 'some text of words')");
    const strategies = ['random_swap'];
    const cases: [field: string, how: object][] = [
      ['augmentation.text_columns.0', { strategies, text_columns: ['nope'] }],
      ['augmentation.label_columns.0', { strategies, label_columns: ['nope'] }],
      ['augmentation.multiplier', { strategies, multiplier: 21 }],
      ['augmentation.strategies.0', { strategies: ['magic'] }],
    ];
    for (const [field, how] of cases) {
      expect((await augment(id, how)).body).toEqual(failure('VALIDATION_ERROR', field));
    }
  });

  test('404 for what is not there, 409 without records, and where nothing can be changed', async () => {
    const strategies = ['random_swap'];
    expect((await augment('ds_999999', { strategies })).status).toBe(404);
    await makeTable('blank', 'id int, t text');
    const { id: blank } = await register('blank');
    expect((await augment(blank, { strategies })).body).toEqual(failure('CONFLICT'));
    const { id } = await registered('numbers only', 'id int, n int', 'VALUES (1, 2)');
    const refused = await augment(id, { strategies });
    expect(refused.body).toEqual(failure('CONFLICT'));
    expect(refused.body.error.message).toContain('text_columns');
    const [failed] = (await get('?search=only%20(augmented)')).body.datasets;
    expect((await get(`/${failed.id}`)).body).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('text_columns'),
    });
  });
});
