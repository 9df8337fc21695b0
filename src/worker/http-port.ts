import { Agent, request } from 'undici';
import { AppError, ERROR_CATALOGUE, type ErrorCode } from '../kernel/errors.ts';
import { storableJson } from '../kernel/json.ts';
import type {
  Commands,
  HeartbeatAnswer,
  HeartbeatRequest,
  LeasedRun,
  LeaseRequest,
  RegisterAnswer,
  RegisterRequest,
  ReportAnswer,
  ReportRequest,
  RunRef,
  UpdateRequest,
  WorkerPort,
} from '../protocol/worker.ts';

interface HttpPortOptions {
  /** The server's base URL, such as `https://longshore.example`. */
  readonly server: string;
  /** An API key with the permission `worker`. */
  readonly token: string;
  readonly workerId: string;
}

const ANSWER_MS = 30_000;

/** The worker's port over HTTP, for workers that cannot (or should not) reach the database. */
export class HttpPort implements WorkerPort {
  readonly #options: HttpPortOptions;
  readonly #agent = new Agent({ connections: 8, keepAliveTimeout: 30_000, connect: { timeout: 10_000 } });

  constructor(options: HttpPortOptions) {
    this.#options = { ...options, server: options.server.replace(/\/+$/, '') };
  }

  register(body: RegisterRequest): Promise<RegisterAnswer> {
    return this.#post('/api/workers/register', body);
  }

  async lease(body: LeaseRequest, signal: AbortSignal): Promise<LeasedRun[]> {
    return (await this.#call<{ runs: LeasedRun[] }>('lease', body, body.wait_ms + ANSWER_MS, signal)).runs;
  }

  report(body: ReportRequest): Promise<ReportAnswer> {
    return this.#call('report', body);
  }

  update(body: UpdateRequest): Promise<ReportAnswer> {
    return this.#call('update', body);
  }

  heartbeat(body: HeartbeatRequest): Promise<HeartbeatAnswer> {
    return this.#call('heartbeat', body);
  }

  async reconcile(body: { session_id: number; held: RunRef[] }): Promise<void> {
    await this.#call('reconcile', body);
  }

  watch(sessionId: number, signal: AbortSignal): Promise<Commands> {
    return this.#call('watch', { session_id: sessionId }, 2 * ANSWER_MS, signal);
  }

  async blobChunk(sessionId: number, blobId: number, seq: number): Promise<Uint8Array | undefined> {
    const path = `${this.#ownPath(`blobs/${blobId}/${seq}`)}?session_id=${sessionId}`;
    const answer = await this.#send('GET', path, ANSWER_MS);
    if (answer.statusCode >= 300) throw toError(answer.statusCode, await answer.body.text());
    const bytes = await answer.body.bytes();
    return answer.statusCode === 204 ? undefined : bytes;
  }

  async leave(sessionId: number): Promise<void> {
    await this.#call('leave', { session_id: sessionId });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #call<T>(action: string, body: unknown, timeoutMs = ANSWER_MS, signal?: AbortSignal): Promise<T> {
    return this.#post(this.#ownPath(action), body, timeoutMs, signal);
  }

  #ownPath(action: string): string {
    return `/api/workers/${encodeURIComponent(this.#options.workerId)}/${action}`;
  }

  async #post<T>(path: string, body: unknown, timeoutMs = ANSWER_MS, signal?: AbortSignal): Promise<T> {
    const answer = await this.#send('POST', path, timeoutMs, { body: storableJson(body), signal: signal ?? null });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw toError(answer.statusCode, text);
    return (JSON.parse(text) as { data: T }).data;
  }

  #send(
    method: 'GET' | 'POST',
    path: string,
    timeoutMs: number,
    more: { readonly body?: string; readonly signal?: AbortSignal | null } = {},
  ) {
    return request(`${this.#options.server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        authorization: `Bearer ${this.#options.token}`,
      },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...more,
    });
  }
}

function toError(status: number, text: string): AppError {
  let message = text.slice(0, 500);
  try {
    message = String((JSON.parse(text) as { message?: unknown }).message ?? message);
  } catch {
    // Not JSON: a proxy in between. Its text says what is wrong.
  }
  const codes = Object.entries(ERROR_CATALOGUE) as [ErrorCode, { status: number }][];
  const code = codes.find(([, entry]) => entry.status === status)?.[0] ?? 'unavailable';
  return new AppError(code, `the server answered ${status}: ${message}`);
}
