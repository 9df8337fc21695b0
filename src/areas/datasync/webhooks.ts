import { type Static, Type } from 'typebox';
import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import type { SecretOwner, Vault } from '../../connections/vault.ts';
import { AppError, notFound } from '../../kernel/errors.ts';
import { randomText } from '../../kernel/ids.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Queryable, Tx } from '../../store/store.ts';
import { Source } from './push-load.ts';
import { type WebhookRow, webhookDelete, webhookGet, webhookInsert } from './queries/webhook.ts';
import { compileSchema } from './webhooks-schema.ts';

const ID_LENGTH = 20;
const SECRET_LENGTH = 32;

export const WebhookCreate = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$',
      description: 'Unique; no control characters.',
    }),
    source: Source,
    schema: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'JSON Schema (2020-12, or draft 7 where its $schema says so) of what is sent; any object, or list of objects, unless told. References within it only; patterns without backreferences and lookaround.',
      }),
    ),
  },
  { additionalProperties: false, title: 'WebhookCreate' },
);
type WebhookCreate = Static<typeof WebhookCreate>;

export function webhookOwner(id: string): SecretOwner {
  return `webhook:${id}`;
}

/**
 * Its id cannot be guessed: who does not know it is not told whether there is one.
 * @returns the webhook, and its secret, which is shown this once
 * @throws AppError `validation` for a schema that cannot be used, `conflict` for a name that is taken
 */
export async function createWebhook(
  tx: Tx,
  vault: Vault,
  actor: Actor,
  { name, source, schema }: WebhookCreate,
): Promise<{ webhook: WebhookRow; secret: string }> {
  if (schema !== undefined) compileSchema(schema as Json);
  const id = `wh_${randomText(ID_LENGTH)}`;
  const secret = `whsec_${randomText(SECRET_LENGTH)}`;
  const reference = await vault.seal(tx, webhookOwner(id), secret);
  const webhook = await webhookInsert(tx, {
    ...{ id, name, source, schema: (schema as Json | undefined) ?? null },
    secret: { ...reference },
    created_by: actor.identity.userId,
  });
  if (!webhook) throw new AppError('conflict', `there is a webhook called ${name} already`);
  await audit(tx, actor, 'create', id, { name, source });
  return { webhook, secret };
}

/** @throws AppError `not_found` */
export async function getWebhook(db: Queryable, id: string): Promise<WebhookRow> {
  const webhook = await webhookGet(db, id);
  if (!webhook) throw notFound(`webhook ${id}`);
  return webhook;
}

/** From here on nothing is taken; what came stays. @throws AppError `not_found` */
export async function deleteWebhook(tx: Tx, vault: Vault, actor: Actor, id: string): Promise<void> {
  const deleted = await webhookDelete(tx, id);
  if (!deleted) throw notFound(`webhook ${id}`);
  await vault.forget(tx, webhookOwner(id));
  await audit(tx, actor, 'delete', id, { name: deleted.name });
}

function audit(tx: Tx, actor: Actor, action: string, id: string, details: Readonly<Record<string, unknown>>) {
  return recordAudit(tx, actor, { action: `sync_webhook.${action}`, target: `sync_webhook:${id}`, details });
}
