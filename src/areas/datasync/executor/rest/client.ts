import { STATUS_CODES } from 'node:http';
import {
  type Outbound,
  OutboundRefused,
  type OutboundRequest,
  type OutboundResponse,
} from '../../../../connections/outbound.ts';
import { backoffMs, sleep } from '../../../../kernel/clock.ts';
import { ExecutorError, type LogLineLevel } from '../../../../protocol/executor.ts';
import { retryAfter } from '../../../../protocol/retry-after.ts';
import { isSecretName } from '../../../../protocol/secret-names.ts';
import { maskUrl, secretsOfUrl } from '../../../../protocol/secret-urls.ts';
import { redact } from '../../../../sandbox/redactor.ts';
import { cleanText } from '../../../../sandbox/text.ts';
import { type Credentials, createCredentials, type RestAuth } from './auth.ts';
import { Pacer } from './pacer.ts';

export interface RestClientOptions {
  readonly outbound: Outbound;
  /** A URL of the service: credentials and headers go to its origin alone. A login within it signs requests too. */
  readonly home: string;
  readonly auth: RestAuth | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Requests a second. */
  readonly rateLimit: number | undefined;
  /** Of one request, its whole answer included; default 60. */
  readonly timeoutSeconds: number | undefined;
  /** Of one request; default 5. */
  readonly maxRetries: number | undefined;
  readonly signal: AbortSignal;
  log(level: LogLineLevel, message: string): void;
}

export interface RestRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Besides those of every request; to the service's origin alone, as they are. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: string | undefined;
  readonly maxBodyBytes: number;
  /** Statuses after which this request is sent again, besides those for which every request is. */
  readonly alsoRetry?: ReadonlySet<number> | undefined;
}

const DEFAULT_TIMEOUT_SECONDS = 60;
const DEFAULT_RETRIES = 5;
const BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** Whoever asks for a longer pause is asked again by another attempt, and holds no worker until then. */
const LONGEST_PAUSE_MS = 5 * 60_000;
const TOKEN_BYTES = 64 * 1024;
const SHOWN_CHARACTERS = 200;

