import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileServer } from '../../../../../test/support/file-server.ts';
import { createOutbound, type Outbound } from '../../../../connections/outbound.ts';
import type { Batch, Column, Reject, Row, Source } from '../pipeline/contracts.ts';
import type { FileConfig } from '../spec/files.ts';
import { fileSource } from './file.ts';
import type { FileInputOptions } from './file-input.ts';
import { type FileBlocks, splitFile } from './file-split.ts';

let server: FileServer;
let outbound: Outbound;

beforeEach(async () => {
  server = await FileServer.start();
  outbound = createOutbound({ allowPrivate: true });
});
afterEach(async () => {
  await outbound.close();
  await server.close();
});

const PIECE = 7;
/** Uploads that are being read. */
let reading = 0;

/** Of what the server serves, as an upload too. */
function inputOf(config: FileConfig, piece = PIECE): FileInputOptions {
  const { content } = server;
  return {
    config,
    outbound,
    signal: new AbortController().signal,
    openBlob: async function* (_id, first = 0) {
      reading += 1;
      try {
        for (let at = first * piece; at < content.length; at += piece) yield content.subarray(at, at + piece);
      } finally {
        reading -= 1;
      }
    },
  };
}

interface Read {
  readonly columns: readonly Column[] | undefined;
  readonly rows: Row[];
  readonly rejects: Omit<Reject, 'ordinal'>[];
}

interface Block {
  readonly part: FileBlocks['parts'][number];
  readonly file: FileBlocks['file'];
}

async function all(source: Source, position?: Batch['position'], text = false): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source.read({ position, cursor: undefined, text })) batches.push(batch);
  return batches;
}

/** @param text whether batches may come as text */
async function read(input: FileInputOptions, block?: Block, text = false): Promise<Read> {
  const found: Read = { columns: undefined, rows: [], rejects: [] };
  const source = fileSource({ ...input, batchSize: 3, ...(block ? { block } : {}) });
  try {
    const columns = await source.columns?.();
    const ordinals: number[] = [];
    let last: Batch['position'] | undefined;
    for (const batch of await all(source, undefined, text)) {
      found.rows.push(...batch.rows);
      found.rejects.push(...batch.rejects.map(({ line, reason, raw }) => ({ line, reason, raw })));
      ordinals.push(...batch.ordinals, ...batch.rejects.map(({ ordinal }) => ordinal));
      last = batch.position;
    }
    expect(ordinals.sort((a, b) => a - b)).toEqual(ordinals.map((_, index) => index));
    if (last !== undefined) expect(last).toMatchObject({ record: ordinals.length });
    return { ...found, columns };
  } finally {
    await source.close();
  }
}

/** Reads a file whole and by blocks, as an upload and behind the URL, and sees to it that all are the same. */
async function compared(content: Buffer, config: FileConfig, count: number, piece = PIECE): Promise<FileBlocks> {
  server.content = content;
  const upload = inputOf({ ...config, file_id: 'file_7' }, piece);
  const whole = await read(upload);
  let blocks: FileBlocks | undefined;
  for (const input of [inputOf({ ...config, url: `${server.url}/x` }), upload]) {
    blocks = await splitFile(input, count);
    // What a plan is on its way to the workers.
    const { file, parts } = JSON.parse(JSON.stringify(blocks)) as FileBlocks;
    const found: Read[] = [];
    for (const [index, part] of parts.entries()) found.push(await read(input, { part, file }, index % 2 === 0));
    expect(found.flatMap(({ rows }) => rows)).toEqual(whole.rows);
    expect(found.flatMap(({ rejects }) => rejects)).toEqual(whole.rejects);
    for (const { columns } of found) expect(columns).toEqual(whole.columns);
  }
  if (!blocks) throw new Error('nothing was cut');
  return blocks;
}

const CSV = 'id,name,note\n1,甲,"a\nb, ""c""\n"\n2,乙,\n\n3,丙,"x"y\n4,丁\n5,"戊, ""\n",z\n6,己,end';

