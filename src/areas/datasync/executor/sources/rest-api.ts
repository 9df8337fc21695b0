import type { Outbound } from '../../../../connections/outbound.ts';
import { ExecutorError, type Json, type LogLineLevel } from '../../../../protocol/executor.ts';
import { isValueMap, parsePointer, valueAt } from '../json-pointer.ts';
import type { Batch, ReadFrom, Row, Source } from '../pipeline/contracts.ts';
import { PlacedBatch } from '../pipeline/placed-batch.ts';
import { RestClient } from '../rest/client.ts';
import type { RestConfig } from '../spec/rest.ts';
import { BadLine } from './rest-api-answer.ts';
import { PendingRecords } from './rest-api-batches.ts';
import { cursorValue, HighWater } from './rest-api-cursor.ts';
import { type Page, PageReader, type PageShare, type PageState, placeOf, stateOf } from './rest-api-pages.ts';
import type { RestEndpoint } from './rest-api-pagination.ts';
import { ReadAhead } from './rest-api-read-ahead.ts';
import type { PageRecords } from './rest-api-records.ts';

export interface RestSourceOptions {
  readonly config: RestConfig;
  readonly outbound: Outbound;
  /** Records a batch, at most. */
  readonly batchSize: number;
  /** Whether records older than the cursor are left out. */
  readonly incremental: boolean;
  /** Only a part of each endpoint's pages; all unless told. */
  readonly share?: PageShare;
  readonly signal: AbortSignal;
  log(level: LogLineLevel, message: string): void;
}

/** Bytes of pages that wait to be written, above which no other is asked for. */
const AHEAD_BYTES = 8 * 1024 * 1024;
/** A slow server's records are handed on before their batch is full, or hours of reading would hang on one commit. */
const LONGEST_BATCH_MS = 10_000;

/**
 * Reads the endpoints of a REST service, one after the other. What it has read can be asked for again from its
 * positions: the server is asked for the page, not for everything before it.
 *
 * Incremental: the highest value of `cursor_field` is where the next run begins. Records with exactly that value are
 * asked for again then, because others with it may have come since; those that have come already are passed over.
 */
export function restSource(options: RestSourceOptions): Source {
  return new RestSource(options);
}

/** Where to read on: opaque to everybody else. */
type Position = {
  readonly endpoint: number;
  /** null = the endpoint's first page. */
  readonly page: PageState | null;
  /** Records of that page that were read. */
  readonly skip: number;
  readonly ordinal: number;
  /** What cursors have reached by now; by `cursorKey`. */
  readonly reached: { readonly [key: string]: Json };
};

/** Puts records of a page, from that one on, to those that wait. @returns the first one that is left */
type Adder = (from: number) => number;

interface EndpointPage extends Page {
  readonly endpoint: number;
}

interface Reading {
  readonly client: RestClient;
  readonly pages: ReadAhead<EndpointPage>;
  readonly position: Position;
}

class RestSource implements Source {
  readonly #options: RestSourceOptions;
  readonly #endpoints: readonly RestEndpoint[];
  /** Under which each endpoint's cursor is kept. */
  readonly #cursorKeys: readonly string[];
  #reading: Reading | undefined;

  constructor(options: RestSourceOptions) {
    this.#options = options;
    this.#endpoints = options.config.endpoints;
    this.#cursorKeys = cursorKeys(this.#endpoints);
  }

