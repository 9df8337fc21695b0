import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import type { DatasyncDeps } from '../deps.ts';
import { datasyncDialect, PageQuery, pageOf } from '../dialect.ts';
import { PathId } from '../ids.ts';
import { type WebhookRow, webhooksList } from '../queries/webhook.ts';
import { Time } from '../schemas.ts';
import { createWebhook, deleteWebhook, getWebhook, WebhookCreate } from '../webhooks.ts';
import { WebhookReceiver } from '../webhooks-delivery.ts';

const DELIVERY_BYTES = 1024 * 1024;
const params = Type.Object({ webhook_id: PathId });

const webhookFields = {
  id: Type.String(),
  name: Type.String(),
  source: Type.String({ description: 'The dataset that what comes goes to.' }),
  schema: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  url: Type.String({ description: 'Where senders deliver to.' }),
  created_at: Time,
};
const WebhookAnswer = Type.Object(webhookFields, { title: 'Webhook' });
const CreatedWebhookAnswer = Type.Object(
  { ...webhookFields, secret: Type.String({ description: 'Senders sign with it. Shown here and never again.' }) },
  { title: 'CreatedWebhook' },
);
const EventAnswer = Type.Object(
  { received: Type.Literal(true), webhook_id: Type.String(), event_id: Type.String() },
  { title: 'ReceivedEvent' },
);

const DELIVERY_DESCRIPTION = `\`X-Timestamp\` is the present time in epoch seconds, at most 5 minutes off. \`X-Signature\` is the HMAC-SHA256, in hex and
keyed with the webhook's secret, of the timestamp, a dot and the body as it is sent. A delivery with an \`X-Delivery-Id\` that was here before is answered
with the first event, and nothing else comes of it; without the header, the same holds for the same body at the same second.

The body is an object, or a list of objects: each becomes a record of the webhook's dataset, its \`_id\` the event's.`;

function webhookAnswer(request: FastifyRequest, webhook: WebhookRow): Static<typeof WebhookAnswer> {
  const { id, name, source, schema, created_at } = webhook;
  const url = `${request.protocol}://${request.host}/v1/sync/push/webhook/${id}`;
  const shown = schema as Static<typeof WebhookAnswer>['schema'];
  return { id, name, source, schema: shown, url, created_at: rfc3339(created_at) };
}

/** `/v1/sync/webhooks`: addresses that other systems deliver to; and the deliveries. */
export function registerWebhookRoutes(app: App, deps: DatasyncDeps): void {
  registerDefinitions(app, deps);
  void app.register(async (scope: App) => registerDelivery(scope, deps));
}

function registerDefinitions(app: App, { store, vault, idempotency }: DatasyncDeps): void {
  app.post(
    '/v1/sync/webhooks',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Create a webhook',
        tags: ['webhooks'],
        body: WebhookCreate,
        response: { 201: CreatedWebhookAnswer },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { webhook, secret } = await createWebhook(tx, vault, actorOf(request), request.body);
        return { status: 201, body: { ...webhookAnswer(request, webhook), secret } };
      }),
  );

  app.get(
    '/v1/sync/webhooks',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'List webhooks, the newest first',
        tags: ['webhooks'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(WebhookAnswer) },
      },
    },
    async (request) => {
      const { page, per_page } = request.query;
      const { rows, total } = await webhooksList(store, { limit: per_page, offset: (page - 1) * per_page });
      return { items: rows.map((row) => webhookAnswer(request, row)), total, page, per_page };
    },
  );

  app.get(
    '/v1/sync/webhooks/:webhook_id',
    {
      config: { access: 'sync:read' },
      schema: { summary: 'Get a webhook', tags: ['webhooks'], params, response: { 200: WebhookAnswer } },
    },
    async (request) => webhookAnswer(request, await getWebhook(store, request.params.webhook_id)),
  );

  app.delete(
    '/v1/sync/webhooks/:webhook_id',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Delete a webhook; what has come stays',
        tags: ['webhooks'],
        params,
        response: { 204: Type.Null({ description: 'Deleted.' }) },
      },
    },
    async (request, reply) => {
      await store.transaction((tx) => deleteWebhook(tx, vault, actorOf(request), request.params.webhook_id));
      return reply.code(204).send(null);
    },
  );
}

function registerDelivery(app: App, { store, vault }: DatasyncDeps): void {
  const json = 'application/json';
  const receiver = new WebhookReceiver(store, vault);
  app.removeContentTypeParser(json);
  app.addContentTypeParser(json, { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
  const payload = Type.Unknown({ description: "As the webhook's schema says; at most 1 MiB." });
  app.post(
    '/v1/sync/push/webhook/:webhook_id',
    {
      config: { access: 'public', bucket: 'push_webhook', rawBody: { consumes: [json], schema: payload } },
      bodyLimit: DELIVERY_BYTES,
      schema: {
        summary: 'Deliver an event to a webhook',
        description: DELIVERY_DESCRIPTION,
        tags: ['webhooks'],
        params,
        response: {
          200: EventAnswer,
          401: {
            description: 'The signature is wrong or missing, or the time too far off.',
            content: { 'application/json': { schema: datasyncDialect.errorSchema } },
          },
        },
      },
    },
    async (request): Promise<Static<typeof EventAnswer>> => {
      const startedAt = performance.now();
      const { webhook_id } = request.params;
      const { eventId } = await receiver.receive({
        webhookId: webhook_id,
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        signature: header(request, 'x-signature'),
        timestamp: header(request, 'x-timestamp'),
        deliveryId: header(request, 'x-delivery-id'),
        startedAt,
      });
      return { received: true, webhook_id, event_id: eventId };
    },
  );
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
