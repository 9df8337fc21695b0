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

interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
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
    const response = await this.#fetch(method, path, options, 'application/json');
    const text = await response.text();
    return unwrap(text === '' ? undefined : parseJson(text)) as T;
  }

  get<T>(path: string, query: RequestOptions['query'] = {}): Promise<T> {
    return this.request<T>('GET', path, { query });
  }

  /** All pages of a list, one after the other. */
  async *pages<T>(path: string, query: RequestOptions['query'] = {}): AsyncGenerator<T> {
    for (let page = 1, seen = 0; ; page += 1) {
      const answer = await this.get<Page<T>>(path, { ...query, page, size: 100 });
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
    const response = await this.#fetch('GET', path, { signal: options.signal }, 'text/event-stream', resume);
    if (!response.body) return;
    try {
      yield* parseEventStream(response.body);
    } catch (error) {
      if (!options.signal.aborted) throw this.#unreachable(error);
    }
  }

  async #fetch(
    method: string,
    path: string,
    options: RequestOptions,
    accept: string,
    extra: Record<string, string> = {},
  ): Promise<Response> {
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { accept, 'user-agent': `longshore-cli/${packageVersion}`, ...extra };
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    if (method === 'POST') headers['idempotency-key'] = randomUUID();
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw this.#unreachable(error);
    }
    if (!response.ok) throw await this.#refusal(response);
    return response;
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

  async #refusal(response: Response): Promise<CliFailure> {
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
