import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { CsvParser } from './csv-parser.ts';
import { isDay } from './csv-times.ts';
import { readFile } from './read-all.fixture.ts';

const rowsOf = async (csv: string | Uint8Array, options = {}) => (await readFile('csv', csv, { options })).rows;

describe('the parser', () => {
  /** All records of a text that comes in pieces of whole lines. */
  function records(text: string, delimiter: string, quote: string): string[][] {
    const parser = new CsvParser(delimiter, quote);
    const found: string[][] = [];
    const take = () => {
      while (parser.next()) found.push(parser.fields.slice(0, parser.count));
    };
    for (const line of text.split(/(?<=\n)/)) {
      parser.push(line);
      take();
    }
    parser.end();
    take();
    return found;
  }

  it('takes a csv apart as papaparse does', () => {
    const piece = fc.constantFrom('a', 'ü', '中', '🚢', '"', '\n', '\r\n', ' ', ',', ';', "'", '0', '\t');
    const field = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const table = fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
    const style = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      newline: fc.constantFrom('\n' as const, '\r\n' as const),
      quotes: fc.boolean(),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(table, style, (rows, { delimiter, newline, quotes, ends }) => {
        const text = Papa.unparse(rows, { delimiter, newline, quotes }) + (ends ? newline : '');
        const theirs = Papa.parse<string[]>(text, { delimiter, newline, quoteChar: '"' }).data;
        // What follows the last line end is a record to them, and nothing to us.
        if (/^$|\n$/.test(text) && theirs.at(-1)?.join('') === '' && theirs.at(-1)?.length === 1) theirs.pop();
        expect(records(text, delimiter, '"')).toEqual(theirs);
      }),
      { numRuns: 2000 },
    );
  });

  it('says on which lines a record stands', () => {
    const parser = new CsvParser(',', '"');
    parser.push('a,"1\n2"\nb\n"x\n');
    parser.push('y",z\n');
    const lines: number[][] = [];
    while (parser.next()) lines.push([parser.line, parser.lastLine]);
    expect(lines).toEqual([
      [1, 2],
      [3, 3],
      [4, 5],
    ]);
  });
});

