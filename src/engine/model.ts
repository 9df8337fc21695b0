import type { Json } from '../protocol/executor.ts';
import type { RunState } from './states.ts';

export const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const JOB_STATUSES = ['active', 'paused', 'disabled'] as const;
/** paused: its schedule rests, by hand it runs. disabled: neither. */
export type JobStatus = (typeof JOB_STATUSES)[number];

export const OVERLAPS = ['skip', 'queue_one', 'queue_all', 'cancel_running', 'allow'] as const;
/** What a firing does while an earlier run of the job is live. */
export type Overlap = (typeof OVERLAPS)[number];

export const MISFIRES = ['coalesce', 'all', 'skip'] as const;
/** What happens to instants that passed unserved (servers down): one run for all, one each, or none. */
export type Misfire = (typeof MISFIRES)[number];

export const TRIGGERS = ['schedule', 'manual', 'system'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** When a job fires. */
export interface Schedule {
  /**
   * A cron expression, whose times are those of `timezone`. Or `@every <seconds>`, counted from `startsAt`, else from
   * the moment it is written. Or `@once <RFC 3339 in UTC>`.
   */
  readonly cron: string;
  readonly timezone: string;
  readonly startsAt: Date | null;
  readonly expiresAt: Date | null;
  readonly jitterSeconds: number;
  readonly overlap: Overlap;
  readonly misfire: Misfire;
  /** How long ago a missed instant may lie and still count; null = however long. */
  readonly catchupSeconds: number | null;
}

/** How runs of a job are carried out; copied into each run, so that a change takes effect at the next one. */
export interface RunPolicy {
  readonly priority: Priority;
  /** A worker must have all of them. */
  readonly tags: readonly string[];
  /** Extra attempts after a failed one. */
  readonly retryCount: number;
  readonly retryDelaySeconds: number;
  readonly timeoutSeconds: number | null;
}

export interface JobDefinition extends RunPolicy {
  readonly area: string;
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly spec: Json;
  readonly status: JobStatus;
  readonly schedule: Schedule | null;
  /** Runs of this job that may be leased at once; null = any number, or 1 where the overlap policy queues. */
  readonly maxConcurrent: number | null;
  /** Pause the job's schedule when a run fails for good. */
  readonly pauseOnFailure: boolean;
  /** The area's own settings about what follows a run (a webhook); null = nothing. */
  readonly onFinish: Json;
}

export interface Job extends JobDefinition {
  readonly id: number;
  readonly nextFireAt: Date | null;
  readonly createdBy: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastRun: { readonly id: number; readonly state: RunState; readonly at: Date } | null;
}

export interface NewRun extends RunPolicy {
  readonly jobId: number | null;
  readonly area: string;
  readonly kind: string;
  readonly name: string;
  readonly spec: Json;
  readonly trigger: Trigger;
  /** The schedule's instant; a job has at most one run for each. */
  readonly fireAt: Date | null;
  /** Not before; null = now. */
  readonly runAt: Date | null;
  /**
   * At most `limit` runs of one key are leased at a time. `ordered` runs of a key go in the order in which they were
   * made: none begins before those ahead of it have ended, also while one of them waits for its retry, or is paused.
   * The runs of one key are all ordered, or none is.
   */
  readonly concurrency: { readonly key: string; readonly limit: number; readonly ordered?: boolean } | null;
  /** The run that is divided into this one and others: paused, resumed and cancelled with it. */
  readonly parentId?: number;
  /** Whether its area is told when it ends (Engine `onReport`). */
  readonly watched: boolean;
  readonly createdBy: number | null;
}

export interface PastAttempt {
  readonly attempt: number;
  readonly outcome: 'failed' | 'timed_out' | 'lost' | 'paused';
  readonly worker_id: string | null;
  /** RFC 3339 */
  readonly started_at: string;
  readonly finished_at: string;
  readonly exit_code: number | null;
  readonly exit_signal: string | null;
  readonly error: string | null;
}

export interface Run {
  readonly id: number;
  readonly jobId: number | null;
  /** The run that is divided into this one and others. */
  readonly parentId: number | null;
  readonly area: string;
  readonly kind: string;
  readonly name: string;
  readonly state: RunState;
  readonly trigger: Trigger;
  readonly priority: Priority;
  readonly spec: Json;
  readonly epoch: number;
  readonly attempt: number;
  readonly losses: number;
  readonly retryCount: number;
  readonly timeoutSeconds: number | null;
  readonly workerId: string | null;
  readonly fireAt: Date | null;
  readonly runAt: Date;
  /** Of the first attempt. */
  readonly startedAt: Date | null;
  readonly attemptStartedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly exitCode: number | null;
  /** Of the program's end, such as `SIGKILL`. */
  readonly exitSignal: string | null;
  readonly error: string | null;
  readonly output: Json;
  readonly progressDone: number | null;
  readonly progressTotal: number | null;
  readonly pastAttempts: readonly PastAttempt[];
  readonly createdBy: number | null;
  readonly createdAt: Date;
}

export interface RunLogLine {
  readonly epoch: number;
  readonly seq: number;
  readonly at: Date;
  readonly level: string;
  readonly stream: string;
  readonly message: string;
}

/** A line among those of all runs of a job. */
export interface JobLogLine extends RunLogLine {
  readonly runId: number;
}

/** A worker as the operator sees it. */
export interface Worker {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Its session's lease is unbroken. */
  readonly online: boolean;
  readonly currentTasks: number;
  readonly maxTasks: number;
  readonly tags: readonly string[];
  readonly kinds: readonly string[];
  readonly hostname: string;
  readonly version: string;
  readonly lastHeartbeat: Date | null;
  readonly systemInfo: Json;
  readonly createdAt: Date;
}

/** The topic of events that tell of runs that ended, or of attempts after which a run goes on. */
export const RUNS_TOPIC = 'runs';

/** Runs of one area and kind that came to one state together; the arrays run in step. */
export interface RunsEvent {
  readonly area: string;
  readonly kind: string;
  readonly state: RunState;
  readonly ids: readonly number[];
  readonly job_ids: readonly (number | null)[];
  /** Null of a run that was never started. */
  readonly duration_ms: readonly (number | null)[];
  /** How long a run had waited when it first started, with the end of its first attempt; else null. */
  readonly wait_ms: readonly (number | null)[];
}
