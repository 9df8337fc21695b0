import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

export type TestRecord = Readonly<Record<string, unknown>>;

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but text and bytes is sent as JSON. */
  readonly body?: unknown;
}

/**
 * What a request gets instead of its answer. pass: its answer. cut: the connection ends without a word. cut-body: in
 * the middle of the answer. hang: nothing, until the client goes away.
 */
export type Fault = Answer | 'pass' | 'cut' | 'cut-body' | 'hang';

export type ServerAuth =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'api_key'; readonly in: 'header' | 'query'; readonly name: string; readonly value: string }
  | OAuthServer;

interface OAuthServer {
  readonly type: 'oauth2';
  readonly clientId: string;
  readonly clientSecret: string;
  /** What tokens say of themselves; they are good until `revokeTokens` all the same. */
  readonly expiresIn?: number;
  /** Refuses HTTP Basic, as some do. */
  readonly secretInForm?: boolean;
}

export interface Dataset {
  readonly count: number;
  /** The same for the same index, whenever it is asked for. */
  record(index: number): TestRecord;
}

/** How the server treats paging, whatever it is asked for. */
export interface Manners {
  /** Pages are no larger, and this large when nothing is asked for. */
  readonly largestPage?: number;
  /** Around the records; they alone unless told. */
  envelope?(records: readonly TestRecord[], facts: { readonly total: number; readonly next: string | null }): unknown;
  /** Sent as `X-Total-Count`. */
  readonly countHeader?: boolean;
  /** The answer past the last page, instead of an empty one. */
  readonly pastEnd?: Answer;
  /** Answers every page with the first one. */
  readonly ignoresPages?: boolean;
  /** Cursors and links lead back to here after the last record. */
  readonly cyclic?: boolean;
}

/**
 * A REST service on loopback, as they are: `GET /offset/<dataset>?offset&limit`, `/page/…?page&limit`,
 * `/cursor/…?cursor&limit`, `/link/…?after&limit`, `/all/…` and `/ndjson/…`; POSTs of these take their parameters from a
 * JSON body. `POST /oauth/token` gives tokens. `/sink` takes records, dropping repeats of an `Idempotency-Key`.
 */
