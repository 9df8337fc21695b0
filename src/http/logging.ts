import type { App } from './area.ts';
import type { Metrics } from './metrics.ts';

/** Gives every answer its `X-Request-Id`, and every request one log line and its place in the metrics. */
export function observeRequests(app: App, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    metrics.requestStarted();
    reply.header('X-Request-Id', request.id);
  });
  app.addHook('onRequestAbort', async (_request) => metrics.requestAborted());
  app.addHook('onResponse', async (request, reply) => {
    metrics.requestEnded(request, reply);
    const line = {
      method: request.method,
      // Without its query: some clients must put credentials there.
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      principal: request.identity?.principal,
    };
    // Probes and workers' polls come every second: they would bury everything else.
    if (request.routeOptions.config.bucket === 'none' && reply.statusCode < 500) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  });
}