  /** Of one endpoint, as its first page tells; of several, all would have to be asked. */
  async total(from: ReadFrom): Promise<number | undefined> {
    const [endpoint, ...others] = this.#endpoints;
    if (!endpoint || others.length > 0 || this.#options.share) return undefined;
    const since = this.#since(endpoint, 0, from);
    // The server counts what is left out here.
    if (since !== undefined && endpoint.cursor_param === undefined) return undefined;
    const { pages, position } = this.#open(from);
    const total = (await pages.peek())?.total;
    return total === undefined ? undefined : Math.max(0, total - position.ordinal);
  }

  async *read(from: ReadFrom): AsyncGenerator<Batch, Json | undefined> {
    const { incremental } = this.#options;
    if (incremental && this.#endpoints.every(({ cursor_field }) => cursor_field === undefined)) {
      throw new ExecutorError('sync_mode incremental needs a cursor_field on an endpoint, to know what is new', {
        retryable: false,
      });
    }
    const { pages, position } = this.#open(from);
    try {
      return yield* this.#batches(pages, position, from);
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.client.close();
    await reading?.pages.close();
  }

  /** Begins to read, unless `total` already has. */
  #open(from: ReadFrom): Reading {
    if (this.#reading) return this.#reading;
    const { config, outbound, signal, log, batchSize } = this.#options;
    const client = new RestClient({
      outbound,
      home: config.base_url,
      auth: config.auth,
      headers: config.headers,
      rateLimit: config.rate_limit,
      timeoutSeconds: config.timeout_seconds,
      maxRetries: config.max_retries,
      signal,
      log,
    });
    const position = readPosition(from.position);
    const pages = new ReadAhead(this.#pages(client, position, from), (waiting, taken) =>
      isEnough(waiting, taken, batchSize),
    );
    this.#reading = { client, pages, position };
    return this.#reading;
  }

  async *#pages(client: RestClient, position: Position, from: ReadFrom): AsyncGenerator<EndpointPage> {
    const { config, log, share } = this.#options;
    for (let index = position.endpoint; index < this.#endpoints.length; index++) {
      const endpoint = this.#endpoints[index];
      if (!endpoint) return;
      const since = cursorValue(this.#since(endpoint, index, from));
      const reader = new PageReader({
        baseUrl: config.base_url,
        endpoint,
        client,
        since,
        log,
        // Where records are left out, each of them is looked at.
        text: from.text === true && since === undefined,
        ...(share && { share }),
      });
      const start = index === position.endpoint ? (position.page ?? undefined) : undefined;
      for await (const page of reader.read(start)) yield { ...page, endpoint: index };
    }
  }

  async *#batches(
    pages: ReadAhead<EndpointPage>,
    start: Position,
    from: ReadFrom,
  ): AsyncGenerator<Batch, Json | undefined> {
    const { batchSize, signal } = this.#options;
    const pending = new PendingRecords(batchSize, start.ordinal);
    const marks = this.#marks(start, from);
    let { skip } = start;
    let position = { ...start, page: start.page && placeOf(start.page) };
    let begunAt = performance.now();
    const take = (): Batch => {
      const page = position.page && stateOf(position.page);
      const at = { ...position, page, ordinal: pending.next, reached: byKey(marks, (mark) => mark.reached) };
      return new PlacedBatch(pending.take(), at);
    };
    for (;;) {
      signal.throwIfAborted();
      let page: EndpointPage | undefined;
      try {
        page = await pages.next();
      } catch (error) {
        // What has come is kept: where a quota ends every attempt, none would get any further otherwise.
        if (!pending.empty && !signal.aborted) yield take();
        throw error;
      }
      if (!page) break;
      const { endpoint, records, state, next } = page;
      if (!pending.takes(records.text)) yield take();
      if (pending.empty) begunAt = performance.now();
      const mark = marks.get(this.#cursorKeys[endpoint] ?? '');
      const add = records.text
        ? this.#textAdder(endpoint, pending, mark, records)
        : this.#adder(endpoint, pending, mark, records);
      for (let index = skip; index < records.count; ) {
        index = add(index);
        if (!pending.full || index === records.count) continue;
        position = { ...position, endpoint, page: state, skip: index };
        yield take();
      }
      skip = 0;
      position = { ...position, endpoint: next ? endpoint : endpoint + 1, page: next ?? null, skip: 0 };
      if (pending.full || (!pending.empty && performance.now() - begunAt > LONGEST_BATCH_MS)) yield take();
    }
    position = { ...position, endpoint: this.#endpoints.length, page: null };
    if (!pending.empty) yield take();
    this.#warnOfTies(marks);
    const cursors = byKey(marks, (mark) => mark.cursor);
    return Object.keys(cursors).length === 0 ? undefined : cursors;
  }

  /** The names that lead to an endpoint's cursor in a record. */
  #cursorNames(index: number): string[] {
    const field = this.#endpoints[index]?.cursor_field ?? '';
    return field.startsWith('/') ? parsePointer(field) : [field];
  }

  /** Adds one record at a time, if it is wanted. */
  #adder(index: number, pending: PendingRecords, mark: HighWater | undefined, { list }: PageRecords): Adder {
    const names = this.#cursorNames(index);
    return (at) => {
      const record = list[at];
      const isWanted =
        !mark || record instanceof BadLine || !isValueMap(record) || mark.take(valueAt(record, names), () => record);
      if (isWanted) pending.add(record);
      return at + 1;
    };
  }

  /** Adds all records for which there is room: every one is wanted. */
  #textAdder(index: number, pending: PendingRecords, mark: HighWater | undefined, records: PageRecords): Adder {
    const names = this.#cursorNames(index);
    return (from) => {
      const to = pending.addText(records, from);
      for (let at = from; mark && at < to; at += 1) mark.take(records.valueAt(at, names), () => records.at(at) as Row);
      return to;
    };
  }

