import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row, TextRecords, Value } from '../pipeline/contracts.ts';
import { openCsv } from './csv-reader.ts';
import { CsvRecords, type Layout } from './csv-records.ts';
import { nullsOf, takeSample } from './csv-sample.ts';
import { CsvText } from './csv-text.ts';
import type { FileBatch } from './reading.ts';
import { textBlocks } from './text-blocks.ts';

const HEADER = 'id,amount,at,day,active,name\n';
const SAMPLE = '1,1.5,2024-01-31T09:30:00Z,2024-01-31,true,Ada\n';

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function layoutOf(empty: Layout['empty']): Promise<Layout> {
  const sample = await takeSample(textBlocks(once(HEADER + SAMPLE), 'utf-8'), {}, '"');
  return { ...sample, hasHeader: false, quote: '"', nulls: nullsOf(undefined), empty };
}

function readRows(layout: Layout, text: string): FileBatch | undefined {
  const request = { options: {}, from: 0, batchSize: 1000 };
  const records = new CsvRecords(layout, request);
  return [...records.take({ text, bad: undefined }), ...records.end()][0];
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };

/** What a server makes of a field: the text that COPY reads, as a column of the type would hold it. */
function valueIn(text: string, type: string | undefined): Value {
  if (text === '\\N') return null;
  const plain = text.replaceAll(/\\(.)/g, (_, code: string) => ESCAPES[code] ?? code);
  if (type === 'boolean') return plain === 't';
  if (type === 'integer' || type === 'number') return Number(plain);
  if (type !== 'timestamp') return plain;
  return new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(plain) ? plain : `${plain}Z`);
}

function rowsOf({ fields, chunks }: Pick<TextRecords, 'fields' | 'chunks'>): Row[] {
  const lines = Buffer.concat([...chunks])
    .toString('utf8')
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => {
    const texts = line.split('\t');
    expect(texts).toHaveLength(fields.length);
    return Object.fromEntries(fields.map(({ name, type }, at) => [name, valueIn(texts[at] ?? '', type)]));
  });
}

const digits = fc.stringMatching(/^-?\d{0,3}(?:\.\d{0,3})?(?:e\d)?$/);
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true }).map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  digits,
);
const time = fc
  .tuple(
    fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    fc.constantFrom(16, 19, 20, 21, 22, 23),
    fc.constantFrom('', 'Z', 'z', '+08:00', '-03:30', '+0800', '+08', '+15:59', ' UTC'),
    fc.constantFrom('T', ' ', 't'),
  )
  .map(([date, length, zone, separator]) => date.toISOString().slice(0, length).replace('T', separator) + zone);
