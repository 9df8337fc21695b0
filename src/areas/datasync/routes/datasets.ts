import { Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { invalidField } from '../../../kernel/errors.ts';
import { datasetAnswer, datasetItem } from '../datasets/answers.ts';
import { datasetsList } from '../datasets/queries/dataset.ts';
import { DOWNLOAD_FORMATS, type DownloadFormat, openDownload, readRecords } from '../datasets/records.ts';
import { createDataset, deleteDataset, getDataset, profileDataset } from '../datasets/registry.ts';
import { Category, DatasetAnswer, DatasetCreate, DatasetItem } from '../datasets/schemas.ts';
import type { DatasyncDeps } from '../deps.ts';
import { NoBody, PageQuery } from '../dialect.ts';
import { COLUMN_TYPES } from '../executor/pipeline/contracts.ts';
import { idOf, PathId } from '../ids.ts';

const params = Type.Object({ dataset_id: PathId });
const tags = ['datasets'];

const CONTENT_TYPES: Readonly<Record<DownloadFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
};

const Records = Type.Object(
  {
    columns: Type.Array(Type.Object({ name: Type.String(), type: Type.Enum([...COLUMN_TYPES]) })),
    items: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    total: Type.Integer(),
    total_is_exact: Type.Boolean({
      description: 'False beyond 100,000 records: then it is the last count, or at least so many.',
    }),
    page: Type.Integer(),
    per_page: Type.Integer(),
  },
  { title: 'DatasetRecords' },
);

/** RFC 6266: a plain name for old clients, and the whole one for all others. */
function attachment(name: string, extension: string): string {
  const plain = name.replaceAll(/[^\w .-]/g, '_');
  const encoded = encodeURIComponent(`${name}.${extension}`).replaceAll(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `attachment; filename="${plain}.${extension}"; filename*=UTF-8''${encoded}`;
}

/** `/v1/sync/datasets`: the tables of the warehouse that are known by a name, and their records. */
export function registerDatasetRoutes(app: App, { store, idempotency, warehouse, vault }: DatasyncDeps): void {
  app.get(
    '/v1/sync/datasets',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'List datasets, the newest first',
        tags,
        querystring: Type.Object({
          ...PageQuery,
          category: Type.Optional(Category),
          quality_min: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description: 'The least quality score; those not yet counted have none.',
            }),
          ),
          search: Type.Optional(Type.String({ maxLength: 200, description: 'Part of name, category or description.' })),
        }),
        response: {
          200: Type.Object({
            datasets: Type.Array(DatasetItem),
            total: Type.Integer(),
            page: Type.Integer(),
            per_page: Type.Integer(),
          }),
        },
      },
    },
    async (request) => {
      const { page, per_page, category, quality_min: qualityMin, search } = request.query;
      const where = { limit: per_page, offset: (page - 1) * per_page };
      const { rows, total } = await datasetsList(store, { category, qualityMin, search }, where);
      return { datasets: rows.map(datasetItem), total, page, per_page };
    },
  );

  app.post(
    '/v1/sync/datasets',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Register a table of the warehouse as a dataset, or make one without records',
        tags,
        body: DatasetCreate,
        response: { 201: DatasetAnswer },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const dataset = await createDataset(tx, { warehouse, vault }, actorOf(request), request.body);
        return { status: 201, body: datasetAnswer(dataset) };
      }),
  );

  app.get(
    '/v1/sync/datasets/:dataset_id',
    {
      config: { access: 'sync:read' },
      schema: { summary: 'Get a dataset with its profile', tags, params, response: { 200: DatasetAnswer } },
    },
    async (request) => datasetAnswer(await getDataset(store, request.params.dataset_id)),
  );

  app.delete(
    '/v1/sync/datasets/:dataset_id',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Delete a dataset that no run uses; its table goes with it unless it was there before',
        tags,
        params,
        response: { 204: Type.Null({ description: 'Deleted.' }) },
      },
    },
    async (request, reply) => {
      const { dataset_id } = request.params;
      await store.transaction((tx) => deleteDataset(tx, { warehouse, vault }, actorOf(request), dataset_id));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/sync/datasets/:dataset_id/profile',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Count a dataset anew: its profile and its quality',
        tags,
        params,
        body: NoBody,
        response: {
          202: Type.Object({ dataset_id: Type.String(), run_id: Type.String() }, { title: 'ProfileStarted' }),
        },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { dataset_id } = request.params;
        const runId = await profileDataset(tx, actorOf(request), dataset_id);
        return { status: 202, body: { dataset_id, run_id: idOf('run', runId) } };
      }),
  );

  app.get(
    '/v1/sync/datasets/:dataset_id/records',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'Read records of a dataset',
        tags,
        params,
        querystring: Type.Object({
          ...PageQuery,
          column: Type.Optional(Type.String({ maxLength: 63, description: 'Only records in which it has `value`.' })),
          value: Type.Optional(Type.String({ maxLength: 10_000, description: 'As text.' })),
        }),
        response: { 200: Records },
      },
    },
    async (request) => {
      const { page, per_page, column, value } = request.query;
      if ((column === undefined) !== (value === undefined)) {
        const missing = column === undefined ? 'column' : 'value';
        throw invalidField(missing, 'is required: a filter is a column and its value');
      }
      const filter = column === undefined || value === undefined ? undefined : { column, value };
      const dataset = await getDataset(store, request.params.dataset_id);
      const where = { limit: per_page, offset: (page - 1) * per_page };
      const { columns, items, total, exact } = await readRecords(warehouse, dataset, filter, where);
      return { columns: [...columns], items: [...items], total, total_is_exact: exact, page, per_page };
    },
  );

  app.get(
    '/v1/sync/datasets/:dataset_id/download',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'Download a dataset as a file; texts of a csv that look like formulas get an apostrophe before them',
        tags,
        params,
        querystring: Type.Object({ format: Type.Enum([...DOWNLOAD_FORMATS], { default: 'csv' }) }),
        produces: Object.values(CONTENT_TYPES),
        response: {
          200: Type.Unsafe<NodeJS.ReadableStream>({ type: 'string', format: 'binary', description: 'The file.' }),
        },
      },
    },
    async (request, reply) => {
      const dataset = await getDataset(store, request.params.dataset_id);
      const { format } = request.query;
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const file = await openDownload(warehouse, dataset, format, gone.signal);
      reply.header('Content-Disposition', attachment(dataset.name, format)).type(CONTENT_TYPES[format]);
      return reply.send(file);
    },
  );
}
