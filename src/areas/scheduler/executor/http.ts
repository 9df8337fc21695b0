import { STATUS_CODES } from 'node:http';
import type { Static } from 'typebox';
import {
  type Outbound,
  OutboundRefused,
  type OutboundRequest,
  type OutboundResponse,
} from '../../../connections/outbound.ts';
import { type Executor, ExecutorError, type Json, type RunContext } from '../../../protocol/executor.ts';
import { retryAfter } from '../../../protocol/retry-after.ts';
import { isSecretName } from '../../../protocol/secret-names.ts';
import { maskUrl, secretsOfUrl } from '../../../protocol/secret-urls.ts';
import { LineReader } from '../../../sandbox/line-reader.ts';
import { redact } from '../../../sandbox/redactor.ts';
import { cleanText } from '../../../sandbox/text.ts';
import { specParser } from './parse-spec.ts';
import { HttpSpec } from './spec.ts';

type Spec = Static<typeof HttpSpec>;
const parse = specParser(HttpSpec);

/** What is read of an answer, and searched for `expected_body`. */
const MAX_BODY_BYTES = 1024 * 1024;
/** What is shown of it in the log, and kept as the run's output, which may be 64 KiB of JSON. */
const LOGGED_BYTES = 64 * 1024;
const KEPT_JSON_BYTES = 48 * 1024;

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const RETRYABLE = new Set([408, 425, 429]);
/** Headers of an answer that tell something, and no secret. */
const SHOWN_HEADERS = ['content-type', 'content-length', 'location', 'retry-after', 'etag', 'date', 'x-request-id'];

/** Sends one request, through the guard. */
export function httpExecutor({ outbound }: { readonly outbound: Outbound }): Executor {
  return {
    kind: 'http',
    pausable: false,
    async run(given, context) {
      const spec = parse(given);
      const { method = 'GET' } = spec;
      const secrets = secretsOf(spec);
      const line = `${method} ${redact(maskUrl(spec.url), secrets)}`;
      const startedAt = performance.now();
      const answer = await send(outbound, spec, context).catch((error: unknown) => {
        context.signal.throwIfAborted();
        throw failure(error, line, secrets);
      });
      const took = Math.round(performance.now() - startedAt);
      const kept = describe(answer, secrets);
      context.log('info', `${line}: ${answer.status} ${STATUS_CODES[answer.status] ?? ''}, ${took} ms`, 'system');
      logAnswer(answer, kept.headers, secrets, context);
      judge(answer, spec, kept);
      return { output: kept };
    },
  };
}

async function send(outbound: Outbound, spec: Spec, context: RunContext): Promise<OutboundResponse> {
  const { method = 'GET', body, follow_redirects } = spec;
  const headers: Record<string, string> = { ...spec.headers };
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  if (UNSAFE.has(method) && !given.has('idempotency-key')) headers['Idempotency-Key'] = context.idempotencyKey;
  if (typeof body === 'object' && !given.has('content-type')) headers['Content-Type'] = 'application/json';
  const request: OutboundRequest = {
    method,
    headers,
    signal: context.signal,
    followRedirects: follow_redirects ?? true,
    maxBodyBytes: MAX_BODY_BYTES,
    // The task's own timeout ends it; a slow answer is no failure.
    timeoutMs: 0,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  return await outbound.request(spec.url, request);
}

/** What of the task must not be shown: servers like to answer with what they were sent. */
function secretsOf(spec: Spec): string[] {
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(spec.headers ?? {})) {
    // `Bearer x`: the x alone too.
    if (isSecretName(name)) secrets.push(value, value.replace(/^\S+\s+/, ''));
    else secrets.push(...secretsOfUrl(value));
  }
  return [...secrets, ...secretsOfUrl(spec.url)];
}

/** The client refuses the request as such: the same one will fail again. */
const CLIENT_REFUSES = /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)$/;

function failure(error: unknown, line: string, secrets: readonly string[]): ExecutorError {
  if (!(error instanceof Error)) return new ExecutorError(`${line}: failed`, { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  // Several addresses were tried in vain: the first says why.
  const reason = error instanceof AggregateError ? (error.errors[0] as Error).message : error.message;
  const hopeless = error instanceof OutboundRefused || CLIENT_REFUSES.test(code ?? '');
  return new ExecutorError(`${line}: ${redact(reason || code || error.name, secrets)}`, {
    retryable: !hopeless,
    cause: error,
  });
}

interface Kept {
  readonly [key: string]: Json;
  readonly status: number;
  readonly headers: { [name: string]: string };
  readonly body: string | null;
  readonly truncated: boolean;
}

function isText(answer: OutboundResponse): boolean {
  const type = String(answer.headers['content-type'] ?? '');
  return type === '' || /^text\/|json|xml|javascript|urlencoded|yaml|csv/i.test(type);
}

/** The answer as it is kept with the run: a body that is no text is not. */
function describe(answer: OutboundResponse, secrets: readonly string[]): Kept {
  const headers: Record<string, string> = {};
  for (const name of SHOWN_HEADERS) {
    const value = answer.headers[name];
    if (value !== undefined) headers[name] = redact(cleanText([value].flat().join(', ')), secrets);
  }
  let body = isText(answer) ? redact(cleanText(answer.body.toString()), secrets) : null;
  let truncated = answer.truncated;
  // What it takes as JSON counts: a quote takes two bytes, a character outside of ASCII up to four.
  while (body !== null && Buffer.byteLength(JSON.stringify(body)) > KEPT_JSON_BYTES) {
    body = body.slice(0, Math.min(KEPT_JSON_BYTES, Math.floor(body.length * 0.8))).replace(/[\ud800-\udbff]$/, '');
    truncated = true;
  }
  return { status: answer.status, headers, body, truncated };
}

function logAnswer(
  answer: OutboundResponse,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
  context: RunContext,
): void {
  for (const [name, value] of Object.entries(headers)) context.log('debug', `${name}: ${value}`, 'system');
  if (!isText(answer)) {
    context.log('info', `the answer is no text: ${answer.body.length} bytes, not shown`, 'system');
    return;
  }
  const reader = new LineReader(secrets, (line) => context.log('info', line, 'stdout'));
  reader.push(answer.body.subarray(0, LOGGED_BYTES));
  reader.flush();
  if (answer.truncated || answer.body.length > LOGGED_BYTES) {
    context.log('info', `the answer is longer; the first ${LOGGED_BYTES / 1024} KiB are shown`, 'system');
  }
}

/** @throws ExecutorError when the answer is not what the task wants */
function judge(answer: OutboundResponse, spec: Spec, kept: Kept): void {
  const { status } = answer;
  const wanted = spec.expected_status === undefined ? undefined : [spec.expected_status].flat();
  const isWanted = wanted ? wanted.includes(status) : status >= 200 && status < 300;
  if (!isWanted) {
    const retryAfterMs = retryAfter(answer.headers['retry-after']);
    const text = `the server answered ${status} ${STATUS_CODES[status] ?? ''}`.trim();
    throw new ExecutorError(wanted ? `${text}, not ${wanted.join(' or ')}` : text, {
      retryable: status >= 500 || RETRYABLE.has(status),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      output: kept,
    });
  }
  if (spec.expected_body !== undefined && !answer.body.includes(spec.expected_body)) {
    throw new ExecutorError(`the answer (${status}) does not contain the expected text`, { output: kept });
  }
}
