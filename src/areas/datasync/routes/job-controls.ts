import { Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import type { DatasyncDeps } from '../deps.ts';
import { NoBody } from '../dialect.ts';
import { idOf, PathId } from '../ids.ts';
import { controlSyncJob, resetSyncJob, type SyncControl, startSyncJob } from '../jobs.ts';
import { SYNC_STATUSES, syncStatus } from '../status.ts';

const params = Type.Object({ job_id: PathId });

const Controlled = Type.Object(
  { id: Type.String(), run_id: Type.String(), status: Type.Enum([...SYNC_STATUSES]) },
  { title: 'ControlledSyncJob' },
);

const CONTROLS: readonly { readonly control: SyncControl; readonly summary: string }[] = [
  { control: 'pause', summary: 'Pause the run under way at its next checkpoint' },
  { control: 'resume', summary: 'Go on with the paused run from where it stopped' },
  { control: 'cancel', summary: 'Cancel the run under way; what it has committed stays' },
];

/** `/v1/sync/jobs/{id}/start`, `pause`, `resume`, `cancel`, `reset`. */
export function registerJobControlRoutes(app: App, { store, idempotency }: DatasyncDeps): void {
  app.post(
    '/v1/sync/jobs/:job_id/start',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Start a sync job now',
        tags: ['sync jobs'],
        params,
        body: NoBody,
        response: { 202: Controlled },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { job_id: id } = request.params;
        const run = await startSyncJob(tx, actorOf(request), id);
        return { status: 202, body: { id, run_id: idOf('run', run.id), status: syncStatus(run.state) } };
      }),
  );

  for (const { control, summary } of CONTROLS) {
    app.post(
      `/v1/sync/jobs/:job_id/${control}`,
      {
        config: { access: 'sync:write' },
        schema: { summary, tags: ['sync jobs'], params, body: NoBody, response: { 202: Controlled } },
      },
      async (request, reply) => {
        const { job_id: id } = request.params;
        const run = await store.transaction((tx) => controlSyncJob(tx, actorOf(request), control, id));
        reply.code(202);
        return { id, run_id: idOf('run', run.id), status: syncStatus(run.state) };
      },
    );
  }

  app.post(
    '/v1/sync/jobs/:job_id/reset',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Forget the checkpoint: the next run begins from the start',
        tags: ['sync jobs'],
        params,
        body: NoBody,
        response: { 204: Type.Null({ description: 'Forgotten.' }) },
      },
    },
    async (request, reply) => {
      await store.transaction((tx) => resetSyncJob(tx, actorOf(request), request.params.job_id));
      return reply.code(204).send(null);
    },
  );
}