describe('a csv', () => {
  it.each([
    ['comma', 'a,b\n1,2;3\n', { a: 1, b: '2;3' }],
    ['semicolon', 'a;b\n1,5;2,5\n', { a: '1,5', b: '2,5' }],
    ['tab', 'a\tb\n1\tx, y\n', { a: 1, b: 'x, y' }],
    ['bar', 'a|b\n1|x\n', { a: 1, b: 'x' }],
    ['none', 'a\n1\n', { a: 1 }],
  ])('tells its delimiter: %s', async (_name, csv, row) => {
    expect(await rowsOf(csv)).toEqual([row]);
  });

  it.each([
    ['LF', 'a,b\n1,x\n2,y'],
    ['CR LF', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['CR', 'a,b\r1,x\r2,y\r'],
    ['blank lines', '\na,b\n\n1,x\n  \n2,y\n\n'],
    ['blanks behind quotes', '"a" ,"b"\n"1","x" \n"2" ,"y"\n'],
  ])('may end its lines as it likes: %s', async (_name, csv) => {
    expect(await rowsOf(csv)).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });

  it('gets usable names for its columns', async () => {
    const { columns } = await readFile('csv', 'a, a ,,a_2,__proto__,constructor\n1,2,3,4,5,6\n');
    expect(columns?.map((column) => column.name)).toEqual(['a', 'a_3', 'column_3', 'a_2', '_proto_', 'constructor']);
    const [row] = await rowsOf('__proto__,b\n1,2\n');
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect(await rowsOf('1,2\n', { header: false })).toEqual([{ column_1: 1, column_2: 2 }]);
  });

  it('refuses what is no record, by line, and goes on', async () => {
    const csv = 'a,b\n1,2\n3\n"4\n4",5,6\n7,"8"9\n10,11\n';
    const { rows, rejects, ordinals } = await readFile('csv', csv);
    expect(rows).toEqual([
      { a: 1, b: 2 },
      { a: 10, b: 11 },
    ]);
    expect(ordinals).toEqual([0, 4]);
    expect(rejects).toEqual([
      { ordinal: 1, line: 3, reason: 'the record has 1 field, the header has 2', raw: '3' },
      { ordinal: 2, line: 4, reason: 'the record has 3 fields, the header has 2', raw: '"4\n4",5,6' },
      { ordinal: 3, line: 6, reason: 'a quote is closed in the middle of a field', raw: '7,"8"9' },
    ]);
  });

  it('is read alike wherever it is cut into pieces', async () => {
    const csv = 'a,b\r\n"x\r\n""y""",中文🚢\r\n,"" \r\nz,"q\n"\r\n';
    const whole = await readFile('csv', csv);
    for (let chunk = 1; chunk < 20; chunk += 1) expect(await readFile('csv', csv, { chunk })).toEqual(whole);
  });

  it('may be empty, or a header alone', async () => {
    expect(await rowsOf('')).toEqual([]);
    expect(await rowsOf('a,b')).toEqual([]);
  });

  it.each([
    [{ delimiter: '"' }, 'config.delimiter'],
    [{ quote: '\n' }, 'config.quote'],
    [{ encoding: 'klingon' }, 'config.encoding: klingon'],
  ])('cannot be read with %j', async (options, message) => {
    await expect(rowsOf('a\n1\n', options)).rejects.toMatchObject({
      name: 'ExecutorError',
      retryable: false,
      message: expect.stringContaining(message),
    });
  });
});

describe('nulls', () => {
  const csv = 'n,t\n1,x\n,\n"",""\nNA,NA\n';

  it('are empty fields; a quoted one is an empty text in a column of texts', async () => {
    expect(await rowsOf(csv.replace('NA,NA\n', ''))).toEqual([
      { n: 1, t: 'x' },
      { n: null, t: null },
      { n: null, t: '' },
    ]);
  });

  it('are what they are said to be', async () => {
    expect(await rowsOf(csv, { null_values: ['NA', ''] })).toEqual([
      { n: 1, t: 'x' },
      { n: null, t: null },
      { n: null, t: null },
      { n: null, t: null },
    ]);
    expect((await rowsOf(csv, { null_values: ['NA'] }))[1]).toEqual({ n: null, t: '' });
  });
});

describe('types', () => {
  it.each<[string, readonly string[], readonly unknown[], string]>([
    ['integers', ['1', '-20', '0'], [1, -20, 0], 'integer'],
    ['numbers', ['1', '2.50', '-0.001', '1.5e-7'], [1, 2.5, -0.001, 1.5e-7], 'number'],
    ['truth values', ['true', 'FALSE'], [true, false], 'boolean'],
    ['days', ['2024-02-29', '1969-12-31'], ['2024-02-29', '1969-12-31'], 'date'],
    ['leading zeros', ['007', '42'], ['007', '42'], 'text'],
    ['long digits', ['6222021234567890123'], ['6222021234567890123'], 'text'],
    ['phone numbers', ['+8613800138000', '13800138000'], ['+8613800138000', '13800138000'], 'text'],
    ['mobile numbers', ['13800138000', '19912345678'], ['13800138000', '19912345678'], 'text'],
    ['codes that look like powers', ['12E4', '3E10'], ['12E4', '3E10'], 'text'],
    ['minus zero', ['-0', '-0.0'], ['-0', '-0.0'], 'text'],
    ['digits beyond exactness', ['0.1234567890123456789'], ['0.1234567890123456789'], 'text'],
    ['days that are none', ['2024-02-30'], ['2024-02-30'], 'text'],
    ['times finer than milliseconds', ['2024-01-01T00:00:00.123456Z'], ['2024-01-01T00:00:00.123456Z'], 'text'],
    ['a mixture', ['1', 'x', 'true'], ['1', 'x', 'true'], 'text'],
    ['nothing', ['', ''], [null, null], 'text'],
  ])('%s', async (_name, texts, values, type) => {
    const { columns, rows } = await readFile('csv', `v,other\n${texts.map((text) => `${text},x\n`).join('')}`);
    expect(rows.map((row) => row.v)).toEqual(values);
    expect(columns?.[0]?.type).toBe(type);
  });

  it('times, in UTC unless they say otherwise', async () => {
    const csv =
      'at,x\n2024-01-01T10:00:00Z,1\n2024-01-01 10:00:00,1\n2024-01-01T10:00+02:00,1\n2024-01-01 10:00:00.5-0330,1\n';
    expect((await rowsOf(csv)).map((row) => (row.at as Date).toISOString())).toEqual([
      '2024-01-01T10:00:00.000Z',
      '2024-01-01T10:00:00.000Z',
      '2024-01-01T08:00:00.000Z',
      '2024-01-01T13:30:00.500Z',
    ]);
  });

  it('times, if they are any, as the platform reads them', async () => {
    const two = (most: number) => fc.integer({ min: 0, max: most }).map((part) => String(part).padStart(2, '0'));
    const zone = fc.constantFrom('Z', '+02:00', '-11:30', '+0530');
    const parts = fc.tuple(fc.integer({ min: 1800, max: 2200 }), two(13), two(32), two(24), two(60), two(60), zone);
    await fc.assert(
      fc.asyncProperty(parts, async ([year, month, day, hour, minute, second, offset]) => {
        const given = `${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`;
        const [row] = await rowsOf(`at,x\n${given},1\n`);
        const platform = new Date(given.replace(/(\d\d)(\d\d)$/, '$1:$2'));
        // The platform carries the 31st of a shorter month over into the next, and knows an hour 24.
        const exists = !Number.isNaN(platform.getTime()) && hour !== '24' && isDay(`${year}-${month}-${day}`);
        expect(row?.at).toEqual(exists ? platform : given);
      }),
      { numRuns: 500 },
    );
  });

  it('days, if the calendar has them', () => {
    for (let at = Date.UTC(1896, 0, 1); at < Date.UTC(1905, 0, 1); at += 86_400_000) {
      expect(isDay(new Date(at).toISOString().slice(0, 10))).toBe(true);
    }
    for (const none of [
      '1900-02-29',
      '2023-02-29',
      '2024-04-31',
      '2024-00-10',
      '2024-13-01',
      '2024-1-01',
      '0024-01-01',
    ]) {
      expect(isDay(none)).toBe(false);
    }
  });

  it('by the name of a column', async () => {
    const csv = 'phone,zipCode,手机号,hotel,n\n5551234,12345,5551234,5,1\n';
    expect(await rowsOf(csv)).toEqual([{ phone: '5551234', zipCode: '12345', 手机号: '5551234', hotel: 5, n: 1 }]);
  });

  it('are those of the first thousand records; what does not fit them later stays what it is', async () => {
    const numbers = Array.from({ length: 40_000 }, (_, index) => `${index},note ${index} to fill a block\n`).join('');
    const { rows, columns } = await readFile(
      'csv',
      `n,t\n${numbers}abc,x\n1.5,x\n007,x\n9007199254740993,x\n99999999999999999999,x\n`,
    );
    expect(columns?.[0]?.type).toBe('integer');
    expect(rows.slice(-5).map((row) => row.n)).toEqual(['abc', 1.5, '007', 9007199254740993n, '99999999999999999999']);
  });

  it('are left alone when told', async () => {
    expect(await rowsOf('a,b\n1,true\n', { infer_types: false })).toEqual([{ a: '1', b: 'true' }]);
  });

  it('write back as the text that they were', async () => {
    const text = fc.oneof(
      fc.stringMatching(/^-?\d{1,20}$/),
      fc.stringMatching(/^-?\d{1,9}\.\d{1,9}$/),
      fc.double({ noNaN: true }).map(String),
    );
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const [row] = await rowsOf(`v,x\n${given},1\n`);
        const value = row?.v;
        // Zeros at the end of a fraction, and how a power is written, are all that may be lost.
        expect(value).toBe(typeof value === 'number' ? Number(given) : given);
        if (/^-?\d+$/.test(given)) expect(String(value)).toBe(given);
      }),
    );
  });
});

