import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server treats ranges. */
export interface RangeManners {
  /** Answers 200 with all of it, whatever is asked for. */
  noRanges?: boolean;
  /** What tells its contents apart; undefined sends none. */
  etag?: string | undefined;
  lastModified?: string | undefined;
  /** Its own time, where that matters. */
  date?: string;
  /** Answers ranges without looking at If-Range. */
  carelessOfIfRange?: boolean;
}

/** Serves one file at any path, by ranges as RFC 9110 says unless its manners are others. */
export class FileServer {
  readonly #server: Server;
  content: Buffer = Buffer.alloc(0);
  manners: RangeManners = { etag: '"one"' };
  /** The Range headers that were seen; undefined where there was none. */
  readonly asked: (string | undefined)[] = [];
  /** Looks at each answer before it is sent; returns true to send another one itself. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<FileServer> {
    const server = new FileServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(request.headers.range);
    if (this.before(request, response)) return;
    const { noRanges, etag, lastModified, date, carelessOfIfRange } = this.manners;
    if (etag !== undefined) response.setHeader('etag', etag);
    if (lastModified !== undefined) response.setHeader('last-modified', lastModified);
    if (date !== undefined) response.setHeader('date', date);
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const unless = request.headers['if-range'];
    const same = unless === undefined || carelessOfIfRange || unless === etag || unless === lastModified;
    const size = this.content.length;
    if (noRanges || from === undefined || !same) {
      response.writeHead(200, { 'content-length': size }).end(this.content);
    } else if (Number(from) >= size) {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    } else {
      const end = to === '' ? size : Math.min(Number(to) + 1, size);
      response.writeHead(206, { 'content-range': `bytes ${from}-${end - 1}/${size}` });
      response.end(this.content.subarray(Number(from), end));
    }
  }
}
