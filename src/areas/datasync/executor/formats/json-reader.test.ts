import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../json-text.ts';
import { readFile } from './read-all.fixture.ts';

const rowsOf = async (json: string, options = {}) => (await readFile('json', json, { options })).rows;

describe('a JSON document', () => {
  it('is read as if it were read at once, however it is cut and written', async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const records = fc.array(fc.dictionary(fc.string(), value, { maxKeys: 4 }), { maxLength: 6 });
    const how = fc.record({ chunk: fc.integer({ min: 1, max: 30 }), indent: fc.constantFrom(0, 2, '\t') });
    await fc.assert(
      fc.asyncProperty(records, value, how, async (rows, other, { chunk, indent }) => {
        const text = JSON.stringify({ other, '"{[': [other], data: { 'a/b': rows }, after: other }, undefined, indent);
        const { rows: read } = await readFile('json', text, { chunk, options: { record_path: '/data/a~1b' } });
        const expected = parseJson(JSON.stringify(rows));
        expect(read).toEqual(expected);
        const bare = await readFile('json', JSON.stringify(rows, undefined, indent), { chunk });
        expect(bare.rows).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('may be one object, or hold the records anywhere', async () => {
    expect(await rowsOf('{"id":1}')).toEqual([{ id: 1 }]);
    expect(await rowsOf('[[{"id":0}],{"x":[{"id":1},{"id":2}]}]', { record_path: '/1/x' })).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
    expect(await rowsOf('{"a":{"id":1}}', { record_path: '/a' })).toEqual([{ id: 1 }]);
  });

  it('refuses records that are none, by line, and goes on', async () => {
    const bytes = Buffer.from('[\n{"id":1},\n2,\n{"id":x},\n{"t":"\xff"},\nnull,\n"a,]",\n{"id":3}]', 'latin1');
    const { rows, ordinals, rejects } = await readFile('json', bytes);
    expect(rows).toEqual([{ id: 1 }, { id: 3 }]);
    expect(ordinals).toEqual([0, 6]);
    expect(rejects).toMatchObject([
      { ordinal: 1, line: 3, reason: 'a record is a JSON object, this is a number', raw: '2' },
      { ordinal: 2, line: 4, reason: expect.stringContaining('no JSON'), raw: '{"id":x}' },
      { ordinal: 3, line: 5, reason: 'the record has bytes that are not utf-8' },
      { ordinal: 4, line: 6, reason: 'a record is a JSON object, this is null' },
      { ordinal: 5, line: 7, reason: 'a record is a JSON object, this is a string', raw: '"a,]"' },
    ]);
  });

  it('refuses a record that is too long, or nested too deep, and goes on', async () => {
    const long = `{"t":"${'x'.repeat(3_000_000)}"}`;
    const deep = `{"d":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const { rows, rejects } = await readFile('json', `[${long},{"id":1},\n${deep}]`, { chunk: 50_000 });
    expect(rows).toEqual([{ id: 1 }]);
    expect(rejects).toMatchObject([
      { line: 1, reason: expect.stringContaining('longer than 1 MiB') },
      { line: 2, reason: expect.stringContaining('nested deeper') },
    ]);
    for (const { raw } of rejects) expect(raw.length).toBeLessThanOrEqual(4096);
  });

  it('keeps integers that a number cannot hold', async () => {
    expect(await rowsOf('[{"n":9007199254740993}]')).toEqual([{ n: 9007199254740993n }]);
  });

  it.each([
    ['', 'a value is missing (line 1)'],
    ['[{"id":1}\n{"id":2}]', 'a comma or ] is missing in the array of records (line 2)'],
    ['[{"id":1},', 'a value is missing'],
    ['[{"id":1', 'ends in the middle'],
    ['[{"id":1}', 'a comma or ] is missing'],
    ['["a', 'ends in the middle'],
    ['{"id":1}\n{"id":2}', 'is it ndjson?'],
    [']', 'a value is missing'],
  ])('that is broken ends the run: %j', async (text, message) => {
    await expect(rowsOf(text)).rejects.toMatchObject({
      name: 'ExecutorError',
      retryable: false,
      message: expect.stringContaining(message),
    });
  });

  it.each(['/nothing', '/a/0', '/list/7', '/list/x'])('without anything at %s says so', async (record_path) => {
    await expect(rowsOf('{"a":{"b":1},"list":[{}]}', { record_path })).rejects.toThrow('config.record_path');
  });

  it('may be written in another encoding', async () => {
    const options = { encoding: 'gbk' };
    // The second byte of this character is that of a backslash.
    const bytes = Buffer.concat([Buffer.from('[{"t":"'), Buffer.from([0x95, 0x5c]), Buffer.from('"}]')]);
    for (const chunk of [1, 100])
      expect((await readFile('json', bytes, { options, chunk })).rows).toEqual([{ t: '昞' }]);
    const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('[{"t":"中"}]', 'utf16le')]);
    expect((await readFile('json', marked)).rows).toEqual([{ t: '中' }]);
    await expect(readFile('json', Buffer.from([0x5b, 0xd6, 0x0a]), { options })).rejects.toThrow('config.encoding');
  });
});

describe('ndjson', () => {
  it('refuses lines that are no records, each by itself', async () => {
    const bytes = Buffer.from('{"id":1}\r\n\n  \n[2]\n{"id":\n{"t":"\xff"}\n{"id":7}{"id":8}\n{"id":9}', 'latin1');
    const { rows, ordinals, rejects } = await readFile('ndjson', bytes);
    expect(rows).toEqual([{ id: 1 }, { id: 9 }]);
    expect(ordinals).toEqual([0, 5]);
    expect(rejects).toMatchObject([
      { ordinal: 1, line: 4, reason: 'a record is a JSON object, this is an array', raw: '[2]' },
      { ordinal: 2, line: 5, reason: expect.stringContaining('no JSON') },
      { ordinal: 3, line: 6, reason: 'the line has bytes that are not utf-8' },
      { ordinal: 4, line: 7, reason: expect.stringContaining('no JSON') },
    ]);
  });

  it('refuses lines that are too long, and goes on', async () => {
    const long = `{"t":"${'中'.repeat(500_000)}"}`;
    for (const chunk of [10_000, 10_000_000]) {
      const { rows, rejects } = await readFile('ndjson', `{"id":1}\n${long}\n{"id":2}\n${long}`, { chunk });
      expect(rows.map((row) => row.id)).toEqual([1, 2]);
      expect(rejects.map((reject) => reject.line)).toEqual([2, 4]);
      for (const { raw } of rejects) expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(4096);
    }
  });

  it('has members but its own, whatever their names', async () => {
    const { rows } = await readFile('ndjson', '{"__proto__":{"polluted":true},"constructor":1}');
    expect(Object.keys(rows[0] ?? {})).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
