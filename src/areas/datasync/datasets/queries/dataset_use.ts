import { LIVE } from '../../../../engine/states.ts';
import type { Queryable } from '../../../../store/store.ts';
import { AREA } from '../../kinds.ts';

/** A run under way that reads or writes a dataset; those that only count do not matter. */
export async function liveRunOfDataset(
  db: Queryable,
  { id, name, table }: { readonly id: string; readonly name: string; readonly table: string },
): Promise<number | undefined> {
  const [row] = await db.query<{ id: number }>(
    `SELECT id FROM longshore.runs
     WHERE finished_at IS NULL AND area = $1 AND state = ANY ($2) AND spec -> 'connector' ->> 'type' IS DISTINCT FROM 'profile' AND (
       (spec -> 'destination' ->> 'type' = 'dataset' AND spec -> 'destination' ->> 'name' = $4)
       OR spec -> 'connector' -> 'config' ->> 'dataset_id' = $3
       OR (spec -> 'connector' ->> 'type' IN ('dilution', 'augmentation')
           AND (spec -> 'connector' -> 'config' ->> 'table' = $5
                OR spec -> 'connector' -> 'config' -> 'from' @> jsonb_build_array(jsonb_build_object('id', $3::text)))))
     ORDER BY id LIMIT 1`,
    [AREA, LIVE, id, name, table],
  );
  return row?.id;
}

/** A job that writes the table as a table, not as a dataset: it is not the dataset's alone. */
export async function jobWritingTable(db: Queryable, table: string): Promise<{ id: number; name: string } | undefined> {
  const [row] = await db.query<{ id: number; name: string }>(
    `SELECT id, name FROM longshore.jobs
     WHERE area = $1 AND spec -> 'destination' ->> 'type' = 'database' AND spec -> 'destination' ->> 'table' = $2
       AND spec -> 'destination' -> 'connection' IS NULL
       AND coalesce(spec -> 'destination' ->> 'schema', 'data') = 'data'
     ORDER BY id LIMIT 1`,
    [AREA, table],
  );
  return row;
}
