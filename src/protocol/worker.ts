/**
 * What worker and server say to each other. The messages are TypeBox schemas: the HTTP transport validates by them,
 * the types derive from them, and the compatibility test holds them against the previous minor version's.
 *
 * Compatibility: within a major version a message only gains optional fields, and a receiver ignores unknown ones.
 * A worker of 1.3 and a server of 1.2 or 1.4 therefore understand each other.
 */
import { type Static, Type } from 'typebox';
import { LOG_LINE_LEVELS, LOG_STREAMS } from './executor.ts';

const Id = Type.Integer({ minimum: 1 });
export const RunRef = Type.Object({ id: Id, epoch: Id });
/** A run as leased: the epoch fences whoever held it before. */
export type RunRef = Static<typeof RunRef>;

export const SystemInfo = Type.Object({
  cpu_usage: Type.Optional(Type.Number({ minimum: 0, description: 'percent' })),
  memory_usage: Type.Optional(Type.Number({ minimum: 0, description: 'percent' })),
  disk_usage: Type.Optional(Type.Number({ minimum: 0, description: 'percent' })),
});
export type SystemInfo = Static<typeof SystemInfo>;

export const RegisterRequest = Type.Object({
  worker_id: Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9._:-]+$' }),
  name: Type.String({ minLength: 1, maxLength: 200 }),
  tags: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100 }),
  kinds: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100 }),
  max_tasks: Type.Integer({ minimum: 1, maximum: 10_000 }),
  hostname: Type.String({ maxLength: 300 }),
  version: Type.String({ maxLength: 100 }),
  protocol: Type.String({ maxLength: 20 }),
  /** How long its runs may take to end when they must: the server does not take one from it earlier. */
  kill_grace_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
});
export type RegisterRequest = Static<typeof RegisterRequest>;

/** What the operator has set for this worker; it may change at any heartbeat. */
const WorkerSettings = Type.Object({
  max_tasks: Type.Integer({ minimum: 1 }),
  /** False drains: running runs end, no new ones are leased. */
  enabled: Type.Boolean(),
});
export type WorkerSettings = Static<typeof WorkerSettings>;

export const RegisterAnswer = Type.Object({
  session_id: Id,
  lease_seconds: Type.Integer({ minimum: 1 }),
  heartbeat_seconds: Type.Integer({ minimum: 1 }),
  settings: WorkerSettings,
});
export type RegisterAnswer = Static<typeof RegisterAnswer>;

export const LeaseRequest = Type.Object({
  session_id: Id,
  limit: Type.Integer({ minimum: 1, maximum: 1000 }),
  /** How long to wait for work when there is none, in milliseconds. */
  wait_ms: Type.Integer({ minimum: 0, maximum: 60_000 }),
});
export type LeaseRequest = Static<typeof LeaseRequest>;

export const LeasedRun = Type.Object({
  id: Id,
  epoch: Id,
  kind: Type.String(),
  name: Type.String(),
  attempt: Id,
  spec: Type.Unknown(),
  timeout_seconds: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  idempotency_key: Type.String(),
  checkpoint: Type.Unknown(),
  /** Bytes of log that earlier attempts wrote; the cap is per run. */
  log_bytes: Type.Integer({ minimum: 0 }),
});
export type LeasedRun = Static<typeof LeasedRun>;
export const LeaseAnswer = Type.Object({ runs: Type.Array(LeasedRun) });

export const OUTCOME_STATUSES = ['succeeded', 'failed', 'timed_out', 'cancelled', 'paused', 'released'] as const;
export const Outcome = Type.Object({
  id: Id,
  epoch: Id,
  /** released: given back unspent (drain). */
  status: Type.Enum([...OUTCOME_STATUSES]),
  retryable: Type.Boolean(),
  /** Of one that succeeded: the run is not done, but to be divided into others, by its area and `output`. */
  suspended: Type.Optional(Type.Boolean()),
  retry_after_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  exit_code: Type.Optional(Type.Integer()),
  exit_signal: Type.Optional(Type.String({ maxLength: 20 })),
  error: Type.Optional(Type.String({ maxLength: 20_000 })),
  output: Type.Optional(Type.Unknown()),
  log_bytes: Type.Integer({ minimum: 0 }),
});
export type Outcome = Static<typeof Outcome>;

