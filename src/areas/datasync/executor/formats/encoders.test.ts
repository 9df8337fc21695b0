import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Column, Row } from '../pipeline/contracts.ts';
import { encodeRows } from './encode-rows.ts';
import { columnsOf } from './encoder.ts';
import { readFile } from './read-all.fixture.ts';

const refusal = (message: string) => ({
  name: 'ExecutorError',
  retryable: false,
  message: expect.stringContaining(message),
});

describe('columns of rows', () => {
  it('are those that appear, of the narrowest type that holds all', () => {
    const rows: Row[] = [
      { n: 1, mixed: 1, json: {}, none: null, at: new Date(0) },
      { n: 1.5, mixed: 'x', json: [], none: null, late: true, at: new Date(1) },
    ];
    expect(columnsOf(rows)).toEqual([
      { name: 'n', type: 'number' },
      { name: 'mixed', type: 'text' },
      { name: 'json', type: 'json' },
      { name: 'none', type: 'text' },
      { name: 'at', type: 'timestamp' },
      { name: 'late', type: 'boolean' },
    ]);
  });
});

describe('a file with columns', () => {
  it.each(['csv', 'parquet', 'excel'] as const)('loses no field silently (%s)', async (format) => {
    await expect(buffer(encodeRows(format, [[{ id: 1 }], [{ id: 2, more: 3 }]]))).rejects.toMatchObject(
      refusal('the field more'),
    );
  });

  it.each<[Column['type'], unknown]>([
    ['integer', 'x'],
    ['integer', '9223372036854775808'],
    ['number', 'x'],
    ['boolean', 1],
    ['date', 'yesterday'],
    ['timestamp', 7],
    ['binary', 'x'],
  ])('of %s refuses %j', async (type, v) => {
    const file = encodeRows('parquet', [[{ v } as Row]], { columns: [{ name: 'v', type }] });
    await expect(buffer(file)).rejects.toMatchObject(refusal('in the column v'));
  });

  it('takes what means the same', async () => {
    const columns: Column[] = [
      { name: 'i', type: 'integer' },
      { name: 'n', type: 'number' },
      { name: 't', type: 'text' },
      { name: 'at', type: 'timestamp' },
    ];
    const file = await buffer(
      encodeRows('parquet', [[{ i: '9007199254740993', n: '1.5', t: { a: 1n }, at: '2024-01-01T00:00:00Z' }]], {
        columns,
      }),
    );
    expect((await readFile('parquet', file)).rows).toEqual([
      { i: 9007199254740993n, n: 1.5, t: '{"a":1}', at: new Date('2024-01-01T00:00:00Z') },
    ]);
  });
});

describe('parquet', () => {
  it('is written and read by row groups', async () => {
    const batches = Array.from({ length: 13 }, (_, batch) =>
      Array.from({ length: 10_000 }, (_, index): Row => ({ id: batch * 10_000 + index, name: `n ${index}` })),
    );
    const file = await buffer(encodeRows('parquet', batches));
    const { rows, ordinals } = await readFile('parquet', file, { from: 99_990, batchSize: 3000 });
    expect(rows).toHaveLength(30_010);
    expect(rows[0]).toEqual({ id: 99_990, name: 'n 9990' });
    expect(rows.at(-1)).toEqual({ id: 129_999, name: 'n 9999' });
    expect([ordinals[0], ordinals.at(-1)]).toEqual([99_990, 129_999]);
  });
});

describe('csv', () => {
  it('names its columns even without rows', async () => {
    expect(await text(encodeRows('csv', [], { columns: [{ name: 'a,b', type: 'text' }] }))).toBe('"a,b"\n');
  });

  it('has no blank lines, which would be no records', async () => {
    expect(await text(encodeRows('csv', [[{ a: null }, { a: 1 }]]))).toBe('a\n""\n1\n');
  });
});

describe('excel', () => {
  it('refuses what a sheet or a cell cannot hold', async () => {
    await expect(buffer(encodeRows('excel', [[{ t: 'x'.repeat(40_000) }]]))).rejects.toMatchObject(refusal('32767'));
    const rows = Array.from({ length: 10_000 }, (): Row => ({ a: 1, b: 2 }));
    const many = Array.from({ length: 101 }, () => rows);
    await expect(buffer(encodeRows('excel', many))).rejects.toMatchObject(refusal('choose csv or parquet'));
  });

  it('keeps times to the millisecond, and whole seconds whole', async () => {
    const rows = Array.from({ length: 500 }, (_, index): Row => ({ at: new Date(1_700_000_000_000 + index * 79_190) }));
    expect((await readFile('excel', await buffer(encodeRows('excel', [rows])))).rows).toEqual(rows);
  });
});
