import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../kernel/errors.ts';
import type { App } from './area.ts';

/**
 * Requests a minute and identity, by bucket; undefined = the configured standard. A route names its bucket in its
 * config. `none` is for what must never be refused: health, metrics, the console's files, and workers, whose calls
 * are paced by the protocol.
 */
const BUCKETS = {
  standard: undefined,
  /** Tries to sign in, by address. */
  login: 30,
} as const satisfies Record<string, number | undefined>;

export type BucketName = keyof typeof BUCKETS | 'none';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which rate limit counts it; `standard` unless told. */
    bucket?: BucketName;
  }
}
type CountingBucket = keyof typeof BUCKETS;

const WINDOW_MS = 60_000;
/** Identities and addresses that each bucket remembers; the least recently seen make room. */
export const REMEMBERED = 10_000;

/** Who is counted. */
export interface RateSubject {
  /** A principal such as `user:1`, or `address:` and the address. */
  readonly key: string;
  /** The identity's own limit a minute; counts where it is stricter than the bucket's. */
  readonly perMinute?: number | undefined;
}

type Limiter = ReturnType<App['createRateLimit']>;

/** Fixed windows of a minute, counted in this process. Memory is bounded; time costs one map access a request. */
export class RateLimits {
  readonly #limiters: Readonly<Record<CountingBucket, Limiter>>;
  readonly #subjects = new WeakMap<FastifyRequest, RateSubject>();

  /** @param app with @fastify/rate-limit registered */
  constructor(app: App, standardPerMinute: number) {
    const limiter = (perMinute: number): Limiter =>
      app.createRateLimit({
        timeWindow: WINDOW_MS,
        keyGenerator: (request) => this.#subjects.get(request)?.key ?? request.ip,
        max: (request) => Math.min(perMinute, this.#subjects.get(request)?.perMinute ?? perMinute),
      });
    this.#limiters = {
      standard: limiter(BUCKETS.standard ?? standardPerMinute),
      login: limiter(BUCKETS.login),
    };
  }

  /**
   * Counts the request, and says in `X-RateLimit-*` what is left (`Reset` in epoch seconds).
   * @throws AppError `rate_limited` with the seconds to wait
   */
  async count(request: FastifyRequest, reply: FastifyReply, bucket: BucketName, subject: RateSubject): Promise<void> {
    if (bucket === 'none') return;
    this.#subjects.set(request, subject);
    const state = await this.#limiters[bucket](request);
    if (state.isAllowed) return;
    reply.header('X-RateLimit-Limit', state.max);
    reply.header('X-RateLimit-Remaining', state.remaining);
    reply.header('X-RateLimit-Reset', Math.ceil((Date.now() + state.ttl) / 1000));
    if (state.isExceeded) {
      const seconds = Math.max(1, state.ttlInSeconds);
      throw new AppError(
        'rate_limited',
        `Too many requests: at most ${state.max} a minute. Try again in ${seconds} s.`,
        {
          retryAfterSeconds: seconds,
        },
      );
    }
  }
}