const RETRYABLE = new Set([408, 425, 429]);
/** The request itself, or the server's certificate, is at fault: the same will fail again. */
const HOPELESS =
  /^(UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/**
 * Talks to one REST service: signs, keeps to its rate limit, and asks again when the service is busy or the connection
 * is lost. Connections are kept alive by the outbound client.
 */
export class RestClient {
  readonly #options: RestClientOptions;
  readonly #home: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #credentials: Credentials;
  readonly #pacer: Pacer;
  readonly #unthrottled = new Pacer(undefined);
  readonly #ended = new AbortController();
  readonly #end = () => this.#ended.abort(this.#options.signal.reason);
  readonly #secrets: readonly string[];

  constructor(options: RestClientOptions) {
    this.#options = options;
    this.#home = new URL(options.home);
    this.#headers = options.headers ?? {};
    this.#secrets = [...secretsOfHeaders(this.#headers), ...secretsOfUrl(options.home)];
    this.#credentials = createCredentials(options.auth, (url, form, headers) => this.#sendForm(url, form, headers));
    this.#pacer = new Pacer(options.rateLimit);
    if (options.signal.aborted) this.#end();
    else options.signal.addEventListener('abort', this.#end, { once: true });
  }

  /**
   * Sends a request, and again where that may help: on 408, 425, 429, 5xx, lost connections and what the request names.
   * @returns any other answer, also a refusal
   * @throws ExecutorError; the signal's reason after an abort
   */
  async send(request: RestRequest): Promise<OutboundResponse> {
    const answer = await this.#sendSigned(request);
    if (answer.status !== 401 || request.url.origin !== this.#home.origin || !this.#credentials.renew()) return answer;
    this.#options.log('info', `${this.shownUrl(request)}: 401; asking for a new token`);
    return await this.#sendSigned(request);
  }

  /** Method and URL without what is secret, for errors and logs. */
  shownUrl({ method, url }: Pick<RestRequest, 'method' | 'url'>): string {
    const shown = new URL(url);
    this.#credentials.unsign(shown);
    return `${method} ${this.redact(maskUrl(shown.href))}`;
  }

  /** Removes from a URL what signs it: such a one may be kept. */
  unsigned(url: URL): URL {
    const kept = new URL(url);
    this.#credentials.unsign(kept);
    return kept;
  }

  /** A text as it may be shown: servers like to answer with what they were sent. */
  redact(text: string): string {
    return redact(cleanText(text), [...this.#secrets, ...this.#credentials.secrets]);
  }

  /** The beginning of an answer, as it may be shown. */
  excerpt(answer: OutboundResponse): string {
    const text = new TextDecoder().decode(answer.body.subarray(0, SHOWN_CHARACTERS * 4));
    // Redacted before it is cut: half a secret is one too.
    return this.redact(text).slice(0, SHOWN_CHARACTERS).trim();
  }

  /** Ends what is under way. */
  close(): void {
    this.#options.signal.removeEventListener('abort', this.#end);
    this.#ended.abort(new Error('the connection to the service was closed'));
  }

  #sendSigned(request: RestRequest): Promise<OutboundResponse> {
    const { method, body, maxBodyBytes, alsoRetry } = request;
    const prepare = async (signal: AbortSignal) => {
      const url = new URL(request.url);
      const headers: Record<string, string> = { accept: 'application/json' };
      if (body !== undefined) headers['content-type'] = 'application/json';
      if (url.origin === this.#home.origin) {
        setHeaders(headers, this.#headers);
        setHeaders(headers, request.headers ?? {});
        url.username = this.#home.username;
        url.password = this.#home.password;
        await this.#credentials.sign(url, headers);
      }
      return {
        url: url.href,
        method,
        headers,
        homeHeaders: Object.keys(headers).filter((name) => !/^(accept|content-type)$/.test(name)),
        // As a GET, which redirects make of it, a POST would do something else and look like success.
        followRedirects: method === 'GET',
        maxBodyBytes,
        signal,
        ...(body === undefined ? {} : { body }),
      };
    };
    return this.#retrying(this.shownUrl(request), this.#pacer, prepare, alsoRetry);
  }

  async #sendForm(url: string, form: string, headers: Record<string, string>): Promise<OutboundResponse> {
    const shown = `POST ${maskUrl(url)}`;
    return await this.#retrying(shown, this.#unthrottled, async (signal) => ({
      url,
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: form,
      followRedirects: false,
      maxBodyBytes: TOKEN_BYTES,
      signal,
    }));
  }

  async #retrying(
    shown: string,
    pacer: Pacer,
    prepare: (signal: AbortSignal) => Promise<OutboundRequest & { readonly url: string }>,
    alsoRetry?: ReadonlySet<number>,
  ): Promise<OutboundResponse> {
    const { maxRetries = DEFAULT_RETRIES, log } = this.#options;
    for (let failures = 1; ; failures++) {
      await pacer.turn(this.#ended.signal);
      const outcome = await this.#once(prepare);
      const trouble = this.#troubleOf(outcome, alsoRetry);
      if (!trouble) return outcome as OutboundResponse;
      const { reason, pauseMs } = trouble;
      if (outcome instanceof Error && isHopeless(outcome)) {
        throw new ExecutorError(`${shown}: ${reason}`, { retryable: false, cause: outcome });
      }
      if (failures > maxRetries || (pauseMs ?? 0) > LONGEST_PAUSE_MS) {
        const times = failures > 1 ? `, the last of ${failures} times` : '';
        throw new ExecutorError(`${shown}: ${reason}${times}`, {
          ...(pauseMs === undefined ? {} : { retryAfterMs: pauseMs }),
          ...(outcome instanceof Error ? { cause: outcome } : {}),
        });
      }
      const waitMs = pauseMs ?? backoffMs(failures, BACKOFF_MS, LONGEST_BACKOFF_MS);
      log('warning', `${shown}: ${reason}; asking again in ${(waitMs / 1000).toFixed(1)} s`);
      await sleep(waitMs, this.#ended.signal);
    }
  }

  /** @returns the network's error instead of throwing it */
  async #once(
    prepare: (signal: AbortSignal) => Promise<OutboundRequest & { readonly url: string }>,
  ): Promise<OutboundResponse | Error> {
    const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = this.#options;
    const whole = new AbortController();
    const end = () => whole.abort(this.#ended.signal.reason);
    // Before the clock runs: a token that must be had first has a time of its own.
    const { url, ...request } = await prepare(whole.signal);
    this.#ended.signal.throwIfAborted();
    this.#ended.signal.addEventListener('abort', end, { once: true });
    const timeout = new Error(`no complete answer within ${timeoutSeconds} s`);
    const timer = setTimeout(() => whole.abort(timeout), timeoutSeconds * 1000);
    try {
      return await this.#options.outbound.request(url, { ...request, timeoutMs: 0 });
    } catch (error) {
      this.#ended.signal.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      clearTimeout(timer);
      this.#ended.signal.removeEventListener('abort', end);
    }
  }

  /** Why an answer is to be asked for again, and the pause that the server wants. */
  #troubleOf(
    outcome: OutboundResponse | Error,
    alsoRetry?: ReadonlySet<number>,
  ): { reason: string; pauseMs: number | undefined } | undefined {
    if (outcome instanceof Error) return { reason: this.redact(reasonOf(outcome)), pauseMs: undefined };
    const { status } = outcome;
    if (status < 500 && !RETRYABLE.has(status) && !alsoRetry?.has(status)) return undefined;
    return {
      reason: `the server answered ${statusText(outcome)}`,
      pauseMs: retryAfter(outcome.headers['retry-after']),
    };
  }
}

/** `404 Not Found` */
export function statusText({ status }: Pick<OutboundResponse, 'status'>): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}

function isHopeless(error: Error): boolean {
  return error instanceof OutboundRefused || HOPELESS.test((error as NodeJS.ErrnoException).code ?? '');
}

function reasonOf(error: Error): string {
  // Several addresses were tried in vain: the first says why.
  const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  return first.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}

function setHeaders(headers: Record<string, string>, added: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(added)) headers[name.toLowerCase()] = value;
}

function secretsOfHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    // `Bearer x`: the x alone too.
    isSecretName(name) ? [value, value.replace(/^\S+\s+/, '')] : secretsOfUrl(value),
  );
}
