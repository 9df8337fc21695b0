import websocket from '@fastify/websocket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Identity } from '../../../auth/identity.ts';
import { requesterOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { upgradesOf } from '../../../http/upgrades.ts';
import { AppError } from '../../../kernel/errors.ts';
import type { DatasyncDeps } from '../deps.ts';
import { NoBody } from '../dialect.ts';
import { converse } from '../live/conversation.ts';
import type { LiveHub } from '../live/hub.ts';
import { makeTicket, redeemTicket, TICKET_SECONDS } from '../live/tickets.ts';

const PATH = '/v1/sync/ws';
/** Of what a client says; it says little. */
const MOST_MESSAGE_BYTES = 64 * 1024;

const DESCRIPTION = `Upgrade to a WebSocket. The token (an access token or an API key) may stand in the query, for \
clients that can send no headers; better is a ticket, which is worth nothing in a log. Cookies do not count.

All messages are JSON: \`{type, payload, timestamp}\`; those that tell of an event also have \`seq\`, \`job_id\` and \
\`run_id\`. A client says \`subscribe\` with \`payload: {channel, filters?: {job_id?, event_types?}, since?}\`, \
\`unsubscribe\` with \`{channel, filters?: {job_id?}}\`, or \`ping\`; it is answered \`subscribed\`, \`unsubscribed\`, \
\`pong\`, or \`error\` with \`{code, message, field, details}\`.

Channels: \`sync_updates\` (\`sync_progress\`, and \`sync_started\`, \`sync_completed\`, \`sync_failed\`, \
\`sync_cancelled\`, \`sync_paused\`, \`sync_retrying\`, \`sync_requeued\`, \`sync_skipped\`), \`record_changes\` \
(\`record_change\`; as \`event_types\` \`record_created\`, \`record_updated\`, \`record_deleted\`; \`changes_omitted\` \
tells how many were too many), \`conflicts\` (\`conflict_detected\`) and \`logs\` (\`log\`). On \`sync_updates\` the \
types of all channels may be named in \`event_types\`.

\`since\` takes a \`seq\` as it was given: what came after it is told first, as far as it is kept \
(\`replay_incomplete\` with \`oldest_seq\` says that some is not), then \`replayed\`, and then what happens. Events \
may come in another order than that of their \`seq\`; who counts them skips a \`seq\` that it has seen. A client that \
reads too slowly misses progress (\`progress_dropped\` says how often); where it would miss anything else, its \
subscription rests, and \`catch_up\` with \`from_seq\` tells it to subscribe again with \`since\`.

Closed with 1008: the token was revoked or has expired, or too many messages (1000 a minute); 1001: the server is \
going away, connect again with \`since\`; 1009: a message of more than 64 KiB. A client that answers no ping for 90 \
seconds is cut off.`;

/** `/v1/sync/ws`: what happens, as it happens. */
export function registerWsRoutes(app: App, deps: DatasyncDeps, hub: LiveHub): void {
  const { store } = deps;
  app.post(
    `${PATH}/ticket`,
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'Get a ticket that opens one WebSocket',
        description: 'As `?ticket=`, once, within the seconds that the answer says.',
        tags: ['live events'],
        body: NoBody,
        response: {
          201: Type.Object({ ticket: Type.String(), expires_in: Type.Integer() }, { title: 'SocketTicket' }),
        },
      },
    },
    async (request, reply) => {
      const ticket = await makeTicket(store, requesterOf(request));
      return reply.code(201).header('Cache-Control', 'no-store').send({ ticket, expires_in: TICKET_SECONDS });
    },
  );
  // In a scope of its own, where the plugin sees no other route.
  app.register(async (scope: App) => {
    await scope.register(websocket, {
      options: {
        server: upgradesOf(scope, PATH),
        maxPayload: MOST_MESSAGE_BYTES,
        perMessageDeflate: false,
        clientTracking: false,
        autoPong: false,
      },
      preClose: () => hub.drain(),
    });
    registerSocket(scope, deps, hub);
  });
}

function registerSocket(app: App, deps: DatasyncDeps, hub: LiveHub): void {
  app.route({
    method: 'GET',
    url: PATH,
    config: { access: 'sync:read', identify: (request) => identify(deps, request) },
    schema: {
      summary: 'Open a WebSocket: live progress, record changes, conflicts and logs',
      description: DESCRIPTION,
      tags: ['live events'],
      querystring: Type.Object({ token: Type.Optional(Type.String()), ticket: Type.Optional(Type.String()) }),
      response: { 101: Type.Null({ description: 'It is a WebSocket now.' }) },
    },
    preHandler: async (request, reply) => {
      if (!request.ws) return;
      hub.refuseTooMany(requesterOf(request).principal);
      leaveHttp(deps, request, reply);
    },
    handler: async () => {
      throw new AppError('validation', 'This address is a WebSocket: connect with a WebSocket client.');
    },
    wsHandler: (ws, request) => {
      const identity = requesterOf(request);
      const { principal, rateLimit } = identity;
      const mayTalk = async () => (await app.rateLimits.take(principal, 'websocket', rateLimit)).allowed;
      // The plugin's own would keep the request for as long as the socket lasts.
      ws.removeAllListeners('error');
      const client = { ws, wire: request.raw.socket, identity, expiresAt: expiryOf(deps, request), mayTalk };
      converse(hub, client, deps.logger);
    },
  });
}

/** The request is over, though its connection stays: it has its place in the metrics, and is let go of. */
function leaveHttp({ metrics }: DatasyncDeps, request: FastifyRequest, reply: FastifyReply): void {
  metrics.requestEnded(request, reply.code(101));
  reply.raw.detachSocket(request.raw.socket);
}

/** What of the query and the headers proves who it is. A browser sends its cookies to any page's socket: not those. */
function credentialsOf(request: FastifyRequest): { authorization: string | undefined; apiKey: string | undefined } {
  const { token } = request.query as { token?: unknown };
  const { authorization, 'x-api-key': key } = request.headers;
  const inQuery = typeof token === 'string' ? `Bearer ${token}` : undefined;
  return { authorization: authorization ?? inQuery, apiKey: [key].flat()[0] };
}

async function identify({ store, authenticator }: DatasyncDeps, request: FastifyRequest): Promise<Identity> {
  const { ticket } = request.query as { ticket?: unknown };
  if (typeof ticket === 'string') return redeemTicket(store, ticket);
  return authenticator.authenticate({ ...credentialsOf(request), safeMethod: true });
}

/** When the access token ends; null for keys and tickets, which last as long as what they stand on. */
function expiryOf({ codec }: DatasyncDeps, request: FastifyRequest): number | null {
  const token = credentialsOf(request).authorization?.trim().split(/ +/)[1];
  const identity = requesterOf(request);
  const byTicket = typeof (request.query as { ticket?: unknown }).ticket === 'string';
  if (token === undefined || byTicket || identity.sessionId === null) return null;
  return codec.readAccess(token).exp * 1000;
}
