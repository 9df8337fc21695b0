import type { Queryable } from '../../store/store.ts';

/** A success: the count of `key` begins anew. */
export async function clearAttempts(queryable: Queryable, key: Buffer): Promise<void> {
  await queryable.query('DELETE FROM longshore.login_attempts WHERE key = $1', [key]);
}

/**
 * Takes one claimed attempt back. The failures before it still count, and a block stands: otherwise whoever has one
 * account could lift it at will by signing in to that one.
 */
export async function returnAttempt(queryable: Queryable, key: Buffer): Promise<void> {
  await queryable.query('UPDATE longshore.login_attempts SET failures = greatest(failures - 1, 0) WHERE key = $1', [
    key,
  ]);
}
