import { Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import type { DatasyncDeps } from '../deps.ts';
import { PageQuery, pageOf } from '../dialect.ts';
import { idOf, PathId } from '../ids.ts';
import { getSyncJob } from '../jobs.ts';
import { type QuarantineRow, quarantineList } from '../queries/quarantine.ts';
import { redriveQuarantine } from '../redrive.ts';
import { Time } from '../schemas.ts';

const params = Type.Object({ job_id: PathId });

const Quarantined = Type.Object(
  {
    id: Type.Integer(),
    run_id: Type.String(),
    record: Type.Integer({ description: "Its place in the run's input, from 0." }),
    line: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Of the whole file, from 1, whichever partition has read it; null where there are no lines.',
    }),
    field: Type.Union([Type.String(), Type.Null()]),
    reason: Type.String(),
    raw: Type.String({ description: 'What came.' }),
    can_be_redriven: Type.Boolean(),
    redriven_by: Type.Union([Type.String(), Type.Null()], { description: 'The run that has taken it again.' }),
    created_at: Time,
  },
  { title: 'QuarantinedRecord' },
);

function answer(row: QuarantineRow) {
  return {
    id: row.id,
    run_id: idOf('run', row.run_id),
    record: row.ordinal,
    line: row.line,
    field: row.field,
    reason: row.reason,
    raw: row.raw,
    can_be_redriven: row.whole && row.redriven_by === null,
    redriven_by: row.redriven_by === null ? null : idOf('run', row.redriven_by),
    created_at: rfc3339(row.created_at),
  };
}

/** `/v1/sync/jobs/{id}/quarantine`: the records that a job has refused. */
export function registerQuarantineRoutes(app: App, { store, idempotency }: DatasyncDeps): void {
  app.get(
    '/v1/sync/jobs/:job_id/quarantine',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'List the records that a job has refused, the newest first',
        tags: ['sync jobs'],
        params,
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(Quarantined) },
      },
    },
    async (request) => {
      const { page, per_page } = request.query;
      const { job } = await getSyncJob(store, request.params.job_id);
      const where = { limit: per_page, offset: (page - 1) * per_page };
      const { rows, total } = await quarantineList(store, job.id, where);
      return { items: rows.map(answer), total, page, per_page };
    },
  );

  app.post(
    '/v1/sync/jobs/:job_id/quarantine/redrive',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Take refused records again, through the job as it is now',
        tags: ['sync jobs'],
        params,
        body: Type.Union([
          Type.Object(
            {
              ids: Type.Optional(
                Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), {
                  minItems: 1,
                  maxItems: 10_000,
                  description: 'Only these; all that no run has taken yet unless told, at most 10,000.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: {
          202: Type.Object({ run_id: Type.String(), records: Type.Integer() }, { title: 'Redrive' }),
        },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { job_id } = request.params;
        const { runId, records } = await redriveQuarantine(tx, actorOf(request), job_id, request.body?.ids);
        return { status: 202, body: { run_id: idOf('run', runId), records } };
      }),
  );
}
