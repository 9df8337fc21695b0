import { createHash } from 'node:crypto';
import type { Outbound, OutboundResponse } from '../../../../connections/outbound.ts';
import { ExecutorError, type Json, type LogLineLevel } from '../../../../protocol/executor.ts';
import { rawOf } from '../formats/reading.ts';
import type { Destination, FinishOutcome, Reject, Row, WriteBatch, WriteOutcome } from '../pipeline/contracts.ts';
import { jsonOf } from '../pipeline/json-of.ts';
import { RestClient, type RestRequest, statusText } from '../rest/client.ts';
import type { RestDestination } from '../spec/destinations.ts';

export interface RestDestinationOptions {
  readonly spec: RestDestination;
  readonly outbound: Outbound;
  /** The same for every attempt of a run, and another for every run. */
  readonly runKey: string;
  readonly signal: AbortSignal;
  log(level: LogLineLevel, message: string): void;
}

/** Records a request. */
const DEFAULT_BATCH_SIZE = 100;
const ANSWER_BYTES = 1024 * 1024;
/** Of the hash of what is sent: enough that no two contents of the same rows share it. */
const CONTENT_CHARACTERS = 16;
/** It is the records that are refused: they are sent in smaller parts, until the bad ones stand alone. */
const REFUSALS = new Set([400, 413, 422]);
/**
 * 409 is how services say that the first sending of a key is still under way. Its records may yet be taken: in smaller
 * parts, under other keys, they would be taken twice. So the same request waits.
 */
const UNDER_WAY = new Set([409]);

/**
 * Sends records to a REST service. It has no transaction that both sides share, so every record is sent at least once;
 * what is sent again after a crash has the `Idempotency-Key` that it had before, by which the service can drop it. A record
 * that has changed since gets another: under the old one it would be dropped, or refused.
 */
export function restDestination(options: RestDestinationOptions): Destination {
  return new RestWriter(options);
}

class RestWriter implements Destination {
  readonly exactlyOnce = false;
  readonly #spec: RestDestination;
  readonly #runKey: string;
  readonly #client: RestClient;
  readonly #url: URL;

