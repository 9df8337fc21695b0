/**
 * A process of its own that gives away files and pages of rows, so that what that takes is not our time: `--` folder,
 * number of rows of the pages. Writes its port as one line.
 */
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { rowOf } from './input.ts';

const [folder = '.', rows = '0'] = process.argv.slice(2);
const total = Number(rows);
const pages = new Map<string, Buffer>();

/** Made once, so that the first reader pays no more than the others. */
function page(number: number, limit: number): Buffer {
  const key = `${number}/${limit}`;
  let body = pages.get(key);
  if (body === undefined) {
    const from = (number - 1) * limit + 1;
    const count = Math.max(0, Math.min(limit, total - from + 1));
    const items = Array.from({ length: count }, (_, index) => rowOf(from + index));
    body = Buffer.from(JSON.stringify({ items }));
    pages.set(key, body);
  }
  return body;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/rows') {
    response.setHeader('content-type', 'application/json');
    response.end(page(Number(url.searchParams.get('page')), Number(url.searchParams.get('limit'))));
    return;
  }
  createReadStream(path.join(folder, path.basename(url.pathname)), { highWaterMark: 256 * 1024 })
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
