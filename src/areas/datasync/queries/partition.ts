import type { RunState } from '../../../engine/states.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Queryable, Tx } from '../../../store/store.ts';
import type { Partition } from '../executor/partition.ts';

/** A child of a run, by the order of its parts. */
export interface PartitionRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly state: RunState;
  readonly partition: Partition;
  readonly takes_over: number | null;
  readonly output: Json;
  readonly error: string | null;
}

export async function partitionsOf(db: Queryable, parentId: number): Promise<PartitionRow[]> {
  return db.query<PartitionRow>(
    `SELECT id, state, spec -> 'partition' AS partition, (spec -> 'takes_over')::bigint AS takes_over, output, error
     FROM longshore.runs
     WHERE parent_id = $1 ORDER BY id`,
    [parentId],
  );
}

/** What a child takes over from its parent, and the parent's own row does not tell. */
export async function policyOf(db: Queryable, runId: number): Promise<{ tags: string[]; retryDelaySeconds: number }> {
  const [row] = await db.query<{ tags: string[]; retryDelaySeconds: number }>(
    `SELECT q.tags, r.retry_delay_seconds AS "retryDelaySeconds"
     FROM longshore.runs r JOIN longshore.queues q ON q.name = r.queue WHERE r.id = $1`,
    [runId],
  );
  if (!row) throw new Error(`run ${runId} is in no queue`);
  return row;
}

/**
 * The job's last run before this one that was divided, if neither it nor one after it has succeeded and the job was not
 * reset since.
 * @returns its id
 */
export async function brokenOffBefore(db: Queryable, jobId: number, runId: number): Promise<number | undefined> {
  const [row] = await db.query<{ id: number; broken: boolean }>(
    `SELECT p.id, p.state <> 'succeeded' AND p.spec -> 'key' = r.spec -> 'key' AS broken
     FROM longshore.runs r JOIN longshore.runs p ON p.job_id = r.job_id AND p.id < r.id
     WHERE r.id = $2 AND r.job_id = $1 AND p.trigger <> 'system'
       AND (p.state = 'succeeded' OR EXISTS (SELECT FROM longshore.runs c WHERE c.parent_id = p.id))
     ORDER BY p.id DESC LIMIT 1`,
    [jobId, runId],
  );
  return row?.broken ? row.id : undefined;
}

/**
 * Sets how far a suspended run is: the sum of its children. How much there is stays as its plan had it until each of
 * them can tell.
 * @returns undefined when the run is not suspended
 */
export async function partitionProgress(
  tx: Tx,
  parentId: number,
): Promise<{ done: number; total: number | null } | undefined> {
  const [row] = await tx.query<{ done: number; total: number | null }>(
    `UPDATE longshore.runs p SET progress_done = c.done,
       progress_total = CASE WHEN c.total IS NOT NULL OR c.done > p.progress_total THEN greatest(c.total, c.done)
         ELSE p.progress_total END
     FROM (SELECT coalesce(sum(progress_done), 0) AS done,
             CASE WHEN count(progress_total) = count(*) THEN sum(progress_total) END AS total
           FROM longshore.runs WHERE parent_id = $1) c
     WHERE p.id = $1 AND p.state = 'suspended'
     RETURNING p.progress_done AS done, p.progress_total AS total`,
    [parentId],
  );
  return row;
}
