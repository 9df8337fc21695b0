import { type Static, Type } from 'typebox';
import { createApiKey, getApiKey, listApiKeys, revokeApiKey } from '../../../auth/api-keys.ts';
import { isPermission, PERMISSIONS } from '../../../auth/permissions.ts';
import type { ApiKey } from '../../../auth/queries/key_list.ts';
import { actorOf, requesterOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { invalidField } from '../../../kernel/errors.ts';
import type { DatasyncDeps } from '../deps.ts';
import { PageQuery, pageOf } from '../dialect.ts';

const Time = Type.String({ format: 'date-time' });
const OptionalTime = Type.Union([Time, Type.Null()]);

const clientFields = {
  client_id: Type.String(),
  name: Type.String(),
  scope: Type.String({ description: 'Permissions with spaces between.' }),
  created_at: Time,
};
const CreatedClientAnswer = Type.Object(
  { ...clientFields, client_secret: Type.String({ description: 'Shown here and never again.' }) },
  { title: 'CreatedOAuthClient' },
);
const ClientAnswer = Type.Object(
  { ...clientFields, last_used_at: OptionalTime, revoked_at: OptionalTime },
  { title: 'OAuthClient' },
);

function fieldsOf(client: ApiKey) {
  return {
    client_id: client.id,
    name: client.name,
    scope: client.permissions.join(' '),
    created_at: rfc3339(client.createdAt),
  };
}

function clientAnswer(client: ApiKey): Static<typeof ClientAnswer> {
  const { lastUsedAt, revokedAt } = client;
  return {
    ...fieldsOf(client),
    last_used_at: lastUsedAt && rfc3339(lastUsedAt),
    revoked_at: revokedAt && rfc3339(revokedAt),
  };
}

function permissionsOf(scope: string): string[] {
  const names = scope.split(' ').filter((name) => name !== '');
  if (names.length === 0 || !names.every(isPermission)) {
    throw invalidField('scope', `must be one or more of ${PERMISSIONS.join(', ')}, with spaces between`);
  }
  return names;
}

const params = Type.Object({ client_id: Type.String({ minLength: 1, maxLength: 100 }) });

/** OAuth clients, whose id and secret buy tokens: everybody's own; an admin's sight goes over all. */
export function registerOAuthClientRoutes(app: App, { store, authenticator, idempotency }: DatasyncDeps): void {
  app.post(
    '/v1/sync/oauth-clients',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Create an OAuth client that can do no more than its owner',
        tags: ['oauth clients'],
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 200 }),
            scope: Type.String({ minLength: 1, maxLength: 1000 }),
          },
          { additionalProperties: false, title: 'OAuthClientCreate' },
        ),
        response: { 201: CreatedClientAnswer },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { name, scope } = request.body;
        const input = { name, permissions: permissionsOf(scope) };
        const { secret, ...client } = await createApiKey(tx, actorOf(request), 'client', input);
        return { status: 201, body: { ...fieldsOf(client), client_secret: secret } };
      }),
  );

  app.get(
    '/v1/sync/oauth-clients',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'List OAuth clients, the newest first',
        tags: ['oauth clients'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(ClientAnswer) },
      },
    },
    async (request) => {
      const { page, per_page } = request.query;
      const where = { limit: per_page, offset: (page - 1) * per_page };
      const { items, total } = await listApiKeys(store, requesterOf(request), 'client', where);
      return { items: items.map(clientAnswer), total, page, per_page };
    },
  );

  app.get(
    '/v1/sync/oauth-clients/:client_id',
    {
      config: { access: 'authenticated' },
      schema: { summary: 'Get an OAuth client', tags: ['oauth clients'], params, response: { 200: ClientAnswer } },
    },
    async (request) => clientAnswer(await getApiKey(store, requesterOf(request), 'client', request.params.client_id)),
  );

  app.delete(
    '/v1/sync/oauth-clients/:client_id',
    {
      config: { access: 'authenticated' },
      schema: {
        summary: 'Revoke an OAuth client, and the tokens that it has bought',
        tags: ['oauth clients'],
        params,
        response: { 204: Type.Null({ description: 'Revoked.' }) },
      },
    },
    async (request, reply) => {
      await authenticator.change((tx) => revokeApiKey(tx, actorOf(request), 'client', request.params.client_id));
      return reply.code(204).send(null);
    },
  );
}
