import { Type } from 'typebox';
import { JOB_STATUSES } from '../../../engine/model.ts';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { RunAnswer, runAnswer, TaskAnswer, taskAnswer } from '../answers.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, NoBody, PageQuery, pageOf, success } from '../dialect.ts';
import { EXECUTORS, Id, TaskCreate, TaskUpdate } from '../schemas.ts';
import { createTask, deleteTask, getTask, listTasks, triggerTask, updateTask } from '../tasks.ts';

const params = Type.Object({ task_id: Id });

/** Above what the longest fields need in any script, so that it is a field's own limit that speaks, naming it. */
const BODY_LIMIT = 16 * 1024 * 1024;

/** `/api/tasks…`, but for a task's runs. */
export function registerTaskRoutes(app: App, { store, vault, idempotency }: SchedulerDeps): void {
  app.post(
    '/api/tasks',
    {
      config: { access: ['scheduler_manage', 'create'] },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Create a task',
        tags: ['tasks'],
        body: TaskCreate,
        response: { 201: envelope(TaskAnswer, 'Created.') },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const task = await createTask(tx, vault, actorOf(request), request.body);
        return { status: 201, body: success(taskAnswer(task), 'Task created') };
      }),
  );

  app.get(
    '/api/tasks',
    {
      config: { access: 'scheduler_view' },
      schema: {
        summary: 'List tasks, the newest first',
        tags: ['tasks'],
        querystring: Type.Object({
          ...PageQuery,
          status: Type.Optional(Type.Enum([...JOB_STATUSES])),
          executor: Type.Optional(Type.Enum([...EXECUTORS])),
          search: Type.Optional(Type.String({ maxLength: 200, description: 'Part of the name or description.' })),
        }),
        response: { 200: envelope(pageOf(TaskAnswer), 'A page of tasks.') },
      },
    },
    async (request) => {
      const { page, size, ...filter } = request.query;
      const { jobs, total } = await listTasks(store, filter, { limit: size, offset: (page - 1) * size });
      return success({ items: jobs.map(taskAnswer), total, page, size });
    },
  );

  app.get(
    '/api/tasks/:task_id',
    {
      config: { access: 'scheduler_view' },
      schema: { summary: 'Get a task', tags: ['tasks'], params, response: { 200: envelope(TaskAnswer, 'The task.') } },
    },
    async (request) => success(taskAnswer(await getTask(store, request.params.task_id))),
  );

  app.put(
    '/api/tasks/:task_id',
    {
      config: { access: ['scheduler_manage', 'update'] },
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: 'Change a task; fields that are absent stay as they are',
        description:
          'Needs the permission `create` too where it changes what a shell or python task runs: the executor, command, script, arguments, python_path, environment or working_directory.',
        tags: ['tasks'],
        params,
        body: TaskUpdate,
        response: { 200: envelope(TaskAnswer, 'The changed task.') },
      },
    },
    async (request) => {
      const task = await store.transaction((tx) =>
        updateTask(tx, vault, actorOf(request), request.params.task_id, request.body),
      );
      return success(taskAnswer(task), 'Task updated');
    },
  );

  app.delete(
    '/api/tasks/:task_id',
    {
      config: { access: ['scheduler_manage', 'delete'] },
      schema: {
        summary: 'Delete a task; a running run is cancelled first, its history stays',
        tags: ['tasks'],
        params,
        response: { 204: Type.Null({ description: 'Deleted.' }) },
      },
    },
    async (request, reply) => {
      await store.transaction((tx) => deleteTask(tx, actorOf(request), request.params.task_id));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/tasks/:task_id/trigger',
    {
      config: { access: 'scheduler_manage' },
      schema: {
        summary: 'Run a task now; also a paused one, not a disabled one',
        tags: ['tasks'],
        params,
        body: NoBody,
        response: { 202: envelope(RunAnswer, 'The run that was started.') },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const run = await triggerTask(tx, actorOf(request), request.params.task_id);
        // So that the request's own line tells which run it has made.
        request.log = request.log.child({ run: run.id });
        return { status: 202, body: success(runAnswer(run), 'Run started') };
      }),
  );
}
