import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.ts';
import { AttemptAborted } from '../../../../protocol/executor.ts';
import { execute, query } from '../destinations/postgresql/session.ts';
import type { ColumnType } from '../pipeline/contracts.ts';
import type { ColumnRule, DatasetSchema } from './dataset-schema.ts';
import { EXACT_ROWS, profileTable } from './profile.ts';
import { qualityOf } from './quality.ts';
import { fitsType } from './validity.ts';
import { inWarehouse } from './warehouse-session.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.store.query('CREATE SCHEMA data');
});

const { signal } = new AbortController();
const login = () => ({ engine: 'postgresql', url: database.directUrl }) as const;

function profile(table: string, schema?: DatasetSchema) {
  return inWarehouse(login(), { signal }, `profiling ${table}`, (session) => profileTable(session, table, schema));
}

/** How many of `values` (as SQL) of a column obey its rule. */
async function validOf(native: string, values: readonly string[], rule: Omit<ColumnRule, 'name'>): Promise<number> {
  await database.store.query('DROP TABLE IF EXISTS data.judged');
  await database.store.query(`CREATE TABLE data.judged (v ${native})`);
  await database.store.query(`INSERT INTO data.judged VALUES ${values.map((value) => `(${value})`).join(', ')}`);
  return (await profile('judged', { columns: [{ name: 'v', ...rule }] }))?.counts.valid ?? -1;
}

describe('texts that are to be of another type', () => {
  const cases: readonly [type: ColumnType, native: string, fitting: readonly string[], other: readonly string[]][] = [
    ['boolean', 'boolean', ['true', 'false'], ['yes please', '', '2']],
    ['integer', 'bigint', ['0', '-7', '007', '999999999999999999'], ['1.5', '', ' 1', '1e3', '١', '9'.repeat(20)]],
    ['number', 'double precision', ['1', '-1.50', '0.1'], ['1.', '.5', 'NaN', '1,5', '']],
    ['decimal', 'numeric', ['1', '-1.50', '9'.repeat(255)], ['1e5', '--1', '']],
    [
      'date',
      'date',
      ['2024-02-29', '2000-02-29', '0001-12-31'],
      ['2023-02-29', '1900-02-29', '0000-01-01', '2024-13-01', '2024-04-31', 'today'],
    ],
    [
      'timestamp',
      'timestamptz',
      ['2024-02-29', '2024-01-01T23:59:59.123456Z', '2024-01-01 00:00+08:00'],
      ['2024-01-01T24:00:00Z', '2024-01-01T00:60:00Z', 'now'],
    ],
  ];

  test.each(cases)('%s: those that fit can be cast, the others are told', async (type, native, fitting, other) => {
    await inWarehouse(login(), { signal }, 'judging', async (session) => {
      const judge = async (text: string) => {
        const [row] = await query<{ fits: boolean }>(
          session,
          `SELECT ${fitsType('v', 'text', type)} AS fits FROM (SELECT $1::text AS v) x`,
          [text],
        );
        return row?.fits;
      };
      for (const text of fitting) {
        expect(await judge(text), text).toBe(true);
        await execute(session, `SELECT $1::text::${native}`, [text]);
      }
      for (const text of other) expect(await judge(text), text).toBe(false);
    });
  });
});

describe('rules', () => {
  test('of numbers hold for numbers and for texts that say some', async () => {
    const rule = { type: 'number', min: 0, max: 10 } as const;
    expect(await validOf('integer', ['-1', '0', '10', '11', 'NULL'], rule)).toBe(3);
    expect(await validOf('text', ["'5'", "'50'", "'five'", 'NULL'], rule)).toBe(2);
  });

  test('of length and of lists hold for what cannot break a literal either', async () => {
    const values = ["O'Reilly", '\\', '中文'];
    const rule = { type: 'text', values, max_length: 8 } as const;
    expect(await validOf('text', ["'O''Reilly'", "'\\'", "'中文'", "'other'"], rule)).toBe(3);
    expect(await validOf('text', ["'12345678'", "'123456789'"], { type: 'text', max_length: 8 })).toBe(1);
  });

  test('of a column that is required, and of one that is missing', async () => {
    expect(await validOf('text', ["'a'", 'NULL'], { type: 'text', required: true })).toBe(1);
    const found = await profile('judged', { columns: [{ name: 'not there', type: 'text', required: true }] });
    expect(found?.counts).toMatchObject({ rows: 2, valid: 0 });
  });
});