describe('a file that is cut into blocks', () => {
  it.each<[string, Buffer, FileConfig]>([
    ['csv with line feeds in quotes', Buffer.from(CSV), { format: 'csv' }],
    ['csv that ends in a line feed', Buffer.from(`${CSV}\n`), { format: 'csv' }],
    ['csv with CR LF', Buffer.from(CSV.replaceAll('\n', '\r\n')), { format: 'csv' }],
    ['csv with CR alone', Buffer.from(CSV.replaceAll('\n', '\r')), { format: 'csv' }],
    ['csv with a byte order mark', Buffer.from(`\ufeff${CSV}`), { format: 'csv' }],
    ['csv without a header', Buffer.from(CSV), { format: 'csv', header: false }],
    ['csv with blank lines before the header', Buffer.from(`\n \n\n${CSV}`), { format: 'csv' }],
    ['csv with a header of several lines', Buffer.from(`"i\nd"${CSV.slice(2)}`), { format: 'csv' }],
    ['csv with other quotes', Buffer.from("a;b\n'x\n';1\n'y''\n';2\n"), { format: 'csv', quote: "'" }],
    ['csv with nulls', Buffer.from('a,b\n-,1\n"",2\n,3\n'), { format: 'csv', null_values: ['-'] }],
    ['csv of texts alone', Buffer.from('a,b\n1,2\n3,4\n'), { format: 'csv', infer_types: false }],
    ['csv of a header alone', Buffer.from('a,b\n'), { format: 'csv' }],
    ['csv with bytes that are no text', Buffer.from('a,b\n1,\xe9\n"\xff\n",2\n3,4\n', 'latin1'), { format: 'csv' }],
    ['ndjson', Buffer.from('{"a":"\\n"}\n\n{"b":2}\n{"a":\n"c"}\n{"d":4}'), { format: 'ndjson' }],
    ['ndjson with a byte order mark', Buffer.from('\ufeff{"a":1}\n{"b":2}\n\ufeff{"c":3}\n'), { format: 'ndjson' }],
    ['an empty csv', Buffer.alloc(0), { format: 'csv' }],
    ['an empty ndjson', Buffer.alloc(0), { format: 'ndjson' }],
  ])('is read as it is whole: %s', async (_, content, config) => {
    for (const count of [1, 2, 3, 32]) await compared(content, config, count);
  });

  it('is read as it is whole, though a line of it is too long', async () => {
    const long = `3,"${'x,'.repeat(600_000)}"\n`;
    const lines = (from: number) => Array.from({ length: 100 }, (_, index) => `${from + index},"a\nb"\n`).join('');
    const content = Buffer.from(`id,name\n${lines(0)}${long}${lines(6000)}`);
    const { parts } = await compared(content, { format: 'csv' }, 3000, 65_536);
    expect(parts.length).toBeGreaterThan(2);
  });

  it('is read as it is whole, whatever it holds', async () => {
    const piece = fc.constantFrom('"', '"', '""', ',', ',', '\n', '\n', '\r\n', ' ', '1', '名', '2024-01-31', 'true');
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 2, max: 6 }), async (pieces, count) => {
        await compared(Buffer.from(`a,b\n${pieces.join('')}`), { format: 'csv', delimiter: ',' }, count);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    // 乗 and 昞: their second bytes are a bar.
    ['gbk', Buffer.from('id|name\n1|"\x81\x7c\n"\n2|\x81\x7c"\n3|\x95\x7c\n4|"\xb6\xa1\x81\x7c"\n', 'latin1'), '|'],
    [
      'gb18030',
      Buffer.from('id,name\n1,"\x81\x30\x81\x30\n"\n2,\x81\x7c\n3,\x81\x39\x81\x39\n4,"\xb6\xa1"\n', 'latin1'),
      ',',
    ],
  ])('is read as it is whole in %s, where characters hold bytes of ASCII', async (encoding, content, delimiter) => {
    const { parts } = await compared(content, { format: 'csv', encoding, delimiter }, 4);
    expect(parts).toHaveLength(4);
  });

  it('has the columns that its beginning tells of, in all blocks', async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `${index},${index < 1500 ? index : 'x'}`);
    const { file, parts } = await compared(Buffer.from(`id,code\n${lines.join('\n')}`), { format: 'csv' }, 4);
    expect(parts).toHaveLength(4);
    expect(file.csv?.columns).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'code', type: 'integer' },
    ]);
  });

  it('goes on in the middle of a block', async () => {
    server.content = Buffer.from('{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}\n');
    const input = inputOf({ format: 'ndjson', url: `${server.url}/x` });
    const { file, parts } = await splitFile(input, 1);
    const [part] = parts;
    if (!part) throw new Error('there is no part');
    const source = fileSource({ ...input, batchSize: 3, block: { part, file } });
    const [first] = await all(source);
    const rest = await all(source, first?.position);
    expect(rest.map(({ rows, ordinals }) => [rows, ordinals])).toEqual([[[{ a: 4 }], [3]]]);
    await source.close();
  });

  it.each<[string, Buffer, FileConfig, RegExp]>([
    ['json', Buffer.from('[]'), { format: 'json' }, /a json file is read by one run; csv and ndjson can be cut/],
    ['parquet', Buffer.from('PAR1'), { format: 'parquet' }, /a parquet file is read by one run/],
    ['packed', gzipSync(CSV), { format: 'csv' }, /a gzip file is read by one run/],
    ['packed, as it is told', Buffer.from(CSV), { format: 'csv', compression: 'zstd' }, /a zstd file/],
    ['utf-16', Buffer.from('\ufeffa,b\n', 'utf16le'), { format: 'csv' }, /a file in utf-16le is read by one run/],
    ['iso-2022-jp', Buffer.from('a,b\n'), { format: 'ndjson', encoding: 'iso-2022-jp' }, /iso-2022-jp/],
    ['parted by letters', Buffer.from('axb\n'), { format: 'csv', delimiter: 'x' }, /with config.delimiter "x"/],
    ['no csv', Buffer.from('%PDF-1.4'), { format: 'csv' }, /it begins like a pdf/],
    ['of a broken header', Buffer.from('a,"b"c\n1,2\n'), { format: 'csv' }, /the header of the csv, on line 1/],
    [
      'of columns without end',
      Buffer.from(`${Array.from({ length: 5000 }, (_, index) => `c${index}`).join(',')}\n`),
      { format: 'csv' },
      /names and types of the csv's 5000 columns have \d+ KiB together, and a plan holds 48; look whether config.delimiter and config.header are right/,
    ],
    [
      'of a record for a header',
      Buffer.from(`1,${'x'.repeat(50_000)}\n`),
      { format: 'csv' },
      /names and types of the csv's 2 columns have 49 KiB together.*config.header/,
    ],
  ])('is refused when it is %s', async (_, content, config, message) => {
    server.content = content;
    const input = inputOf({ ...config, file_id: 'file_7' });
    await expect(splitFile(input, 2)).rejects.toMatchObject({
      name: 'ExecutorError',
      retryable: false,
      message: expect.stringMatching(message),
    });
  });
});

