import { type Static, Type } from 'typebox';
import { DatabaseConfig } from './databases.ts';
import { Closed, tagged } from './fields.ts';
import { FileConfig } from './files.ts';
import { RestConfig } from './rest.ts';

const DatasetConfig = Closed('DatasetConfig', {
  dataset_id: Type.String({ maxLength: 100, pattern: '^ds_\\d+$' }),
});

const CONNECTOR_CONFIGS = {
  rest_api: RestConfig,
  database: DatabaseConfig,
  file: FileConfig,
  dataset: DatasetConfig,
} as const;
export type ConnectorType = keyof typeof CONNECTOR_CONFIGS;
export const CONNECTOR_TYPES = Object.keys(CONNECTOR_CONFIGS) as ConnectorType[];

export const Connector = tagged(
  [
    Closed('RestConnector', { type: Type.Literal('rest_api'), config: RestConfig }),
    Closed('DatabaseConnector', { type: Type.Literal('database'), config: DatabaseConfig }),
    Closed('FileConnector', { type: Type.Literal('file'), config: FileConfig }),
    Closed('DatasetConnector', { type: Type.Literal('dataset'), config: DatasetConfig }),
  ],
  // The contract's own words.
  'Unsupported connector type',
);
export type Connector = Static<typeof Connector>;
