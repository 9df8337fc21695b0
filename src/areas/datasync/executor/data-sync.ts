import { createHash } from 'node:crypto';
import type { Executor, ExecutorResult, Json, RunContext } from '../../../protocol/executor.ts';
import { datasetLoaded } from './datasets/dataset-loaded.ts';
import { parseDatasetWork, runDatasetWork } from './datasets/dataset-work.ts';
import { openDestination } from './open-destination.ts';
import { openSource } from './open-source.ts';
import { divideRun } from './partitioned.ts';
import type { SyncState } from './pipeline/contracts.ts';
import { runPipeline } from './pipeline/pipeline.ts';
import { preview } from './preview.ts';
import { parseRunSpec, type RunSpec } from './run-spec.ts';
import { modeOf } from './spec/destinations.ts';
import type { DatasyncTools } from './tools.ts';
import { compileTransforms } from './transforms/compile.ts';

/** A run that failed over a credential is to go on once that is right. */
function withoutCredentials(field: string, value: unknown): unknown {
  return ['auth', 'headers', 'password'].includes(field) ? undefined : value;
}

/**
 * Of where records come from and go to, so that a later run can tell whether an earlier one's place still means anything.
 * Transformations do not count: who has mended one wants the run to go on, not to append again what it has appended.
 */
function definitionOf({ connector, destination, partition }: RunSpec): string {
  const part = partition ? [partition.part, ...(partition.file ? [partition.file] : [])] : [];
  return createHash('sha256')
    .update(JSON.stringify([connector, destination, ...part], withoutCredentials))
    .digest('base64url');
}

async function run(tools: DatasyncTools, kind: string, given: Json, context: RunContext): Promise<ExecutorResult> {
  const work = parseDatasetWork(given);
  if (work) return await runDatasetWork(work, context);
  const spec = parseRunSpec(given);
  const transform = compileTransforms(spec.transformations ?? []);
  const source = openSource(tools, spec, context);
  const { connector, destination } = spec;
  try {
    if (spec.preview !== undefined) return { output: await preview(source, transform, spec.preview) };
    const count = kind === 'data_sync' ? spec.partitions : null;
    if (count) return await divideRun(tools, spec, context, { source, definition: definitionOf(spec), count });
    context.log('info', `syncing from ${connector.type} to ${destination.type}`);
    const columns = transform.columns((await source.columns?.()) ?? []);
    const output = await runPipeline(
      {
        source,
        transform,
        destination: openDestination(tools, spec, context, columns),
        definition: definitionOf(spec),
        incremental: spec.sync_mode === 'incremental',
        continuesFailedRuns: modeOf(destination) === 'append',
        takesOver: spec.takes_over,
        jobState: spec.state as SyncState | undefined,
        maxErrors: spec.max_errors ?? null,
        maxErrorRatio: spec.max_error_ratio ?? null,
      },
      context,
    );
    // Of a part of it there is nothing to tell: the server tells of the whole.
    if (destination.type === 'dataset' && !spec.partition) await datasetLoaded(context, destination, output);
    return { output };
  } finally {
    await source.close();
    for (const { where, field, message, count } of transform.notes()) {
      context.log('warning', `${where}: ${field}: ${message}${count > 1 ? ` (${count} times)` : ''}`);
    }
  }
}

/** The kinds of the area: a job's sync, a part of one, and the load of what came in; one executor for all. */
export function datasyncExecutors(tools: DatasyncTools): Executor[] {
  return ['data_sync', 'sync_partition', 'file_load'].map((kind) => ({
    kind,
    pausable: true,
    run: (spec: Json, context: RunContext) => run(tools, kind, spec, context),
  }));
}