describe('encodings', () => {
  const gbk = Buffer.from('a,b\n\xd6\xd0\xce\xc4,1\n', 'latin1');
  const utf16 = Buffer.from('a,b\n中文Ċ,1\n', 'utf16le');

  it.each<[string, Uint8Array, string, string]>([
    ['gbk', gbk, 'gbk', '中文'],
    ['gb18030', gbk, 'gb18030', '中文'],
    ['utf-16le', utf16, 'utf-16le', '中文Ċ'],
    ['a mark before utf-8', Buffer.from('\ufeffa,b\n中文,1\n'), 'utf-8', '中文'],
    ['a mark that knows better', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), 'utf-8', '中文Ċ'],
    ['windows-1252', Buffer.from('a,b\n\x80 \x99,1\n', 'latin1'), 'windows-1252', '€ ™'],
  ])('%s', async (_name, bytes, encoding, text) => {
    for (const chunk of [1, 1000]) {
      const { rows, columns } = await readFile('csv', bytes, { options: { encoding }, chunk });
      expect(columns?.map((column) => column.name)).toEqual(['a', 'b']);
      expect(rows).toEqual([{ a: text, b: 1 }]);
    }
  });

  it.each<[string, Uint8Array]>([
    ['utf-8', Buffer.from('a,b\nx,1\n\xff,2\n"y\n\xfe",3\n\nz,4\n', 'latin1')],
    ['gbk', Buffer.from('a,b\nx,1\n\xff,2\n"y\n\xd6\n",3\nz,4\n', 'latin1')],
  ])('refuse bytes that are none of theirs, by line: %s', async (encoding, bytes) => {
    const { rows, rejects } = await readFile('csv', bytes, { options: { encoding } });
    expect(rows).toEqual([
      { a: 'x', b: 1 },
      { a: 'z', b: 4 },
    ]);
    const reason = `the line has bytes that are not ${encoding}`;
    expect(rejects).toMatchObject([
      { ordinal: 1, line: 3, reason },
      { ordinal: 2, line: 4, reason },
    ]);
  });

  it('of a header are not guessed at', async () => {
    await expect(rowsOf(Buffer.from('\xff,b\n1,2\n', 'latin1'))).rejects.toThrow('the header of the csv, on line 1');
  });
});

