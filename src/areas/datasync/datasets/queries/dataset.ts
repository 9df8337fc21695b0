import type { RunState } from '../../../../engine/states.ts';
import { storableJson } from '../../../../kernel/json.ts';
import type { Json } from '../../../../protocol/executor.ts';
import type { Queryable, Tx } from '../../../../store/store.ts';
import type { DatasetSchema } from '../../executor/datasets/dataset-schema.ts';
import type { TableProfile } from '../../executor/datasets/profile.ts';

export const DATASET_SOURCES = ['upload', 'push', 'job', 'dilution', 'augmentation', 'manual'] as const;
export type DatasetSource = (typeof DATASET_SOURCES)[number];

export interface DatasetRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly name: string;
  readonly category: string | null;
  readonly description: string;
  readonly table_name: string;
  readonly source: DatasetSource;
  readonly owns_table: boolean;
  readonly schema: DatasetSchema | null;
  readonly transformations: Json[] | null;
  readonly records_count: number | null;
  readonly completeness: number | null;
  readonly uniqueness: number | null;
  readonly validity: number | null;
  readonly quality_score: number | null;
  readonly profile: TableProfile | null;
  readonly profiled_at: Date | null;
  readonly profile_ms: number | null;
  readonly run_id: number | null;
  readonly profile_run_id: number | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** Of `run_id`; null when there is none, or it is forgotten. */
  readonly run_state: RunState | null;
  readonly run_error: string | null;
  /** Of `profile_run_id`, likewise. */
  readonly profile_state: RunState | null;
  readonly profile_error: string | null;
}

const WITH_RUN = `SELECT d.*, r.state AS run_state, r.error AS run_error, p.state AS profile_state,
    p.error AS profile_error
  FROM longshore.datasets d LEFT JOIN longshore.runs r ON r.id = d.run_id
  LEFT JOIN longshore.runs p ON p.id = d.profile_run_id`;

export interface DatasetFilter {
  readonly category?: string | undefined;
  readonly qualityMin?: number | undefined;
  /** Part of name, category or description, in any case. */
  readonly search?: string | undefined;
}

/** Newest first. */
export async function datasetsList(
  db: Queryable,
  { category, qualityMin, search }: DatasetFilter,
  page: { limit: number; offset: number },
): Promise<{ rows: DatasetRow[]; total: number }> {
  const where = `WHERE ($1::text IS NULL OR d.category = $1) AND ($2::float8 IS NULL OR d.quality_score >= $2)
    AND ($3::text IS NULL OR strpos(lower(concat_ws(E'\\n', d.name, d.category, d.description)), lower($3)) > 0)`;
  const params = [category ?? null, qualityMin ?? null, search ?? null];
  const rows = await db.query<DatasetRow>(`${WITH_RUN} ${where} ORDER BY d.id DESC LIMIT $4 OFFSET $5`, [
    ...params,
    page.limit,
    page.offset,
  ]);
  const [count] = await db.query<{ n: number }>(`SELECT count(*) AS n FROM longshore.datasets d ${where}`, params);
  return { rows, total: count?.n ?? 0 };
}

export async function datasetsGet(db: Queryable, ids: readonly number[]): Promise<DatasetRow[]> {
  return db.query<DatasetRow>(`${WITH_RUN} WHERE d.id = ANY ($1)`, [ids]);
}

export async function datasetByName(db: Queryable, name: string): Promise<DatasetRow | undefined> {
  const [row] = await db.query<DatasetRow>(`${WITH_RUN} WHERE d.name = $1`, [name]);
  return row;
}

/** Nobody changes or deletes it until the transaction ends. */
export async function datasetLock(tx: Tx, id: number): Promise<DatasetRow | undefined> {
  const [row] = await tx.query<DatasetRow>(`${WITH_RUN} WHERE d.id = $1 FOR UPDATE OF d`, [id]);
  return row;
}

export interface NewDataset {
  readonly name: string;
  readonly category: string | null;
  readonly description: string;
  readonly tableName: string;
  readonly source: DatasetSource;
  readonly ownsTable: boolean;
  readonly schema: DatasetSchema | null;
  readonly transformations: readonly Json[] | null;
  readonly createdBy: number | null;
}

