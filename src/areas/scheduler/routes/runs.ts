import { Type } from 'typebox';
import { runsCount, runsList } from '../../../engine/queries/run_read.ts';
import { getRun } from '../../../engine/runs.ts';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { RunAnswer, runAnswer } from '../answers.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, NoBody, PageQuery, pageOf, RUN_STATUSES, type RunStatus, statesOf, success } from '../dialect.ts';
import { controlRun } from '../run-controls.ts';
import { Id } from '../schemas.ts';
import { AREA, getTask } from '../tasks.ts';

const params = Type.Object({ run_id: Id });
const querystring = Type.Object({ ...PageQuery, status: Type.Optional(Type.Enum([...RUN_STATUSES])) });
const notices = Type.Optional(
  Type.Boolean({
    description:
      "Whether to list the runs that deliver notices of tasks' on_finish too; they have no task_id. False unless told.",
  }),
);
const access = { view: { access: 'scheduler_view' }, manage: { access: 'scheduler_manage' } } as const;

/** Runs, of one task and of all. */
export function registerRunRoutes(app: App, { store }: SchedulerDeps): void {
  const list = async (query: { page: number; size: number; status?: RunStatus; notices?: boolean }, jobId?: number) => {
    const { page, size, status, notices = false } = query;
    const filter = { area: AREA, jobId, states: status && statesOf(status), ofJobs: !notices };
    const [runs, total] = await Promise.all([
      runsList(store, filter, { limit: size, offset: (page - 1) * size }),
      runsCount(store, filter),
    ]);
    return success({ items: runs.map((run) => runAnswer(run)), total, page, size });
  };

  app.get(
    '/api/tasks/:task_id/runs',
    {
      config: access.view,
      schema: {
        summary: "List a task's runs, the newest first",
        tags: ['runs'],
        params: Type.Object({ task_id: Id }),
        querystring,
        response: { 200: envelope(pageOf(RunAnswer), 'A page of runs.') },
      },
    },
    async (request) => {
      await getTask(store, request.params.task_id);
      return list(request.query, request.params.task_id);
    },
  );

  app.get(
    '/api/runs',
    {
      config: access.view,
      schema: {
        summary: 'List the runs of all tasks, the newest first',
        tags: ['runs'],
        querystring: Type.Object({ ...querystring.properties, notices }),
        response: { 200: envelope(pageOf(RunAnswer), 'A page of runs.') },
      },
    },
    async (request) => list(request.query),
  );

  app.get(
    '/api/runs/:run_id',
    {
      config: access.view,
      schema: { summary: 'Get a run', tags: ['runs'], params, response: { 200: envelope(RunAnswer, 'The run.') } },
    },
    async (request) => success(runAnswer(await getRun(store, AREA, request.params.run_id))),
  );

  const controls = [
    ['cancel', 'Cancel a run; a running one ends when all of its processes are gone'],
    ['pause', 'Pause a run: one that waits at once, a running one where its executor can go on from later'],
    ['resume', 'Resume a paused run'],
  ] as const;
  for (const [action, summary] of controls) {
    app.post(
      `/api/runs/:run_id/${action}`,
      {
        config: access.manage,
        schema: {
          summary,
          tags: ['runs'],
          params,
          body: NoBody,
          response: { 200: envelope(RunAnswer, 'The run as it is now.') },
        },
      },
      async (request) => {
        const { run_id } = request.params;
        const run = await store.transaction((tx) => controlRun(tx, actorOf(request), action, run_id));
        return success(runAnswer(run), `Run: ${action} accepted`);
      },
    );
  }
}
