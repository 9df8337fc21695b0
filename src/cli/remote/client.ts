import { randomUUID } from 'node:crypto';
import type { FieldProblem } from '../../kernel/errors.ts';
import { packageVersion } from '../../kernel/package.ts';
import type { Json } from '../../protocol/executor.ts';
import { CliFailure, exitOfStatus } from '../failure.ts';
import { parseEventStream, type ServerEvent } from './event-stream.ts';

export interface ClientOptions {
  /** Such as `http://127.0.0.1:8080`, without a trailing slash. */
  readonly server: string;
  readonly token: string | undefined;
}

interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal?: AbortSignal;
}

interface RequestOptions extends CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
}

interface SendOptions extends CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; a stream as fast as it is taken. */
  readonly body?: FormData | ReadableStream<Uint8Array>;
}

export interface Page<T> {
  readonly items: T[];
  readonly total: number;
  readonly page: number;
  readonly size: number;
}

type Body = Readonly<Record<string, unknown>>;

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The payload of an answer, whichever area's envelope it lies in. */
function unwrap(body: unknown): unknown {
  return isBody(body) && 'data' in body && ('success' in body || 'status' in body || 'code' in body) ? body.data : body;
}

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry): entry is FieldProblem => isBody(entry) && typeof entry.field === 'string');
}

/** Message and field problems of an error answer; the areas' dialects differ only in where they stand. */
function readProblem(body: unknown): { message: string | undefined; details: FieldProblem[] } {
  if (!isBody(body)) return { message: undefined, details: [] };
  const inner = isBody(body.error) ? body.error : body;
  const message = [body.message, inner.message, body.error].find((text) => typeof text === 'string');
  const data = isBody(inner.data) ? inner.data.details : undefined;
  return { message, details: fieldProblems(inner.details ?? data) };
}

const SIGN_IN = 'Sign in with "longshore login", or give a key with --token or LONGSHORE_TOKEN.';

/** Longshore's HTTP interface as the commands use it: payloads in and out, failures as CliFailure. */
export class Client {
  readonly server: string;
  readonly #token: string | undefined;

  constructor(options: ClientOptions) {
    this.server = options.server;
    this.#token = options.token;
  }

  /** @returns the answer's payload, taken out of its envelope; undefined when it has none (204) */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const { body, ...rest } = options;
    const response = await this.#fetch(method, path, {
      ...rest,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await this.refusal(response);
    const text = await response.text();
    return unwrap(text === '' ? undefined : parseJson(text)) as T;
  }

  get<T>(path: string, query: RequestOptions['query'] = {}): Promise<T> {
    return this.request<T>('GET', path, { query });
  }

  /**
   * All pages of a list, one after the other.
   * @param sizeName what the area calls the length of a page
   */
  async *pages<T>(
    path: string,
    query: RequestOptions['query'] = {},
    sizeName: 'size' | 'per_page' = 'size',
  ): AsyncGenerator<T> {
    for (let page = 1, seen = 0; ; page += 1) {
      const answer = await this.get<Omit<Page<T>, 'size'>>(path, { ...query, page, [sizeName]: 100 });
      yield* answer.items;
      seen += answer.items.length;
      if (answer.items.length === 0 || seen >= answer.total) return;
    }
  }

  /** A live stream of events; ends when the server ends it or `signal` aborts. */
  async *events(
    path: string,
    options: { signal: AbortSignal; lastEventId?: string | undefined },
  ): AsyncGenerator<ServerEvent> {
    const resume: Record<string, string> =
      options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId };
    const headers = { accept: 'text/event-stream', ...resume };
    const response = await this.#fetch('GET', path, { signal: options.signal, headers });
    if (!response.ok) throw await this.refusal(response);
    if (!response.body) return;
    try {
      yield* parseEventStream(response.body);
    } catch (error) {
      if (!options.signal.aborted) throw this.#unreachable(error);
    }
  }

  /**
   * A request whose body, or whose answer, is no JSON.
   * @returns the answer, whatever its status: `refusal` makes a failure of one that is not ok
   * @throws CliFailure `unreachable` when there is none
   */
  send(method: string, path: string, options: SendOptions = {}): Promise<Response> {
    return this.#fetch(method, path, options);
  }

  async #fetch(
    method: string,
    path: string,
    { query = {}, headers = {}, body, signal }: Omit<SendOptions, 'body'> & { body?: SendOptions['body'] | string },
  ): Promise<Response> {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const sent: Record<string, string> = {
      accept: 'application/json',
      'user-agent': `longshore-cli/${packageVersion}`,
    };
    if (this.#token !== undefined) sent.authorization = `Bearer ${this.#token}`;
    if (method === 'POST') sent['idempotency-key'] = randomUUID();
    try {
      return await fetch(url, {
        method,
        headers: { ...sent, ...headers },
        ...(body === undefined ? {} : { body }),
        ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): CliFailure {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as { code?: unknown }).code;
    const why = typeof code === 'string' ? code : cause instanceof Error ? cause.message : String(cause);
    return new CliFailure(
      'unreachable',
      `Cannot reach ${this.server} (${why}). Is it running? Start one with "longshore up", or name another with --server.`,
      { cause: error },
    );
  }

  /** What an answer that is not ok says, in words for the person at the terminal. */
  async refusal(response: Response): Promise<CliFailure> {
    const { message, details } = readProblem(parseJson(await response.text().catch(() => '')));
    const said = message ?? `The server answered ${response.status}.`;
    return new CliFailure(exitOfStatus(response.status), response.status === 401 ? `${said} ${SIGN_IN}` : said, {
      details,
      requestId: response.headers.get('x-request-id') ?? undefined,
      status: response.status,
    });
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A proxy's page, or nothing: the status alone has to say it.
    return undefined;
  }
}