export const ReportRequest = Type.Object({ session_id: Id, outcomes: Type.Array(Outcome, { maxItems: 1000 }) });
export type ReportRequest = Static<typeof ReportRequest>;
/** `stale`: refs that were not this session's any more (or already reported); nothing was written for them. */
export const ReportAnswer = Type.Object({ stale: Type.Array(RunRef) });
export type ReportAnswer = Static<typeof ReportAnswer>;

export const LogLine = Type.Object({
  id: Id,
  epoch: Id,
  /** From 1, rising, within an epoch: a repeated batch is written once. */
  seq: Id,
  at: Type.String({ description: 'RFC 3339' }),
  level: Type.Enum([...LOG_LINE_LEVELS]),
  stream: Type.Enum([...LOG_STREAMS]),
  message: Type.String(),
});
export type LogLine = Static<typeof LogLine>;

export const RunUpdate = Type.Object({
  id: Id,
  epoch: Id,
  progress_done: Type.Optional(Type.Number({ minimum: 0 })),
  progress_total: Type.Optional(Type.Number({ minimum: 0 })),
  checkpoint: Type.Optional(Type.Unknown()),
  emitted: Type.Optional(
    Type.Array(Type.Object({ seq: Id, type: Type.String({ maxLength: 100 }), rows: Type.Array(Type.Unknown()) })),
  ),
});
export type RunUpdate = Static<typeof RunUpdate>;

/** What running runs have to say: log lines, progress, checkpoints, rows. Durable, all or nothing, when answered. */
export const UpdateRequest = Type.Object({
  session_id: Id,
  logs: Type.Array(LogLine, { maxItems: 5000 }),
  updates: Type.Array(RunUpdate, { maxItems: 1000 }),
});
export type UpdateRequest = Static<typeof UpdateRequest>;

export const HeartbeatRequest = Type.Object({
  session_id: Id,
  held: Type.Array(RunRef, { maxItems: 10_000 }),
  system_info: Type.Optional(SystemInfo),
});
export type HeartbeatRequest = Static<typeof HeartbeatRequest>;

/** What the server wants of running runs. `fenced` ones are no longer this session's: kill them and report nothing. */
export const Commands = Type.Object({
  cancel: Type.Array(RunRef),
  pause: Type.Array(RunRef),
  fenced: Type.Array(RunRef),
});
export type Commands = Static<typeof Commands>;

export const HeartbeatAnswer = Type.Object({
  /** False: the session has lapsed; stop everything and register anew. */
  alive: Type.Boolean(),
  settings: WorkerSettings,
  commands: Commands,
});
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>;

/**
 * How a worker reaches the engine. Two implementations, one conformance suite: straight on PostgreSQL, and over HTTP.
 * Every call may be repeated after an error whose outcome is unknown: nothing is done twice.
 */
export interface WorkerPort {
  /**
   * @param principal who joins, as the server knows it; none where the worker is on the database itself
   * @throws AppError `conflict` for another major protocol, or an id that somebody else's worker is online with
   */
  register(request: RegisterRequest, principal?: string): Promise<RegisterAnswer>;
  lease(request: LeaseRequest, signal: AbortSignal): Promise<LeasedRun[]>;
  report(request: ReportRequest): Promise<ReportAnswer>;
  update(request: UpdateRequest): Promise<ReportAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer>;
  /**
   * Gives back, unspent, every run that the engine thinks this session holds and `held` does not name: runs whose
   * lease was committed but whose answer was lost. Only to be called while no lease call is under way.
   */
  reconcile(request: { session_id: number; held: RunRef[] }): Promise<void>;
  /** Resolves with commands as soon as there may be some, or with none after a while. The heartbeat carries them too. */
  watch(sessionId: number, signal: AbortSignal): Promise<Commands>;
  /**
   * One piece of a blob, from 0; undefined behind the last one.
   * @throws AppError `not_found` for a blob that is not there, `conflict` when the session is over
   */
  blobChunk(sessionId: number, blobId: number, seq: number): Promise<Uint8Array | undefined>;
  /** Ends the session; runs that it still held go back to their queue unspent. */
  leave(sessionId: number): Promise<void>;
  close(): Promise<void>;
}
