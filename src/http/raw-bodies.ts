import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A body that a route reads, and checks, by itself: nothing of it is parsed or looked at before. */
export interface RawBody {
  /** Media types, for the document; the route registers parsers for them. */
  readonly consumes: readonly string[];
  /** JSON Schema of it, for the document alone. */
  readonly schema: object;
  /** It may take as long as it keeps coming, instead of a minute. */
  readonly streamed?: true;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    rawBody?: RawBody;
  }
}

/** Slow senders cannot hold connections for ever: a whole body has come by then, or some more of a streamed one. */
const PATIENCE_MS = 60_000;

const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Ends requests whose body does not come. Node's own limit is one for all requests, long uploads included. */
export function endSlowBodies(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { headers } = request;
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
      watch(request);
    }
  });
}

function watch(request: FastifyRequest): void {
  const { raw } = request;
  const { socket } = raw;
  const streamed = request.routeOptions.config.rawBody?.streamed === true;
  let received = socket.bytesRead;
  const timer = setInterval(() => {
    if (raw.complete || raw.destroyed) return clearInterval(timer);
    // While we are the slow ones, there is something that we have not taken yet.
    if (streamed && (socket.bytesRead > received || raw.readableLength > 0)) {
      received = socket.bytesRead;
      return;
    }
    clearInterval(timer);
    if (socket.bytesWritten === 0) socket.write(TIMED_OUT);
    socket.destroySoon();
    raw.destroy();
  }, PATIENCE_MS);
  timer.unref();
  raw.once('close', () => clearInterval(timer));
}
