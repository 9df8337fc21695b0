import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyReply, LogController } from 'fastify';
import { randomText } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { plainDialect } from './answers.ts';
import type { App } from './area.ts';
import { toAppError } from './errors.ts';
import { endSlowBodies } from './raw-bodies.ts';
import { convertText, refuseUnstorable } from './validation.ts';

const BODY_LIMIT = 1024 * 1024;
/** Longer than the usual proxies' own, so that it is they who end an idle connection. */
const KEEP_ALIVE_MS = 75_000;

/** Takes over a caller's id when it is one that is safe in logs and headers. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(given) ? given : `req_${randomText(20)}`;
}

/** Of a URL that cannot be decoded nobody knows whose area it is. */
function refuseUrl(error: unknown, id: string, reply: FastifyReply): void {
  const refusal = toAppError(error);
  reply.header('X-Request-Id', id).code(refusal.status).send(plainDialect.error(refusal, id));
}

/** A Fastify that takes requests as Longshore does: their ids, sizes, types and validation. No routes, no access yet. */
export function createFastify(logger: Logger, trustedProxies: readonly string[] = []): App {
  const loggerInstance: FastifyBaseLogger = logger;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    requestIdHeader: false,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    ajv: {
      customOptions: {
        // A body is taken as it was sent or refused, never bent; queries are converted by our own stricter rule.
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // As many errors as a body has elements: whoever reads them stops early.
        allErrors: true,
        verbose: true,
        discriminator: true,
      },
    },
    frameworkErrors: (error, request, reply) => refuseUrl(error, request.id, reply as unknown as FastifyReply),
  }).withTypeProvider<TypeBoxTypeProvider>();
  endSlowBodies(app);
  acceptJsonOnly(app);
  // Answers are typed by their schemas and checked against them by tests: no second opinion at run time.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  return app;
}

/** JSON only. An empty body counts as none, since many clients send the header with every request. */
function acceptJsonOnly(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, String(body), done);
  });
}

/** What validation sees: queries and paths with the types of their schemas, and no text that could not be stored. */
export function prepareInput(app: App): void {
  app.addHook('preValidation', async (request) => {
    const { schema, config } = request.routeOptions;
    if (schema?.querystring) request.query = convertText(schema.querystring, request.query as Record<string, unknown>);
    if (schema?.params) request.params = convertText(schema.params, request.params as Record<string, unknown>);
    refuseUnstorable(request.params);
    refuseUnstorable(request.query);
    if (!config.rawBody) refuseUnstorable(request.body);
  });
}
