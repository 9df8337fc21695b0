import { expect } from 'vitest';
import { RestServer, type TestRecord } from '../../../../../test/support/rest-server.ts';
import { createOutbound } from '../../../../connections/outbound.ts';
import type { Json } from '../../../../protocol/executor.ts';
import type { Batch, Source } from '../pipeline/contracts.ts';
import type { RestConfig } from '../spec/rest.ts';
import { type RestSourceOptions, restSource } from './rest-api.ts';

export type Endpoint = RestConfig['endpoints'][number];
export type Pagination = NonNullable<Endpoint['pagination']>;

export const OFFSET: Pagination = { type: 'offset', limit: 10 };
export const PAGE: Pagination = { type: 'page', limit: 10 };
export const CURSOR: Pagination = { type: 'cursor', limit_param: 'limit', limit: 10 };
export const LINK: Pagination = { type: 'link', limit_param: 'limit', limit: 10 };
export const paged = (pagination: Pagination) => ({ path: `/${pagination.type}/customers`, pagination });

export const outbound = createOutbound({ allowPrivate: true });
const never = new AbortController().signal;

export const customer = (index: number): TestRecord => ({ id: index + 1, name: `客户 ${index + 1} 🚢` });

/** For each test a REST server of its own, and sources that read from it. */
export class RestStage {
  #server: RestServer | undefined;
  #opened: Source[] = [];
  /** What the present test's sources have logged. */
  log: string[] = [];

  /** Before each test. */
  async start(): Promise<void> {
    this.#server = await RestServer.start();
    this.log = [];
  }

  /** After each test. */
  async close(): Promise<void> {
    for (const source of this.#opened.splice(0)) await source.close();
    await this.#server?.close();
  }

  get server(): RestServer {
    if (!this.#server) throw new Error('the server is not there yet');
    return this.#server;
  }

  hold(count: number, record = customer): void {
    this.server.datasets.set('customers', { count, record });
  }

  source(endpoint: Partial<Endpoint> & Pick<Endpoint, 'path'>, change: Partial<RestSourceOptions> = {}): Source {
    const config: RestConfig = { base_url: this.server.url, max_retries: 3, endpoints: [endpoint] };
    const made = restSource({
      config,
      outbound,
      batchSize: 100,
      incremental: false,
      signal: never,
      log: (level, message) => this.log.push(`${level} ${message}`),
      ...change,
    });
    this.#opened.push(made);
    return made;
  }

  /** The values that a parameter has had, request by request. */
  asked(name: string): (string | undefined)[] {
    return this.server.seen.map(({ query }) => query[name]);
  }
}

export interface Run {
  readonly batches: Batch[];
  readonly ids: unknown[];
  readonly cursor: Json | undefined;
}

export async function drain(from: Source, position?: Json, cursor?: Json): Promise<Run> {
  const batches: Batch[] = [];
  const reading = from.read({ position, cursor });
  for (;;) {
    const next = await reading.next();
    if (next.done) return { batches, ids: batches.flatMap(({ rows }) => rows.map(({ id }) => id)), cursor: next.value };
    batches.push(next.value);
  }
}

export const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);

/** An error that ends the run, and what it says. */
export const refused = (message: string | RegExp) => ({
  retryable: false,
  message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
});
