import { Type } from 'typebox';
import { workersList } from '../../../engine/queries/worker.ts';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { WorkerAnswer, workerAnswer } from '../answers.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, success } from '../dialect.ts';
import { Tags, WorkerId } from '../schemas.ts';
import { changeWorker, getWorker } from '../workers.ts';

const params = Type.Object({ worker_id: WorkerId });

/** Workers as the operator sees them. */
export function registerWorkerRoutes(app: App, { store }: SchedulerDeps): void {
  app.get(
    '/api/workers',
    {
      config: { access: 'scheduler_view' },
      schema: {
        summary: 'List workers',
        tags: ['workers'],
        response: { 200: envelope(Type.Array(WorkerAnswer), 'All workers.') },
      },
    },
    async () => success((await workersList(store)).map(workerAnswer)),
  );

  app.get(
    '/api/workers/:worker_id',
    {
      config: { access: 'scheduler_view' },
      schema: {
        summary: 'Get a worker',
        tags: ['workers'],
        params,
        response: { 200: envelope(WorkerAnswer, 'The worker.') },
      },
    },
    async (request) => success(workerAnswer(await getWorker(store, request.params.worker_id))),
  );

  app.put(
    '/api/workers/:worker_id',
    {
      config: { access: ['scheduler_manage', 'update'] },
      schema: {
        summary: 'Set what goes over what a worker says of itself; it hears of it with its next heartbeat',
        tags: ['workers'],
        params,
        body: Type.Object(
          {
            max_tasks: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
            tags: Type.Optional(Tags),
            enabled: Type.Optional(Type.Boolean({ description: 'False drains it.' })),
          },
          { additionalProperties: false, minProperties: 1, title: 'WorkerUpdate' },
        ),
        response: { 200: envelope(WorkerAnswer, 'The changed worker.') },
      },
    },
    async (request) => {
      const { worker_id } = request.params;
      const worker = await store.transaction((tx) => changeWorker(tx, actorOf(request), worker_id, request.body));
      return success(workerAnswer(worker), 'Worker updated');
    },
  );
}
