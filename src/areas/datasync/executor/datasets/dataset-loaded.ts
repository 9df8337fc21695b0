import type { RunContext } from '../../../../protocol/executor.ts';
import { datasetTable } from '../dataset-table.ts';
import type { PipelineResult } from '../pipeline/pipeline.ts';
import type { DatasetDestination } from '../spec/destinations.ts';

/** What the server is told when a run has written a dataset. A type, not an interface: it is Json too. */
export type LoadReport = {
  readonly name: string;
  readonly table: string;
  readonly category: string | null;
  /** Records that the run has refused, or the one that it has taken over from. */
  readonly refused: number;
  /** The number of the latter. */
  readonly taken_over_from?: number;
  /** Whether the records are in the place of those that were there. */
  readonly replaced: boolean;
};

/** Tells the server of a dataset that this run has made or changed. */
export async function datasetLoaded(
  context: RunContext,
  { name, category, mode }: DatasetDestination,
  { records_rejected: refused, taken_over_from: from }: PipelineResult,
): Promise<void> {
  const report: LoadReport = {
    name,
    table: datasetTable(name),
    category: category ?? null,
    refused: refused + (from?.records_rejected ?? 0),
    ...(from ? { taken_over_from: Number(from.run_id.replace('run_', '')) } : {}),
    replaced: mode === 'overwrite',
  };
  await context.emit('dataset', [report]);
}
