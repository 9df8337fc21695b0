import type { Queryable } from '../../store/store.ts';
import { type ApiKey, KEY_COLUMNS } from './key_list.ts';

export interface NewKey {
  readonly id: string;
  readonly kind: 'key' | 'client';
  readonly name: string;
  readonly secretHash: Buffer;
  readonly permissions: readonly string[];
  readonly rateLimit: number | null;
  readonly createdBy: number;
  readonly expiresAt: Date | null;
}

export async function insertKey(queryable: Queryable, key: NewKey): Promise<ApiKey> {
  const [row] = await queryable.query<ApiKey>(
    `INSERT INTO longshore.api_keys AS k (id, kind, name, secret_hash, permissions, rate_limit, created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     RETURNING ${KEY_COLUMNS}`,
    [key.id, key.kind, key.name, key.secretHash, key.permissions, key.rateLimit, key.createdBy, key.expiresAt],
  );
  if (!row) throw new Error('the insert of a key returned no row');
  return row;
}
