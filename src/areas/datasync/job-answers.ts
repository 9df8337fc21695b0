import { type Static, Type } from 'typebox';
import type { Job, Run } from '../../engine/model.ts';
import { rfc3339 } from '../../kernel/clock.ts';
import type { Json } from '../../protocol/executor.ts';
import { maskReferences } from '../../protocol/secret-refs.ts';
import { CONNECTOR_TYPES } from './executor/spec/connectors.ts';
import { idOf } from './ids.ts';
import { bodyOf } from './job-definition.ts';
import type { JobListRow } from './queries/job_list.ts';
import { OptionalTime, SyncSchedule, Time } from './schemas.ts';
import { SYNC_STATUSES, syncStatus } from './status.ts';

/** What the area answers of jobs and their runs. */

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

function time(date: Date | null): string | null {
  return date && rfc3339(date);
}

const progressFields = {
  status: Type.Enum([...SYNC_STATUSES], { description: 'Of the latest run; pending before the first.' }),
  progress: Nullable(Type.Number({ description: 'Percent; null while nobody can tell how much there is.' })),
  records_processed: Type.Integer(),
  records_total: Nullable(Type.Integer()),
  started_at: OptionalTime,
  eta: Type.Union([Time, Type.Null()], { description: 'When it will be done at the present rate.' }),
};

export const JobItem = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    connector_type: Type.Enum([...CONNECTOR_TYPES]),
    ...progressFields,
    finished_at: OptionalTime,
    error: Nullable(Type.String()),
    enabled: Type.Boolean(),
    next_run_at: OptionalTime,
    created_at: Time,
  },
  { title: 'SyncJobItem' },
);
export type JobItem = Static<typeof JobItem>;

/** How far a run is. */
interface Progress {
  readonly state: JobListRow['state'];
  readonly progress_done: number | null;
  readonly progress_total: number | null;
  readonly started_at: Date | null;
  readonly attempt_started_at: Date | null;
}

function progressOf(run: Progress, now: Date) {
  const status = syncStatus(run.state);
  const { progress_done: done, progress_total: total, started_at, attempt_started_at } = run;
  const known = done !== null && total !== null && total > 0;
  const part = known ? Math.min(1, done / total) : null;
  const complete = status === 'completed';
  return {
    status,
    progress: complete ? 100 : part === null ? null : Math.round(part * 1000) / 10,
    records_processed: done ?? 0,
    records_total: total === null ? null : Math.max(total, done ?? 0),
    started_at: time(started_at),
    eta: status === 'running' && part !== null && part > 0 ? etaOf(part, attempt_started_at ?? started_at, now) : null,
  };
}

function etaOf(part: number, since: Date | null, now: Date): string | null {
  if (!since) return null;
  const elapsedMs = now.getTime() - since.getTime();
  return rfc3339(new Date(now.getTime() + Math.max(0, elapsedMs * (1 / part - 1))));
}

export function jobItem(row: JobListRow, now = new Date()): JobItem {
  return {
    id: idOf('job', row.id),
    name: row.name,
    connector_type: row.connector_type as JobItem['connector_type'],
    ...progressOf(row, now),
    finished_at: time(row.finished_at),
    error: row.error,
    enabled: row.job_status === 'active',
    next_run_at: time(row.next_fire_at),
    created_at: rfc3339(row.created_at),
  };
}

export const JobAnswer = Type.Object(
  {
    ...JobItem.properties,
    description: Type.String(),
    schedule: SyncSchedule,
    connector: Type.Unknown({ description: 'As it was given; secrets are `***`.' }),
    transformations: Type.Array(Type.Unknown()),
    destination: Type.Unknown({ description: 'As it was given; secrets are `***`.' }),
    retry_count: Type.Integer(),
    retry_delay_seconds: Type.Integer(),
    timeout_seconds: Nullable(Type.Integer()),
    tags: Type.Array(Type.String()),
    updated_at: Time,
  },
  {
    title: 'SyncJob',
    description: 'Besides, the settings that were given, such as sync_mode.',
    additionalProperties: true,
  },
);

export function jobAnswer(job: Job, row: JobListRow): Static<typeof JobAnswer> {
  const body = maskReferences(bodyOf(job)) as { [field: string]: Json };
  return {
    ...body,
    ...jobItem(row),
    description: job.description,
    schedule: body.schedule as Static<typeof SyncSchedule>,
    connector: body.connector,
    transformations: (body.transformations ?? []) as Json[],
    destination: body.destination,
    retry_count: job.retryCount,
    retry_delay_seconds: job.retryDelaySeconds,
    timeout_seconds: job.timeoutSeconds,
    tags: [...job.tags],
    updated_at: rfc3339(job.updatedAt),
  };
}

export const SyncRun = Type.Object(
  {
    id: Type.String(),
    job_id: Nullable(Type.String()),
    parent_id: Nullable(
      Type.String({ description: 'Of a partition: the run that is divided into it and others, which counts for all.' }),
    ),
    kind: Type.String(),
    trigger: Type.String(),
    ...progressFields,
    finished_at: OptionalTime,
    attempt: Type.Integer(),
    worker_id: Nullable(Type.String()),
    error: Nullable(Type.String()),
    result: Type.Unknown({
      description:
        'Of one that has ended: records read, written, refused, removed. Of one that found all of it done by an earlier run, whose report was lost, these are 0, and `taken_over_from` names that run (`run_id`) and has its counts.',
    }),
    created_at: Time,
  },
  { title: 'SyncRun' },
);

export function runAnswer(run: Run, now = new Date()): Static<typeof SyncRun> {
  return {
    id: idOf('run', run.id),
    job_id: run.jobId === null ? null : idOf('job', run.jobId),
    parent_id: run.parentId === null ? null : idOf('run', run.parentId),
    kind: run.kind,
    trigger: run.trigger,
    ...progressOf(
      {
        state: run.state,
        progress_done: run.progressDone,
        progress_total: run.progressTotal,
        started_at: run.startedAt,
        attempt_started_at: run.attemptStartedAt,
      },
      now,
    ),
    finished_at: time(run.finishedAt),
    attempt: run.attempt,
    worker_id: run.workerId,
    error: run.error,
    result: run.finishedAt && run.output,
    created_at: rfc3339(run.createdAt),
  };
}
