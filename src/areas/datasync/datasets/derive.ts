/** Datasets that are made of others: by a run, into a dataset of their own. */
import { recordAudit } from '../../../auth/audit.ts';
import type { Actor } from '../../../auth/identity.ts';
import type { NewRun, Run } from '../../../engine/model.ts';
import { waitForRun } from '../../../engine/run-end.ts';
import type { Bus } from '../../../events/bus.ts';
import { AppError, invalidField } from '../../../kernel/errors.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { Store, Tx } from '../../../store/store.ts';
import { datasetTable } from '../executor/dataset-table.ts';
import { hasTranslator, NO_TRANSLATOR } from '../executor/datasets/translator.ts';
import { idOf } from '../ids.ts';
import { syncStatus } from '../status.ts';
import { datasetRun, enqueueOne } from './dataset-runs.ts';
import { type DatasetRow, datasetFilledBy, datasetInsert } from './queries/dataset.ts';
import { getDataset } from './registry.ts';
import type { AugmentBody, DiluteBody } from './schemas.ts';
import { columnsOfTable, hasRecords, type Warehouse } from './warehouse.ts';

/** Who asks for a dataset waits so long for it; then it is told where to look. */
const WAIT_MS = 30_000;
/** Outputs of one dataset that get a name by themselves. */
const NAMED = 1000;
const LONGEST_NAME = 200;

export interface Derived {
  readonly output_dataset_id: string;
  readonly run_id: string;
}

/** What a dataset is made of, and what its run is to do. */
interface Derivation {
  readonly source: DatasetRow;
  readonly how: 'dilution' | 'augmentation';
  /** For the name of the output: `diluted`. */
  readonly adjective: string;
  readonly output: { readonly name?: string; readonly category?: string } | undefined;
  run(output: { readonly name: string; readonly table: string }): NewRun;
}

/** @returns the columns @throws AppError `conflict` when there is no record */
async function columnsOfFilled(warehouse: Warehouse, dataset: DatasetRow): Promise<string[]> {
  const { id, name, table_name: table } = dataset;
  const columns = await columnsOfTable(warehouse, table);
  if (!columns || !(await hasRecords(warehouse, table))) {
    throw new AppError('conflict', `dataset ${idOf('dataset', id)} (${name}) has no records`);
  }
  return columns;
}

/** @throws AppError `validation` naming the first of `fields` that `columns` lack */
function checkColumns(field: string, fields: readonly string[], columns: readonly string[], dataset: DatasetRow): void {
  const missing = fields.findIndex((name) => !columns.includes(name));
  if (missing < 0) return;
  const id = idOf('dataset', dataset.id);
  throw invalidField(`${field}.${missing}`, `dataset ${id} (${dataset.name}) has no column "${fields[missing]}"`);
}

async function isFree(warehouse: Warehouse, name: string): Promise<boolean> {
  return (await columnsOfTable(warehouse, datasetTable(name))) === undefined;
}

async function insertOutput(
  tx: Tx,
  warehouse: Warehouse,
  actor: Actor,
  { source, how, adjective, output }: Derivation,
): Promise<{ id: number; name: string; table: string }> {
  for (let number = 1; number <= NAMED; number += 1) {
    const suffix = ` (${adjective}${number > 1 ? ` ${number}` : ''})`;
    const name = output?.name ?? `${source.name.slice(0, LONGEST_NAME - suffix.length)}${suffix}`;
    const table = datasetTable(name);
    const id = (await isFree(warehouse, name))
      ? await datasetInsert(tx, {
          ...{ name, tableName: table, source: how, ownsTable: true, description: '' },
          category: output?.category ?? source.category,
          // Not its key: records of other origin may have the same.
          schema: source.schema && { columns: source.schema.columns },
          transformations: null,
          createdBy: actor.identity.userId,
        })
      : undefined;
    if (id !== undefined) return { id, name, table };
    if (output?.name !== undefined) {
      throw new AppError('conflict', `there is a dataset, or a table of the warehouse, called ${name} already`);
    }
  }
  throw new AppError('conflict', `${source.name} was ${adjective} ${NAMED} times: give the output a name`);
}

async function start(tx: Tx, warehouse: Warehouse, actor: Actor, derivation: Derivation): Promise<Derived> {
  const { source, how } = derivation;
  const { id, name, table } = await insertOutput(tx, warehouse, actor, derivation);
  const runId = await enqueueOne(tx, derivation.run({ name, table }));
  await datasetFilledBy(tx, id, runId);
  const details = { source: idOf('dataset', source.id), run: runId };
  await recordAudit(tx, actor, { action: `dataset.${how}`, target: `dataset:${id}`, details });
  return { output_dataset_id: idOf('dataset', id), run_id: idOf('run', runId) };
}

