import { Redis } from 'ioredis';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { LocalWindows, WINDOW_MS, type Window, type Windows } from './windows.ts';

/*
 * Windows that all servers share, in Redis: one script counts a use and says until when the window lasts, by Redis'
 * own clock. Redis is a help and no dependency. While it is away, each server goes on from the last count that it
 * heard, so a single server stays exact over the loss, and several let through at most as often the limit as there are
 * servers. Nobody is refused because of Redis, and nobody waits for it longer than `PATIENCE_MS`, once an outage.
 */

/** Redis that has not answered for so long counts as away. */
const PATIENCE_MS = 2_000;
const RECONNECT_MOST_MS = 2_000;
const PREFIX = 'longshore:rate:';

/**
 * KEYS[1] the window, ARGV[1] its length in ms. A window without an end cannot be, but if it were (somebody restored
 * it, or PERSISTed it) it would lock its subject out for ever.
 */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left)
end
local now = redis.call('TIME')
return {count, left, now[1] * 1000 + math.floor(now[2] / 1000) + left}`;

interface SharedWindowsOptions {
  /** `redis://` or `rediss://`, with its login and database. */
  readonly url: string;
  readonly logger: Logger;
}

export class SharedWindows implements Service, Windows {
  readonly name = 'shared rate limits';
  readonly #redis: Redis;
  readonly #logger: Logger;
  /** What was heard last of each window. */
  readonly #known = new LocalWindows();
  /** Whether the latest word of Redis was a failure; undefined before the first. */
  #failing: boolean | undefined;

  constructor({ url, logger }: SharedWindowsOptions) {
    this.#logger = logger;
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectionName: 'longshore',
      connectTimeout: PATIENCE_MS,
      // From the first unanswered byte on, also while the connection is being set up.
      socketTimeout: PATIENCE_MS,
      // Whoever waits is told at once that the connection is gone, instead of after the next.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_MOST_MS),
    });
    this.#redis.on('error', (error: Error) => this.#failed(error));
    this.#redis.on('close', () => this.#failed(undefined));
    this.#redis.on('ready', () => this.#answered());
  }

  /** Whether uses are counted by Redis at this moment. */
  get connected(): boolean {
    return this.#redis.status === 'ready' && this.#failing === false;
  }

  /** Resolves when the first attempt to connect has ended, one way or the other. */
  async start(): Promise<void> {
    if (this.#redis.status !== 'wait') return;
    // A failure has been told by its event, and is tried again by itself.
    await this.#redis.connect().catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#redis.disconnect();
  }

  async take(bucket: string, subject: string): Promise<Window> {
    if (this.#redis.status !== 'ready') return this.#known.take(bucket, subject);
    try {
      const window = windowOf(await this.#redis.eval(COUNT, 1, `${PREFIX}${bucket}:${subject}`, WINDOW_MS));
      this.#answered();
      this.#known.learn(bucket, subject, window);
      return window;
    } catch (error) {
      this.#failed(error);
      return this.#known.take(bucket, subject);
    }
  }

  #answered(): void {
    if (this.#failing) this.#logger.info('Redis is back: servers count rate limits together again');
    this.#failing = false;
  }

  /** Said once an outage, not once a request. */
  #failed(error: unknown): void {
    if (this.#failing || this.#redis.status === 'end') return;
    this.#failing = true;
    // The message alone: the error carries its command, which may be the one with the password.
    const reason = error instanceof Error ? error.message : 'the connection was closed';
    this.#logger.warn({ reason }, 'Redis cannot be used: each server counts rate limits on its own until it can');
  }
}

function windowOf(answer: unknown): Window {
  const [count, leftMs, endsAt] = Array.isArray(answer) ? (answer as unknown[]).map(Number) : [];
  if (count === undefined || leftMs === undefined || endsAt === undefined) throw new Error('Redis answered no window');
  return { count, leftMs, endsAt };
}
