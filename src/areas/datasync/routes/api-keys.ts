import { type Static, Type } from 'typebox';
import { createApiKey, getApiKey, listApiKeys, revokeApiKey } from '../../../auth/api-keys.ts';
import { PERMISSIONS } from '../../../auth/permissions.ts';
import type { ApiKey } from '../../../auth/queries/key_list.ts';
import { actorOf, requesterOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { invalidField } from '../../../kernel/errors.ts';
import type { DatasyncDeps } from '../deps.ts';
import { PageQuery, pageOf } from '../dialect.ts';

const Time = Type.String({ format: 'date-time' });
const OptionalTime = Type.Union([Time, Type.Null()]);

const keyFields = {
  id: Type.String(),
  name: Type.String(),
  permissions: Type.Array(Type.String()),
  expires_at: OptionalTime,
  rate_limit: Type.Union([Type.Integer(), Type.Null()], { description: 'Requests a minute; null = the common limit.' }),
  created_at: Time,
};
const CreatedKeyAnswer = Type.Object(
  { ...keyFields, key: Type.String({ description: 'Shown here and never again.' }) },
  { title: 'CreatedApiKey' },
);
const KeyAnswer = Type.Object(
  { ...keyFields, last_used_at: OptionalTime, revoked_at: OptionalTime },
  { title: 'ApiKey' },
);

function optionalTime(date: Date | null): string | null {
  return date && rfc3339(date);
}

function fieldsOf(key: ApiKey) {
  return {
    id: key.id,
    name: key.name,
    permissions: [...key.permissions],
    expires_at: optionalTime(key.expiresAt),
    rate_limit: key.rateLimit,
    created_at: rfc3339(key.createdAt),
  };
}

function keyAnswer(key: ApiKey): Static<typeof KeyAnswer> {
  return { ...fieldsOf(key), last_used_at: optionalTime(key.lastUsedAt), revoked_at: optionalTime(key.revokedAt) };
}

function expiryOf(text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null;
  const time = new Date(text);
  const year = time.getUTCFullYear();
  if (Number.isNaN(year) || year > 9999)
    throw invalidField('expires_at', 'must be a time such as 2030-01-01T00:00:00Z');
  return time;
}

const params = Type.Object({ key_id: Type.String({ minLength: 1, maxLength: 100 }) });

/** API keys: everybody's own; an admin's sight goes over all. */
export function registerApiKeyRoutes(app: App, { store, authenticator, idempotency }: DatasyncDeps): void {
  app.post(
    '/v1/sync/api-keys',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Create an API key that can do no more than its owner',
        tags: ['api keys'],
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 200 }),
            permissions: Type.Array(Type.Enum([...PERMISSIONS]), { minItems: 1, maxItems: 20 }),
            expires_at: Type.Optional(OptionalTime),
            rate_limit: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()])),
          },
          { additionalProperties: false, title: 'ApiKeyCreate' },
        ),
        response: { 201: CreatedKeyAnswer },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { name, permissions, expires_at, rate_limit: rateLimit } = request.body;
        const input = { name, permissions, expiresAt: expiryOf(expires_at), rateLimit };
        const { secret, ...key } = await createApiKey(tx, actorOf(request), 'key', input);
        return { status: 201, body: { ...fieldsOf(key), key: secret } };
      }),
  );

  app.get(
    '/v1/sync/api-keys',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'List API keys, the newest first',
        tags: ['api keys'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(KeyAnswer) },
      },
    },
    async (request) => {
      const { page, per_page } = request.query;
      const where = { limit: per_page, offset: (page - 1) * per_page };
      const { items, total } = await listApiKeys(store, requesterOf(request), 'key', where);
      return { items: items.map(keyAnswer), total, page, per_page };
    },
  );

  app.get(
    '/v1/sync/api-keys/:key_id',
    {
      config: { access: 'authenticated' },
      schema: { summary: 'Get an API key', tags: ['api keys'], params, response: { 200: KeyAnswer } },
    },
    async (request) => keyAnswer(await getApiKey(store, requesterOf(request), 'key', request.params.key_id)),
  );

  app.delete(
    '/v1/sync/api-keys/:key_id',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Revoke an API key',
        tags: ['api keys'],
        params,
        response: { 204: Type.Null({ description: 'Revoked.' }) },
      },
    },
    async (request, reply) => {
      await authenticator.change((tx) => revokeApiKey(tx, actorOf(request), 'key', request.params.key_id));
      return reply.code(204).send(null);
    },
  );
}
