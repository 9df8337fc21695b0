import { beforeAll, describe, expect, test } from 'vitest';
import { type DatasetServer, startDatasetServer } from '../support/datasets.ts';
import { eventually } from '../support/serving.ts';

/*
 * The data-sync contract's chapter on datasets, endpoint by endpoint, over a real socket and with a real worker: tables
 * of a real warehouse, and what is counted in them.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
let datasets: DatasetServer;

beforeAll(async () => {
  datasets = await startDatasetServer();
});

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

describe('GET /datasets', () => {
  test('200 with the documented fields, filtered by category, quality and words', async () => {
    const { id } = await datasets.registered(
      'Industry Customer Data',
      'id int PRIMARY KEY, name text',
      "VALUES (1, 'Ada'), (2, 'Bob')",
      { category: 'customer' },
    );
    await datasets.registered('half empty', 'id int, name text', 'VALUES (1, NULL), (1, NULL)', {
      category: 'customer',
    });
    const all = await datasets.get('?category=customer');
    expect(all.status).toBe(200);
    expect(all.body).toMatchObject({ total: 2, page: 1, per_page: 20 });
    const good = await datasets.get('?category=customer&quality_min=0.9');
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
    expect((await datasets.get('?search=INDUSTRY')).body.datasets).toMatchObject([{ id }]);
    expect((await datasets.get('?category=customer&page=2&per_page=1')).body.datasets).toHaveLength(1);
    expect((await datasets.get('?page=99')).body.datasets).toEqual([]);
  });

  test('400 for a quality beyond 1, and for a page of 0', async () => {
    expect((await datasets.get('?quality_min=2')).body).toEqual(failure('VALIDATION_ERROR', 'quality_min'));
    expect((await datasets.get('?page=0')).body).toEqual(failure('VALIDATION_ERROR', 'page'));
  });

  test('401 without an identity, 403 for writing with a key that may read', async () => {
    expect((await datasets.server.call('GET', '/v1/sync/datasets', { token: '' })).status).toBe(401);
    const token = await datasets.server.apiKey('sync:read');
    expect((await datasets.server.call('GET', '/v1/sync/datasets', { token })).status).toBe(200);
    const refused = await datasets.server.call('POST', '/v1/sync/datasets', { token, body: { name: 'x' } });
    expect(refused.status).toBe(403);
  });
});

describe('POST /datasets', () => {
  test('201 for a table of the warehouse, which is counted', async () => {
    const dataset = await datasets.registered('orders', 'id int, note text', "VALUES (1, 'a'), (2, NULL)");
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
    const { id } = await datasets.register('to come', { schema });
    expect((await datasets.get(`/${id}`)).body).toMatchObject({
      records_count: 0,
      quality_score: null,
      schema,
      status: 'ready',
    });
    const records = await datasets.get(`/${id}/records`);
    expect(records.body).toMatchObject({ items: [], total: 0, columns: [{ name: 'id', type: 'integer' }] });
    expect((await datasets.get(`/${id}/download`)).body).toBe('id\n');
  });

  test('400 without a table and a schema, and for a schema that contradicts itself', async () => {
    expect((await datasets.post('', { name: 'nothing there' })).body).toEqual(failure('VALIDATION_ERROR', 'schema'));
    const twice = {
      columns: [
        { name: 'a', type: 'text' },
        { name: 'a', type: 'text' },
      ],
    };
    expect((await datasets.post('', { name: 'x', schema: twice })).body).toEqual(
      failure('VALIDATION_ERROR', 'schema.columns.1.name'),
    );
    const keyless = { columns: [{ name: 'a', type: 'text' }], key_columns: ['b'] };
    expect((await datasets.post('', { name: 'x', schema: keyless })).body).toEqual(
      failure('VALIDATION_ERROR', 'schema.key_columns.0'),
    );
    expect((await datasets.post('', { name: '_longshore_sync' })).body).toEqual(failure('VALIDATION_ERROR', 'name'));
  });

  test('409 for a name that is taken, and the first answer for a repeated Idempotency-Key', async () => {
    const schema = { columns: [{ name: 'id', type: 'integer' }] };
    const first = await datasets.post('', { name: 'once', schema }, { 'Idempotency-Key': 'once' });
    const again = await datasets.post('', { name: 'once', schema }, { 'Idempotency-Key': 'once' });
    expect(again.body).toEqual(first.body);
    expect((await datasets.post('', { name: 'once', schema })).status).toBe(409);
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
    const dataset = await datasets.registered(
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
    const dataset = await datasets.registered(
      'keyed',
      'k int, v text',
      "VALUES (1, 'a'), (1, 'b'), (2, 'c'), (3, 'd')",
      {
        schema,
      },
    );
    expect(dataset.quality.uniqueness).toBe(0.75);
  });

  test('404 for what is not there', async () => {
    for (const id of ['ds_999999', 'ds_x', 'job_1']) expect((await datasets.get(`/${id}`)).status).toBe(404);
  });
});

describe('what is pushed', () => {
  test('becomes a dataset, and is counted', async () => {
    const records = [1, 2, 3].map((n) => ({ id: `r${n}`, data: { n, 名: '客户😀' } }));
    const pushed = await datasets.server.call('POST', '/v1/sync/push/batch', {
      body: { source: 'pushed 客户', records },
    });
    expect(pushed.status, JSON.stringify(pushed.body)).toBe(200);
    const found = await eventually(async () => {
      const { body } = await datasets.get(`?search=${encodeURIComponent('pushed 客户')}`);
      return body.datasets[0]?.records_count === 3 ? body.datasets[0] : undefined;
    });
    const dataset = (await datasets.get(`/${found.id}`)).body;
    expect(dataset).toMatchObject({ source: 'push', quality: { completeness: 1, uniqueness: 1, validity: 1 } });
    const page = await datasets.get(
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
    const uploaded = await fetch(`${datasets.server.url}/v1/sync/push/file`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${datasets.server.adminToken}` },
      body: form,
    });
    expect(uploaded.status, await uploaded.text()).toBeLessThan(300);
    const dataset = await eventually(async () => {
      const [item] = (await datasets.get('?search=uploaded')).body.datasets;
      return item?.records_count === 3 ? (await datasets.get(`/${item.id}`)).body : undefined;
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
    const { id } = await datasets.registered('growing', 'n int', 'VALUES (1)');
    await datasets.store.query('INSERT INTO data.growing VALUES (2), (3)');
    const answer = await datasets.post(`/${id}/profile`, {});
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ dataset_id: id, run_id: expect.stringMatching(/^run_\d+$/) });
    await eventually(async () => (await datasets.get(`/${id}`)).body.records_count === 3 || undefined);
  });

  test('a count that fails is told of, with why, until the next one succeeds', async () => {
    const { id } = await datasets.registered('locked away', 'n int', 'VALUES (1)');
    const own = (role: string) => datasets.store.query(`ALTER TABLE data."locked away" OWNER TO ${role}`);
    const [schema] = await datasets.store.query<{ role: string }>(
      `SELECT nspowner::regrole::text AS role FROM pg_namespace WHERE nspname = 'data'`,
    );
    const settled = () =>
      eventually(async () => {
        const { body } = await datasets.get(`/${id}`);
        return body.profile_status === 'processing' ? undefined : body;
      });
    expect(await settled()).toMatchObject({ profile_status: 'ready', profile_error: null });
    await own('CURRENT_USER');
    await datasets.store.transaction(async (tx) => {
      // Whoever counts the table waits for it here, so that it can be seen.
      await tx.query('LOCK TABLE data."locked away"');
      expect((await datasets.post(`/${id}/profile`, {})).status).toBe(202);
      expect((await datasets.get(`/${id}`)).body.profile_status).toBe('processing');
    });
    expect(await settled()).toMatchObject({
      ...{ status: 'ready', profile_status: 'failed', records_count: 1, profiled_at: expect.stringMatching(ISO) },
      profile_error: expect.stringContaining('permission denied'),
    });
    await own(schema?.role ?? '');
    await datasets.post(`/${id}/profile`, {});
    expect(await settled()).toMatchObject({ profile_status: 'ready', profile_error: null });
  });

  test('404 for what is not there', async () => {
    expect((await datasets.post('/ds_999999/profile', {})).status).toBe(404);
  });
});

describe('GET /datasets/{id}/records', () => {
  test('200 in the order of the key, exact beyond what doubles hold', async () => {
    const { id } = await datasets.registered(
      'exact',
      'id bigint PRIMARY KEY, price numeric(30, 10), at timestamptz, doc jsonb, raw bytea',
      `VALUES (9007199254740993, 0.1000000001, '2024-01-01T00:00:00Z', '{"a": [1]}', '\\x00ff'), (1, NULL, NULL, NULL, NULL)`,
    );
    const { body } = await datasets.get(`/${id}/records?per_page=1&page=2`);
    expect(body).toMatchObject({ total: 2, page: 2, per_page: 1 });
    expect(body.items).toEqual([
      { id: '9007199254740993', price: '0.1000000001', at: '2024-01-01T00:00:00.000Z', doc: { a: [1] }, raw: 'AP8=' },
    ]);
    expect((await datasets.get(`/${id}/records`)).body.items[0].id).toBe(1);
    expect((await datasets.get(`/${id}/records?page=9`)).body.items).toEqual([]);
  });

  test('400 for a column that is not there, and for half a filter', async () => {
    const { id } = await datasets.registered('filtered', 'n int', 'VALUES (1)');
    const injected = encodeURIComponent('n" = 1; DROP TABLE data.filtered; --');
    expect((await datasets.get(`/${id}/records?column=${injected}&value=1`)).body).toEqual(
      failure('VALIDATION_ERROR', 'column'),
    );
    expect((await datasets.get(`/${id}/records?column=n`)).body).toEqual(failure('VALIDATION_ERROR', 'value'));
    expect((await datasets.get(`/${id}/records?column=n&value=${encodeURIComponent("1' OR '1'='1")}`)).body.total).toBe(
      0,
    );
  });
});

describe('GET /datasets/{id}/download', () => {
  test('200 as csv, without formulas, under its own name', async () => {
    const { id } = await datasets.registered(
      '客户 "1"',
      'id int PRIMARY KEY, note text',
      "VALUES (1, '=1+1'), (2, '中文😀,'), (3, NULL)",
    );
    const answer = await datasets.get(`/${id}/download?format=csv`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/csv');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="__ _1_.csv"; filename*=UTF-8''${encodeURIComponent('客户 "1".csv')}`,
    );
    expect(answer.body).toBe(`id,note\n1,"'=1+1"\n2,"中文😀,"\n3,\n`);
  });

  test('200 as ndjson and as parquet', async () => {
    const { id } = await datasets.registered(
      'files',
      'id int, name text',
      "SELECT n, '客户' || n FROM generate_series(1, 5000) n",
    );
    const ndjson = await datasets.get(`/${id}/download?format=ndjson`);
    const lines = (ndjson.body as string).trim().split('\n');
    expect(lines).toHaveLength(5000);
    expect(JSON.parse(lines[4999] ?? '')).toEqual({ id: 5000, name: '客户5000' });
    const parquet = await fetch(`${datasets.server.url}/v1/sync/datasets/${id}/download?format=parquet`, {
      headers: { Authorization: `Bearer ${datasets.server.adminToken}` },
    });
    const file = await parquet.arrayBuffer();
    const { parquetReadObjects } = await import('hyparquet');
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(5000);
    expect(rows[0]).toEqual({ id: 1n, name: '客户1' });
  });

  test('gives its connection back when the client goes away in the middle', async () => {
    const { id } = await datasets.registered(
      'long',
      'n int, t text',
      "SELECT n, repeat('x', 1000) FROM generate_series(1, 50000) n",
    );
    for (let turn = 0; turn < 10; turn += 1) {
      const gone = new AbortController();
      const answer = await fetch(`${datasets.server.url}/v1/sync/datasets/${id}/download`, {
        headers: { Authorization: `Bearer ${datasets.server.adminToken}` },
        signal: gone.signal,
      });
      await answer.body?.getReader().read();
      gone.abort();
    }
    await eventually(async () => {
      const [row] = await datasets.store.query<{ n: number }>(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'longshore datasets' AND state LIKE '%transaction%' AND datname = current_database()",
      );
      return row?.n === 0 || undefined;
    });
    expect((await datasets.get(`/${id}/records`)).status).toBe(200);
  });

  test('400 for another format, 404 for what is not there', async () => {
    const { id } = await datasets.registered('formats', 'n int', 'VALUES (1)');
    expect((await datasets.get(`/${id}/download?format=tape`)).body).toEqual(failure('VALIDATION_ERROR', 'format'));
    expect((await datasets.get('/ds_999999/download')).status).toBe(404);
  });
});

describe('DELETE /datasets/{id}', () => {
  const remove = (id: string) => datasets.server.call('DELETE', `/v1/sync/datasets/${id}`);

  test('204, and a table that was there before stays', async () => {
    const { id } = await datasets.registered('stays', 'n int', 'VALUES (1)');
    expect((await remove(id)).status).toBe(204);
    expect((await datasets.get(`/${id}`)).status).toBe(404);
    expect(await datasets.rowsOf('stays')).toEqual([{ n: 1 }]);
    expect((await remove(id)).status).toBe(404);
    const [entry] = await datasets.store.query(
      'SELECT details FROM longshore.audit WHERE action = $1 AND target = $2',
      ['dataset.delete', `dataset:${id.replace('ds_', '')}`],
    );
    expect(entry).toEqual({ details: { name: 'stays', table_dropped: false } });
  });

  test('409 while a run reads it', async () => {
    const { id } = await datasets.registered('read', 'n int', 'VALUES (1)');
    // On a worker that nobody is: it stays in its queue.
    const job = await datasets.server.call('POST', '/v1/sync/jobs', {
      body: {
        name: 'reads it',
        connector: { type: 'dataset', config: { dataset_id: id } },
        destination: { type: 'database', table: 'copy_of_read' },
        tags: ['nobody'],
      },
    });
    expect(job.status, JSON.stringify(job.body)).toBe(201);
    await datasets.server.call('POST', `/v1/sync/jobs/${job.body.id}/start`);
    expect((await remove(id)).body).toEqual(failure('CONFLICT'));
    await datasets.server.call('POST', `/v1/sync/jobs/${job.body.id}/cancel`);
    expect((await remove(id)).status).toBe(204);
  });
});

describe('a job whose source is a dataset', () => {
  test('copies it', async () => {
    const { id } = await datasets.registered('to copy', 'id int PRIMARY KEY, name text', "VALUES (1, '甲'), (2, '乙')");
    const job = await datasets.server.call('POST', '/v1/sync/jobs', {
      body: {
        name: 'copies',
        connector: { type: 'dataset', config: { dataset_id: id } },
        destination: { type: 'dataset', name: 'the copy', category: 'copies', mode: 'overwrite' },
      },
    });
    await datasets.server.call('POST', `/v1/sync/jobs/${job.body.id}/start`);
    const copy = await eventually(async () => {
      const { body } = await datasets.get('?category=copies');
      return body.datasets[0]?.records_count === 2 ? body.datasets[0] : undefined;
    });
    expect(await datasets.rowsOf('the copy')).toEqual(await datasets.rowsOf('to copy'));
    expect((await datasets.get(`/${copy.id}`)).body.source).toBe('job');
    expect((await datasets.server.call('DELETE', `/v1/sync/datasets/${copy.id}`)).status).toBe(204);
    await expect(datasets.rowsOf('the copy')).rejects.toThrow('does not exist');
  });

  test('400 for a dataset that is not there', async () => {
    const answer = await datasets.server.call('POST', '/v1/sync/jobs', {
      body: {
        name: 'copies nothing',
        connector: { type: 'dataset', config: { dataset_id: 'ds_999999' } },
        destination: { type: 'dataset', name: 'nothing' },
      },
    });
    expect(answer.body).toEqual(failure('VALIDATION_ERROR', 'connector.config.dataset_id'));
  });
});