/**
 * Starts the run that dilutes a dataset.
 * @throws AppError `not_found` for a dataset that is not there, `validation` naming the field, `conflict` for one
 *   without records
 */
export async function startDilution(tx: Tx, warehouse: Warehouse, actor: Actor, body: DiluteBody): Promise<Derived> {
  const { source_dataset_id: sourceId, dilution_dataset_ids: ids, config, output } = body;
  const { dilution_ratio: ratio, matching_fields = [], quality_threshold = 0, seed = 0 } = config;
  const own = ids.indexOf(sourceId);
  if (own >= 0) throw invalidField(`dilution_dataset_ids.${own}`, 'must not be the source itself');
  const source = await getDataset(tx, sourceId);
  const others: DatasetRow[] = [];
  for (const id of ids) others.push(await getDataset(tx, id));
  for (const dataset of [source, ...others]) {
    checkColumns('config.matching_fields', matching_fields, await columnsOfFilled(warehouse, dataset), dataset);
  }
  const schema = source.schema ? { schema: source.schema as unknown as Json } : {};
  return start(tx, warehouse, actor, {
    ...{ source, how: 'dilution', adjective: 'diluted', output },
    run: ({ name, table }) =>
      datasetRun({
        name: `dilution of ${source.name}`,
        connector: {
          type: 'dilution',
          config: {
            ...{ table: source.table_name, output: table, ratio, matching_fields, quality_threshold, seed, ...schema },
            dataset_id: sourceId,
            from: others.map((other) => ({ id: idOf('dataset', other.id), table: other.table_name })),
          },
        },
        dataset: name,
        createdBy: actor.identity.userId,
      }),
  });
}

/**
 * Starts the run that augments a dataset.
 * @param translatorUrl of this installation
 * @throws AppError `not_found`, `validation` naming the field, `conflict` for a dataset without records, and where
 *   back-translation has no translator
 */
export async function startAugmentation(
  tx: Tx,
  { warehouse, translatorUrl }: { readonly warehouse: Warehouse; readonly translatorUrl: string | undefined },
  actor: Actor,
  { dataset_id: sourceId, augmentation, output }: AugmentBody,
): Promise<Derived> {
  const { strategies, multiplier = 2, preserve_labels = true, jitter = 0.05, seed = 0 } = augmentation;
  const { label_columns, text_columns, pivot_language } = augmentation;
  const source = await getDataset(tx, sourceId);
  const columns = await columnsOfFilled(warehouse, source);
  checkColumns('augmentation.label_columns', label_columns ?? [], columns, source);
  checkColumns('augmentation.text_columns', text_columns ?? [], columns, source);
  const translates = strategies.includes('back_translation');
  if (translates && !(await hasTranslator({ url: translatorUrl, apiKey: undefined }))) {
    throw new AppError('conflict', NO_TRANSLATOR);
  }
  return start(tx, warehouse, actor, {
    ...{ source, how: 'augmentation', adjective: 'augmented', output },
    run: ({ name, table }) => {
      const run = datasetRun({
        name: `augmentation of ${source.name}`,
        connector: {
          type: 'augmentation',
          config: {
            ...{ table: source.table_name, strategies, multiplier, preserve_labels, jitter, seed },
            ...(label_columns ? { label_columns } : {}),
            ...(text_columns ? { text_columns } : {}),
            ...(pivot_language === undefined ? {} : { pivot_language }),
            key_columns: source.schema?.key_columns ?? [],
            dataset_id: sourceId,
          },
        },
        dataset: name,
        createdBy: actor.identity.userId,
        change: { key: `augmentation:${table}`, change_events: false },
      });
      const destination: Json = { type: 'dataset', name, mode: 'overwrite' };
      return { ...run, spec: { ...(run.spec as { [field: string]: Json }), destination } };
    },
  });
}

/**
 * What a run has made, if it ends soon.
 * @returns undefined when it goes on
 * @throws AppError `conflict` with its error when it has failed
 */
export async function outputOf(
  { store, bus }: { readonly store: Store; readonly bus: Bus },
  runId: number,
  signal: AbortSignal,
): Promise<Json | undefined> {
  const run: Run = await waitForRun(store, bus, runId, WAIT_MS, signal);
  const status = syncStatus(run.state);
  if (status === 'completed') return run.output;
  if (run.finishedAt) throw new AppError('conflict', run.error ?? `the run was ${status}`);
  return undefined;
}