describe('a profile', () => {
  test('counts content alone, of columns whatever they are called', async () => {
    const name = `it's "quoted"; DROP TABLE data.judged`;
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await database.store.query(
      `CREATE TABLE data.${quoted} (${quoted} text, doc json, tags text[], u uuid, _id text, _longshore_base jsonb)`,
    );
    await database.store.query(
      `INSERT INTO data.${quoted} SELECT 'x', '{"a":1}', '{a,b}', '00000000-0000-0000-0000-000000000001', n, '{}'
         FROM generate_series(1, 4) n`,
    );
    const found = await profile(name);
    // The ids of pushed records differ; what was pushed does not.
    expect(found?.counts).toEqual({ rows: 4, filled: 16, cells: 16, distinct: 1, valid: 4 });
    expect(found?.profile.columns.map((column) => [column.name, column.distinct, column.min])).toEqual([
      [name, 1, 'x'],
      ['doc', 1, null],
      ['tags', 1, null],
      ['u', 1, null],
      ['_id', 4, '1'],
    ]);
  });

  test('of a table that is not there is none, of an empty one is without a quality', async () => {
    expect(await profile('nowhere')).toBeUndefined();
    await database.store.query('CREATE TABLE data.empty (a int)');
    const found = await profile('empty');
    expect(found?.counts).toEqual({ rows: 0, filled: 0, cells: 0, distinct: 0, valid: 0 });
    expect(found && qualityOf(found.counts, 3)).toBeUndefined();
  });

  test('is exact beyond the size where distinct values are estimated, and says so', async () => {
    const rows = EXACT_ROWS + 10;
    await database.store.query(
      `CREATE TABLE data.large AS SELECT n, n % 7 AS few, CASE WHEN n > 10 THEN n END AS some FROM generate_series(1, ${rows}) n`,
    );
    const found = await profile('large');
    expect(found?.counts).toEqual({ rows, filled: 3 * rows - 10, cells: 3 * rows, distinct: rows, valid: rows });
    expect(found?.profile.distinct_is_estimate).toBe(true);
    expect(found?.profile.columns).toMatchObject([
      { name: 'n', nulls: 0, min: '1', max: String(rows) },
      { name: 'few', nulls: 0, distinct: 7, min: '0', max: '6' },
      { name: 'some', nulls: 10, min: '11' },
    ]);
    const [estimate] = found?.profile.columns ?? [];
    expect(estimate?.distinct).toBeGreaterThan(rows * 0.8);
  });
});

describe('a session', () => {
  test('ends, on the server too, when its attempt does', async () => {
    const ending = new AbortController();
    const reason = new AttemptAborted('cancel');
    let pid = 0;
    const work = inWarehouse(login(), { signal: ending.signal }, 'sleeping', async (session) => {
      const [row] = await query<{ pid: number }>(session, 'SELECT pg_backend_pid() AS pid');
      pid = row?.pid ?? 0;
      const asleep = query(session, 'SELECT pg_sleep(3600)');
      ending.abort(reason);
      await asleep;
    });
    await expect(work).rejects.toBe(reason);
    for (;;) {
      const found = await database.store.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
      if (found.length === 0) break;
    }
    expect(pid).toBeGreaterThan(0);
  });

  test('leaves nothing of what failed', async () => {
    const failing = inWarehouse(login(), { signal }, 'making half', async (session) => {
      await execute(session, 'CREATE TABLE data.half (a int)');
      await execute(session, 'SELECT 1 / 0');
    });
    await expect(failing).rejects.toThrow('making half: division by zero');
    expect(await profile('half')).toBeUndefined();
  });
});

test('quality is the weighted sum of its parts, refused records counted as invalid', () => {
  const counts = { rows: 8, filled: 30, cells: 40, distinct: 6, valid: 7 };
  expect(qualityOf(counts, 2)).toEqual({
    completeness: 0.75,
    uniqueness: 0.75,
    validity: 0.7,
    score: 0.735,
  });
});
