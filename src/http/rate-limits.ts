import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../kernel/errors.ts';
import type { Windows } from './windows.ts';

/**
 * Uses a minute of one subject, by bucket; undefined = the configured standard. A route names its bucket in its
 * config. `none` is for what must never be refused: health, metrics, the console's files, and workers, whose calls
 * are paced by the protocol.
 */
const BUCKETS = {
  standard: undefined,
  /** Tries to sign in, by address. */
  login: 30,
  /** Tokens bought, refreshed and revoked, by address: there may be many programs behind one. */
  token: 100,
  batch_push: 100,
  push_stream: 100,
  push_file: 100,
  /** By webhook and address: a sender that is too busy does not block another. */
  push_webhook: 100,
  /** All webhooks of an address together: names of webhooks that do not exist must not each give it a window. */
  webhook_address: 1000,
  /** Messages over all sockets of an identity. */
  websocket: 1000,
} as const satisfies Record<string, number | undefined>;

type CountingBucket = keyof typeof BUCKETS;
export type BucketName = CountingBucket | 'none';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which rate limit counts it; `standard` unless told. */
    bucket?: BucketName;
  }
  interface FastifyInstance {
    /** For what is no request, such as the messages of a socket. */
    rateLimits: RateLimits;
  }
}

/** What counting one use has found. */
export interface Verdict {
  readonly allowed: boolean;
  /** Uses a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** When the window ends, in epoch seconds. */
  readonly reset: number;
  /** Seconds until then, at least 1. */
  readonly retryAfterSeconds: number;
}

/** Fixed windows of a minute for each bucket and subject, which is a principal such as `user:1` or an address. */
export class RateLimits {
  readonly #windows: Windows;
  readonly #standard: number;

  constructor(windows: Windows, standardPerMinute: number) {
    this.#windows = windows;
    this.#standard = standardPerMinute;
  }

  /**
   * Counts one use.
   * @param subject a principal such as `user:1`, or `address:` and the address
   * @param perMinute the identity's own limit; counts where it is stricter than the bucket's
   */
  async take(subject: string, bucket: CountingBucket, perMinute: number | null = null): Promise<Verdict> {
    const limit = Math.min(BUCKETS[bucket] ?? this.#standard, perMinute ?? Number.POSITIVE_INFINITY);
    const { count, leftMs, endsAt } = await this.#windows.take(bucket, subject);
    return {
      allowed: count <= limit,
      limit,
      remaining: Math.max(0, limit - count),
      reset: Math.ceil(endsAt / 1000),
      retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
    };
  }

  /**
   * Counts the request, and says in `X-RateLimit-*` what is left (`Reset` in epoch seconds).
   * @throws AppError `rate_limited` with the seconds to wait
   */
  async count(
    reply: FastifyReply,
    bucket: BucketName,
    subject: string,
    perMinute: number | null = null,
  ): Promise<void> {
    if (bucket === 'none') return;
    const { allowed, limit, remaining, reset, retryAfterSeconds } = await this.take(subject, bucket, perMinute);
    reply.header('X-RateLimit-Limit', limit);
    reply.header('X-RateLimit-Remaining', remaining);
    reply.header('X-RateLimit-Reset', reset);
    if (allowed) return;
    const message = `Too many requests: at most ${limit} a minute. Try again in ${retryAfterSeconds} s.`;
    throw new AppError('rate_limited', message, { retryAfterSeconds });
  }
}

/**
 * Counts a request without an identity against its address; a webhook's for each webhook apart, below what its address
 * may send to all of them.
 * @param network the address, or its network where that counts as one
 * @throws AppError `rate_limited` with the seconds to wait
 */
export async function countAddress(
  limits: RateLimits,
  request: FastifyRequest,
  reply: FastifyReply,
  bucket: BucketName,
  network: string,
): Promise<void> {
  const address = `address:${network}`;
  if (bucket !== 'push_webhook') return limits.count(reply, bucket, address);
  await limits.count(reply, 'webhook_address', address);
  const { webhook_id: webhook = '' } = request.params as { webhook_id?: string };
  await limits.count(reply, bucket, `${address} ${webhook}`);
}
