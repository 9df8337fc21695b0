import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { AppError } from '../kernel/errors.ts';
import type { App, Area, Dialect } from './area.ts';
import { isConsolePage, sendConsolePage } from './console.ts';
import { toAppError } from './errors.ts';

/** For addresses that are no area's. */
export const plainDialect: Dialect = {
  error: (error, requestId) => ({
    error: { code: error.code, message: error.message, details: error.details, request_id: requestId },
  }),
  errorSchema: Type.Object(
    {
      error: Type.Object({
        code: Type.String(),
        message: Type.String(),
        details: Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
        request_id: Type.String(),
      }),
    },
    { title: 'Error' },
  ),
};

/** Of the URL, without its query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

/** The area that a URL without a route would belong to: that of the longest prefix. */
export function areaOfPath(areas: readonly Area[], path: string): Area | undefined {
  let best: { area: Area; length: number } | undefined;
  for (const area of areas) {
    for (const prefix of area.prefixes) {
      const below = path === prefix || path.startsWith(`${prefix}/`);
      if (below && prefix.length > (best?.length ?? 0)) best = { area, length: prefix.length };
    }
  }
  return best?.area;
}

/** Every error and every unknown address, in the dialect of the area that it belongs to. */
export function answerErrors(app: App, areas: readonly Area[]): void {
  const { routeTable } = app;
  const send = (error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const dialect = (request.routeOptions.config.area ?? areaOfPath(areas, pathOf(request)))?.dialect ?? plainDialect;
    if (error.code === 'internal') request.log.error({ err: error.cause }, 'request failed');
    else if (error.code === 'validation' && error.cause) request.log.debug({ err: error.cause }, error.message);
    else if (error.code === 'unavailable') request.log.warn({ err: error.cause }, error.message);
    if (error.code === 'unauthenticated' && !reply.hasHeader('WWW-Authenticate'))
      reply.header('WWW-Authenticate', 'Bearer');
    const wait = error.retryAfterSeconds ?? (error.code === 'unavailable' ? 5 : undefined);
    if (wait !== undefined) reply.header('Retry-After', wait);
    return reply
      .code(dialect.status?.(error) ?? error.status)
      .type('application/json; charset=utf-8')
      .send(dialect.error(error, request.id));
  };

  app.setErrorHandler((error, request, reply) => send(toAppError(error, mediaTypesOf(request)), request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const methods = routeTable.methodsOf(path);
    if (methods.length > 0) reply.header('Allow', methods.join(', '));
    if (methods.length > 0 && request.method === 'OPTIONS') return reply.code(204).send();
    // A method that is among them has had its route, which itself found nothing: a file that does not exist.
    if (methods.length > 0 && !methods.includes(request.method)) {
      const message = `${request.method} is not possible here; ${methods.join(', ')} are.`;
      return send(new AppError('method_not_allowed', message), request, reply);
    }
    if (!areaOfPath(areas, path) && isConsolePage(request)) {
      const page = sendConsolePage(reply);
      if (page) return page;
    }
    return send(new AppError('not_found', 'There is nothing at this address.'), request, reply);
  });
}

/** What the request's route takes; undefined where it says nothing of it. */
function mediaTypesOf({ routeOptions: { config, schema } }: FastifyRequest): readonly string[] | undefined {
  return config?.rawBody?.consumes ?? schema?.consumes;
}