describe('an upload that is larger than what is looked at first', () => {
  const LARGE = 600 * 1024;

  // Else a piece of it stays in memory, and the next one is still on its way.
  it.each<[string, string, FileConfig, boolean]>([
    ['ndjson', '{"a":1}\n', { format: 'ndjson' }, true],
    ['a csv', 'a,b\n', { format: 'csv' }, true],
    ['refused', '%PDF-1.4\n', { format: 'csv' }, false],
    ['refused for its options', 'axb\n', { format: 'csv', delimiter: 'x' }, false],
    ['packed', '\x1f\x8b', { format: 'ndjson' }, false],
  ])('is let go of when it was looked at: %s', async (_, line, config, isCut) => {
    server.content = Buffer.from(line.repeat(LARGE / line.length), 'latin1');
    const split = splitFile(inputOf({ ...config, file_id: 'file_7' }), 2);
    if (isCut) expect((await split).parts).toHaveLength(2);
    else await expect(split).rejects.toThrow();
    expect(reading).toBe(0);
  });

  it('is let go of when it is to be read whole, and is something else', async () => {
    server.content = Buffer.from('%PDF-1.4\n'.repeat(LARGE / 9));
    await expect(read(inputOf({ format: 'csv', file_id: 'file_7' }))).rejects.toThrow('it begins like a pdf');
    expect(reading).toBe(0);
  });
});

