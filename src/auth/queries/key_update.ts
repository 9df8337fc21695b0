import type { Queryable } from '../../store/store.ts';

/**
 * @param ownerId whose key it must be; null = anybody's
 * @returns false when there is none, it is another's, or it was revoked before
 */
export async function markKeyRevoked(
  queryable: Queryable,
  kind: 'key' | 'client',
  id: string,
  ownerId: number | null,
): Promise<boolean> {
  const rows = await queryable.query(
    `UPDATE longshore.api_keys SET revoked_at = now()
      WHERE id = $1 AND kind = $2 AND ($3::bigint IS NULL OR created_by = $3) AND revoked_at IS NULL
      RETURNING 1`,
    [id, kind, ownerId],
  );
  return rows.length > 0;
}

/** Notes that the key was used; at most once a minute, whoever asks. */
export async function touchKey(queryable: Queryable, id: string): Promise<void> {
  await queryable.query(
    `UPDATE longshore.api_keys SET last_used_at = now()
      WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`,
    [id],
  );
}