export class RestServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #faults: Fault[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  readonly #keys = new Map<string, Answer>();
  readonly datasets = new Map<string, Dataset>();
  readonly seen: SeenRequest[] = [];
  /** What `/sink` has taken. */
  readonly received: TestRecord[] = [];
  connections = 0;
  auth: ServerAuth | undefined;
  manners: Manners = {};
  /** Why `/sink` does not want a record; it refuses the whole request then. */
  refuses: (record: TestRecord) => Answer | undefined = () => undefined;
  #tokens = new Set<string>();
  #tokensGiven = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<RestServer> {
    const server = new RestServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next requests, tokens apart, get these; those after them their answers. */
  order(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Forgets what was ordered and has not come to pass. */
  calm(): void {
    this.#faults.length = 0;
  }

  /** Resolves when so many requests have come in all. */
  async asked(count: number): Promise<void> {
    if (this.seen.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Tokens given so far are good no more. */
  revokeTokens(): void {
    this.#tokens = new Set();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    // A client that goes away amid its request has asked for nothing.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const seen: SeenRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body,
    };
    this.seen.push(seen);
    for (const waiting of this.#waiting) if (this.seen.length >= waiting.count) waiting.resolve();
    const fault = seen.path === '/oauth/token' ? 'pass' : (this.#faults.shift() ?? 'pass');
    if (fault === 'hang') return;
    if (fault === 'cut') return void request.socket.destroy();
    const answer = typeof fault === 'object' ? fault : this.#answer(seen);
    const bytes = bytesOf(answer.body);
    const type = typeof answer.body === 'string' || answer.body === undefined ? 'text/plain' : 'application/json';
    response.writeHead(answer.status ?? 200, {
      'content-type': type,
      'content-length': bytes.length,
      ...answer.headers,
    });
    if (fault !== 'cut-body') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
  }

  #answer(request: SeenRequest): Answer {
    const [, style = '', name = ''] = request.path.split('/');
    if (request.path === '/oauth/token') return this.#giveToken(request);
    if (!this.#isSigned(request)) return { status: 401, body: { error: 'who are you?', sent: request.headers } };
    if (style === 'sink') return this.#take(request);
    const dataset = this.datasets.get(name);
    if (!dataset) return { status: 404, body: { error: 'no such thing' } };
    return this.#page(style, dataset, request);
  }

  #page(style: string, dataset: Dataset, request: SeenRequest): Answer {
    const { largestPage = 1000, envelope, countHeader, pastEnd, ignoresPages, cyclic } = this.manners;
    const asked = parametersOf(request);
    const whole = style === 'all' || style === 'ndjson';
    const size = whole ? dataset.count : Math.min(Number(asked.limit ?? largestPage), largestPage);
    const from = ignoresPages ? 0 : startOf(style, asked, size);
    if (from >= dataset.count && from > 0 && pastEnd) return pastEnd;
    const end = Math.min(from + size, dataset.count);
    const records: TestRecord[] = [];
    for (let index = from; index < end; index++) records.push(dataset.record(index));
    if (style === 'ndjson') {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      return { headers: { 'content-type': 'application/x-ndjson' }, body: lines };
    }
    const next = end < dataset.count ? String(end) : cyclic ? '0' : null;
    const headers: Record<string, string> = countHeader ? { 'x-total-count': String(dataset.count) } : {};
    if (style === 'link' && next !== null) {
      headers.link = `</first>; rel="first"; title="a, b; rel=next", <${request.path}?after=${next}&limit=${size}>; rel="NEXT last"`;
    }
    const shape = envelope ?? ((these, { next }) => (style === 'cursor' ? { data: these, next_cursor: next } : these));
    return { headers, body: shape(records, { total: dataset.count, next }) };
  }

  #isSigned({ headers, query }: SeenRequest): boolean {
    const { auth } = this;
    switch (auth?.type) {
      case undefined:
        return true;
      case 'bearer':
        return headers.authorization === `Bearer ${auth.token}`;
      case 'basic':
        return headers.authorization === basic(auth.username, auth.password);
      case 'api_key':
        return (auth.in === 'query' ? query[auth.name] : headers[auth.name.toLowerCase()]) === auth.value;
      case 'oauth2':
        return this.#tokens.has(headers.authorization ?? '');
    }
  }

  #giveToken({ headers, body }: SeenRequest): Answer {
    const { auth } = this;
    if (auth?.type !== 'oauth2') return { status: 404 };
    const form = new URLSearchParams(body);
    const known = auth.secretInForm
      ? form.get('client_id') === auth.clientId && form.get('client_secret') === auth.clientSecret
      : headers.authorization === basic(auth.clientId, auth.clientSecret);
    if (!known) return { status: 401, body: { error: 'invalid_client', sent: auth.clientSecret } };
    if (form.get('grant_type') !== 'client_credentials')
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    this.#tokensGiven += 1;
    const token = `token-${this.#tokensGiven}`;
    this.#tokens.add(`Bearer ${token}`);
    const { expiresIn } = auth;
    return { body: { access_token: token, token_type: 'Bearer', ...(expiresIn ? { expires_in: expiresIn } : {}) } };
  }

  #take({ headers, body }: SeenRequest): Answer {
    const key = headers['idempotency-key'];
    const known = typeof key === 'string' ? this.#keys.get(key) : undefined;
    if (known) return known;
    const answer = this.#store(recordsOf(JSON.parse(body)));
    if (typeof key === 'string' && (answer.status ?? 200) < 300) this.#keys.set(key, answer);
    return answer;
  }

  #store(records: readonly TestRecord[]): Answer {
    for (const record of records) {
      const refusal = this.refuses(record);
      if (refusal) return refusal;
    }
    for (const record of records) this.received.push(record);
    return { status: 201, body: { taken: records.length } };
  }
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

function parametersOf({ method, query, body }: SeenRequest): Record<string, string> {
  return method === 'GET' ? query : { ...query, ...JSON.parse(body || '{}') };
}

function startOf(style: string, asked: Record<string, string>, size: number): number {
  if (style === 'page') return (Number(asked.page ?? 1) - 1) * size;
  if (style === 'offset') return asked.page === undefined ? Number(asked.offset ?? 0) : (Number(asked.page) - 1) * size;
  return Number(asked.cursor ?? asked.after ?? 0);
}

/** A record, a list of them, or a list as the one member of an object. */
function recordsOf(body: unknown): TestRecord[] {
  if (Array.isArray(body)) return body;
  const record = body as TestRecord;
  const [only, ...others] = Object.values(record);
  return Array.isArray(only) && others.length === 0 ? only : [record];
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