const day = fc.oneof(
  fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  fc
    .tuple(fc.integer({ min: 1890, max: 2110 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join('-')),
);
const word = fc.constantFrom('true', 'false', 'TRUE', 'False', 'yes', 't', '1');
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.stringMatching(/^[\\\t\r "N',\n.a中😀]{0,6}$/u),
);

/** A field as some program or other would write it. */
function written(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const plain = fc.oneof({ arbitrary: value, weight: 12 }, { arbitrary: fc.constantFrom('', ' ', 'x'), weight: 1 });
  return fc.tuple(plain, fc.integer({ min: 0, max: 5 })).map(([field, how]) => {
    const must = /[",\n]/.test(field) && how > 0;
    return must || how === 5 ? `"${field.replaceAll('"', '""')}"` : field;
  });
}

/** Mostly plain fields: one that is not gives up all of its block. */
const record = fc
  .tuple(
    ...[number, number, time, day, word, text].map((value, at) => {
      const plain = fc.constant(SAMPLE.trim().split(',')[at] ?? '');
      return fc.oneof({ arbitrary: plain, weight: 5 }, { arbitrary: written(value), weight: 2 });
    }),
  )
  .map((fields) => fields.join(','));
const block = fc
  .tuple(fc.array(record, { minLength: 1, maxLength: 3 }), fc.constantFrom('\n', '\r\n'))
  .map(([records, end]) => records.map((line) => line + end).join(''));

describe('csv as text', () => {
  it.each(['null', 'text', 'text when quoted'] as const)(
    'is what its rows are, or is not taken (empty: %s)',
    async (empty) => {
      const layout = await layoutOf(empty);
      const encoder = CsvText.of(layout);
      let taken = 0;
      fc.assert(
        fc.property(block, (csv) => {
          const encoded = encoder?.encode(Buffer.from(csv));
          if (!encoded) return;
          taken += 1;
          const batch = readRows(layout, csv);
          expect(batch?.rejects).toEqual([]);
          expect(rowsOf({ fields: fieldsOf(layout), chunks: [encoded.bytes] })).toEqual(batch?.rows);
          expect(encoded.records).toBe(batch?.rows.length);
          expect(encoded.lines).toBe(csv.split('\n').length - 1);
          layout.columns.forEach(({ name }, at) => {
            expect(encoded.nulls[at] === 1).toBe(batch?.rows.some((row) => row[name] === null));
          });
        }),
        { numRuns: 5000 },
      );
      expect(taken).toBeGreaterThan(100);
    },
  );

  it.each([
    ['plain values', '12,-0.5,2024-02-29 23:59,2024-02-29,FALSE,中文 😀\n'],
    ['nulls', ',,,,,\n'],
    ['quoted values', '"12","1.25","2024-01-31T09:30:00.123+08:00","2024-01-31","true","a ""b"", c\r\nd\\\t"\r\n'],
  ])('takes %s', async (_, csv) => {
    expect(CsvText.of(await layoutOf('text when quoted'))?.encode(Buffer.from(csv))?.records).toBe(1);
  });

  it.each([
    ['a field too many', '1,1,,,,a,\n'],
    ['a field too few', '1,1,,,\n'],
    ['a blank line', '\n'],
    ['leading zeros', '007,,,,,\n'],
    ['a number among integers', '1.5,,,,,\n'],
    ['digits that a double cannot hold', '1234567890123456,,,,,\n'],
    ['a day that is none', ',,,2023-02-29,,\n'],
    ['a time finer than milliseconds', ',,2024-01-31T09:30:00.1234Z,,,\n'],
    ['an open quote', ',,,,,"a\n'],
    ['text behind a quote', ',,,,,"a"b\n'],
    ['NUL', ',,,,,a\0b\n'],
    ['no line end', '1,,,,,'],
  ])('leaves %s alone', async (_, csv) => {
    expect(CsvText.of(await layoutOf('text when quoted'))?.encode(Buffer.from(csv))).toBeUndefined();
  });

  it.each([
    ['of plain records', () => undefined],
    ['with odd values here and there', (index: number) => (index % 9000 === 4000 ? '007' : undefined)],
    ['with records that are none', (index: number) => (index % 7000 === 6500 ? '1,2' : undefined)],
    ['with texts of several lines', (index: number) => (index % 5 === 1 ? `"${index}"` : undefined)],
  ])('gives the same records in the same order, of a file %s', async (_, oddId) => {
    const lines = Array.from({ length: 30_000 }, (_, index) => {
      const name = index % 11 === 3 ? `"several\nlines ${index}"` : `name ${index}`;
      return `${oddId(index) ?? index},${index / 4},2024-01-31T09:30:00Z,2024-01-31,${index % 2 === 0},${name}\n`;
    });
    const file = HEADER + lines.join('');
    const request = { options: {}, from: 17, batchSize: 5000 };
    const asRows = await openCsv(once(file), request);
    const asText = await openCsv(once(file), request);
    const expected: [number, Row][] = [];
    const rejects: unknown[] = [];
    for await (const batch of asRows.batches) {
      for (const [at, row] of batch.rows.entries()) expected.push([batch.ordinals[at] ?? -1, row]);
      rejects.push(...batch.rejects);
    }
    const found: [number, Row][] = [];
    const foundRejects: unknown[] = [];
    let texts = 0;
    for await (const batch of asText.textBatches ?? asText.batches) {
      expect(batch.rows.length + batch.rejects.length).toBeLessThanOrEqual(5000);
      if (batch.text) {
        texts += 1;
        expect(rowsOf(batch.text)).toEqual(batch.rows);
        expect(batch.text.count).toBe(batch.rows.length);
      }
      for (const [at, row] of batch.rows.entries()) found.push([batch.ordinals[at] ?? -1, row]);
      foundRejects.push(...batch.rejects);
      expect(batch.next).toBe(17 + found.length + foundRejects.length);
    }
    expect(found).toEqual(expected);
    expect(foundRejects).toEqual(rejects);
    expect(texts).toBeGreaterThan(0);
  });
});

function fieldsOf({ columns }: Layout): TextRecords['fields'] {
  return columns.map(({ name, type }) => ({ name, type, nulls: true }));
}
