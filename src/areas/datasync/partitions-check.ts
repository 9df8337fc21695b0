import { invalidField } from '../../kernel/errors.ts';
import { formatOfName } from './executor/formats/file-format.ts';
import type { Connector } from './executor/spec/connectors.ts';
import type { DestinationSpec } from './executor/spec/destinations.ts';
import type { FileConfig } from './executor/spec/files.ts';
import { compileTransforms } from './executor/transforms/compile.ts';
import type { JobCreate } from './schemas.ts';

/**
 * Whether a job's runs can be divided into partitions, as far as its definition tells; a key that turns out not to be
 * an integer, or a file that cannot be read by blocks, fails the run.
 * @throws AppError `validation` naming `partitions`
 */
export function checkPartitions(job: JobCreate): void {
  if (job.partitions === undefined || job.partitions === null) return;
  const problem =
    modeProblem(job) ??
    connectorProblem(job.connector) ??
    destinationProblem(job.destination) ??
    transformProblem(job.transformations);
  if (problem !== undefined) throw invalidField('partitions', problem);
}

function modeProblem({ sync_mode, destination }: JobCreate): string | undefined {
  if (sync_mode === 'incremental') return 'needs sync_mode full_refresh: one cursor cannot tell of several places';
  if ('mode' in destination && destination.mode === 'overwrite') {
    return 'needs destination.mode append or upsert: a table that is built aside is built by one run';
  }
  return undefined;
}

function connectorProblem({ type, config }: Connector): string | undefined {
  if (type === 'database') {
    if (config.query !== undefined) return 'needs connector.config.table: a query has no key whose bounds are known';
    const keys = config.key_columns ?? [];
    return keys.length > 1
      ? 'needs a key of one column of integers; connector.config.key_columns has several'
      : undefined;
  }
  if (type === 'rest_api') {
    const other = config.endpoints.findIndex(({ pagination }) => !['page', 'offset'].includes(pagination?.type ?? ''));
    return other < 0
      ? undefined
      : `needs pages that can be asked for by number: connector.config.endpoints.${other}.pagination.type page or offset`;
  }
  if (type === 'file') return fileProblem(config);
  return `a ${type} is read by one run; it is possible with connectors database, file and rest_api`;
}

/** Only the run can tell what a file is that neither its name nor the job describes. */
function fileProblem({ format, compression = 'auto', url = '' }: FileConfig): string | undefined {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const found = format ?? formatOfName(path);
  if (found !== undefined && found !== 'csv' && found !== 'ndjson') {
    return `a ${found} file is read by one run; it is possible with csv and ndjson, which are not packed`;
  }
  const packed = compression === 'auto' ? /\.(gz|zst)$/i.test(path) : compression !== 'none';
  return packed ? 'a packed file is read by one run, for it is unpacked from its beginning' : undefined;
}

function destinationProblem(destination: DestinationSpec): string | undefined {
  if (destination.type !== 'database' && destination.type !== 'dataset') {
    return `a ${destination.type} is written by one run; it is possible with destinations database and dataset`;
  }
  const { on_missing = 'keep' } = destination;
  return on_missing === 'keep'
    ? undefined
    : `needs destination.on_missing keep: no partition knows what the others have read, and so what is missing`;
}

function transformProblem(transformations: JobCreate['transformations'] = []): string | undefined {
  return compileTransforms(transformations).remembers
    ? 'needs transformations that look at each record alone: what one partition has seen another does not know (dedupe)'
    : undefined;
}
