import { WAREHOUSE_SCHEMA } from '../../../connections/drivers/login.ts';
import type { Outbound } from '../../../connections/outbound.ts';
import { ExecutorError, type RunContext } from '../../../protocol/executor.ts';
import { augmentSource } from './datasets/augment-source.ts';
import type { FileShape } from './partition.ts';
import type { Source } from './pipeline/contracts.ts';
import type { RunSpec } from './run-spec.ts';
import { databaseSource } from './sources/database/source.ts';
import { fileSource } from './sources/file.ts';
import type { FileInputOptions } from './sources/file-input.ts';
import { pushedRecords } from './sources/pushed.ts';
import { restSource } from './sources/rest-api.ts';
import type { DatabaseConfig } from './spec/databases.ts';
import type { FileConfig } from './spec/files.ts';
import type { DatasyncTools } from './tools.ts';

const DEFAULT_BATCH_SIZE = 10_000;

/** What a database connector says: how to sign in, and what to read there. */
export function databasePlace(connector: DatabaseConfig) {
  const { engine, host, port, database, username, password, ssl, ...config } = connector;
  const login = {
    ...{ engine, host, database, username },
    ...(port === undefined ? {} : { port }),
    ...(password === undefined ? {} : { password }),
    ...(ssl === undefined ? {} : { ssl }),
  };
  return { login, config };
}

/** Where the bytes of a file connector come from, and what an upload was uploaded as. */
export function fileInput(
  config: FileConfig,
  { file_format: format }: RunSpec,
  outbound: Outbound,
  context: RunContext,
): FileInputOptions {
  return {
    config: { ...(format && { format }), ...config },
    outbound,
    openBlob: (id, first) => context.openBlob(id, first),
    signal: context.signal,
  };
}

function shapeOf({ partition }: RunSpec): FileShape {
  if (partition?.file) return partition.file;
  throw new ExecutorError('the server has not said what the file is like that is read by blocks', { retryable: false });
}

/** The source that a run's connector says. Nothing is dialled before it is read. */
export function openSource({ outbound, guard, translator }: DatasyncTools, spec: RunSpec, context: RunContext): Source {
  const { connector, batch_size: batchSize = DEFAULT_BATCH_SIZE, sync_mode } = spec;
  const part = spec.partition?.part;
  const incremental = sync_mode === 'incremental';
  const { signal } = context;
  const log: RunContext['log'] = (level, message) => context.log(level, message);
  switch (connector.type) {
    case 'rest_api':
      return restSource({
        ...{ config: connector.config, outbound, batchSize, incremental, signal, log },
        ...(part?.by === 'pages' ? { share: part } : {}),
      });
    case 'database':
      return databaseSource({
        ...databasePlace(connector.config),
        ...{ guard, batchSize, incremental, signal, log },
        ...(part?.by === 'key' ? { range: part } : {}),
      });
    case 'file': {
      const source = fileSource({
        ...fileInput(connector.config, spec, outbound, context),
        batchSize,
        ...(part?.by === 'block' ? { block: { part, file: shapeOf(spec) } } : {}),
        ...(spec.pushed ? { form: 'pushed' } : {}),
      });
      return spec.pushed ? pushedRecords(source) : source;
    }
    case 'dataset': {
      if (spec.dataset_table === undefined) {
        throw new ExecutorError('the server has not said which table the dataset is', { retryable: false });
      }
      const config = { schema: WAREHOUSE_SCHEMA, table: spec.dataset_table };
      return databaseSource({ config, login: spec.warehouse, guard, batchSize, incremental, signal, log });
    }
    case 'augmentation': {
      const { config } = connector;
      const login = spec.warehouse;
      const batches = Math.max(1, Math.floor(batchSize / config.multiplier));
      const base = databaseSource({
        config: { schema: WAREHOUSE_SCHEMA, table: config.table },
        ...{ login, guard, batchSize: batches, incremental, signal, log },
      });
      return augmentSource({ base, config, login, translator, signal, log });
    }
  }
}
