import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, invalidField } from '../kernel/errors.ts';
import { whileAwaited } from './awaited.ts';

/** One server-sent event. `id` is what a client that reconnects sends back as `Last-Event-ID`. */
export interface StreamEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

interface StreamOptions {
  /**
   * The events; ends when the stream is over. It must end soon after `signal` aborts: the client has gone, or the
   * server shuts down.
   */
  source(signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** Aborts when the server shuts down. */
  readonly closing: AbortSignal;
  /** A comment line this often keeps proxies from closing a quiet stream; whether it may go on is asked as often. */
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 15_000;

/** JSON holds no raw line break, so one `data:` line carries any value. */
function frame({ id, event, data }: StreamEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Answers with server-sent events. The source is read only as fast as the client reads: a slow client slows its
 * source, it does not fill our memory. A stream ends when its reader's right to it does.
 * @throws AppError `rate_limited` when the reader has too many open
 */
export function sendEvents(request: FastifyRequest, reply: FastifyReply, options: StreamOptions): FastifyReply {
  const free = request.server.openStreams.take(request.identity?.principal ?? `address:${request.ip}`);
  const output = new PassThrough({ highWaterMark: 64 * 1024 });
  const awaited = whileAwaited(output, options.closing);
  const { signal } = awaited;
  output.once('close', free);
  const heartbeat = setInterval(() => {
    request.authorizeAgain().catch((error: unknown) => {
      if (isRefusal(error)) awaited.abort();
      else request.log.warn({ err: error }, 'could not check whether an event stream may go on');
    });
    if (!output.writableNeedDrain) output.write(': still here\n\n');
  }, options.heartbeatMs ?? HEARTBEAT_MS);
  pump(output, options.source(signal), signal)
    .catch((error: unknown) => {
      // Ended mid-way, so that the client reconnects with Last-Event-ID instead of taking it for the end.
      request.log.error({ err: error }, 'event stream failed');
      output.destroy();
    })
    .finally(() => clearInterval(heartbeat));
  return reply
    .header('Content-Type', 'text/event-stream; charset=utf-8')
    .header('Cache-Control', 'no-cache, no-transform')
    .header('X-Accel-Buffering', 'no')
    .send(output);
}

/** Anything else, such as a database that is away, says nothing of the reader. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'unauthenticated' || error.code === 'forbidden');
}

async function pump(output: PassThrough, source: AsyncIterable<StreamEvent>, signal: AbortSignal): Promise<void> {
  // Sends the headers now: a client learns that it is connected before the first event comes.
  output.write('retry: 2000\n\n');
  for await (const event of source) {
    if (signal.aborted) break;
    if (!output.write(frame(event))) await once(output, 'drain', { signal }).catch(() => undefined);
  }
  output.end();
}

/**
 * The id after which a client wants to go on: the `Last-Event-ID` header that browsers send when they reconnect.
 * @param parse answers undefined for what is no id of this stream
 * @throws AppError `validation` for an id that the stream never gave out
 */
export function lastEventId<T>(request: FastifyRequest, parse: (text: string) => T | undefined): T | undefined {
  const text = request.headers['last-event-id'];
  if (typeof text !== 'string' || text === '') return undefined;
  const parsed = parse(text);
  if (parsed === undefined) throw invalidField('Last-Event-ID', 'must be an id that this stream has sent');
  return parsed;
}
