import { storableJson } from '../../../kernel/json.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Tx } from '../../../store/store.ts';

/**
 * Keeps what a run has left for the next one, where the destination cannot: in the job's spec, which every run takes
 * along. Not if the job was reset meanwhile: its key is another one then.
 */
export async function jobStatePut(tx: Tx, jobId: number, runSpec: Json, state: Json): Promise<void> {
  const { key } = runSpec as { key?: Json };
  await tx.query(
    `UPDATE longshore.jobs SET spec = jsonb_set(spec, '{state}', $2::jsonb) WHERE id = $1 AND spec -> 'key' = $3::jsonb`,
    [jobId, storableJson(state), storableJson(key ?? null)],
  );
}
