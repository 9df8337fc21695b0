import type { Queryable } from '../../store/store.ts';

export interface NewFamily {
  readonly id: string;
  readonly kind: 'token' | 'console';
  readonly userId: number;
  /** The user's when the credentials were checked. */
  readonly tokenGeneration: number;
  readonly apiKeyId: string | null;
  readonly scope: readonly string[] | null;
  readonly address: string | null;
  readonly lifeSeconds: number;
}

/**
 * @returns when it ends; undefined when, since the credentials were checked, the user was deleted or deactivated or
 * their password changed
 */
export async function insertFamily(queryable: Queryable, family: NewFamily): Promise<Date | undefined> {
  const [row] = await queryable.query<{ expiresAt: Date }>(
    `INSERT INTO longshore.token_families
            (id, kind, user_id, api_key_id, scope, token_generation, address, expires_at)
     SELECT $1, $2, u.id, $4, $5, u.token_generation, $6, now() + make_interval(secs => $7)
       FROM longshore.users u
      WHERE u.id = $3 AND u.is_active AND u.token_generation = $8
     RETURNING expires_at AS "expiresAt"`,
    [
      family.id,
      family.kind,
      family.userId,
      family.apiKeyId,
      family.scope,
      family.address,
      family.lifeSeconds,
      family.tokenGeneration,
    ],
  );
  return row?.expiresAt;
}
