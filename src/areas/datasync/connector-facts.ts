import { invalidField } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Queryable } from '../../store/store.ts';
import { datasetsGet } from './datasets/queries/dataset.ts';
import type { Connector } from './executor/spec/connectors.ts';
import { readId } from './ids.ts';
import { pushRequestOfFile } from './queries/push_request.ts';

/** What a spec holds besides its connector: what the executor cannot look up, since it never sees our database. */
export interface ConnectorFacts {
  /** Of a dataset: the warehouse's table that it is. */
  readonly dataset_table?: string;
  /** Of an uploaded file: what it was uploaded as. */
  readonly file_format?: string;
}

/** @throws AppError `validation` for a dataset or a file that is not there */
export async function connectorFacts(db: Queryable, { type, config }: Connector): Promise<ConnectorFacts> {
  if (type === 'dataset') {
    const { dataset_id: id } = config;
    const number = readId('dataset', id);
    const [dataset] = number === undefined ? [] : await datasetsGet(db, [number]);
    if (!dataset) throw invalidField('connector.config.dataset_id', `there is no dataset ${id}`);
    return { dataset_table: dataset.table_name };
  }
  if (type === 'file' && config.file_id !== undefined) {
    const { file_id: id } = config;
    const number = readId('file', id);
    const file = number === undefined ? undefined : await pushRequestOfFile(db, number);
    if (!file) throw invalidField('connector.config.file_id', `there is no file ${id}; upload it first`);
    return file.format === null ? {} : { file_format: file.format };
  }
  return {};
}

/** The same, as a stored spec has it. */
export function storedFacts(spec: { readonly [field: string]: Json }): ConnectorFacts {
  const facts = ['dataset_table', 'file_format'].filter((fact) => typeof spec[fact] === 'string');
  return Object.fromEntries(facts.map((fact) => [fact, spec[fact]]));
}
