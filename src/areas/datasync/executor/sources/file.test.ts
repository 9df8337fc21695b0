import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { describeSource, readingText } from '../../../../../test/conformance/source.ts';
import { createOutbound, type Outbound } from '../../../../connections/outbound.ts';
import { encodeRows } from '../formats/encode-rows.ts';
import { chunks } from '../formats/read-all.fixture.ts';
import type { Batch, Row, Source } from '../pipeline/contracts.ts';
import type { FileConfig } from '../spec/files.ts';
import { fileSource } from './file.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const never = new AbortController().signal;
const noBlob = () => {
  throw new Error('no upload is to be read');
};

for (const [format, form] of [
  ['csv', 'rows'],
  ['csv', 'text'],
  ['json', 'rows'],
  ['ndjson', 'rows'],
  ['ndjson', 'text'],
  ['parquet', 'rows'],
  ['excel', 'rows'],
] as const) {
  describeSource(`file, ${format}, ${form}`, async () => {
    let content: Buffer = Buffer.alloc(0);
    const outbound = createOutbound({ allowPrivate: false });
    return {
      incremental: false,
      tells: format === 'parquet' || format === 'excel' ? 'total' : 'nothing',
      fill: async (records) => {
        const columns = [
          { name: 'id', type: 'integer' },
          { name: 'name', type: 'text' },
          { name: 'version', type: 'integer' },
        ] as const;
        content = await buffer(encodeRows(format, [records.map((record): Row => ({ ...record }))], { columns }));
      },
      open: ({ batchSize, signal }) => {
        const made = fileSource({
          config: { file_id: 'file_7', format },
          outbound,
          openBlob: (id) => (id === 7 ? chunks(content, 1000) : noBlob()),
          batchSize,
          signal,
        });
        return form === 'text' ? readingText(made) : made;
      },
    };
  });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sourceOf(
  config: FileConfig,
  given: { outbound?: Outbound; signal?: AbortSignal; batchSize?: number } = {},
): Source {
  const { outbound = createOutbound({ allowPrivate: true }), signal = never, batchSize = 2 } = given;
  const source = fileSource({ config, outbound, openBlob: noBlob, batchSize, signal });
  open.push(async () => {
    await source.close();
    await outbound.close();
  });
  return source;
}

async function all(source: Source, position?: Batch['position']): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source.read({ position, cursor: undefined })) batches.push(batch);
  return batches;
}

const CSV = 'id,name\n1,甲\n2,乙\n3,丙\n4,丁\n5,戊\n';

describe('a file behind a URL', () => {
  it.each<[string, string, Buffer]>([
    ['/data.csv', '', Buffer.from(CSV)],
    ['/data.csv.gz?v=1', 'application/gzip', gzipSync(CSV)],
    ['/export', 'text/csv; charset=utf-8', Buffer.from(CSV)],
    ['/export', 'application/x-ndjson', Buffer.from('{"id":1,"name":"甲"}\n')],
  ])('is read as its name or its type says: %s as %j', async (path, type, body) => {
    const url = await serve((_request, response) => response.setHeader('content-type', type).end(body));
    const [batch] = await all(sourceOf({ url: `${url}${path}` }));
    expect(batch?.rows[0]).toEqual({ id: 1, name: '甲' });
  });

  it('is asked for with its headers, which stay at home', async () => {
    const away: IncomingMessage['headers'][] = [];
    const other = await serve((request, response) => {
      away.push(request.headers);
      response.end(CSV);
    });
    const home: IncomingMessage['headers'][] = [];
    const url = await serve((request, response) => {
      home.push(request.headers);
      response.writeHead(302, { location: `${other}/x` }).end();
    });
    await all(sourceOf({ url: `${url}/data.csv`, headers: { 'X-Tenant': 'seven' } }));
    expect(home[0]).toMatchObject({ 'x-tenant': 'seven' });
    expect(away[0]).not.toHaveProperty('x-tenant');
  });

  it.each([
    [404, false],
    [403, false],
    [503, true],
    [429, true],
  ])('that answers %i fails, to be tried again: %s', async (status, retryable) => {
    const url = await serve((_request, response) => response.writeHead(status, { 'retry-after': '7' }).end('no'));
    await expect(all(sourceOf({ url: `${url}/data.csv` }))).rejects.toMatchObject({
      name: 'ExecutorError',
      retryable,
      retryAfterMs: 7000,
      message: expect.stringContaining(String(status)),
    });
  });

  it('that breaks off is to be tried again, and its secrets are not told', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' }).write(CSV, () => response.destroy());
    });
    const failing = all(
      sourceOf({ url: `${url}/data.csv?token=hush-hush`, headers: { authorization: 'Bearer sesame' } }),
    );
    const error = await failing.catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'ExecutorError', retryable: true });
    expect(String(error)).not.toMatch(/hush|sesame/);
  });

  it('that must not be dialled is not tried again', async () => {
    const outbound = createOutbound({ allowPrivate: false });
    const source = sourceOf({ url: 'http://127.0.0.1:1/data.csv' }, { outbound });
    await expect(all(source)).rejects.toMatchObject({ name: 'ExecutorError', retryable: false });
  });

  it('goes on from a position, unless it has changed', async () => {
    let etag = '"one"';
    const url = await serve((_request, response) => response.writeHead(200, { etag }).end(CSV));
    const config: FileConfig = { url: `${url}/data.csv` };
    const [first] = await all(sourceOf(config));
    const rest = await all(sourceOf(config), first?.position);
    expect(rest.flatMap((batch) => batch.ordinals)).toEqual([2, 3, 4]);
    etag = '"two"';
    await expect(all(sourceOf(config), first?.position)).rejects.toThrow('has changed since the run began; reset');
  });

  it('without end is left when it is closed', async () => {
    let left: Promise<unknown> | undefined;
    const url = await serve((_request, response) => {
      left = once(response, 'close');
      const pour = () => {
        while (!response.destroyed && response.write('{"id":1}\n'.repeat(1000)));
      };
      response.on('drain', pour);
      pour();
    });
    const source = sourceOf({ url: `${url}/data.ndjson` });
    for await (const { rows } of source.read({ position: undefined, cursor: undefined })) {
      expect(rows).toHaveLength(2);
      break;
    }
    await source.close();
    await left;
  });

  it('that tells nothing of its format is refused with the mend', async () => {
    const url = await serve((_request, response) => response.end(CSV));
    await expect(all(sourceOf({ url }))).rejects.toThrow('config.format');
  });
});

describe('a file from nowhere', () => {
  it('is refused with the mend', async () => {
    await expect(all(sourceOf({ format: 'csv' }))).rejects.toThrow('name the file_id of an uploaded file, or a url');
  });
});
