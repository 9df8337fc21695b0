import type { RunContext } from '../../../../protocol/executor.ts';
import { datasetTable } from '../dataset-table.ts';
import type { PipelineResult } from '../pipeline/pipeline.ts';
import type { DatasetDestination } from '../spec.ts';

/** What the server is told when a run has written a dataset. A type, not an interface: it is Json too. */
export type LoadReport = {
  readonly name: string;
  readonly table: string;
  readonly category: string | null;
  /** Records that the run has refused. */
  readonly refused: number;
  /** Whether the records are in the place of those that were there. */
  readonly replaced: boolean;
};

/** Tells the server of a dataset that this run has made or changed. */
export async function datasetLoaded(
  context: RunContext,
  { name, category, mode }: DatasetDestination,
  { records_rejected }: PipelineResult,
): Promise<void> {
  const report: LoadReport = {
    name,
    table: datasetTable(name),
    category: category ?? null,
    refused: records_rejected,
    replaced: mode === 'overwrite',
  };
  await context.emit('dataset', [report]);
}
