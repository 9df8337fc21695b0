import type { Json } from '../../../protocol/executor.ts';
import type { Queryable, Tx } from '../../../store/store.ts';

export interface WebhookRow {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly schema: Json;
  /** A reference into the vault. */
  readonly secret: Json;
  readonly created_by: number | null;
  readonly created_at: Date;
}

/** @returns undefined when the name is taken */
export async function webhookInsert(tx: Tx, webhook: Omit<WebhookRow, 'created_at'>): Promise<WebhookRow | undefined> {
  const { id, name, source, schema, secret, created_by } = webhook;
  const [row] = await tx.query<WebhookRow>(
    `INSERT INTO longshore.webhooks (id, name, source, schema, secret, created_by) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT ON CONSTRAINT webhooks_name_key DO NOTHING RETURNING *`,
    [id, name, source, schema === null ? null : JSON.stringify(schema), JSON.stringify(secret), created_by],
  );
  return row;
}

export async function webhookGet(db: Queryable, id: string): Promise<WebhookRow | undefined> {
  return (await db.query<WebhookRow>('SELECT * FROM longshore.webhooks WHERE id = $1', [id]))[0];
}

/** Newest first. */
export async function webhooksList(
  db: Queryable,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ rows: WebhookRow[]; total: number }> {
  const rows = await db.query<WebhookRow>(
    'SELECT * FROM longshore.webhooks ORDER BY created_at DESC, id LIMIT $1 OFFSET $2',
    [page.limit, page.offset],
  );
  const [count] = await db.query<{ n: number }>('SELECT count(*) AS n FROM longshore.webhooks');
  return { rows, total: count?.n ?? 0 };
}

/** @returns what was deleted */
export async function webhookDelete(tx: Tx, id: string): Promise<WebhookRow | undefined> {
  return (await tx.query<WebhookRow>('DELETE FROM longshore.webhooks WHERE id = $1 RETURNING *', [id]))[0];
}
