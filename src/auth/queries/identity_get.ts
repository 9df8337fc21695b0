import type { Queryable } from '../../store/store.ts';
import type { IdentityRow } from '../identity.ts';

/** A family whose holder may still act, by the database's clock. */
const LIVE_FAMILY = `f.revoked_at IS NULL AND f.expires_at > now()
        AND u.is_active AND f.token_generation = u.token_generation
        AND (f.api_key_id IS NULL OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))`;

const HOLDER = `u.id AS "userId", u.username, u.role, r.permissions AS "rolePermissions",
            k.id AS "keyId", k.permissions AS "keyPermissions", k.rate_limit AS "keyRateLimit"`;

const FAMILY_JOIN = `longshore.token_families f
       JOIN longshore.users u ON u.id = f.user_id
       JOIN longshore.roles r ON r.name = u.role
       LEFT JOIN longshore.api_keys k ON k.id = f.api_key_id`;

export interface FamilyRow extends IdentityRow {
  readonly sessionId: string;
  readonly kind: 'token' | 'console';
  readonly expiresAt: Date;
}

/** @returns undefined when the family is unknown, revoked or over, or its holder may not act any more */
export async function selectLiveFamily(queryable: Queryable, familyId: string): Promise<FamilyRow | undefined> {
  const [row] = await selectLiveFamilies(queryable, [familyId]);
  return row;
}

/** Those of `familyIds` that are neither unknown, revoked nor over, and whose holder may act. */
export async function selectLiveFamilies(queryable: Queryable, familyIds: readonly string[]): Promise<FamilyRow[]> {
  return queryable.query<FamilyRow>(
    `SELECT f.id AS "sessionId", f.kind, f.scope, f.expires_at AS "expiresAt", ${HOLDER}
       FROM ${FAMILY_JOIN}
      WHERE f.id = ANY ($1) AND ${LIVE_FAMILY}`,
    [familyIds],
  );
}

export interface KeyRow extends IdentityRow {
  readonly keyId: string;
  readonly secretHash: Buffer;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly tokenGeneration: number;
}

/** @returns undefined when the key is unknown, revoked or expired, or its owner inactive */
export async function selectLiveKey(
  queryable: Queryable,
  keyId: string,
  kind: 'key' | 'client',
): Promise<KeyRow | undefined> {
  const [row] = await selectLiveKeys(queryable, [keyId], kind);
  return row;
}

/** Those of `keyIds` that are neither unknown, revoked nor expired, and whose owner is active. */
export async function selectLiveKeys(
  queryable: Queryable,
  keyIds: readonly string[],
  kind: 'key' | 'client',
): Promise<KeyRow[]> {
  return queryable.query<KeyRow>(
    `SELECT ${HOLDER}, k.secret_hash AS "secretHash", k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt",
            u.token_generation AS "tokenGeneration", NULL AS "sessionId", NULL AS scope
       FROM longshore.api_keys k
       JOIN longshore.users u ON u.id = k.created_by
       JOIN longshore.roles r ON r.name = u.role
      WHERE k.id = ANY ($1) AND k.kind = $2 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        AND u.is_active`,
    [keyIds, kind],
  );
}
