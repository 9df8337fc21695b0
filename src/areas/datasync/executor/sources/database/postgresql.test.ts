import { beforeAll, describe, expect, it } from 'vitest';
import { ENGINES, type Engine } from './engines.fixture.ts';
import { readsFrom } from './reading.fixture.ts';

let engine: Engine;
beforeAll(async () => {
  const setup = ENGINES.find(({ name }) => name === 'postgresql');
  if (!setup) throw new Error('no such engine');
  engine = await setup.open();
  await engine.run(`
    CREATE TYPE mood AS ENUM ('glad', '中文 😀');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TYPE pair AS (a int, b text)`);
});

/** What an expression's value becomes, and its column. */
async function value(expression: string): Promise<{ value: unknown; type: string | undefined; warnings: string[] }> {
  const { open, read, warnings } = readsFrom(engine.login);
  const query = `SELECT ${expression} AS v`;
  const source = open({ query });
  const [column] = (await source.columns?.()) ?? [];
  await source.close();
  const { rows } = await read({ query });
  return { value: rows[0]?.v, type: column?.type, warnings };
}

describe('a value of PostgreSQL', () => {
  it.each<[expression: string, type: string, expected: unknown]>([
    ['true', 'boolean', true],
    ['(-32768)::int2', 'integer', -32_768],
    ['7::positive', 'integer', 7],
    ['9007199254740991::int8', 'integer', 9_007_199_254_740_991],
    ['9223372036854775807::int8', 'integer', 9_223_372_036_854_775_807n],
    ['(-9223372036854775808)::int8', 'integer', -9_223_372_036_854_775_808n],
    ['0.1::float4', 'number', 0.1],
    ["'NaN'::float8", 'number', Number.NaN],
    ['0.1::float8 + 0.2::float8', 'number', 0.1 + 0.2],
    ['12345678901234567890.123456789000', 'decimal', '12345678901234567890.123456789000'],
    ["'2024-02-29'::date", 'date', '2024-02-29'],
    ["'2024-05-06 07:08:09.123456+02'::timestamptz", 'timestamp', new Date('2024-05-06T05:08:09.123Z')],
    ["'2024-05-06 07:08:09'::timestamptz", 'timestamp', new Date('2024-05-06T07:08:09Z')],
    ["'2024-05-06 07:08:09.5'::timestamp", 'timestamp', new Date('2024-05-06T07:08:09.500Z')],
    ["'0044-03-15 12:00:00 BC'::timestamptz", 'timestamp', new Date('-000043-03-15T12:00:00Z')],
    ["'0099-01-01 00:00:00'::timestamptz", 'timestamp', new Date('0099-01-01T00:00:00Z')],
    ["'12345-01-01 00:00:00'::timestamptz", 'timestamp', new Date('+012345-01-01T00:00:00Z')],
    ["'13:14:15.5'::time", 'text', '13:14:15.5'],
    ["'1 year 2 days 03:04:05'::interval", 'text', 'P1Y2DT3H4M5S'],
    [`'{"a": [1, null, "中文 😀"]}'::jsonb`, 'json', { a: [1, null, '中文 😀'] }],
    [`'{"n": 12345678901234567890}'::json`, 'json', { n: 12_345_678_901_234_567_890n }],
    ["'null'::jsonb", 'json', null],
    ["'\\x00ff10'::bytea", 'binary', Buffer.from([0, 255, 16])],
    ["'中文 😀'::mood", 'text', '中文 😀'],
    ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ["'10.0.0.1/8'::inet", 'text', '10.0.0.1/8'],
    ["row(1, 'x y')::pair", 'text', '(1,"x y")'],
    ['NULL::int', 'integer', null],
    ['ARRAY[1, NULL, 3]', 'json', [1, null, 3]],
    ["'{}'::text[]", 'json', []],
    [`ARRAY['a "b"', 'c\\d', 'NULL', '', '{x,y}', '中文']`, 'json', ['a "b"', 'c\\d', 'NULL', '', '{x,y}', '中文']],
    [
      'ARRAY[[1, 2], [3, 4]]',
      'json',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["'[0:1]={5,6}'::int[]", 'json', [5, 6]],
    ["ARRAY['glad', NULL]::mood[]", 'json', ['glad', null]],
    ['ARRAY[1.50]::numeric[]', 'json', ['1.50']],
    ['ARRAY[true, false]', 'json', [true, false]],
    ["ARRAY['2024-05-06 07:08:09+00'::timestamptz]", 'json', [new Date('2024-05-06T07:08:09Z')]],
    ['ARRAY[7]::positive[]', 'json', [7]],
  ])('%s is %s', async (expression, type, expected) => {
    expect(await value(expression)).toEqual({ value: expected, type, warnings: [] });
  });

  it('at an infinity of time is null, and that is said', async () => {
    for (const type of ['timestamptz', 'timestamp', 'date']) {
      expect(await value(`'-infinity'::${type}`)).toMatchObject({
        value: null,
        warnings: ['column v: infinite dates and times are read as null'],
      });
    }
  });

  it('that no Date can hold is null, and that is said', async () => {
    expect(await value("'290000-01-01 00:00:00'::timestamptz")).toMatchObject({
      value: null,
      warnings: [expect.stringContaining('years')],
    });
  });

  it('that cannot be taken puts its row aside, not the run', async () => {
    await engine.run('CREATE TABLE deep (id int PRIMARY KEY, doc json)');
    await engine.run(`INSERT INTO deep VALUES (1, '[]'), (2, (repeat('[', 300) || repeat(']', 300))::json), (3, '{}')`);
    const { batches, rows } = await readsFrom(engine.login).read({ table: 'deep' });
    expect(rows.map(({ id }) => id)).toEqual([1, 3]);
    expect(batches[0]).toMatchObject({
      ordinals: [0, 2],
      rejects: [{ ordinal: 1, reason: expect.stringContaining('200') }],
    });
  });

  it('is written as we read it, whatever the database is set to', async () => {
    await engine.run(`
      DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Shanghai');
        EXECUTE format('ALTER DATABASE %I SET datestyle = %L', current_database(), 'German, DMY');
        EXECUTE format('ALTER DATABASE %I SET bytea_output = %L', current_database(), 'escape');
        EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '500ms');
      END $$`);
    expect(await value("'2024-05-06 07:08:09+00'::timestamptz")).toMatchObject({
      value: new Date('2024-05-06T07:08:09Z'),
    });
    expect(await value("'2024-05-06'::date")).toMatchObject({ value: '2024-05-06' });
    expect(await value("'\\xff'::bytea")).toMatchObject({ value: Buffer.from([255]) });
    expect(await value('pg_sleep(0.6)::text')).toMatchObject({ value: '' });
    await engine.run(`SET statement_timeout = 0;
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$`);
  });
});

describe('tables of PostgreSQL', () => {
  it('are counted up to a hundred thousand rows, and estimated beyond', async () => {
    const { open } = readsFrom(engine.login);
    await engine.run(`CREATE TABLE many (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE many_1 PARTITION OF many FOR VALUES FROM (0) TO (100000);
      CREATE TABLE many_2 PARTITION OF many FOR VALUES FROM (100000) TO (200001);
      INSERT INTO many SELECT generate_series(1, 150000); ANALYZE many_1, many_2`);
    await engine.run('CREATE TABLE plain AS SELECT generate_series(1, 120000) AS id; ANALYZE plain');
    await engine.run('CREATE TABLE fresh WITH (autovacuum_enabled = false) AS SELECT id FROM plain');
    const total = async (table: string, position?: { columns: string[]; after: number[]; read: number }) => {
      const source = open({ table });
      try {
        return await source.total?.({ position, cursor: undefined });
      } finally {
        await source.close();
      }
    };
    expect(await total('many')).toBe(150_000);
    expect(await total('plain')).toBe(120_000);
    expect(await total('fresh')).toBeUndefined();
    expect(await total('many', { columns: ['id'], after: [10_000], read: 10_000 })).toBe(140_000);
    expect(await total('many', { columns: ['id'], after: [140_000], read: 140_000 })).toBe(10_000);
  });

  it('are read by views and in other schemas too', async () => {
    await engine.run(`CREATE SCHEMA "Other"; CREATE TABLE "Other"."T" ("Id" int PRIMARY KEY, v text);
      INSERT INTO "Other"."T" VALUES (2, 'b'), (1, 'a'); CREATE VIEW seen AS SELECT * FROM "Other"."T"`);
    const { read } = readsFrom(engine.login);
    expect((await read({ schema: 'Other', table: 'T' })).rows).toEqual([
      { Id: 1, v: 'a' },
      { Id: 2, v: 'b' },
    ]);
    expect((await read({ table: 'seen', key_columns: ['Id'] })).rows).toHaveLength(2);
    expect((await read({ table: 'seen' })).rows).toHaveLength(2);
  });
});
