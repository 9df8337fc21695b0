import type { Queryable } from '../../../store/store.ts';

/** A run that moved data, with what metrics tell of it. */
export interface Operation {
  readonly connector: string;
  /** From its first start to its end; null when it never started. */
  readonly seconds: number | null;
}

/** Of these runs, those with a source; previews and what else the system starts are none of anybody's operations. */
export async function operationsOf(db: Queryable, runIds: readonly number[]): Promise<Operation[]> {
  return db.query<Operation & Record<string, unknown>>(
    `SELECT spec -> 'connector' ->> 'type' AS connector,
       extract(epoch FROM finished_at - started_at)::float8 AS seconds
     FROM longshore.runs
     WHERE id = ANY ($1) AND trigger <> 'system' AND spec -> 'connector' ->> 'type' IS NOT NULL`,
    [runIds],
  );
}
