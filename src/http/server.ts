import { setMaxListeners } from 'node:events';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import underPressure from '@fastify/under-pressure';
import type { Authenticator } from '../auth/authenticator.ts';
import { AppError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { guardAccess } from './access.ts';
import { answerErrors } from './answers.ts';
import type { App, Area } from './area.ts';
import { registerConsole } from './console.ts';
import { createFastify, prepareInput } from './fastify.ts';
import { type Health, registerProbes } from './health.ts';
import { observeRequests } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { OpenStreams } from './open-streams.ts';
import { collectDocument } from './openapi.ts';
import { RateLimits } from './rate-limits.ts';
import { registerReference } from './reference.ts';
import { keepRouteTable } from './route-table.ts';
import type { Windows } from './windows.ts';

export interface HttpServerOptions {
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly areas: readonly Area[];
  readonly health: Health;
  readonly metrics: Metrics;
  /** Requests a minute and identity. */
  readonly rateLimitPerMinute: number;
  /** Where uses are counted: in this process, or together with other servers. */
  readonly windows: Windows;
  /** Proxies that are believed about whom they pass on. */
  readonly trustedProxies: readonly string[];
  /** Where the built console lies; it need not exist. */
  readonly consoleFolder: string;
}

/** Mean delay of the event loop, with so many requests under way, at which some rather get 503 than all late answers. */
const MAX_EVENT_LOOP_DELAY_MS = 1_000;
const MANY_IN_FLIGHT = 100;

const CONTENT_POLICY = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  // The console's components set styles at run time.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

async function registerAreas(app: App, areas: readonly Area[]): Promise<void> {
  for (const area of areas) {
    await app.register(async (scope: App) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, area };
      });
      await collectDocument(scope, area);
      area.register(scope);
      const options = { config: { access: 'public', bucket: 'none' }, schema: { hide: true } } as const;
      scope.get(`/openapi/${area.name}.json`, options, async (_request, reply) => reply.send(scope.swagger()));
    });
  }
}

/**
 * Answers 503 while the event loop is late because of requests. When few are under way it is late for another reason
 * (a start, a machine that is busy otherwise), and refusing them would help nobody.
 */
async function relievePressure(app: App, metrics: Metrics): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    pressureHandler: async (request) => {
      // Heartbeats and health must get through: refusing them would turn a slow moment into an outage.
      if (request.routeOptions.config.bucket === 'none' || metrics.inFlight < MANY_IN_FLIGHT) return;
      throw new AppError('unavailable', 'The server is overloaded. Try again in a moment.', { retryAfterSeconds: 5 });
    },
  });
}

/** Ends what never ends by itself (event streams, long polls), so that `close` need not wait for it. */
function announceClosing(app: App): void {
  const closing = new AbortController();
  // Everybody who waits listens to it.
  setMaxListeners(0, closing.signal);
  app.decorate('closing', closing.signal);
  app.addHook('preClose', async () => closing.abort());
  // Else closing would wait until the connection of an answer that ends meanwhile has been idle for long.
  app.addHook('onResponse', async ({ raw }) => {
    if (closing.signal.aborted) raw.socket.destroySoon();
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborts when the server begins to close. */
    closing: AbortSignal;
    /** Who has how many event streams open. */
    openStreams: OpenStreams;
  }
}

/**
 * The whole HTTP side, ready to listen. Order matters: ids and logging first, so that even a refused request has
 * them; then pressure, identity, limits and permission; then parsing and validation; then the route.
 * @throws Error for a route that does not say who may call it
 */
export async function createHttpServer(options: HttpServerOptions): Promise<App> {
  const app = createFastify(options.logger, options.trustedProxies);
  announceClosing(app);
  app.decorate('openStreams', new OpenStreams());
  keepRouteTable(app);
  observeRequests(app, options.metrics);
  answerErrors(app, options.areas);
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_POLICY },
    // Whether this is behind TLS, a proxy knows, not we.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  await relievePressure(app, options.metrics);
  app.decorate('rateLimits', new RateLimits(options.windows, options.rateLimitPerMinute));
  guardAccess(app, options.authenticator, options.areas);
  prepareInput(app);
  await registerAreas(app, options.areas);
  registerProbes(app, options.health);
  registerReference(app, options.areas);
  await registerConsole(app, options.consoleFolder);
  return app;
}
