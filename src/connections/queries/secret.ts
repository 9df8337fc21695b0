import type { Queryable, Tx } from '../../store/store.ts';

export interface SealedSecret {
  readonly id: string;
  readonly sealed: Buffer;
}

export async function secretsInsert(tx: Tx, owner: string, secrets: readonly SealedSecret[]): Promise<void> {
  await tx.query(
    `INSERT INTO longshore.secrets (id, owner, sealed)
     SELECT s.id, $1, s.sealed FROM unnest($2::text[], $3::bytea[]) AS s(id, sealed)`,
    [owner, secrets.map(({ id }) => id), secrets.map(({ sealed }) => sealed)],
  );
}

/** Marks what `owner` has beside `kept`: no definition refers to it any more, though a run under way may. */
export async function secretsSupersede(tx: Tx, owner: string, kept: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE longshore.secrets SET superseded_at = now()
     WHERE owner = $1 AND superseded_at IS NULL AND id <> ALL ($2::text[])`,
    [owner, kept],
  );
}

export async function secretsDelete(tx: Tx, owner: string): Promise<void> {
  await tx.query('DELETE FROM longshore.secrets WHERE owner = $1', [owner]);
}

export function secretsOfOwner(db: Queryable, owner: string, ids: readonly string[]): Promise<SealedSecret[]> {
  return db.query('SELECT id, sealed FROM longshore.secrets WHERE owner = $1 AND id = ANY ($2::text[])', [owner, ids]);
}

export interface SecretOfRun extends SealedSecret {
  readonly run_id: number;
  readonly owner: string;
}

/** Of the secrets that runs refer to (two lists in step), those that are the run's own or its job's. */
export function secretsOfRuns(
  db: Queryable,
  runIds: readonly number[],
  secretIds: readonly string[],
): Promise<SecretOfRun[]> {
  return db.query(
    `SELECT w.run_id, s.id, s.owner, s.sealed
     FROM unnest($1::bigint[], $2::text[]) AS w(run_id, secret_id)
     JOIN longshore.runs r ON r.id = w.run_id
     JOIN longshore.secrets s ON s.id = w.secret_id AND s.owner IN ('job:' || r.job_id, 'run:' || r.id)`,
    [runIds, secretIds],
  );
}

/**
 * Deletes up to `limit` secrets that nobody can need again: superseded ones that no live run of their job refers to, and
 * those of runs that have ended or are gone. A run is made in the transaction that makes its secrets, so one that is not
 * there yet is not seen either.
 * @returns how many
 */
export async function secretsPrune(db: Queryable, limit: number): Promise<number> {
  const rows = await db.query(
    // CASE, since only it keeps the cast from owners of other kinds.
    `WITH superseded AS (
       SELECT s.id FROM longshore.secrets s WHERE s.superseded_at IS NOT NULL AND NOT EXISTS (
         SELECT FROM longshore.runs r
         WHERE r.job_id = CASE WHEN s.owner ~ '^job:[0-9]+$' THEN split_part(s.owner, ':', 2)::bigint END
           AND r.finished_at IS NULL AND strpos(r.spec::text, s.id) > 0)
       ORDER BY s.superseded_at LIMIT $1
     ), ended AS (
       SELECT s.id FROM longshore.secrets s WHERE s.owner LIKE 'run:%' AND NOT EXISTS (
         SELECT FROM longshore.runs r
         WHERE r.id = CASE WHEN s.owner ~ '^run:[0-9]+$' THEN split_part(s.owner, ':', 2)::bigint END
           AND r.finished_at IS NULL)
       ORDER BY s.created_at LIMIT $1
     )
     DELETE FROM longshore.secrets
     WHERE id IN (SELECT id FROM superseded UNION ALL SELECT id FROM ended LIMIT $1) RETURNING id`,
    [limit],
  );
  return rows.length;
}
