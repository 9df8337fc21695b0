import type { Queryable, Tx } from '../../store/store.ts';

export interface RefreshState {
  readonly expired: boolean;
  /** Seconds since it was spent, by the database's clock; null while it is not. */
  readonly spentSecondsAgo: number | null;
}

/** Locks the token until the transaction ends: of two refreshes at once, the second sees what the first did. */
export async function lockRefreshToken(tx: Tx, hash: Buffer): Promise<RefreshState | undefined> {
  const [row] = await tx.query<RefreshState>(
    // clock_timestamp(): now() would be when this transaction began, which may be before the one it waited for.
    `SELECT expires_at <= clock_timestamp() AS expired,
            extract(epoch FROM clock_timestamp() - spent_at)::float8 AS "spentSecondsAgo"
       FROM longshore.refresh_tokens WHERE hash = $1 FOR UPDATE`,
    [hash],
  );
  return row;
}

export async function spendRefreshToken(tx: Tx, hash: Buffer): Promise<void> {
  await tx.query('UPDATE longshore.refresh_tokens SET spent_at = clock_timestamp() WHERE hash = $1', [hash]);
}

/** Whether we ever gave this token out. */
export async function isKnownRefreshToken(queryable: Queryable, hash: Buffer): Promise<boolean> {
  return (await queryable.query('SELECT 1 FROM longshore.refresh_tokens WHERE hash = $1', [hash])).length > 0;
}

/** Whether the token exists and was never used. */
export async function isUnspent(queryable: Queryable, hash: Buffer): Promise<boolean> {
  const rows = await queryable.query(
    'SELECT 1 FROM longshore.refresh_tokens WHERE hash = $1 AND spent_at IS NULL AND expires_at > now()',
    [hash],
  );
  return rows.length > 0;
}