/** @returns undefined when its name, or its table, is another dataset's */
export async function datasetInsert(tx: Tx, dataset: NewDataset): Promise<number | undefined> {
  const { name, category, description, tableName, source, ownsTable, schema, transformations, createdBy } = dataset;
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO longshore.datasets (name, category, description, table_name, source, owns_table, schema,
       transformations, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9) ON CONFLICT DO NOTHING RETURNING id`,
    [
      name,
      category,
      description,
      tableName,
      source,
      ownsTable,
      schema && storableJson(schema),
      transformations && storableJson(transformations),
      createdBy,
    ],
  );
  return row?.id;
}

/**
 * What a run into a dataset has told: makes it known, if it is not. Its category stays unless the run names one.
 * @returns undefined when another dataset has the table
 */
export async function datasetLoaded(
  tx: Tx,
  run: { readonly id: number; readonly jobId: number | null; readonly createdBy: number | null },
  load: { readonly name: string; readonly table: string; readonly category: string | null },
): Promise<number | undefined> {
  await tx.query(
    `INSERT INTO longshore.datasets (name, table_name, category, source, owns_table, created_by)
     VALUES ($1, $2, $3, CASE WHEN $4::bigint IS NOT NULL THEN 'job' ELSE coalesce(
         (SELECT CASE kind WHEN 'file' THEN 'upload' ELSE 'push' END FROM longshore.push_requests WHERE run_id = $5 LIMIT 1),
         'push') END, true, $6)
     ON CONFLICT DO NOTHING`,
    [load.name, load.table, load.category, run.jobId, run.id, run.createdBy],
  );
  const [row] = await tx.query<{ id: number }>(
    `UPDATE longshore.datasets SET updated_at = now(), run_id = $3, category = coalesce($4, category)
     WHERE name = $1 AND table_name = $2 RETURNING id`,
    [load.name, load.table, run.id, load.category],
  );
  return row?.id;
}

/**
 * @param replaced whether the records of earlier runs are gone, and what these have refused with them
 * @param taken_over_from the run that had done all of it, and may not have lived to tell
 */
export async function datasetRefused(
  tx: Tx,
  id: number,
  runId: number,
  {
    refused,
    replaced,
    taken_over_from: from,
  }: { readonly refused: number; readonly replaced: boolean; readonly taken_over_from?: number },
): Promise<void> {
  if (replaced) {
    await tx.query('DELETE FROM longshore.dataset_refusals WHERE dataset_id = $1 AND run_id < $2', [id, runId]);
  }
  if (refused === 0) return;
  await tx.query(
    `INSERT INTO longshore.dataset_refusals (dataset_id, run_id) SELECT $1, r.id FROM unnest($2::bigint[]) AS r(id)
     ON CONFLICT DO NOTHING`,
    [id, [runId, ...(from === undefined ? [] : [from])]],
  );
}

/** Records in quarantine that no run has taken again. */
export async function datasetRefusedCount(db: Queryable, id: number): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `SELECT count(*) AS n FROM longshore.dataset_refusals d JOIN longshore.sync_quarantine q ON q.run_id = d.run_id
     WHERE d.dataset_id = $1 AND q.redriven_by IS NULL`,
    [id],
  );
  return row?.n ?? 0;
}

export interface CountedDataset {
  readonly records: number;
  readonly quality: {
    readonly completeness: number;
    readonly uniqueness: number;
    readonly validity: number;
    readonly score: number;
  } | null;
  readonly profile: TableProfile | null;
  readonly durationMs: number;
}

export async function datasetCounted(tx: Tx, id: number, counted: CountedDataset): Promise<void> {
  const { records, quality, profile, durationMs } = counted;
  await tx.query(
    `UPDATE longshore.datasets SET records_count = $2, completeness = $3, uniqueness = $4, validity = $5,
       quality_score = $6, profile = $7::jsonb, profile_ms = $8, profiled_at = now() WHERE id = $1`,
    [
      id,
      records,
      quality?.completeness ?? null,
      quality?.uniqueness ?? null,
      quality?.validity ?? null,
      quality?.score ?? null,
      profile && storableJson(profile),
      durationMs,
    ],
  );
}

export async function datasetFilledBy(tx: Tx, id: number, runId: number): Promise<void> {
  await tx.query('UPDATE longshore.datasets SET run_id = $2, updated_at = now() WHERE id = $1', [id, runId]);
}

export async function datasetProfiledBy(tx: Tx, id: number, runId: number): Promise<void> {
  await tx.query('UPDATE longshore.datasets SET profile_run_id = $2 WHERE id = $1', [id, runId]);
}

export async function datasetDelete(tx: Tx, id: number): Promise<void> {
  await tx.query('DELETE FROM longshore.datasets WHERE id = $1', [id]);
}
