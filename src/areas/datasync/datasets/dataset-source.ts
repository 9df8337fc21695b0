import { invalidField } from '../../../kernel/errors.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Queryable } from '../../../store/store.ts';
import type { Connector } from '../executor/spec.ts';
import { numberOf } from '../ids.ts';
import { datasetsGet } from './queries/dataset.ts';

/**
 * What a spec holds besides its connector where that is a dataset: the table, which the executor cannot look up.
 * @throws AppError `validation` for a dataset that is not there
 */
export async function datasetTableOf(
  db: Queryable,
  connector: Connector,
): Promise<{ readonly dataset_table?: string }> {
  if (connector.type !== 'dataset') return {};
  const { dataset_id: id } = connector.config;
  const [dataset] = await datasetsGet(db, [numberOf('dataset', id)]);
  if (!dataset) throw invalidField('connector.config.dataset_id', `there is no dataset ${id}`);
  return { dataset_table: dataset.table_name };
}

/** The same, as a stored spec has it. */
export function storedDatasetTable({ dataset_table: table }: { readonly [field: string]: Json }): {
  dataset_table?: string;
} {
  return typeof table === 'string' ? { dataset_table: table } : {};
}
