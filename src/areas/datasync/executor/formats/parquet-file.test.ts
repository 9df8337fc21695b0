import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readFile } from './read-all.fixture.ts';

/** A file of other makers' columns, each with its values. */
function parquetOf(
  columns: readonly { element: Omit<SchemaElement, 'name'>; data: unknown[]; nested?: SchemaElement[] }[],
) {
  const writer = new ByteWriter();
  const elements = columns.flatMap(({ element, nested = [] }, index): SchemaElement[] => [
    { name: `c${index}`, repetition_type: 'OPTIONAL', ...element },
    ...nested,
  ]);
  const file = new ParquetWriter({ writer, schema: [{ name: 'root', num_children: columns.length }, ...elements] });
  void file.write({ columnData: columns.map(({ data }, index) => ({ name: `c${index}`, data })) });
  void file.finish();
  return Buffer.from(writer.getBytes());
}

describe('parquet of other makers', () => {
  it.each<[string, Omit<SchemaElement, 'name'>, unknown[], unknown[], string]>([
    [
      'decimals in 32 bits',
      { type: 'INT32', converted_type: 'DECIMAL', scale: 2, precision: 9 },
      [1234n, -5n, null, 1234n],
      ['12.34', '-0.05', null, '12.34'],
      'decimal',
    ],
    [
      'decimals in 64 bits',
      { type: 'INT64', converted_type: 'DECIMAL', scale: 0, precision: 18 },
      [999_999_999_999_999_999n],
      ['999999999999999999'],
      'decimal',
    ],
    [
      'decimals in bytes',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', scale: 10, precision: 38 },
      [12_345_678_901_234_567_890_123n, -1n],
      ['1234567890123.4567890123', '-0.0000000001'],
      'decimal',
    ],
    [
      'times of day',
      {
        type: 'INT64',
        converted_type: 'TIME_MICROS',
        logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MICROS' },
      },
      [45_296_500_000n, 0n, null],
      ['12:34:56.5', '00:00:00', null],
      'text',
    ],
    [
      'nanoseconds',
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } },
      [1_700_000_000_123_456_789n],
      [new Date(1_700_000_000_123)],
      'timestamp',
    ],
    ['narrow integers', { type: 'INT32', converted_type: 'INT_8' }, [-1, 5], [-1, 5], 'integer'],
    ['floats', { type: 'FLOAT' }, [0.5, null], [0.5, null], 'number'],
    [
      'texts that say nothing of themselves',
      { type: 'BYTE_ARRAY' },
      [Buffer.from('x')],
      [Uint8Array.from([120])],
      'binary',
    ],
  ])('%s', async (_name, element, data, values, type) => {
    const { rows, columns } = await readFile('parquet', parquetOf([{ element, data }]));
    expect(rows.map((row) => row.c0)).toEqual(values);
    expect(columns).toEqual([{ name: 'c0', type }]);
  });

  it('lists and structures', async () => {
    const list = {
      element: { converted_type: 'LIST' as const, num_children: 1 },
      nested: [
        { name: 'list', repetition_type: 'REPEATED' as const, num_children: 1 },
        { name: 'element', type: 'INT64' as const, repetition_type: 'OPTIONAL' as const },
      ],
      data: [[1n, null, 9007199254740993n], [], null],
    };
    const structure = {
      element: { num_children: 1 },
      nested: [
        {
          name: 'x',
          type: 'BYTE_ARRAY' as const,
          converted_type: 'UTF8' as const,
          repetition_type: 'OPTIONAL' as const,
        },
      ],
      data: [{ x: '中' }, { x: null }, null],
    };
    const { rows, columns } = await readFile('parquet', parquetOf([list, structure]));
    expect(rows).toEqual([
      { c0: [1, null, 9007199254740993n], c1: { x: '中' } },
      { c0: [], c1: { x: null } },
      { c0: null, c1: null },
    ]);
    expect(columns?.map((column) => column.type)).toEqual(['json', 'json']);
  });
});
