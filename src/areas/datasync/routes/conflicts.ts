import { Type } from 'typebox';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { invalidField, notFound } from '../../../kernel/errors.ts';
import type { Json } from '../../../protocol/executor.ts';
import type { DatasyncDeps } from '../deps.ts';
import { PageQuery, pageOf } from '../dialect.ts';
import { idOf, numberOf, PathId } from '../ids.ts';
import { type ConflictRow, conflictGet, conflictsList } from '../queries/conflict.ts';
import { resolveConflict } from '../redrive.ts';
import { OptionalTime, Time } from '../schemas.ts';

const params = Type.Object({ conflict_id: PathId });

const Conflict = Type.Object(
  {
    id: Type.String(),
    job_id: Type.String(),
    run_id: Type.String(),
    record_id: Type.String(),
    conflict_type: Type.Enum(['version', 'stale'], {
      description: 'version: both sides have changed. stale: what came is older than what is stored.',
    }),
    base: Type.Unknown({ description: 'The values as they were last synced.' }),
    source: Type.Unknown(),
    target: Type.Unknown(),
    status: Type.Enum(['pending', 'resolved']),
    resolution: Type.Union([Type.Enum(['source_wins', 'target_wins', 'merged']), Type.Null()]),
    resolved_at: OptionalTime,
    resolved_by: Type.Union([Type.String(), Type.Null()]),
    resolved_run: Type.Union([Type.String(), Type.Null()], { description: 'The run that carries it out.' }),
    created_at: Time,
  },
  { title: 'Conflict' },
);

function answer(row: ConflictRow) {
  return {
    id: idOf('conflict', row.id),
    job_id: idOf('job', row.job_id),
    run_id: idOf('run', row.run_id),
    record_id: row.record_id,
    conflict_type: row.conflict_type,
    base: row.base,
    source: row.source,
    target: row.target,
    status: row.resolution === 'pending' ? ('pending' as const) : ('resolved' as const),
    resolution: row.resolution === 'pending' ? null : row.resolution,
    resolved_at: row.resolved_at && rfc3339(row.resolved_at),
    resolved_by: row.resolved_by,
    resolved_run: row.resolved_run === null ? null : idOf('run', row.resolved_run),
    created_at: rfc3339(row.created_at),
  };
}

/** `/v1/sync/conflicts`: rows that both sides have changed. */
export function registerConflictRoutes(app: App, { store, idempotency }: DatasyncDeps): void {
  app.get(
    '/v1/sync/conflicts',
    {
      config: { access: 'sync:read' },
      schema: {
        summary: 'List conflicts, the newest first',
        tags: ['conflicts'],
        querystring: Type.Object({
          ...PageQuery,
          job_id: Type.Optional(PathId),
          status: Type.Optional(Type.Enum(['pending', 'resolved'])),
        }),
        response: { 200: pageOf(Conflict) },
      },
    },
    async (request) => {
      const { page, per_page, job_id, status } = request.query;
      const jobId = job_id === undefined ? undefined : numberOf('job', job_id);
      const filter = { jobId, pending: status && status === 'pending' };
      const { rows, total } = await conflictsList(store, filter, { limit: per_page, offset: (page - 1) * per_page });
      return { items: rows.map(answer), total, page, per_page };
    },
  );

  app.get(
    '/v1/sync/conflicts/:conflict_id',
    {
      config: { access: 'sync:read' },
      schema: { summary: 'Get a conflict', tags: ['conflicts'], params, response: { 200: Conflict } },
    },
    async (request) => {
      const { conflict_id: id } = request.params;
      const row = await conflictGet(store, numberOf('conflict', id));
      if (!row) throw notFound(`conflict ${id}`);
      return answer(row);
    },
  );

  app.post(
    '/v1/sync/conflicts/:conflict_id/resolve',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Decide a conflict that waits; a run carries it out',
        tags: ['conflicts'],
        params,
        body: Type.Object(
          {
            resolution: Type.Enum(['source', 'target', 'values'], {
              description: "Take the source's row, keep the target's, or write `values` over the source's.",
            }),
            values: Type.Optional(Type.Record(Type.String({ maxLength: 63 }), Type.Unknown())),
          },
          { additionalProperties: false, title: 'ConflictResolution' },
        ),
        response: { 202: Conflict },
      },
    },
    (request, reply) =>
      idempotency.send(request, reply, async (tx) => {
        const { resolution, values } = request.body;
        if ((resolution === 'values') !== (values !== undefined)) {
          throw invalidField('values', 'is what resolution "values" writes, and no other');
        }
        const decision = { resolution, values: values as { [column: string]: Json } | undefined };
        const row = await resolveConflict(tx, actorOf(request), request.params.conflict_id, decision);
        return { status: 202, body: answer(row) };
      }),
  );
}
