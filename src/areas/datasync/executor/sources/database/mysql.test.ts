import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ENGINES, type Engine, needs } from './engines.fixture.ts';
import { readsFrom } from './reading.fixture.ts';

const setup = ENGINES.find(({ name }) => name === 'mariadb');
let engine: Engine;
let tables = 0;
beforeAll(async () => {
  if (setup && !setup.missing) engine = await setup.open();
});
beforeEach((context) => {
  if (setup) needs(setup, context);
});

/** What a literal becomes in a column of a type. */
async function value(declared: string, literal: string) {
  tables += 1;
  const table = `v${tables}`;
  await engine.run(
    `SET sql_mode = ''; CREATE TABLE ${table} (v ${declared} NULL); INSERT INTO ${table} VALUES (${literal})`,
  );
  const { open, read, warnings } = readsFrom(engine.login);
  const source = open({ table });
  const [column] = (await source.columns?.()) ?? [];
  await source.close();
  const { rows } = await read({ table });
  return { value: rows[0]?.v, type: column?.type, warnings };
}

describe('a value of MariaDB', () => {
  it.each<[declared: string, literal: string, type: string, expected: unknown]>([
    ['boolean', 'true', 'boolean', true],
    ['tinyint(1)', '0', 'boolean', false],
    ['bit(1)', "b'1'", 'boolean', true],
    ['bit(40)', "b'1000000000000000000000000000000000000001'", 'integer', 549_755_813_889],
    ['bit(64)', '18446744073709551615', 'integer', 18_446_744_073_709_551_615n],
    ['tinyint', '-128', 'integer', -128],
    ['year', '2024', 'integer', 2024],
    ['bigint', '9007199254740991', 'integer', 9_007_199_254_740_991],
    ['bigint', '-9223372036854775808', 'integer', -9_223_372_036_854_775_808n],
    ['bigint unsigned', '18446744073709551615', 'integer', 18_446_744_073_709_551_615n],
    ['float', '1.5', 'number', 1.5],
    ['double', '0.1', 'number', 0.1],
    ['decimal(40,10)', '123456789012345678901234567890.12', 'decimal', '123456789012345678901234567890.1200000000'],
    ['date', "'2024-02-29'", 'date', '2024-02-29'],
    ['datetime(6)', "'2024-05-06 07:08:09.123456'", 'timestamp', new Date('2024-05-06T07:08:09.123Z')],
    ['timestamp NULL', "'2024-05-06 07:08:09'", 'timestamp', new Date('2024-05-06T07:08:09Z')],
    ['time', "'-838:59:59'", 'text', '-838:59:59'],
    [
      'json',
      `'{"a": [1, "中文 😀", 12345678901234567890]}'`,
      'json',
      { a: [1, '中文 😀', 12_345_678_901_234_567_890n] },
    ],
    ['varchar(50) CHARACTER SET utf8mb4', "'中文 😀'", 'text', '中文 😀'],
    ['varchar(50) CHARACTER SET gbk', "'中文'", 'text', '中文'],
    ["enum('a','中')", "'中'", 'text', '中'],
    ["set('a','b')", "'a,b'", 'text', 'a,b'],
    ['longtext', "REPEAT('中', 3)", 'text', '中中中'],
    ['blob', "x'00ff10'", 'binary', Buffer.from([0, 255, 16])],
    ['binary(2)', "x'0001'", 'binary', Buffer.from([0, 1])],
    ['uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['inet6', "'::1'", 'text', '::1'],
    ['point', 'POINT(1, 2)', 'json', { x: 1, y: 2 }],
    ['int', 'NULL', 'integer', null],
  ])('%s of %s is %s', async (declared, literal, type, expected) => {
    expect(await value(declared, literal)).toEqual({ value: expected, type, warnings: [] });
  });

  it.each([
    ['date', "'0000-00-00'"],
    ['date', "'2024-00-15'"],
    ['datetime', "'0000-00-00 00:00:00'"],
    ['timestamp NULL', "'0000-00-00 00:00:00'"],
  ])('%s of %s is null, and that is said', async (declared, literal) => {
    expect(await value(declared, literal)).toMatchObject({
      value: null,
      warnings: ['column v: dates with zeros such as 0000-00-00 are read as null'],
    });
  });

  it('that is no truth value in a TINYINT(1) is told of', async () => {
    expect(await value('tinyint(1)', '7')).toMatchObject({
      value: true,
      warnings: [expect.stringContaining('TINYINT')],
    });
  });
});

describe('a key of MariaDB', () => {
  /** Goes on behind each row of a table in turn. */
  const resumes = async (declared: string, literals: readonly string[]) => {
    tables += 1;
    const table = `k${tables}`;
    await engine.run(`CREATE TABLE ${table} (k ${declared} PRIMARY KEY)`);
    await engine.run(`INSERT INTO ${table} VALUES ${literals.map((literal) => `(${literal})`).join(',')}`);
    const { read } = readsFrom(engine.login);
    const whole = await read({ table }, {}, { batchSize: 1 });
    expect(whole.rows).toHaveLength(literals.length);
    for (const [index, { position }] of whole.batches.entries()) {
      const { rows } = await read({ table }, { position: JSON.parse(JSON.stringify(position)) });
      expect(rows).toEqual(whole.rows.slice(index + 1));
    }
  };

  it.each<[declared: string, literals: string[]]>([
    ['bigint', ['-9223372036854775808', '9007199254740993', '9007199254740994', '9223372036854775807']],
    ['bigint unsigned', ['9007199254740993', '18446744073709551614', '18446744073709551615']],
    ['decimal(40,5)', ['-1.5', '12345678901234567890.10001', '12345678901234567890.10002']],
    ["enum('z','m','a')", ["'a'", "'m'", "'z'"]],
    ['datetime(6)', ["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"]],
    ['date', ["'2024-01-01'", "'2024-01-02'"]],
    ['time(3)', ["'-10:00:00'", "'00:00:00.001'", "'100:00:00'"]],
    ['varbinary(4)', ["x'00'", "x'0000'", "x'ff27'", "x'5c'"]],
    ['varchar(20) COLLATE utf8mb4_unicode_ci', ["'a'", "'B'", "'é'", "'中'", "'😀'"]],
    ['uuid', ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000001'"]],
    ['year', ['1999', '2024']],
  ])('%s is compared as it is ordered', resumes);

  it('is refused where it cannot be compared with what is read', async () => {
    await expect(resumes('float', ['1.1', '2.2'])).rejects.toMatchObject({
      message: expect.stringContaining('key_columns: k: a FLOAT'),
    });
  });

  it('works though the server takes backslashes for themselves', async () => {
    await engine.run("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'");
    try {
      await resumes('varchar(20)', ["'a\\'", "'b'' OR 1=1 --'"]);
    } finally {
      await engine.run("SET GLOBAL sql_mode = ''");
    }
  });
});
