import { Type } from 'typebox';
import { workerGet, workersList, workerUpdate } from '../../../engine/queries/worker.ts';
import type { App } from '../../../http/area.ts';
import { notFound } from '../../../kernel/errors.ts';
import { WorkerAnswer, workerAnswer } from '../answers.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, success } from '../dialect.ts';
import { Tags, WorkerId } from '../schemas.ts';

const params = Type.Object({ worker_id: WorkerId });

/** Workers as the operator sees them. */
export function registerWorkerRoutes(app: App, { store }: SchedulerDeps): void {
  const answerOf = async (id: string) => {
    const worker = await workerGet(store, id);
    if (!worker) throw notFound(`worker ${id}`);
    return workerAnswer(worker);
  };

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
    async (request) => success(await answerOf(request.params.worker_id)),
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
      const { max_tasks: maxTasks, tags, enabled } = request.body;
      if (!(await workerUpdate(store, worker_id, { maxTasks, tags, enabled }))) throw notFound(`worker ${worker_id}`);
      return success(await answerOf(worker_id), 'Worker updated');
    },
  );
}
