import { once } from 'node:events';
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
 * Keeps one connection, and comes back when it breaks. When a channel begins to be listened to, by (re)connection or by
 * a first subscription, its handlers are called once with an empty payload, since something may have been missed. A
 * handler that throws is logged and hinders nobody.
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

  /** Subscribes, at any time. @returns a function that ends this subscription */
  on(channel: string, handler: (payload: string) => void): () => void {
    const handlers = this.#handlers.get(channel) ?? new Set();
    const isNew = handlers.size === 0;
    this.#handlers.set(channel, handlers.add(handler));
    if (isNew && this.#client) void this.#listen(this.#client, channel);
    return () => void handlers.delete(handler);
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
      const ended = new AbortController();
      const end = () => ended.abort();
      // `on`, not `once`: a breaking connection may report more than one error, and the second would have no listener.
      client.on('end', end).on('error', end);
      signal.addEventListener('abort', end);
      try {
        client.on('notification', ({ channel, payload }) => this.#deliver(channel, payload ?? ''));
        await client.connect();
        for (const channel of this.#handlers.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
        this.#client = client;
        failures = 0;
        for (const channel of this.#handlers.keys()) this.#deliver(channel, '');
        if (!ended.signal.aborted) await once(ended.signal, 'abort');
      } catch (error) {
        failures += 1;
        this.#options.logger.debug({ err: error, failures }, 'listener connection failed');
      } finally {
        this.#client = undefined;
        signal.removeEventListener('abort', end);
        await client.end().catch(() => undefined);
      }
      if (!signal.aborted) await sleep(100 + backoffMs(failures, 200, 5_000), signal);
    }
  }

  async #listen(client: pg.Client, channel: string): Promise<void> {
    try {
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      this.#deliver(channel, '');
    } catch {
      // The connection broke: the next one listens to every channel.
    }
  }

  #deliver(channel: string, payload: string): void {
    for (const handler of this.#handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        this.#options.logger.error({ err: error, channel }, 'a handler of a notification failed');
      }
    }
  }
}
