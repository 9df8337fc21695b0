import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Column, Row } from '../pipeline/contracts.ts';
import { encodeRows } from './encode-rows.ts';
import type { FileFormat } from './file-format.ts';
import { readFile } from './read-all.fixture.ts';

const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'integer' },
  { name: '名称', type: 'text' },
  { name: 'note', type: 'text' },
  { name: 'big', type: 'integer' },
  { name: 'price', type: 'number' },
  { name: 'exact', type: 'decimal' },
  { name: 'active', type: 'boolean' },
  { name: 'day', type: 'date' },
  { name: 'at', type: 'timestamp' },
  { name: 'nested', type: 'json' },
  { name: 'bytes', type: 'binary' },
];

const ROWS: readonly Row[] = [
  {
    id: 1,
    名称: '中文 🚀',
    note: 'plain',
    big: 9_007_199_254_740_993n,
    price: 1.5,
    exact: '12345678901234567890.12',
    active: true,
    day: '2024-02-29',
    at: new Date('2024-02-29T23:59:58.123Z'),
    nested: { a: [1, { 深: 'ü' }], none: null },
    bytes: Uint8Array.from([0, 255, 10]),
  },
  {
    id: 2,
    名称: 'line\nbreak, "quotes"\tand ; | more',
    note: '',
    big: -9_223_372_036_854_775_808n,
    price: -0.001,
    exact: '-0.10',
    active: false,
    day: '1969-12-31',
    at: new Date('1969-12-31T00:00:00.000Z'),
    nested: [],
    bytes: new Uint8Array(),
  },
  {
    id: 3,
    名称: ' 007 ',
    note: null,
    big: null,
    price: null,
    exact: null,
    active: null,
    day: null,
    at: null,
    nested: null,
    bytes: null,
  },
];

type Change = (row: Row) => Row;
const isoTime = (value: Row[string] | undefined) => (value instanceof Date ? value.toISOString() : (value ?? null));
const base64 = (value: Row[string] | undefined) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value ?? null);
const jsonOrNull = (value: Row[string] | undefined) => (value == null ? null : JSON.stringify(value));

/** What a format has no way to say, and what comes back instead. */
const LOSSES: Readonly<Record<FileFormat, Change>> = {
  parquet: (row) => row,
  ndjson: (row) => ({ ...row, at: isoTime(row.at), bytes: base64(row.bytes) }),
  json: (row) => ({ ...row, at: isoTime(row.at), bytes: base64(row.bytes) }),
  // Nineteen digits are read as the code that they more likely are.
  csv: (row) => ({
    ...row,
    big: row.big === null ? null : String(row.big),
    nested: jsonOrNull(row.nested),
    bytes: base64(row.bytes),
  }),
  // An empty text is an empty cell; numbers are those of floating point; times begin with 1900.
  excel: (row) => ({
    ...row,
    note: row.note === '' ? null : (row.note ?? null),
    big: row.big === null ? null : String(row.big),
    nested: jsonOrNull(row.nested),
    bytes: base64(row.bytes) === '' ? null : base64(row.bytes),
  }),
};

const written = async (format: FileFormat, rows: readonly Row[], columns?: readonly Column[]) =>
  await buffer(encodeRows(format, [rows.slice(0, 1), rows.slice(1)], columns ? { columns } : {}));

describe.each(Object.keys(LOSSES) as FileFormat[])('%s', (format) => {
  const expected = ROWS.map(LOSSES[format]);

  it('gives back the rows that were written', async () => {
    const { rows, rejects, ordinals } = await readFile(format, await written(format, ROWS, COLUMNS));
    expect(rows).toEqual(expected);
    expect(rejects).toEqual([]);
    expect(ordinals).toEqual([0, 1, 2]);
  });

  it('finds out the columns from the first rows', async () => {
    const { rows } = await readFile(format, await written(format, ROWS));
    expect(rows).toEqual(expected);
  });

  it('goes on behind any record, with the same ordinals', async () => {
    const file = await written(format, ROWS, COLUMNS);
    for (const from of [1, 2, 3]) {
      const { rows, ordinals } = await readFile(format, file, { from, batchSize: 1 });
      expect(rows).toEqual(expected.slice(from));
      expect(ordinals).toEqual([0, 1, 2].slice(from));
    }
  });

  it('may be packed, and come in pieces of any size', async () => {
    const file = await written(format, ROWS, COLUMNS);
    for (const [content, chunk] of [
      [gzipSync(file), 7],
      [file, 1],
    ] as const) {
      expect((await readFile(format, content, { chunk, batchSize: 2 })).rows).toEqual(expected);
    }
  });

  it('may hold no rows', async () => {
    const { rows, rejects } = await readFile(format, await written(format, [], COLUMNS));
    expect([rows, rejects]).toEqual([[], []]);
  });
});

describe('columns of a file that says so', () => {
  it('are known before its rows', async () => {
    const { columns } = await readFile('parquet', await written('parquet', ROWS, COLUMNS));
    // Parquet's own decimals name a precision, which ours do not have.
    expect(columns).toEqual(
      COLUMNS.map((column) => (column.type === 'decimal' ? { ...column, type: 'text' } : column)),
    );
  });
});
