import { Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import type { DatasyncDeps } from '../deps.ts';
import { PageQuery, pageOf } from '../dialect.ts';
import { CONNECTOR_TYPES } from '../executor/spec/connectors.ts';
import { idOf, PathId } from '../ids.ts';
import { JobAnswer, JobItem, jobAnswer, jobItem } from '../job-answers.ts';
import { createSyncJob, deleteSyncJob, getSyncJob, listSyncJobs, updateSyncJob } from '../jobs.ts';
import { JobCreate, JobUpdate, Time } from '../schemas.ts';
import { SYNC_STATUSES } from '../status.ts';

const params = Type.Object({ job_id: PathId });

const CreatedJob = Type.Object(
  { id: Type.String(), name: Type.String(), status: Type.Enum([...SYNC_STATUSES]), created_at: Time },
  { title: 'CreatedSyncJob' },
);

/** `/v1/sync/jobs`: the definitions. */
export function registerJobRoutes(app: App, deps: DatasyncDeps): void {
  const { store, idempotency, vault } = deps;
  app.post(
    '/v1/sync/jobs',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Create a sync job',
        tags: ['sync jobs'],
        body: JobCreate,
        response: { 201: CreatedJob },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const job = await createSyncJob(tx, vault, actorOf(request), request.body);
        const created_at = rfc3339(job.createdAt);
        return {
          status: 201,
          body: { id: idOf('job', job.id), name: job.name, status: 'pending' as const, created_at },
        };
      }),
  );

  app.get(
    '/v1/sync/jobs',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'List sync jobs, the newest first',
        tags: ['sync jobs'],
        querystring: Type.Object({
          ...PageQuery,
          status: Type.Optional(Type.Enum([...SYNC_STATUSES])),
          connector_type: Type.Optional(Type.Enum([...CONNECTOR_TYPES])),
          search: Type.Optional(Type.String({ maxLength: 200, description: 'Part of the name.' })),
        }),
        response: { 200: pageOf(JobItem) },
      },
    },
    async (request) => {
      const { page, per_page, ...filter } = request.query;
      const { rows, total } = await listSyncJobs(store, filter, { limit: per_page, offset: (page - 1) * per_page });
      return { items: rows.map((row) => jobItem(row)), total, page, per_page };
    },
  );

  app.get(
    '/v1/sync/jobs/:job_id',
    {
      config: { access: 'sync:read' },
      schema: { summary: 'Get a sync job', tags: ['sync jobs'], params, response: { 200: JobAnswer } },
    },
    async (request) => {
      const { job, row } = await getSyncJob(store, request.params.job_id);
      return jobAnswer(job, row);
    },
  );

  app.put(
    '/v1/sync/jobs/:job_id',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Change a sync job; what is absent stays, and a run under way keeps what it began with',
        tags: ['sync jobs'],
        params,
        body: JobUpdate,
        response: { 200: JobAnswer },
      },
    },
    async (request) => {
      const { job_id } = request.params;
      const { job, row } = await store.transaction((tx) =>
        updateSyncJob(tx, vault, actorOf(request), job_id, request.body),
      );
      return jobAnswer(job, row);
    },
  );

  app.delete(
    '/v1/sync/jobs/:job_id',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Delete a sync job that is not running; what it has synced stays',
        tags: ['sync jobs'],
        params,
        response: { 204: Type.Null({ description: 'Deleted.' }) },
      },
    },
    async (request, reply) => {
      await store.transaction((tx) => deleteSyncJob(tx, actorOf(request), request.params.job_id));
      return reply.code(204).send(null);
    },
  );
}
