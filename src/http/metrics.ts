import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '../store/store.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The process's metrics: Node's own (event-loop delay, memory, garbage collection), HTTP by route, and the database
 * pool. Areas and the engine add theirs to `registry`.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #aborted: Counter;
  /** Weak, since not every server says of a request that its client has gone: not of one behind another on Node 20. */
  readonly #underWay = new WeakSet<FastifyRequest>();
  #inFlight = 0;

  constructor(store: Store) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: 'longshore_http_request_duration_seconds',
      help: 'Time to answer HTTP requests, by route pattern.',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    });
    const inFlight = () => this.inFlight;
    new Gauge({
      name: 'longshore_http_requests_in_flight',
      help: 'HTTP requests that are being answered now.',
      registers,
      collect() {
        this.set(inFlight());
      },
    });
    this.#aborted = new Counter({
      name: 'longshore_http_requests_aborted_total',
      help: 'HTTP requests whose client went away before the answer.',
      registers,
    });
    new Gauge({
      name: 'longshore_database_pool_connections',
      help: 'Connections of the database pool, and requests that wait for one.',
      labelNames: ['state'],
      registers,
      collect() {
        const { total, idle, waiting } = store.poolState;
        this.set({ state: 'used' }, total - idle);
        this.set({ state: 'idle' }, idle);
        this.set({ state: 'waiting' }, waiting);
      },
    });
  }

  /** How many requests are being answered now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  requestStarted(request: FastifyRequest): void {
    this.#underWay.add(request);
    this.#inFlight += 1;
  }

  /**
   * The route's pattern, never its URL: the number of series stays that of the routes.
   * @returns whether it was still under way: each is counted once, as answered or as aborted
   */
  requestEnded(request: FastifyRequest, reply: FastifyReply): boolean {
    if (!this.#underWay.delete(request)) return false;
    this.#inFlight -= 1;
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: String(reply.statusCode),
    };
    this.#requests.observe(labels, reply.elapsedTime / 1000);
    return true;
  }

  /** @returns whether it was still under way */
  requestAborted(request: FastifyRequest): boolean {
    if (!this.#underWay.delete(request)) return false;
    this.#inFlight -= 1;
    this.#aborted.inc();
    return true;
  }
}
