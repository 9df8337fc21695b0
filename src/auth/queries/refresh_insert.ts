import type { Queryable } from '../../store/store.ts';

/** Valid for `lifeSeconds`, but never longer than its family. */
export async function insertRefreshToken(
  queryable: Queryable,
  token: { readonly hash: Buffer; readonly familyId: string; readonly lifeSeconds: number },
): Promise<void> {
  await queryable.query(
    `INSERT INTO longshore.refresh_tokens (hash, family_id, expires_at)
     SELECT $1, f.id, least(f.expires_at, now() + make_interval(secs => $3))
       FROM longshore.token_families f WHERE f.id = $2`,
    [token.hash, token.familyId, token.lifeSeconds],
  );
}