  /** By `cursorKey`. */
  #marks(start: Position, from: ReadFrom): Map<string, HighWater> {
    const marks = new Map<string, HighWater>();
    for (const [index, endpoint] of this.#endpoints.entries()) {
      if (endpoint.cursor_field === undefined) continue;
      const key = this.#cursorKeys[index] ?? '';
      marks.set(key, new HighWater(this.#since(endpoint, index, from), start.reached[key]));
    }
    return marks;
  }

  #since(endpoint: RestEndpoint, index: number, { cursor }: ReadFrom): Json | undefined {
    if (!this.#options.incremental || endpoint.cursor_field === undefined) return undefined;
    if (typeof cursor !== 'object' || cursor === null || Array.isArray(cursor)) return undefined;
    return cursor[this.#cursorKeys[index] ?? ''];
  }

  #warnOfTies(marks: ReadonlyMap<string, HighWater>): void {
    const { incremental, log } = this.#options;
    for (const [key, { forgetful }] of marks) {
      if (!incremental || !forgetful) continue;
      log(
        'warning',
        `${key}: so many records have the highest value of the cursor field that all of them come again with the next run; upsert, or choose a finer field`,
      );
    }
  }
}

function byKey(
  marks: ReadonlyMap<string, HighWater>,
  tell: (mark: HighWater) => Json | undefined,
): Record<string, Json> {
  const told: Record<string, Json> = {};
  for (const [key, mark] of marks) {
    const value = tell(mark);
    if (value !== undefined) told[key] = value;
  }
  return told;
}

/** Names that hold when endpoints are added, or change their order. */
function cursorKeys(endpoints: readonly RestEndpoint[]): string[] {
  const keys: string[] = [];
  for (const { method = 'GET', path, cursor_field = '' } of endpoints) {
    const key = `${method} ${path} ${cursor_field}`;
    const same = keys.filter((other) => other === key || other.startsWith(`${key} #`)).length;
    keys.push(same === 0 ? key : `${key} #${same + 1}`);
  }
  return keys;
}

/** Whether to wait with the next page: a batch is there, or all that is in memory is large. */
function isEnough(waiting: readonly Page[], taken: Page | undefined, batchSize: number): boolean {
  let records = 0;
  let bytes = taken?.bytes ?? 0;
  for (const page of waiting) {
    records += page.records.count;
    bytes += page.bytes;
  }
  return records >= batchSize || bytes >= AHEAD_BYTES;
}

/** @throws ExecutorError when it is none of ours */
function readPosition(position: Json | undefined): Position {
  if (position === undefined) return { endpoint: 0, page: null, skip: 0, ordinal: 0, reached: {} };
  const { endpoint, skip, ordinal } = position as Partial<Position>;
  if ([endpoint, skip, ordinal].every((count) => Number.isSafeInteger(count))) return position as unknown as Position;
  throw new ExecutorError('the position to go on from is of another version; reset the job', { retryable: false });
}
