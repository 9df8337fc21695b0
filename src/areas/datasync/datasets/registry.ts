import { recordAudit } from '../../../auth/audit.ts';
import type { Actor } from '../../../auth/identity.ts';
import { SecretDraft, type Vault } from '../../../connections/vault.ts';
import { validationError } from '../../../http/validation.ts';
import { AppError, invalidField, notFound } from '../../../kernel/errors.ts';
import type { Queryable, Tx } from '../../../store/store.ts';
import { datasetTable } from '../executor/dataset-table.ts';
import type { DatasetSchema } from '../executor/datasets/dataset-schema.ts';
import { checkTransforms } from '../executor/transforms/compile.ts';
import { idOf, numberOf } from '../ids.ts';
import { startProfile } from './dataset-runs.ts';
import { datasetOwner, sealTransformations } from './dataset-secrets.ts';
import {
  type DatasetRow,
  datasetCounted,
  datasetDelete,
  datasetInsert,
  datasetLock,
  datasetsGet,
} from './queries/dataset.ts';
import { jobWritingTable, liveRunOfDataset } from './queries/dataset_use.ts';
import type { DatasetCreate } from './schemas.ts';
import { columnsOfTable, dropTable, type Warehouse } from './warehouse.ts';

/** Where what a dataset is made of lies. */
interface DatasetPlaces {
  readonly warehouse: Warehouse;
  readonly vault: Vault;
}

/** @throws AppError `not_found` */
export async function getDataset(db: Queryable, id: string): Promise<DatasetRow> {
  const [row] = await datasetsGet(db, [numberOf('dataset', id)]);
  if (!row) throw notFound(`dataset ${id}`);
  return row;
}

/** Nobody changes or deletes it until the transaction ends. @throws AppError `not_found` */
async function lockedDataset(tx: Tx, id: string): Promise<DatasetRow> {
  const row = await datasetLock(tx, numberOf('dataset', id));
  if (!row) throw notFound(`dataset ${id}`);
  return row;
}

/** @throws AppError `validation` naming the field */
function checkSchema({ columns, key_columns = [] }: DatasetSchema): void {
  const names = columns.map(({ name }) => name);
  const repeated = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (repeated >= 0) throw invalidField(`schema.columns.${repeated}.name`, 'is there already');
  columns.forEach(({ name, min, max }, index) => {
    if (Buffer.byteLength(name) > 63)
      throw invalidField(`schema.columns.${index}.name`, 'must be at most 63 bytes long');
    if (min !== undefined && max !== undefined && min > max) {
      throw invalidField(`schema.columns.${index}.max`, 'must not be less than min');
    }
  });
  const unknown = key_columns.findIndex((name) => !names.includes(name));
  if (unknown >= 0) throw invalidField(`schema.key_columns.${unknown}`, 'is none of the columns');
}

/**
 * Makes a table of the warehouse known as a dataset, or a dataset without records whose table comes with the first
 * load.
 * @throws AppError `validation` naming the field, `conflict` for a name that is taken
 */
export async function createDataset(
  tx: Tx,
  { warehouse, vault }: DatasetPlaces,
  actor: Actor,
  { name, category, description = '', schema, transformations }: DatasetCreate,
): Promise<DatasetRow> {
  const draft = new SecretDraft();
  const sealed = sealTransformations(transformations, draft);
  if (schema) checkSchema(schema);
  const problems = checkTransforms(transformations ?? []);
  if (problems.length > 0) throw validationError(problems);
  const tableName = datasetTable(name);
  if (tableName.startsWith('_longshore')) throw invalidField('name', 'must not begin with _longshore');
  const stands = (await columnsOfTable(warehouse, tableName)) !== undefined;
  if (!stands && !schema) {
    throw invalidField('schema', `is required: the warehouse has no table "${tableName}" to register`);
  }
  const id = await datasetInsert(tx, {
    ...{ name, category: category ?? null, description, tableName, source: 'manual', ownsTable: !stands },
    schema: schema ?? null,
    transformations: sealed,
    createdBy: actor.identity.userId,
  });
  if (id === undefined) throw new AppError('conflict', `there is a dataset ${name} already`);
  await vault.save(tx, datasetOwner(id), draft, sealed);
  await recordAudit(tx, actor, { action: 'dataset.create', target: `dataset:${id}`, details: { name } });
  const dataset = await lockedDataset(tx, idOf('dataset', id));
  if (stands) await startProfile(tx, dataset, actor.identity.userId);
  else await datasetCounted(tx, id, { records: 0, quality: null, profile: null, durationMs: 0 });
  return lockedDataset(tx, idOf('dataset', id));
}

/**
 * Forgets a dataset, and drops its table if that came with it. The table goes first: if it cannot, nothing is changed;
 * and if it is gone but the dataset is not, deleting it again ends well.
 * @throws AppError `not_found`, `conflict` while a run uses it, or a job writes its table
 */
export async function deleteDataset(
  tx: Tx,
  { warehouse, vault }: DatasetPlaces,
  actor: Actor,
  id: string,
): Promise<void> {
  const dataset = await lockedDataset(tx, id);
  const { name, table_name: table, owns_table: ownsTable } = dataset;
  const run = await liveRunOfDataset(tx, { id, name, table });
  if (run !== undefined) {
    throw new AppError('conflict', `dataset ${id} is in use by ${idOf('run', run)}; wait for it, or cancel it`);
  }
  if (ownsTable) {
    const job = await jobWritingTable(tx, table);
    if (job) {
      throw new AppError(
        'conflict',
        `table ${table} is also written by ${idOf('job', job.id)} (${job.name}), whose it would be no more; delete that first`,
      );
    }
    await dropTable(warehouse, table);
  }
  await datasetDelete(tx, dataset.id);
  await vault.forget(tx, datasetOwner(dataset.id));
  const details = { name, table_dropped: ownsTable };
  await recordAudit(tx, actor, { action: 'dataset.delete', target: `dataset:${dataset.id}`, details });
}

/** Counts a dataset anew. @returns the run's id @throws AppError `not_found` */
export async function profileDataset(tx: Tx, actor: Actor, id: string): Promise<number> {
  const dataset = await lockedDataset(tx, id);
  return startProfile(tx, dataset, actor.identity.userId);
}
