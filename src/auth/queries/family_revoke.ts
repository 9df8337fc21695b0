import type { Queryable } from '../../store/store.ts';

/** @returns whose it was; undefined when it is unknown or was revoked before, which is as well */
export async function revokeFamilyById(
  queryable: Queryable,
  familyId: string,
  reason: 'logout' | 'reuse' | 'revoked',
): Promise<{ readonly userId: number; readonly apiKeyId: string | null } | undefined> {
  const [row] = await queryable.query<{ userId: number; apiKeyId: string | null }>(
    `UPDATE longshore.token_families SET revoked_at = now(), revoke_reason = $2
      WHERE id = $1 AND revoked_at IS NULL
      RETURNING user_id AS "userId", api_key_id AS "apiKeyId"`,
    [familyId, reason],
  );
  return row;
}
