import { type Static, Type } from 'typebox';
import {
  JOB_STATUSES,
  type Job,
  MISFIRES,
  OVERLAPS,
  PRIORITIES,
  type Run,
  TRIGGERS,
  type Worker,
} from '../../engine/model.ts';
import { rfc3339 } from '../../kernel/clock.ts';
import { SystemInfo } from '../../protocol/worker.ts';
import { RUN_STATUSES, statusOf } from './dialect.ts';
import { EXECUTORS, type ExecutorName, Time } from './schemas.ts';
import { showTask, type TaskSecrets } from './secrets.ts';

/** What the area answers: each thing's schema, and the function that makes it of the engine's. */

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

function time(date: Date | null): string | null {
  return date && rfc3339(date);
}

export const TaskAnswer = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    description: Type.String(),
    executor: Type.Enum([...EXECUTORS]),
    status: Type.Enum([...JOB_STATUSES]),
    schedule: Nullable(Type.String()),
    timezone: Type.String(),
    priority: Type.Enum([...PRIORITIES]),
    tags: Type.Array(Type.String()),
    retry_count: Type.Integer(),
    retry_delay_seconds: Type.Integer(),
    timeout_seconds: Nullable(Type.Integer()),
    overlap: Type.Enum([...OVERLAPS]),
    misfire: Type.Enum([...MISFIRES]),
    catchup_seconds: Nullable(Type.Integer()),
    max_concurrent: Nullable(Type.Integer()),
    starts_at: Nullable(Time),
    expires_at: Nullable(Time),
    jitter_seconds: Type.Integer(),
    pause_on_failure: Type.Boolean(),
    on_finish: Nullable(
      Type.Object({
        url: Type.String(),
        on: Type.Optional(Type.Array(Type.String())),
        secret: Type.Optional(Type.String()),
      }),
    ),
    next_run_time: Nullable(Time),
    last_run: Nullable(Type.Object({ id: Type.Integer(), status: Type.Enum([...RUN_STATUSES]), create_time: Time })),
    create_time: Time,
    update_time: Time,
  },
  {
    title: 'Task',
    description: 'Beside these, the fields of its executor; secrets in them are masked.',
    additionalProperties: true,
  },
);

export type TaskAnswer = Static<typeof TaskAnswer>;

export function taskAnswer(job: Job): TaskAnswer {
  const { schedule, lastRun } = job;
  const { on_finish, ...spec } = showTask({ ...(job.spec as TaskSecrets), on_finish: job.onFinish });
  return {
    ...spec,
    id: job.id,
    name: job.name,
    description: job.description,
    executor: job.kind as ExecutorName,
    status: job.status,
    schedule: schedule?.cron ?? null,
    timezone: schedule?.timezone ?? 'UTC',
    priority: job.priority,
    tags: [...job.tags],
    retry_count: job.retryCount,
    retry_delay_seconds: job.retryDelaySeconds,
    timeout_seconds: job.timeoutSeconds,
    overlap: schedule?.overlap ?? 'skip',
    misfire: schedule?.misfire ?? 'coalesce',
    catchup_seconds: schedule?.catchupSeconds ?? null,
    max_concurrent: job.maxConcurrent,
    starts_at: time(schedule?.startsAt ?? null),
    expires_at: time(schedule?.expiresAt ?? null),
    jitter_seconds: schedule?.jitterSeconds ?? 0,
    pause_on_failure: job.pauseOnFailure,
    on_finish: on_finish as TaskAnswer['on_finish'],
    next_run_time: time(job.nextFireAt),
    last_run: lastRun && { id: lastRun.id, status: statusOf(lastRun.state), create_time: rfc3339(lastRun.at) },
    create_time: rfc3339(job.createdAt),
    update_time: rfc3339(job.updatedAt),
  };
}

const AttemptAnswer = Type.Object(
  {
    attempt: Type.Integer(),
    status: Type.Enum([...RUN_STATUSES, 'timed_out', 'lost'], { description: 'lost: its worker vanished.' }),
    worker_id: Nullable(Type.String()),
    start_time: Nullable(Time),
    end_time: Nullable(Time),
    exit_code: Nullable(Type.Integer()),
    error_message: Nullable(Type.String()),
  },
  { title: 'Attempt' },
);
type AttemptAnswer = Static<typeof AttemptAnswer>;

