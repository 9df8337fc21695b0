import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyBaseLogger, type FastifyReply, LogController } from 'fastify';
import type { Authenticator } from '../auth/authenticator.ts';
import { AppError } from '../kernel/errors.ts';
import { randomText } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { guardAccess } from './access.ts';
import { answerErrors, plainDialect } from './answers.ts';
import type { App, Area } from './area.ts';
import { registerConsole } from './console.ts';
import { toAppError } from './errors.ts';
import { type Health, registerProbes } from './health.ts';
import { observeRequests } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { collectDocument } from './openapi.ts';
import { RateLimits, REMEMBERED } from './rate-limits.ts';
import { registerReference } from './reference.ts';
import { convertText, refuseUnstorable } from './validation.ts';

export interface HttpServerOptions {
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly areas: readonly Area[];
  readonly health: Health;
  readonly metrics: Metrics;
  /** Requests a minute and identity. */
  readonly rateLimitPerMinute: number;
  /** Where the built console lies; it need not exist. */
  readonly consoleFolder: string;
}

const BODY_LIMIT = 1024 * 1024;
/** A whole request must have come by then: slow senders cannot hold connections for ever. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the usual proxies' own, so that it is they who end an idle connection. */
const KEEP_ALIVE_MS = 75_000;
/** Mean delay of the event loop at which we rather answer 503 than everybody late. */
const MAX_EVENT_LOOP_DELAY_MS = 2_000;

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

/** Takes over a caller's id when it is one that is safe in logs and headers. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(given) ? given : `req_${randomText(20)}`;
}

/** Of a URL that cannot be decoded nobody knows whose area it is. */
function refuseUrl(error: unknown, id: string, reply: FastifyReply): void {
  const refusal = toAppError(error);
  reply.header('X-Request-Id', id).code(refusal.status).send(plainDialect.error(refusal, id));
}

function createFastify(logger: Logger): App {
  const loggerInstance: FastifyBaseLogger = logger;
  return Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    requestIdHeader: false,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    ajv: {
      customOptions: {
        // A body is taken as it was sent or refused, never bent; queries are converted by our own stricter rule.
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // The body limit bounds how many errors there can be.
        allErrors: true,
        verbose: true,
        discriminator: true,
      },
    },
    frameworkErrors: (error, request, reply) => refuseUrl(error, request.id, reply as unknown as FastifyReply),
  }).withTypeProvider<TypeBoxTypeProvider>();
}

/** JSON only. An empty body counts as none, since many clients send the header with every request. */
function acceptJsonOnly(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, String(body), done);
  });
}

function prepareInput(app: App): void {
  app.addHook('preValidation', async (request) => {
    const { schema } = request.routeOptions;
    if (schema?.querystring) request.query = convertText(schema.querystring, request.query as Record<string, unknown>);
    if (schema?.params) request.params = convertText(schema.params, request.params as Record<string, unknown>);
    refuseUnstorable(request.params);
    refuseUnstorable(request.query);
    refuseUnstorable(request.body);
  });
}

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

/** Ends what never ends by itself (event streams, long polls), so that `close` need not wait for it. */
function announceClosing(app: App): void {
  const closing = new AbortController();
  app.decorate('closing', closing.signal);
  app.addHook('preClose', async () => closing.abort());
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborts when the server begins to close. */
    closing: AbortSignal;
  }
}

/**
 * The whole HTTP side, ready to listen. Order matters: ids and logging first, so that even a refused request has
 * them; then pressure, identity, limits and permission; then parsing and validation; then the route.
 * @throws Error for a route that does not say who may call it
 */
export async function createHttpServer(options: HttpServerOptions): Promise<App> {
  const app = createFastify(options.logger);
  announceClosing(app);
  acceptJsonOnly(app);
  // Answers are typed by their schemas and checked against them by tests: no second opinion at run time.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  observeRequests(app, options.metrics);
  answerErrors(app, options.areas);
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_POLICY },
    // Whether this is behind TLS, a proxy knows, not we.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    pressureHandler: async (request) => {
      // Heartbeats and health must get through: refusing them would turn a slow moment into an outage.
      if (request.routeOptions.config.bucket === 'none') return;
      throw new AppError('unavailable', 'The server is overloaded. Try again in a moment.', { retryAfterSeconds: 5 });
    },
  });
  await app.register(rateLimit, { global: false, cache: REMEMBERED });
  guardAccess(app, options.authenticator, new RateLimits(app, options.rateLimitPerMinute));
  prepareInput(app);
  await registerAreas(app, options.areas);
  registerProbes(app, options.health);
  registerReference(app, options.areas);
  await registerConsole(app, options.consoleFolder);
  return app;
}
