import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvParser } from './csv-parser.ts';
import { textOf } from './csv-sample.ts';
import { chunks } from './read-all.fixture.ts';
import type { TextShape } from './reading.ts';
import { RecordBorders } from './record-borders.ts';
import { textBlocks } from './text-blocks.ts';

const UTF8: TextShape = { encoding: 'utf-8', lineEnd: '\n' };

interface How {
  readonly text?: TextShape;
  readonly mark?: number;
  readonly csv?: { readonly delimiter: string; readonly quote: string };
  readonly firstLine?: number;
  /** Bytes a piece. */
  readonly chunk?: number;
}

function bordersOf(content: Buffer, { text = UTF8, mark = 0, csv, firstLine = 1, chunk }: How = {}) {
  const borders = new RecordBorders({ text, mark, csv, firstLine });
  const size = chunk ?? Math.max(1, content.length);
  for (let at = 0; at < content.length; at += size) borders.take(content.subarray(at, at + size));
  return borders;
}

/** Where records begin, and on which line, as the parser has it. */
function startsOf(text: string, delimiter: string, quote: string): [number, number][] {
  const parser = new CsvParser(delimiter, quote);
  parser.push(text);
  parser.end();
  const starts: [number, number][] = [];
  let at = 0;
  while (parser.next()) {
    starts.push([at, parser.line]);
    at += parser.length;
  }
  return starts;
}

describe('the borders of records', () => {
  it('are where the parser of csv has them, however quotes are misused', () => {
    const piece = fc.constantFrom('"', '"', '""', ',', '\n', '\r\n', '\r', ' ', 'a', '名', 'x"y', '" ', '","');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (pieces, chunk) => {
        const text = pieces.join('');
        const content = Buffer.from(text);
        const found = bordersOf(content, { csv: { delimiter: ',', quote: '"' }, chunk })
          .cut(content.length + 1)
          .map(({ from }) => [content.subarray(0, from.at).toString().length, from.line]);
        const wanted = startsOf(text, ',', '"');
        expect(found).toEqual(wanted.length === 0 ? [[0, 1]] : wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it('are where records are read to begin, however long their lines are', async () => {
    const long = 'x'.repeat(1_200_000);
    const piece = fc.constantFrom('"', '"', '""', ',', '\n', '\r\n', ' ', 'a', '名', 'x"y', '","', '\n"');
    const pieces = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''));
    const csv = { delimiter: ',', quote: '"' };
    await fc.assert(
      fc.asyncProperty(fc.tuple(pieces, pieces, pieces), fc.integer({ min: 50_000 }), async (parts, chunk) => {
        const text = parts.join(long);
        const content = Buffer.from(text);
        const found = bordersOf(content, { csv, chunk }).cut(1000);
        const parser = new CsvParser(',', '"');
        const read: number[] = [];
        const take = () => {
          while (parser.next()) read.push(parser.line);
        };
        for await (const block of textBlocks(chunks(content, chunk), 'utf-8', UTF8, {
          quote: '"',
          delimiters: [','],
        })) {
          parser.push(textOf(block, ','));
          take();
        }
        parser.end();
        take();
        expect(read).toEqual(startsOf(text, ',', '"').map(([, line]) => line));
        for (const { from } of found) expect(read).toContain(from.line);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['gbk', 'gb18030', 'big5', 'shift_jis'])(
    'take the second byte of a character of %s for nothing else',
    (encoding) => {
      const lead = 0x81;
      // The bar that ends the character is no delimiter: so the quote behind it opens nothing.
      const content = Buffer.from([0x61, lead, 0x7c, 0x22, 0x0a, 0x22, 0x0a, 0x22, 0x7c, 0x62, 0x0a, 0x63]);
      const csv = { delimiter: '|', quote: '"' };
      const found = bordersOf(content, { text: { encoding, lineEnd: '\n' }, csv, chunk: 2 }).cut(12);
      expect(found.map(({ from }) => from.at)).toEqual([0, 5, 11]);
      const decoded = new TextDecoder(encoding).decode(content);
      expect(startsOf(decoded, '|', '"').map(([, line]) => line)).toEqual(found.map(({ from }) => from.line));
    },
  );

  it('are the line ends of ndjson, wherever quotes stand', () => {
    const found = bordersOf(Buffer.from('{"a":"x"}\n{"b":"\n"}\n')).cut(9);
    expect(found.map(({ from, to }) => [from.at, to, from.line])).toEqual([
      [0, 10, 1],
      [10, 17, 2],
      [17, 20, 3],
    ]);
  });

  it('are not looked for in the header, nor in the mark of the byte order', () => {
    const content = Buffer.from('\ufeff"a\nb",c\n\n1,2\n3,4');
    const csv = { delimiter: ',', quote: '"' };
    const found = bordersOf(content, { mark: 3, csv, firstLine: 3, chunk: 1 }).cut(9);
    expect(found.map(({ from, to }) => [from.at, to, from.line])).toEqual([
      [3, 12, 1],
      [12, 16, 4],
      [16, 19, 5],
    ]);
  });

  it('tell in which piece of the input they lie', () => {
    const [, second] = bordersOf(Buffer.from('aaaa\nbbbb\ncccc\n'), { chunk: 4 }).cut(2);
    expect(second).toMatchObject({ from: { at: 10, line: 3, piece: { number: 2, from: 8 } }, to: 15 });
  });

  it('part a file of any number of records into blocks of about the same size', () => {
    const content = Buffer.from('{"a":1234567890}\n'.repeat(200_000));
    const blocks = bordersOf(content, { chunk: 100_000 }).cut(32);
    const sizes = blocks.map(({ from, to }) => to - from.at);
    expect(sizes).toHaveLength(32);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.1);
    expect(sizes.every((size) => size % 17 === 0)).toBe(true);
    expect(blocks.every(({ from }) => from.line === from.at / 17 + 1)).toBe(true);
  });

  it.each([
    ['nothing', '', [[0, 0]]],
    ['a single record', 'abc', [[0, 3]]],
    ['a single line', 'abc\n', [[0, 4]]],
  ])('make one block of %s', (_, text, wanted) => {
    const found = bordersOf(Buffer.from(text)).cut(8);
    expect(found.map(({ from, to }) => [from.at, to])).toEqual(wanted);
  });
});