export const RunAnswer = Type.Object(
  {
    id: Type.Integer(),
    task_id: Nullable(Type.Integer()),
    task_name: Type.String(),
    executor: Type.String(),
    status: Type.Enum([...RUN_STATUSES]),
    trigger: Type.Enum([...TRIGGERS]),
    attempt: Type.Integer({ description: 'From 1; 0 before the first has begun.' }),
    attempts: Type.Array(AttemptAnswer, { description: 'Oldest first, the current one last.' }),
    priority: Type.Enum([...PRIORITIES]),
    worker_id: Nullable(Type.String()),
    scheduled_time: Nullable(Time),
    start_time: Nullable(Time),
    end_time: Nullable(Time),
    duration_seconds: Nullable(Type.Number({ description: 'From the first start, waits between attempts included.' })),
    exit_code: Nullable(Type.Integer()),
    error_message: Nullable(Type.String()),
    output: Type.Unknown({ description: "What its executor kept of the outcome, such as a response's status." }),
    progress: Nullable(Type.Number({ description: 'Percent; null when the executor cannot tell.' })),
    create_time: Time,
  },
  { title: 'Run' },
);
export type RunAnswer = Static<typeof RunAnswer>;

/** Attempts that are over are kept with the run; the current, or last, one is the run's own columns. */
function attemptsOf(run: Run): AttemptAnswer[] {
  const past = run.pastAttempts.map(
    (attempt): AttemptAnswer => ({
      attempt: attempt.attempt,
      status: attempt.outcome,
      worker_id: attempt.worker_id,
      start_time: attempt.started_at && rfc3339(new Date(attempt.started_at)),
      end_time: rfc3339(new Date(attempt.finished_at)),
      exit_code: attempt.exit_code,
      error_message: attempt.error,
    }),
  );
  const recorded = run.pastAttempts.at(-1)?.attempt ?? 0;
  if (run.attempt <= recorded || !run.attemptStartedAt) return past;
  const current: AttemptAnswer = {
    attempt: run.attempt,
    status: statusOf(run.state),
    worker_id: run.workerId,
    start_time: rfc3339(run.attemptStartedAt),
    end_time: time(run.finishedAt),
    exit_code: run.exitCode,
    error_message: run.error,
  };
  return [...past, current];
}

function progressOf(run: Run): number | null {
  if (run.state === 'succeeded') return 100;
  const { progressDone: done, progressTotal: total } = run;
  if (done === null || total === null || total <= 0) return null;
  return Math.min(100, Math.round((1000 * done) / total) / 10);
}

export function runAnswer(run: Run, now = new Date()): RunAnswer {
  const { startedAt, finishedAt } = run;
  return {
    id: run.id,
    task_id: run.jobId,
    task_name: run.name,
    executor: run.kind,
    status: statusOf(run.state),
    trigger: run.trigger,
    attempt: run.attempt,
    attempts: attemptsOf(run),
    priority: run.priority,
    worker_id: run.workerId,
    scheduled_time: time(run.fireAt ?? run.runAt),
    start_time: time(startedAt),
    end_time: time(finishedAt),
    duration_seconds: startedAt && Math.max(0, (finishedAt ?? now).getTime() - startedAt.getTime()) / 1000,
    exit_code: run.exitCode,
    error_message: run.error,
    output: run.output,
    progress: progressOf(run),
    create_time: rfc3339(run.createdAt),
  };
}

export const WorkerAnswer = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    status: Type.Enum(['online', 'offline', 'busy'], {
      description: 'busy: current_tasks ≥ max_tasks. offline: its lease has lapsed.',
    }),
    enabled: Type.Boolean({ description: 'False drains it: what runs may end, nothing new is taken.' }),
    last_heartbeat: Nullable(Time),
    current_tasks: Type.Integer(),
    max_tasks: Type.Integer(),
    tags: Type.Array(Type.String()),
    executors: Type.Array(Type.String()),
    hostname: Type.String(),
    version: Type.String(),
    system_info: SystemInfo,
    create_time: Time,
  },
  { title: 'Worker' },
);
export type WorkerAnswer = Static<typeof WorkerAnswer>;

export function workerAnswer(worker: Worker): WorkerAnswer {
  const full = worker.currentTasks >= worker.maxTasks;
  return {
    id: worker.id,
    name: worker.name,
    status: worker.online ? (full ? 'busy' : 'online') : 'offline',
    enabled: worker.enabled,
    last_heartbeat: time(worker.lastHeartbeat),
    current_tasks: worker.currentTasks,
    max_tasks: worker.maxTasks,
    tags: [...worker.tags],
    executors: [...worker.kinds],
    hostname: worker.hostname,
    version: worker.version,
    system_info: worker.systemInfo as SystemInfo,
    create_time: rfc3339(worker.createdAt),
  };
}
