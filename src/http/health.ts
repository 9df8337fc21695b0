import { rfc3339 } from '../kernel/clock.ts';
import { packageVersion } from '../kernel/package.ts';
import type { Store } from '../store/store.ts';
import type { App } from './area.ts';

/** A probe that takes longer says "disconnected": who asks for health wants an answer now. */
const PROBE_MS = 2_000;

export type PartState = 'connected' | 'disconnected' | 'disabled';

export interface HealthReport {
  success: boolean;
  status: 'success' | 'error';
  data: {
    status: 'healthy' | 'unhealthy';
    database: PartState;
    message_queue: PartState;
    redis: PartState;
    /** The parts that Longshore runs itself. */
    embedded: string[];
    uptime_seconds: number;
    /** Epoch seconds. */
    timestamp: number;
    version: string;
  };
  message: string;
  timestamp: string;
}

/** What the health addresses tell of: whether this process takes requests, and what it stands on. */
export class Health {
  readonly #store: Store;
  readonly #embeddedDatabase: boolean;
  readonly #redis: { readonly connected: boolean } | undefined;
  readonly #startedAt = Date.now();
  #draining = false;

  /** @param options.redis absent where none is in use */
  constructor(options: {
    store: Store;
    embeddedDatabase: boolean;
    redis?: { readonly connected: boolean } | undefined;
  }) {
    this.#store = options.store;
    this.#redis = options.redis;
    this.#embeddedDatabase = options.embeddedDatabase;
  }

  /** From now on `ready` says no, so that load balancers send nobody any more. */
  drain(): void {
    this.#draining = true;
  }

  get redis(): PartState {
    if (!this.#redis) return 'disabled';
    return this.#redis.connected ? 'connected' : 'disconnected';
  }

  async databaseAnswers(): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, PROBE_MS, false).unref());
    const answered = this.#store.query('SELECT 1').then(
      () => true,
      () => false,
    );
    return Promise.race([answered, late]);
  }

  /**
   * One body that fits every contract's health check. The queue always lives in the database. Without Redis all goes
   * on, but for limits that are counted apart: that is said, and is no failure.
   */
  async report(): Promise<HealthReport> {
    const healthy = await this.databaseAnswers();
    const state = healthy ? 'connected' : 'disconnected';
    const now = new Date();
    return {
      success: healthy,
      status: healthy ? 'success' : 'error',
      data: {
        status: healthy ? 'healthy' : 'unhealthy',
        database: state,
        message_queue: state,
        redis: this.redis,
        embedded: this.#embeddedDatabase ? ['database', 'message_queue'] : ['message_queue'],
        uptime_seconds: Math.floor((now.getTime() - this.#startedAt) / 1000),
        timestamp: now.getTime() / 1000,
        version: packageVersion,
      },
      message: this.#summary(healthy),
      timestamp: rfc3339(now),
    };
  }

  #summary(healthy: boolean): string {
    if (!healthy) return 'The database cannot be reached.';
    if (this.redis === 'disconnected') return 'Redis cannot be reached: each server counts rate limits on its own.';
    return 'All parts are working.';
  }

  /** Whether this process may be sent requests, and in a word why not. */
  async readiness(): Promise<{ readonly ready: boolean; readonly status: string }> {
    if (this.#draining) return { ready: false, status: 'draining' };
    if (!(await this.databaseAnswers())) return { ready: false, status: 'database unreachable' };
    return { ready: true, status: 'ready' };
  }
}

/** For supervisors and load balancers: `live` = the process answers, `ready` = it may be sent requests. */
export function registerProbes(app: App, health: Health): void {
  const options = { config: { access: 'public', bucket: 'none' }, schema: { hide: true } } as const;
  app.get('/health/live', options, async () => ({ status: 'live' }));
  app.get('/health/ready', options, async (_request, reply) => {
    const { ready, status } = await health.readiness();
    return reply.code(ready ? 200 : 503).send({ status });
  });
}
