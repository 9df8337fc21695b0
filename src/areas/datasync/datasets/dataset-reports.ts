import type { Run } from '../../../engine/model.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Tx } from '../../../store/store.ts';
import type { LoadReport } from '../executor/datasets/dataset-loaded.ts';
import type { ProfileReport } from '../executor/datasets/dataset-work.ts';
import { qualityOf } from '../executor/datasets/quality.ts';
import { profileSoon } from './dataset-runs.ts';
import {
  datasetByName,
  datasetCounted,
  datasetLoaded,
  datasetLock,
  datasetRefused,
  datasetRefusedCount,
} from './queries/dataset.ts';

/** A run has written a dataset: it is known from then on, and counted. */
export async function onDatasetLoaded(tx: Tx, run: Run, rows: readonly Json[]): Promise<void> {
  for (const row of rows) {
    const load = row as unknown as LoadReport;
    const id = await datasetLoaded(tx, run, load);
    // A dataset of a name that is told apart only by its hash has the table: they share it, and it is known already.
    if (id === undefined) continue;
    await datasetRefused(tx, id, run.id, load);
    const dataset = await datasetLock(tx, id);
    if (dataset) await profileSoon(tx, dataset);
  }
}

/** A run has counted a dataset. One that is gone meanwhile is no more to be told of. */
export async function onDatasetProfiled(tx: Tx, run: Run, rows: readonly Json[]): Promise<void> {
  const { destination } = run.spec as unknown as { readonly destination: { readonly name: string } };
  for (const row of rows) {
    const { table, counts, profile, duration_ms: durationMs } = row as unknown as ProfileReport;
    const dataset = await datasetByName(tx, destination.name);
    if (dataset?.table_name !== table) continue;
    const refused = await datasetRefusedCount(tx, dataset.id);
    const quality = (counts && qualityOf(counts, refused)) ?? null;
    await datasetCounted(tx, dataset.id, { records: counts?.rows ?? 0, quality, profile, durationMs });
  }
}
