import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './area.ts';
import type { Metrics } from './metrics.ts';

/** Gives every answer its `X-Request-Id`, and every request one log line and its place in the metrics. */
export function observeRequests(app: App, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    metrics.requestStarted(request);
    reply.header('X-Request-Id', request.id);
    // Not Fastify's hook for it: that listens to the request, which closes when its body has been read.
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished || !metrics.requestAborted(request)) return;
      request.log.debug(lineOf(request, reply), 'request aborted by its client');
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    if (!metrics.requestEnded(request, reply)) return;
    const line = { ...lineOf(request, reply), status: reply.statusCode };
    // Probes and workers' polls come every second: they would bury everything else.
    if (request.routeOptions.config.bucket === 'none' && reply.statusCode < 500) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  });
}

function lineOf(request: FastifyRequest, reply: FastifyReply): object {
  return {
    method: request.method,
    // Without its query: some clients must put credentials there.
    path: request.url.split('?', 1)[0],
    ms: Math.round(reply.elapsedTime * 10) / 10,
    principal: request.identity?.principal,
  };
}
