import { describe, expect, it } from 'vitest';
import type { OutboundResponse } from '../../../../connections/outbound.ts';
import { BadLine, RecordFinder, readContent } from './rest-api-answer.ts';

function answer(body: string | Buffer, type = 'application/json', status = 200): OutboundResponse {
  const headers = type === '' ? {} : { 'content-type': type };
  return { status, headers, body: Buffer.from(body), truncated: false, url: 'http://localhost/' };
}

const content = (...given: Parameters<typeof answer>) => readContent(answer(...given), 'page 1', () => 'an excerpt');

describe('the content of a page', () => {
  it('is what it is, not what it says it is', () => {
    const document = { document: [{ id: 1, 名: '中文 🚢' }] };
    for (const type of ['application/json', 'text/html; charset=iso-8859-1', 'application/octet-stream', '']) {
      expect(content('[{"id":1,"名":"中文 🚢"}]', type)).toEqual(document);
    }
    expect(content('\ufeff[{"id":1,"名":"中文 🚢"}]')).toEqual(document);
    expect(content('[{"id":1,"名":"中文 🚢"}]', 'application/x-ndjson')).toEqual(document);
  });

  it('is decoded as the server says where it is not UTF-8', () => {
    const gbk = Buffer.concat([Buffer.from('["'), Buffer.from([0xd6, 0xd0, 0xce, 0xc4]), Buffer.from('"]')]);
    expect(content(gbk, 'application/json; charset="GBK"')).toEqual({ document: ['中文'] });
    expect(content(Buffer.from('["中文"]', 'utf16le'), 'text/json;charset=utf-16le')).toEqual({ document: ['中文'] });
    expect(() => content(gbk)).toThrow('page 1 is not valid UTF-8');
    expect(() => content(gbk, 'text/json; charset=klingon')).toThrow('page 1 is neither valid UTF-8 nor klingon');
  });

  it('may be lines, each a record', () => {
    const lines = { lines: [{ a: 1 }, { a: 2 }] };
    expect(content('{"a":1}\n{"a":2}\n', 'application/x-ndjson')).toEqual(lines);
    expect(content('{"a":1}\r\n\r\n{"a":2}', 'text/plain')).toEqual(lines);
    expect(content('\u001e{"a":1}\n\u001e{"a":2}\n', 'application/json-seq')).toEqual(lines);
    expect(content('{"a":1}\n{"a":\n{"a":2}\n', 'application/jsonl')).toEqual({
      lines: [{ a: 1 }, new BadLine(2, '{"a":'), { a: 2 }],
    });
    expect(content('', 'text/plain', 204)).toEqual({ lines: [] });
  });

  it.each([
    ['<html>', 'text/html', 'page 1 is not JSON (content type text/html), it begins: an excerpt', false],
    ['{"a": nonsense}', 'application/json', 'page 1 is not JSON', false],
    ['', '', 'page 1 is not JSON (content type none), it begins', false],
    ['[{"a":1},{"a"', 'application/json', 'page 1 is not JSON', true],
    ['['.repeat(300), 'application/json', 'page 1: the JSON is nested deeper than 200 levels', false],
    [`{"a":1}\n${'['.repeat(300)}`, 'application/x-ndjson', 'page 1, line 2: the JSON is nested deeper', false],
  ])('%s is refused as a whole', (body, type, message, retryable) => {
    expect(() => content(body, type)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), retryable }),
    );
  });
});

describe('the records of a page', () => {
  const find = (document: string, path?: string) =>
    new RecordFinder(path).find(content(document), 'page 1', () => 'an excerpt');

  it.each([
    '[{"id":1}]',
    '{"data":[{"id":1}],"links":[],"total":1}',
    '{"items":[{"id":1}]}',
    '{"customers":[{"id":1}],"total":1}',
    '{"value":[{"id":1}],"@odata.count":1}',
    '{"data":{"items":[{"id":1}],"page":1}}',
    '{"_embedded":{"customers":[{"id":1}]}}',
    '{"response":{"docs":[{"id":1}]}}',
  ])('are the list that stands out in %s', (document) => {
    expect(find(document)).toEqual([{ id: 1 }]);
  });

  it('are where record_path says', () => {
    expect(find('{"a":[1],"b":{"c/d":[{"id":1}]}}', '/b/c~1d')).toEqual([{ id: 1 }]);
    expect(find('[[{"id":1}]]', '/0')).toEqual([{ id: 1 }]);
    expect(find('{"id":1}', '')).toEqual([{ id: 1 }]);
    expect(find('{"data":null}', '/data')).toEqual([]);
    expect(find('{"items":null,"total":0}')).toEqual([]);
  });

  it.each([
    ['{"data":[1],"items":[2]}', undefined, 'several lists that may be the records: /data, /items; set record_path'],
    ['{"a":[1],"b":[2]}', undefined, 'several lists that may be the records: /a, /b; set record_path'],
    ['{"error":"quota"}', undefined, 'page 1 has no list of records; set record_path. It begins: an excerpt'],
    ['"text"', undefined, 'page 1 holds no records'],
    ['{"data":[]}', '/rows', 'page 1 has nothing at /rows; set record_path'],
    ['{"data":7}', '/data', 'page 1 has no list at /data'],
  ])('of %s are asked for', (document, path, message) => {
    expect(() => find(document, path)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), retryable: false }),
    );
  });

  it('stay where the first page had them', () => {
    const finder = new RecordFinder(undefined);
    const on = (document: string) => finder.find(content(document), 'page', () => '');
    expect(on('{"customers":[{"id":1}]}')).toHaveLength(1);
    expect(on('{"customers":[{"id":2}],"warnings":["slow"]}')).toEqual([{ id: 2 }]);
    expect(on('{"customers":null}')).toEqual([]);
    expect(() => on('{"warnings":["slow"]}')).toThrow('nothing at /customers');
  });
});
