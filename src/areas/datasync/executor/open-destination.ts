import type { DatabaseLogin, UrlLogin } from '../../../connections/drivers/login.ts';
import type { RunContext } from '../../../protocol/executor.ts';
import { datasetTable } from './dataset-table.ts';
import { openDatabaseDestination } from './destinations/database.ts';
import { fileDestination } from './destinations/file.ts';
import { restDestination } from './destinations/rest-api.ts';
import { partitionKey } from './partition.ts';
import type { Column, Destination } from './pipeline/contracts.ts';
import type { RunSpec } from './run-spec.ts';
import type { DatabaseDestination, DatasetDestination } from './spec/destinations.ts';
import type { DatasyncTools } from './tools.ts';

/** The part of all rows that may vanish at once. */
const MISSING_THRESHOLD = 0.2;

/** Where the rows of a table destination go. */
interface Place {
  readonly login: DatabaseLogin | UrlLogin;
  readonly schema: string | undefined;
  readonly table: string;
}

function placeOf(destination: DatabaseDestination | DatasetDestination, warehouse: RunSpec['warehouse']): Place {
  if (destination.type === 'dataset') {
    return { login: warehouse, schema: undefined, table: datasetTable(destination.name) };
  }
  const { connection, schema, table } = destination;
  // Of the warehouse, jobs reach one schema, whatever its login may do.
  return connection ? { login: connection, schema, table } : { login: warehouse, schema: undefined, table };
}

/**
 * The destination that a run's spec says. Nothing is dialled before its `open`.
 * @param columns what is known of the columns that reach the destination
 */
export function openDestination(
  { outbound, guard, exportDir }: DatasyncTools,
  spec: RunSpec,
  context: RunContext,
  columns: readonly Column[],
): Destination {
  const { destination, key, partition } = spec;
  const jobKey = partition ? partitionKey(key, partition.number) : key;
  const { runId, epoch, signal } = context;
  const log = (level: 'info' | 'warning' | 'debug' | 'error', message: string) => context.log(level, message);
  switch (destination.type) {
    case 'database':
    case 'dataset':
      return openDatabaseDestination({
        ...placeOf(destination, spec.warehouse),
        ...{ jobKey, runId, epoch, signal, log },
        connect: { ...guard, applicationName: 'longshore sync' },
        mode: destination.mode ?? 'append',
        keyColumns: destination.key_columns ?? [],
        schemaPolicy: destination.schema_policy ?? 'evolve',
        onMissing: destination.on_missing ?? 'keep',
        missingThreshold: destination.missing_threshold ?? MISSING_THRESHOLD,
        conflict: spec.conflict ?? { strategy: 'source_wins' },
        keepBase: spec.keep_base ?? false,
        changeEvents: spec.change_events ?? true,
        fullRefresh: spec.sync_mode !== 'incremental',
        columns,
      });
    case 'file':
      return fileDestination({ spec: destination, exportDir, jobKey, runId, epoch });
    case 'rest_api':
      return restDestination({ spec: destination, outbound, runKey: context.idempotencyKey, signal, log });
  }
}
