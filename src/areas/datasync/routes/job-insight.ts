import { type Static, Type } from 'typebox';
import { logsOfJob } from '../../../engine/queries/log.ts';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { whileAwaited } from '../../../http/awaited.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { invalidField } from '../../../kernel/errors.ts';
import { LOG_LINE_LEVELS } from '../../../protocol/executor.ts';
import type { DatasyncDeps } from '../deps.ts';
import { PageQuery, pageOf } from '../dialect.ts';
import { idOf, PathId } from '../ids.ts';
import { runAnswer, SyncRun } from '../job-answers.ts';
import { getSyncJob, listSyncRuns } from '../jobs.ts';
import { previewJob } from '../preview.ts';
import { Time } from '../schemas.ts';

const params = Type.Object({ job_id: PathId });

const JobLogs = Type.Object(
  {
    logs: Type.Array(
      Type.Object({
        timestamp: Time,
        level: Type.Enum([...LOG_LINE_LEVELS]),
        message: Type.String(),
        metadata: Type.Object({ run_id: Type.String(), stream: Type.String() }),
      }),
    ),
  },
  { title: 'SyncJobLogs' },
);

const Preview = Type.Object(
  {
    before: Type.Array(Type.Unknown(), { description: 'Records as the source has them.' }),
    after: Type.Array(Type.Unknown(), { description: 'What the transformations make of them.' }),
    rejected: Type.Array(Type.Unknown(), { description: 'What they refuse, and why.' }),
  },
  { title: 'SyncPreview', additionalProperties: true },
);

function instant(field: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw invalidField(field, 'must be a time such as 2024-01-01T00:00:00Z');
  return time;
}

/** What a job's runs have done and would do: logs, runs, preview. */
export function registerJobInsightRoutes(app: App, deps: DatasyncDeps): void {
  const { store } = deps;
  app.get(
    '/v1/sync/jobs/:job_id/logs',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'Read the log of all runs of a job, oldest first',
        tags: ['sync jobs'],
        params,
        querystring: Type.Object({
          level: Type.Optional(Type.Enum([...LOG_LINE_LEVELS], { description: 'The least level.' })),
          since: Type.Optional(Time),
          until: Type.Optional(Time),
          limit: Type.Integer({ minimum: 1, maximum: 5000, default: 1000 }),
        }),
        response: { 200: JobLogs },
      },
    },
    async (request) => {
      const { level: minLevel, since, until, limit } = request.query;
      const { job } = await getSyncJob(store, request.params.job_id);
      const range = { since: instant('since', since), until: instant('until', until) };
      const lines = await logsOfJob(store, job.id, { minLevel, ...range, limit });
      const logs = lines.map((line) => ({
        timestamp: rfc3339(line.at),
        level: line.level as (typeof LOG_LINE_LEVELS)[number],
        message: line.message,
        metadata: { run_id: idOf('run', line.runId), stream: line.stream },
      }));
      return { logs };
    },
  );

  app.get(
    '/v1/sync/jobs/:job_id/runs',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'List the runs of a job, the newest first',
        tags: ['sync jobs'],
        params,
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(SyncRun) },
      },
    },
    async (request) => {
      const { page, per_page } = request.query;
      const where = { limit: per_page, offset: (page - 1) * per_page };
      const { runs, total } = await listSyncRuns(store, request.params.job_id, where);
      return { items: runs.map((run) => runAnswer(run)), total, page, per_page };
    },
  );

  app.post(
    '/v1/sync/jobs/:job_id/preview',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: "Look at the source's first records, before and after the transformations; nothing is written",
        tags: ['sync jobs'],
        params,
        body: Type.Union([
          Type.Object(
            { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })) },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 200: Preview },
      },
    },
    async (request, reply) => {
      const { signal } = whileAwaited(reply.raw, app.closing);
      const { job_id } = request.params;
      const preview = await previewJob(deps, actorOf(request), job_id, request.body?.limit ?? 10, signal);
      // The executor's own words, as `executor/preview.ts` has them.
      return preview as Static<typeof Preview>;
    },
  );
}
