/**
 * A process of its own that gives away files and pages of rows, so that what that takes is not our time: `--` folder,
 * number of rows of the pages, rows a page. Writes its port as one line, once all pages are made.
 */
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { rowOf } from './input.ts';

const [folder = '.', rows = '0', rowsOfPage = '1000'] = process.argv.slice(2);
const limit = Number(rowsOfPage);

function* pagesOf(total: number): Generator<Buffer> {
  for (let from = 1; from <= total; from += limit) {
    const length = Math.min(limit, total - from + 1);
    yield Buffer.from(JSON.stringify({ items: Array.from({ length }, (_, index) => rowOf(from + index)) }));
  }
}

const pages = [...pagesOf(Number(rows))];
const noPage = Buffer.from(JSON.stringify({ items: [] }));

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/rows') {
    response.setHeader('content-type', 'application/json');
    if (Number(url.searchParams.get('limit')) !== limit) response.writeHead(400).end();
    else response.end(pages[Number(url.searchParams.get('page')) - 1] ?? noPage);
    return;
  }
  createReadStream(path.join(folder, path.basename(url.pathname)), { highWaterMark: 256 * 1024 })
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
