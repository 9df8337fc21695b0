import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { failure, ISO, record, startIntake } from '../support/intake.ts';
import { eventually } from '../support/serving.ts';

/*
 * The data-sync contract on pushes of batches, over a real socket, up to the rows that a real worker
 * makes of what came.
 */

const { server, newSource, pushBatch, ended, rowsOf, countOf } = await startIntake();

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

  test('200 when a number is beyond what any column holds: its record is not taken, and the column stays one of numbers', async () => {
    const source = newSource();
    const numbers = ['1', '1e400', '-1e400', '[1e400]', '1e-400'];
    const records = numbers.map((number, index) => `{"id":"${index}","data":{"n":${number},"name":"x"}}`);
    const { body } = await pushBatch(`{"source":"${source}","records":[${records.join(',')}]}`);
    expect([body.accepted, body.errors]).toEqual([
      2,
      [1, 2, 3].map((index) => ({
        index,
        id: String(index),
        code: 'VALIDATION_ERROR',
        message: 'data.n: holds a number beyond 1.8e308; send it as text',
      })),
    ]);
    await ended(body.request_id);
    expect(await rowsOf(source, '_id, n')).toEqual([
      { _id: '0', n: 1 },
      { _id: '4', n: 0 },
    ]);
  });

  test('200 for names that try to be SQL, and for an id that comes twice, of which the last counts', async () => {
    const source = `s"; DROP TABLE longshore.jobs; -- ${newSource()}`;
    const name = `n"') ; DELETE FROM longshore.users; --`;
    const records = [record('x', { [name]: 1 }), record("'; --", { [name]: 2 }), record('x', { [name]: 3 })];
    const { body } = await pushBatch({ source, records });
    expect(body).toMatchObject({ accepted: 3, errors: [] });
    expect(await ended(body.request_id)).toMatchObject({ status: 'completed', accepted: 3, rejected: 0 });
    const { datasets } = (await server.call('GET', `/v1/sync/datasets?search=${encodeURIComponent(source)}`)).body;
    expect(datasets).toMatchObject([{ name: source }]);
    const { items } = (await server.call('GET', `/v1/sync/datasets/${datasets[0].id}/records`)).body;
    expect(items).toEqual([
      { _id: "'; --", [name]: 2 },
      { _id: 'x', [name]: 3 },
    ]);
    expect(await countOf('longshore.users')).toBeGreaterThan(0);
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

  test("salts of the dataset's transformations are sealed, answered as ***, and put before what is hashed", async () => {
    const source = newSource();
    const transformations = [
      { type: 'value_transform', config: { op: 'hash', field: 'mail', salt: 'pepper & salt' } },
      { type: 'field_mapping', config: { mappings: { salt: 'sodium' } } },
    ];
    const shown = [{ type: 'value_transform', config: { op: 'hash', field: 'mail', salt: '***' } }, transformations[1]];
    const schema = { columns: [{ name: 'mail', type: 'text' }] };
    const made = await server.call('POST', '/v1/sync/datasets', { body: { name: source, schema, transformations } });
    expect([made.status, made.body.transformations]).toEqual([201, shown]);
    const path = `/v1/sync/datasets/${made.body.id}`;
    expect((await server.call('GET', path)).body.transformations).toEqual(shown);
    const { body } = await pushBatch({ source, records: [record('1', { mail: 'a@b.c', salt: 3 })] });
    expect(await ended(body.request_id)).toMatchObject({ status: 'completed', accepted: 1 });
    const hashed = createHash('sha256').update('pepper & salta@b.c').digest('hex');
    expect(await rowsOf(source, '_id, mail, sodium')).toEqual([{ _id: '1', mail: hashed, sodium: 3 }]);
    for (const table of ['datasets', 'runs', 'audit', 'idempotency_keys']) {
      expect(await countOf(`longshore.${table} t WHERE t::text LIKE '%pepper & salt%'`)).toBe(0);
    }
    const owner = `dataset:${String(made.body.id).replace('ds_', '')}`;
    expect(await countOf('longshore.secrets WHERE owner = $1', [owner])).toBe(1);
    await eventually(async () => ((await server.call('DELETE', path)).status === 204 ? true : undefined));
    expect(await countOf('longshore.secrets WHERE owner = $1', [owner])).toBe(0);
  });

  test('400 for a salt that is only its mask', async () => {
    const transformations = [{ type: 'value_transform', config: { op: 'hash', field: 'mail', salt: '***' } }];
    const schema = { columns: [{ name: 'mail', type: 'text' }] };
    const body = { name: newSource(), schema, transformations };
    const answer = await server.call('POST', '/v1/sync/datasets', { body });
    expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', 'transformations.0.config.salt')]);
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
