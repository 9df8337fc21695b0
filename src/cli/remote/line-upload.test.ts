import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';
import { afterFile } from '../../../test/support/cleanup.ts';
import { temporaryFolder } from '../../../test/support/serving.ts';
import { Client } from './client.ts';
import { uploadLines } from './line-upload.ts';

const LINES = 40_000;
let server: TestServer;
let folder: string;
let lines: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = await temporaryFolder('upload');
  const records = Array.from({ length: LINES }, (_, n) =>
    JSON.stringify({ id: `${n}`, data: { n, 名: '货'.repeat(20) } }),
  );
  lines = `${records.join('\n')}\n`;
});

interface Faults {
  /** A connection is cut when it has sent the first of these many bytes, another at the second, … */
  readonly cuts?: number[];
  /** So many summaries are lost on their way back. */
  lostAnswers?: number;
}

/** A way to the server that breaks as it is told, and then no more. */
async function flakyWay(faults: Faults): Promise<{ client: Client; connections(): number }> {
  const { cuts = [] } = faults;
  let connections = 0;
  const proxy = createServer((incoming) => {
    connections += 1;
    const { hostname, port } = new URL(server.url);
    const outgoing = connect(Number(port), hostname);
    const end = () => {
      incoming.destroy();
      outgoing.destroy();
    };
    incoming.on('error', end).on('close', end);
    outgoing.on('error', end).on('close', end);
    let sent = 0;
    incoming.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (sent <= (cuts[0] ?? Number.POSITIVE_INFINITY)) {
        outgoing.write(chunk);
        return;
      }
      cuts.shift();
      end();
    });
    outgoing.on('data', (chunk: Buffer) => {
      const isLost = chunk.includes('request_id') && (faults.lostAnswers ?? 0) > 0;
      if (!isLost) incoming.write(chunk);
      else {
        faults.lostAnswers = (faults.lostAnswers ?? 0) - 1;
        end();
      }
    });
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  afterFile(() => {
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo;
  return {
    client: new Client({ server: `http://127.0.0.1:${port}`, token: server.adminToken }),
    connections: () => connections,
  };
}

async function stored(requestId: string): Promise<string> {
  const chunks = await server.store.query<{ bytes: Buffer }>(
    `SELECT c.bytes FROM longshore.push_requests p JOIN longshore.blob_chunks c ON c.blob_id = p.blob_id
      WHERE p.id = $1 ORDER BY c.seq`,
    [requestId.replace('req_', '')],
  );
  return Buffer.concat(chunks.map(({ bytes }) => bytes)).toString();
}

function upload(client: Client, file: string, source: string) {
  const breaks: number[] = [];
  const quiet = { onProgress: () => undefined, onBreak: (accepted: number) => breaks.push(accepted) };
  const { signal } = new AbortController();
  return { breaks, taken: uploadLines(client, { file, query: { source }, ...quiet, signal }) };
}

it.each([
  ['as it is', 'lines.ndjson', (text: string) => Buffer.from(text), 1_200_000],
  ['packed', 'lines.ndjson.gz', (text: string) => gzipSync(text), 60_000],
])('sends a file %s, and goes on where it was cut', async (how, name, pack, cutAfter) => {
  const file = path.join(folder, name);
  await writeFile(file, pack(lines));
  const way = await flakyWay({ cuts: [cutAfter, 2 * cutAfter] });
  const { taken, breaks } = upload(way.client, file, `flaky ${how}`);
  const { request_id, accepted, rejected } = await taken;
  expect([accepted, rejected]).toEqual([LINES, 0]);
  expect(await stored(request_id)).toBe(lines);
  expect(way.connections()).toBeGreaterThan(2);
  expect(breaks.length).toBeGreaterThan(0);
  expect([...breaks].sort((a, b) => a - b)).toEqual(breaks);
});

it('is answered once more when the answer was lost, and nothing comes twice', async () => {
  const file = path.join(folder, 'answered.ndjson');
  await writeFile(file, lines);
  const way = await flakyWay({ lostAnswers: 1 });
  const { request_id, accepted } = await upload(way.client, file, 'answered').taken;
  expect(accepted).toBe(LINES);
  expect(await stored(request_id)).toBe(lines);
  expect(way.connections()).toBe(2);
  const requests = await server.store.query(`SELECT 1 FROM longshore.push_requests WHERE source = 'answered'`);
  expect(requests).toHaveLength(1);
});

it('says what is wrong with a file, and does not try again', async () => {
  const { client } = await flakyWay({});
  const broken = path.join(folder, 'broken.gz');
  await writeFile(broken, gzipSync(lines).subarray(0, 20_000));
  await expect(upload(client, broken, 'broken').taken).rejects.toMatchObject({ exit: 'usage' });
  await expect(upload(client, path.join(folder, 'none'), 'none').taken).rejects.toMatchObject({ exit: 'usage' });
});

it('reports what the server refuses, and does not try again', async () => {
  const file = path.join(folder, 'refused.ndjson');
  await writeFile(file, lines);
  const { client } = await flakyWay({});
  await expect(upload(client, file, '').taken).rejects.toMatchObject({ exit: 'usage', status: 400 });
});

it('does not wait for a server that is not there', async () => {
  const file = path.join(folder, 'lonely.ndjson');
  await writeFile(file, lines);
  const nobody = new Client({ server: 'http://127.0.0.1:9', token: undefined });
  await expect(upload(nobody, file, 'lonely').taken).rejects.toMatchObject({ exit: 'unreachable' });
});
