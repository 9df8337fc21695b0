import pg from 'pg';
import { backoffMs, sleep } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';

interface ListenerOptions {
  /** A direct connection: LISTEN does not work through PgBouncer in transaction mode. */
  readonly url: string;
  readonly logger: Logger;
}

/**
 * PostgreSQL notifications, as hints: a lost one costs time, never work, because everything that listens also polls.
 * Keeps one connection, and comes back when it breaks; after each (re)connection every handler is called once with
 * an empty payload, since something may have been missed.
 */
export class Listener implements Service {
  readonly name = 'listener';
  readonly #options: ListenerOptions;
  readonly #handlers = new Map<string, Set<(payload: string) => void>>();
  #client: pg.Client | undefined;
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** @returns a function that ends this subscription. Subscribe before `start`, or to a channel in use already. */
  on(channel: string, handler: (payload: string) => void): () => void {
    const handlers = this.#handlers.get(channel) ?? new Set();
    if (handlers.size === 0) {
      this.#handlers.set(channel, handlers);
      this.#client?.query(`LISTEN ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    }
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  async start(): Promise<void> {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#loop = this.#keepConnected(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const client = new pg.Client({
        connectionString: this.#options.url,
        application_name: 'longshore listener',
        keepAlive: true,
        connectionTimeoutMillis: 10_000,
      });
      try {
        const ended = new Promise<void>((resolve) => {
          client.once('end', resolve);
          client.once('error', () => resolve());
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        client.on('notification', ({ channel, payload }) => this.#deliver(channel, payload ?? ''));
        await client.connect();
        for (const channel of this.#handlers.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
        this.#client = client;
        failures = 0;
        for (const channel of this.#handlers.keys()) this.#deliver(channel, '');
        await ended;
      } catch (error) {
        failures += 1;
        this.#options.logger.debug({ err: error, failures }, 'listener connection failed');
      } finally {
        this.#client = undefined;
        await client.end().catch(() => undefined);
      }
      if (!signal.aborted) await sleep(100 + backoffMs(failures, 200, 5_000), signal);
    }
  }

  #deliver(channel: string, payload: string): void {
    for (const handler of this.#handlers.get(channel) ?? []) handler(payload);
  }
}