  constructor({ spec, outbound, runKey, signal, log }: RestDestinationOptions) {
    this.#spec = spec;
    this.#runKey = runKey;
    this.#url = new URL(spec.url);
    this.#client = new RestClient({
      outbound,
      home: spec.url,
      auth: spec.auth,
      headers: spec.headers,
      rateLimit: spec.rate_limit,
      timeoutSeconds: spec.timeout_seconds,
      maxRetries: spec.max_retries,
      signal,
      log,
    });
  }

  /** It keeps no state. */
  async open(): Promise<undefined> {}

  async write({ rows, ordinals, beforeCommit }: WriteBatch): Promise<WriteOutcome> {
    const { batch_size = DEFAULT_BATCH_SIZE } = this.#spec;
    const parcel = new Parcel(rows, ordinals);
    const rejects: Reject[] = [];
    for (let start = 0; start < rows.length; start += batch_size) {
      rejects.push(...(await this.#deliver(parcel, start, Math.min(start + batch_size, rows.length))));
    }
    const written = rows.length - rejects.length;
    const outcome: WriteOutcome = { written, rejects, changes: [], changesOmitted: 0, conflicts: [] };
    await beforeCommit(outcome);
    return outcome;
  }

  async finish(): Promise<FinishOutcome> {
    return { removed: 0 };
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  /** Sends the rows from `start` to before `end`. @returns those that the service refuses */
  async #deliver(parcel: Parcel, start: number, end: number): Promise<Reject[]> {
    const request = this.#request(parcel, start, end);
    const answer = await this.#client.send(request);
    const { status } = answer;
    if (status >= 200 && status < 300) return this.#refusedWithin(answer, parcel, start, end);
    if (!REFUSALS.has(status)) throw this.#failure(answer, request);
    if (end - start === 1) {
      return [parcel.reject(start, `the service refused it: ${statusText(answer)}: ${this.#client.excerpt(answer)}`)];
    }
    const middle = start + Math.ceil((end - start) / 2);
    return [...(await this.#deliver(parcel, start, middle)), ...(await this.#deliver(parcel, middle, end))];
  }

  #request(parcel: Parcel, start: number, end: number): RestRequest {
    const { method = 'POST', batch_size = DEFAULT_BATCH_SIZE, records_key } = this.#spec;
    const records = parcel.records(start, end);
    const list = records_key === undefined ? records : { [records_key]: records };
    const body = JSON.stringify(batch_size === 1 && records_key === undefined ? records[0] : list);
    const content = createHash('sha256').update(body).digest('base64url').slice(0, CONTENT_CHARACTERS);
    return {
      url: this.#url,
      method,
      headers: { 'idempotency-key': `${this.#runKey}:${parcel.name(start, end)}:${content}` },
      body,
      maxBodyBytes: ANSWER_BYTES,
      alsoRetry: UNDER_WAY,
    };
  }

  /** Some services take what is good and say what is not: `{"errors":[{"index":3,"message":"…"}]}`. */
  #refusedWithin(answer: OutboundResponse, parcel: Parcel, start: number, end: number): Reject[] {
    const refused = new Map<number, Reject>();
    for (const error of errorsOf(answer)) {
      const { index, message, error: text, reason } = error;
      if (!Number.isInteger(index) || Number(index) < 0 || Number(index) >= end - start) continue;
      const why = [message, text, reason].find((each) => typeof each === 'string') ?? 'it does not say why';
      const row = start + Number(index);
      refused.set(row, parcel.reject(row, `the service refused it: ${this.#client.redact(String(why)).slice(0, 500)}`));
    }
    return [...refused.values()];
  }

  #failure(answer: OutboundResponse, request: RestRequest): ExecutorError {
    const { status } = answer;
    const moved = status >= 300 && status < 400 ? ` to ${String(answer.headers.location).slice(0, 200)}` : '';
    const mend = moved
      ? '; set destination.url to it'
      : status === 401 || status === 403
        ? '; check destination.auth'
        : '';
    const what = `the server answered ${statusText(answer)}${moved}${mend}`;
    const said = this.#client.excerpt(answer);
    return new ExecutorError(`${this.#client.shownUrl(request)}: ${what}${said ? `: ${said}` : ''}`, {
      retryable: false,
    });
  }
}

/** The rows of a batch, and how they are called when they are sent. */
class Parcel {
  readonly #rows: readonly Row[];
  readonly #ordinals: readonly number[];

  constructor(rows: readonly Row[], ordinals: readonly number[]) {
    this.#rows = rows;
    this.#ordinals = ordinals;
  }

  records(start: number, end: number): Json[] {
    return this.#rows.slice(start, end).map(jsonOf);
  }

  /**
   * The same whenever these rows are sent again, and no other rows' name: the ordinal of the first, which of that
   * ordinal's rows it is (a transformation may have made several of one record), and how many follow. Another attempt
   * may cut its batches elsewhere, where this names other rows.
   */
  name(start: number, end: number): string {
    const ordinal = this.#ordinals[start];
    let earlier = 0;
    while (earlier < start && this.#ordinals[start - earlier - 1] === ordinal) earlier += 1;
    return `${ordinal}.${earlier}+${end - start}`;
  }

  reject(index: number, reason: string): Reject {
    const row = this.#rows[index] ?? {};
    return { ordinal: this.#ordinals[index] ?? 0, reason, raw: rawOf(JSON.stringify(jsonOf(row))) };
  }
}

function errorsOf(answer: OutboundResponse): Record<string, unknown>[] {
  // Most answers are about something else: a look is cheaper than a parse.
  if (!answer.body.includes('"errors"')) return [];
  try {
    const { errors } = JSON.parse(answer.body.toString()) as { errors?: unknown };
    return Array.isArray(errors) ? errors.filter((error) => typeof error === 'object' && error !== null) : [];
  } catch {
    return [];
  }
}
