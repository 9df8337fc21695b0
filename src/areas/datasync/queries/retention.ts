import type { Queryable } from '../../../store/store.ts';

/** Whether a job reads it, or a run that has not ended. */
const IN_USE = `(EXISTS (SELECT 1 FROM longshore.jobs j
      WHERE j.area = $1 AND j.spec -> 'connector' -> 'config' ->> 'file_id' = 'file_' || b.id)
    OR EXISTS (SELECT 1 FROM longshore.runs r WHERE r.finished_at IS NULL
      AND r.area = $1 AND r.spec -> 'connector' -> 'config' ->> 'file_id' = 'file_' || b.id))`;

/** Deletes up to `limit` finished blobs that are older than `days` and that nothing reads. @returns how many */
export async function oldBlobsPrune(db: Queryable, area: string, days: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM longshore.blobs WHERE id IN (
       SELECT b.id FROM longshore.blobs b
       WHERE b.complete AND b.created_at < now() - make_interval(days => $2) AND NOT ${IN_USE}
       ORDER BY b.id LIMIT $3 FOR UPDATE SKIP LOCKED
     ) RETURNING 1`,
    [area, days, limit],
  );
  return rows.length;
}

/** Deletes up to `limit` blobs of pushes that were loaded `hours` ago: nobody asks for those bytes again. @returns how many */
export async function loadedBlobsPrune(db: Queryable, area: string, hours: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM longshore.blobs WHERE id IN (
       SELECT b.id FROM longshore.blobs b JOIN longshore.push_requests p ON p.blob_id = b.id
       JOIN longshore.runs loaded ON loaded.id = p.run_id
       WHERE p.kind <> 'file' AND loaded.state = 'succeeded'
         AND loaded.finished_at < now() - make_interval(hours => $2) AND NOT ${IN_USE}
       ORDER BY b.id LIMIT $3 FOR UPDATE OF b SKIP LOCKED
     ) RETURNING 1`,
    [area, hours, limit],
  );
  return rows.length;
}

/**
 * Deletes up to `limit` requests whose bytes are gone: those older than `days`, and streams that broke off and have not
 * gone on for `hours`. @returns how many
 */
export async function pushRequestsPrune(db: Queryable, days: number, hours: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM longshore.push_requests WHERE id IN (
       SELECT p.id FROM longshore.push_requests p
       WHERE p.created_at < now() - CASE WHEN p.complete THEN make_interval(days => $1)
           ELSE make_interval(hours => $2) END
         AND NOT EXISTS (SELECT 1 FROM longshore.blobs b WHERE b.id = p.blob_id)
       ORDER BY p.id LIMIT $3 FOR UPDATE SKIP LOCKED
     ) RETURNING 1`,
    [days, hours, limit],
  );
  return rows.length;
}

/** Deletes up to `limit` records that were refused more than `days` ago. @returns how many */
export async function quarantinePrune(db: Queryable, days: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM longshore.sync_quarantine WHERE id IN (
       SELECT id FROM longshore.sync_quarantine
       WHERE created_at < now() - make_interval(days => $1)
       ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING 1`,
    [days, limit],
  );
  return rows.length;
}

/** Deletes up to `limit` conflicts that were decided more than `days` ago. @returns how many */
export async function conflictsPrune(db: Queryable, days: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM longshore.sync_conflicts WHERE id IN (
       SELECT id FROM longshore.sync_conflicts
       WHERE resolution <> 'pending' AND resolved_at < now() - make_interval(days => $1)
       ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING 1`,
    [days, limit],
  );
  return rows.length;
}

/** What a job's runs have refused, and its conflicts, go with it: they hold its records. */
export async function jobFindingsDelete(db: Queryable, jobId: number): Promise<void> {
  await db.query('DELETE FROM longshore.sync_quarantine WHERE job_id = $1', [jobId]);
  await db.query('DELETE FROM longshore.sync_conflicts WHERE job_id = $1', [jobId]);
}
