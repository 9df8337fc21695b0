import type { Queryable } from '../../store/store.ts';
import type { Permission } from '../permissions.ts';

/** All that may be shown of a key; the secret is not among it. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly permissions: Permission[];
  /** Requests a minute; null = the common limit. */
  readonly rateLimit: number | null;
  readonly createdBy: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export const KEY_COLUMNS = `k.id, k.name, k.permissions, k.rate_limit AS "rateLimit", k.created_by AS "createdBy",
            k.created_at AS "createdAt", k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt",
            k.revoked_at AS "revokedAt"`;

/** @param ownerId whose keys; null = everybody's */
export async function selectKeys(
  queryable: Queryable,
  kind: 'key' | 'client',
  ownerId: number | null,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ readonly items: ApiKey[]; readonly total: number }> {
  const items = await queryable.query<ApiKey>(
    `SELECT ${KEY_COLUMNS} FROM longshore.api_keys k
      WHERE k.kind = $1 AND ($2::bigint IS NULL OR k.created_by = $2)
      ORDER BY k.created_at DESC, k.id
      LIMIT $3 OFFSET $4`,
    [kind, ownerId, page.limit, page.offset],
  );
  const [count] = await queryable.query<{ total: number }>(
    `SELECT count(*) AS total FROM longshore.api_keys
      WHERE kind = $1 AND ($2::bigint IS NULL OR created_by = $2)`,
    [kind, ownerId],
  );
  return { items, total: count?.total ?? 0 };
}

/** @returns undefined also when the key is not the owner's */
export async function selectKey(
  queryable: Queryable,
  kind: 'key' | 'client',
  id: string,
  ownerId: number | null,
): Promise<ApiKey | undefined> {
  const [row] = await queryable.query<ApiKey>(
    `SELECT ${KEY_COLUMNS} FROM longshore.api_keys k
      WHERE k.id = $1 AND k.kind = $2 AND ($3::bigint IS NULL OR k.created_by = $3)`,
    [id, kind, ownerId],
  );
  return row;
}
