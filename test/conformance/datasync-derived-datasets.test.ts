import { beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestServer } from '../support/api-server.ts';
import { type DatasetServer, quote, startDatasetServer } from '../support/datasets.ts';

/*
 * The data-sync contract's chapter on datasets that are made of others: dilution and augmentation, over a real socket,
 * with a real worker, up to the rows of a real warehouse.
 */

let datasets: DatasetServer;

beforeAll(async () => {
  datasets = await startDatasetServer();
});

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [{ field, message: expect.any(String) }];
  return { error: { code, message: expect.any(String), details, request_id: expect.any(String) } };
}

describe('POST /datasets/dilute', () => {
  /** 100 records of three groups: 70 of A, 20 of B, 10 without one; half of them have a note. */
  async function source(name: string): Promise<string> {
    const values = `SELECT n, CASE WHEN n <= 70 THEN 'A' WHEN n <= 90 THEN 'B' END, 'EU',
                           CASE WHEN n % 2 = 0 THEN 'note ' || n END FROM generate_series(1, 100) n`;
    return (await datasets.registered(name, 'id int PRIMARY KEY, category text, region text, note text', values)).id;
  }

  /** Records of all groups, and of one that the source has not; with ids that the source has too. */
  async function good(name: string): Promise<string> {
    const values = `SELECT n::text, (ARRAY['A', 'B', 'C', NULL])[1 + n % 4], 'EU', 'good ' || n, 'x'
                      FROM generate_series(1, 400) n`;
    return (await datasets.registered(name, 'id text, category text, region text, note text, other text', values)).id;
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
    const answer = await datasets.post('/dilute', body(sourceId, [goodId]));
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
    const output = await datasets.counted(answer.body.output_dataset_id);
    expect(output).toMatchObject({
      name: 'noisy (diluted)',
      source: 'dilution',
      records_count: 130,
      status: 'ready',
      run_id: answer.body.run_id,
    });
    const groups = await datasets.store.query(
      'SELECT category, count(*) AS n FROM data."noisy (diluted)" WHERE _diluted_from = $1 GROUP BY 1 ORDER BY 1',
      [goodId],
    );
    expect(groups).toEqual([
      { category: 'A', n: 21 },
      { category: 'B', n: 6 },
      { category: null, n: 3 },
    ]);
    const kept = await datasets.store.query(
      'SELECT id, category, region, note FROM data."noisy (diluted)" WHERE _diluted_from IS NULL ORDER BY id',
    );
    expect(kept).toEqual(await datasets.rowsOf('noisy'));
  });

  test('draws the same records for the same seed, and others for another', async () => {
    const sourceId = await source('seeded');
    const goodId = await good('seeds');
    const drawn = async (seed: number | undefined, name: string) => {
      const config = seed === undefined ? {} : { seed };
      const answer = await datasets.post('/dilute', body(sourceId, [goodId], config, { output: { name } }));
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return (await datasets.rowsOf(name, '1, 2, 4')).filter((row) => row._diluted_from !== null);
    };
    const first = await drawn(undefined, 'seed none');
    expect(await drawn(0, 'seed 0')).toEqual(first);
    // Where the records lie in their table does not matter.
    await datasets.store.query('CREATE TABLE data.other_place AS SELECT * FROM data.seeds ORDER BY id DESC');
    await datasets.store.query('DELETE FROM data.seeds');
    await datasets.store.query('INSERT INTO data.seeds SELECT * FROM data.other_place');
    expect(await drawn(0, 'seed 0 again')).toEqual(first);
    expect(await drawn(7, 'seed 7')).not.toEqual(first);
  });

  test('draws only what is good enough, and tells of groups that are short', async () => {
    const sourceId = await source('picky');
    // Of A only 5 are complete; of B none has a number for an id; none is without a category.
    const values = `SELECT n::text, 'A', 'EU', CASE WHEN n <= 5 THEN 'full' END FROM generate_series(1, 50) n
                    UNION ALL SELECT 'no number', 'B', 'EU', 'note' FROM generate_series(1, 50)`;
    const { id } = await datasets.registered('uneven', 'id text, category text, region text, note text', values);
    const { body: answer } = await datasets.post('/dilute', body(sourceId, [id], { quality_threshold: 1 }));
    expect(answer).toMatchObject({ diluted_records: 5, final_records: 105, short_groups_total: 3 });
    expect(answer.short_groups).toEqual([
      { values: { category: 'A', region: 'EU' }, wanted: 21, drawn: 5 },
      { values: { category: 'B', region: 'EU' }, wanted: 6, drawn: 0 },
      { values: { category: null, region: 'EU' }, wanted: 3, drawn: 0 },
    ]);
  });

  test('takes names that try to be SQL for names', async () => {
    await datasets.makeTable('victim', 'n int', 'VALUES (1)');
    const name = `x"; DROP TABLE data.victim; --'`;
    const column = `c"); DELETE FROM data.victim; --`;
    const columns = `${quote(column)} text, v int`;
    const { id } = await datasets.registered(name, columns, "SELECT 'g''', n FROM generate_series(1, 10) n");
    const other = await datasets.registered(`${name}2`, columns, "SELECT 'g''', n FROM generate_series(50, 90) n");
    const answer = await datasets.post('/dilute', body(id, [other.id], { matching_fields: [column] }));
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ diluted_records: 3, final_records: 13 });
    expect(await datasets.rowsOf('victim')).toHaveLength(1);
  });

  test('400 naming a field that a dataset lacks, a ratio out of range, the source among the others', async () => {
    const sourceId = await source('strict');
    const { id } = await datasets.registered('lacking', 'id int, category text', "VALUES (1, 'A')");
    const lacking = await datasets.post('/dilute', body(sourceId, [id]));
    expect(lacking.body).toEqual(failure('VALIDATION_ERROR', 'config.matching_fields.1'));
    expect(lacking.body.error.details[0].message).toContain('"region"');
    for (const dilution_ratio of [0, -1, 11]) {
      const answer = await datasets.post('/dilute', body(sourceId, [id], { dilution_ratio }));
      expect(answer.body).toEqual(failure('VALIDATION_ERROR', 'config.dilution_ratio'));
    }
    expect((await datasets.post('/dilute', body(sourceId, [sourceId]))).body).toEqual(
      failure('VALIDATION_ERROR', 'dilution_dataset_ids.0'),
    );
  });

  test('404 for a dataset that is not there, 409 for one without records', async () => {
    const sourceId = await source('alone');
    expect((await datasets.post('/dilute', body(sourceId, ['ds_999999']))).body).toEqual(failure('NOT_FOUND'));
    expect((await datasets.post('/dilute', body('ds_999999', [sourceId]))).body).toEqual(failure('NOT_FOUND'));
    await datasets.makeTable('void', 'id int, category text, region text');
    const { id } = await datasets.register('void');
    expect((await datasets.post('/dilute', body(id, [sourceId]))).body).toEqual(failure('CONFLICT'));
  });

  test('the first answer for a repeated Idempotency-Key', async () => {
    const sourceId = await source('repeated');
    const goodId = await good('repeats');
    const headers = { 'Idempotency-Key': 'dilute-once' };
    const first = await datasets.post('/dilute', body(sourceId, [goodId]), headers);
    const again = await datasets.post('/dilute', body(sourceId, [goodId]), headers);
    expect(first.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect((await datasets.get('?search=repeated')).body.total).toBe(2);
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
    datasets.post('/augment', { dataset_id: id, augmentation, ...more });

  test('200, with variants that keep ids and labels and tell where they come from', async () => {
    const { id } = await datasets.registered('reviews', COLUMNS, VALUES);
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
    const output = await datasets.counted(answer.body.output_dataset_id);
    expect(output).toMatchObject({ name: 'reviews (augmented)', source: 'augmentation', records_count: 12 });
    const originals = await datasets.rowsOf('reviews');
    const rows = await datasets.rowsOf('reviews (augmented)', 'id, _augmented_from NULLS FIRST, comment');
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
    const { id } = await datasets.registered('repeatable', COLUMNS, VALUES);
    const made = async (seed: number, name: string) => {
      const how = { strategies: ['random_swap', 'numeric_jitter'], multiplier: 5, seed };
      expect((await augment(id, how, { output: { name } })).status).toBe(200);
      return datasets.rowsOf(name, 'id, comment COLLATE "C", price, grade');
    };
    const first = await made(1, 'augmented 1');
    expect(await made(1, 'augmented 1 again')).toEqual(first);
    expect(await made(2, 'augmented 2')).not.toEqual(first);
  });

  test('replaces Chinese words by Chinese words of the same meaning', async () => {
    const text = '他非常节约，也许会购买香肠';
    const { id } = await datasets.registered('中文评论', 'id int, 评论 text', `VALUES (1, '${text}')`);
    const how = { strategies: ['synonym_replacement'], multiplier: 4 };
    const answer = await augment(id, how, { output: { name: '增强' } });
    expect(answer.body).toMatchObject({ final_records: 4 });
    const variants = (await datasets.rowsOf('增强'))
      .map((row) => String(row.评论))
      .filter((variant) => variant !== text);
    expect(variants).toHaveLength(3);
    for (const variant of variants)
      expect(variant).toMatch(/^他非常\p{Script=Han}{2}，\p{Script=Han}{2}会购买\p{Script=Han}{2}$/u);
  });

  test('translates back and forth where there is a translator', async () => {
    const { id } = await datasets.registered('translated', 'id int, t text', "VALUES (1, '你好'), (2, 'hello')");
    const how = { strategies: ['back_translation'], multiplier: 2 };
    expect((await augment(id, how, { output: { name: 'there and back' } })).status).toBe(200);
    const rows = await datasets.rowsOf('there and back', 'id, _strategy NULLS FIRST');
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
    const { id } = await datasets.registered('strictly', 'id int, t text', "VALUES (1, 'some text of words')");
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
    await datasets.makeTable('blank', 'id int, t text');
    const { id: blank } = await datasets.register('blank');
    expect((await augment(blank, { strategies })).body).toEqual(failure('CONFLICT'));
    const { id } = await datasets.registered('numbers only', 'id int, n int', 'VALUES (1, 2)');
    const refused = await augment(id, { strategies });
    expect(refused.body).toEqual(failure('CONFLICT'));
    expect(refused.body.error.message).toContain('text_columns');
    const [failed] = (await datasets.get('?search=only%20(augmented)')).body.datasets;
    expect((await datasets.get(`/${failed.id}`)).body).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('text_columns'),
    });
  });
});