describe('a csv of a stranger', () => {
  const long = 'x'.repeat(1_500_000);

  it('with a line without end is refused there, and read on', async () => {
    for (const chunk of [10_000, 10_000_000]) {
      const { rows, rejects } = await readFile('csv', `a,b\n1,2\n${long},3\n4,5\n`, { chunk });
      expect(rows).toEqual([
        { a: 1, b: 2 },
        { a: 4, b: 5 },
      ]);
      expect(rejects).toMatchObject([{ ordinal: 1, line: 3, reason: expect.stringContaining('longer than 1 MiB') }]);
      expect(rejects[0]?.raw.length).toBeLessThanOrEqual(4096);
    }
  });

  it('with a line without end in quotes loses nothing behind it', async () => {
    const rows = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => `${from + index},x\n`).join('');
    const csv = `a,b\n${rows(0, 10)}11,"${long}"\n${rows(12, 4000)}`;
    for (const chunk of [10_000, 10_000_000]) {
      const { rows, rejects } = await readFile('csv', csv, { chunk });
      expect(rows.map(({ a }) => a)).toEqual([
        ...Array(10).keys(),
        ...Array.from({ length: 3988 }, (_, at) => 12 + at),
      ]);
      expect(rejects).toMatchObject([{ ordinal: 10, line: 12, raw: `11,"${long}`.slice(0, 4096) }]);
    }
  });

  it.each([
    ['ends behind it', `"3\n${long}\n3",3\n`, 1],
    ['ends on it', `"3\n${long}",3\n`, 1],
    ['begins on it', `3,"${long}\n\n""3\n"\n`, 1],
    ['begins where one on it ends', `3,"${long}"\n"4\n4",4,4\n`, 2],
    ['begins behind one whose quotes it only holds', `3,x"${long}\n4,"x\n",4\n`, 2],
    ['has several', `"${long}\n${long}\n${long}",3\n`, 1],
    ['ends with the file', `"3\n${long}`, 1],
  ])('with such a line among those of a record refuses the record alone: it %s', async (_name, records, count) => {
    const tail = records.endsWith('\n') ? '5,6\n' : '';
    for (const chunk of [10_000, 300_001, 10_000_000]) {
      const { rows, rejects } = await readFile('csv', `a,b\n1,2\n${records}${tail}`, { chunk });
      expect(rows).toEqual([{ a: 1, b: 2 }, ...(tail ? [{ a: 5, b: 6 }] : [])]);
      expect(rejects).toHaveLength(count);
      expect(rejects[0]).toMatchObject({ line: 3, reason: 'the line is longer than 1 MiB' });
      expect(rejects[0]?.raw).toBe(records.slice(0, 4096).replace(/\n$/, ''));
    }
  });

  it('with a line without end may be in any encoding, whatever pieces it comes in', async () => {
    const csv = `a,b\n1,2\n3,"${'中"",'.repeat(300_000)}",\n4\n5,6\n`;
    for (const chunk of [9999, 100_001]) {
      const options = { encoding: 'utf-16le' };
      const { rows, rejects } = await readFile('csv', Buffer.from(csv, 'utf16le'), { options, chunk });
      expect(rows.map(({ a }) => a)).toEqual([1, 5]);
      expect(rejects.map(({ line }) => line)).toEqual([3, 4]);
    }
  });

  it('with records of several lines is refused at the same ones, wherever it is cut into pieces', async () => {
    const lines = (count: number) => `"${'x\n'.repeat(count / 2)}",3\n`;
    for (const chunk of [10_000, 200_000, 10_000_000]) {
      const { rejects } = await readFile('csv', `a,b\n${lines(1_200_000)}${lines(2_000_000)}`, { chunk });
      expect(rejects.map(({ reason }) => reason)).toEqual(Array(2).fill('the record is longer than 1 MiB'));
      await expect(readFile('csv', `a,b\n${lines(2_100_000)}`, { chunk })).rejects.toThrow('line 2');
    }
  });

  it('with a quote that is never closed says where', async () => {
    await expect(rowsOf(`a,b\n1,2\n"3,4\n${'5,6\n'.repeat(400_000)}`)).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('line 3'),
    });
    const { rejects } = await readFile('csv', 'a,b\n1,2\n"3,4\n5,6\n');
    expect(rejects).toMatchObject([{ line: 3, reason: 'a quote that opens on line 3 is never closed' }]);
  });

  it('with more columns than anybody has is refused', async () => {
    await expect(rowsOf(`${'a,'.repeat(20_000)}\n`)).rejects.toThrow('config.delimiter');
  });

  it.each([
    ['PK\x03\x04', 'a zip or xlsx'],
    ['PAR1', 'parquet'],
    ['<html>\n', 'an HTML page'],
    ['\ufeff \n<!DOCTYPE HTML lang="zh">', 'an HTML page'],
  ])('that is none is told: %j', async (beginning, named) => {
    await expect(rowsOf(`${beginning}abcdefgh`)).rejects.toThrow(`the file is not csv: it begins like ${named}`);
  });
});