const LONG_AGO = 'Wed, 01 Jan 2020 00:00:00 GMT';

describe('a file behind a URL that is cut into blocks', () => {
  const source = () => inputOf({ url: `${server.url}/data.csv` });

  beforeEach(() => {
    server.content = Buffer.from('id\n1\n2\n3\n4\n');
  });

  async function readPart(number: number): Promise<Read> {
    const { file, parts } = await splitFile(source(), 2);
    return await readBlock({ file, parts }, number);
  }

  async function readBlock({ file, parts }: FileBlocks, number: number): Promise<Read> {
    const part = parts[number];
    if (!part) throw new Error('there is no such part');
    return await read(source(), { part, file });
  }

  it('is asked for no more than its part', async () => {
    expect((await readPart(1)).rows).toEqual([{ id: 3 }, { id: 4 }]);
    expect(server.asked.at(-1)).toBe('bytes=7-10');
  });

  it('may be told by when it was changed', async () => {
    server.manners = { lastModified: LONG_AGO, etag: 'W/"one"' };
    expect((await readPart(1)).rows).toEqual([{ id: 3 }, { id: 4 }]);
  });

  it.each<[string, FileServer['manners'], RegExp, boolean]>([
    [
      'that answers no ranges',
      { noRanges: true, etag: '"one"' },
      /does not answer them \(Range\); upload the file/,
      false,
    ],
    ['that does not tell its contents apart', {}, /does not tell when the file changes/, false],
    ['that changes just now', { lastModified: LONG_AGO, date: LONG_AGO }, /of just now/, true],
  ])('is refused behind a server %s', async (_, manners, message, retryable) => {
    server.manners = manners;
    await expect(splitFile(source(), 2)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      retryable,
    });
  });

  it('is refused behind a server that packs what it sends', async () => {
    server.before = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/10', 'content-encoding': 'br', etag: '"x"' }).end('x');
      return true;
    };
    await expect(splitFile(source(), 2)).rejects.toThrow(/packs what it sends \(Content-Encoding: br\)/);
  });

  it.each([false, true])(
    'that has changed since is noticed, by a server that ignores If-Range: %s',
    async (careless) => {
      const blocks = await splitFile(source(), 2);
      server.content = Buffer.from('id\n9\n9\n9\n9\n');
      server.manners = { etag: '"two"', carelessOfIfRange: careless };
      await expect(readBlock(blocks, 1)).rejects.toMatchObject({
        retryable: false,
        message: expect.stringContaining('has changed since the run began; reset'),
      });
    },
  );

  it('that was cut short since is noticed', async () => {
    const blocks = await splitFile(source(), 2);
    server.content = Buffer.from('id\n');
    await expect(readBlock(blocks, 1)).rejects.toThrow('has changed since the run began');
  });

  it('that breaks off is to be tried again', async () => {
    const blocks = await splitFile(source(), 2);
    server.before = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 7-10/11', etag: '"one"' }).end('3');
      return true;
    };
    await expect(readBlock(blocks, 1)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('broke off'),
    });
  });

  it('that is not there is refused with its status', async () => {
    server.before = (_, response) => {
      response.writeHead(404).end();
      return true;
    };
    await expect(splitFile(source(), 2)).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('answered 404'),
    });
  });
});
