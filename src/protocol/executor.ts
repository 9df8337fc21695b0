/**
 * What an executor is given and what it answers. An executor sees its spec and a RunContext, never the control
 * plane's database: so every kind also runs on a worker that has nothing but HTTP.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const LOG_LINE_LEVELS = ['debug', 'info', 'warning', 'error'] as const;
export type LogLineLevel = (typeof LOG_LINE_LEVELS)[number];
export const LOG_STREAMS = ['system', 'stdout', 'stderr'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/**
 * Why the worker ends an attempt before its executor does; `signal.reason` is an AttemptAborted.
 * - cancel: somebody cancelled the run
 * - timeout: its timeout_seconds are over
 * - pause: keep the checkpoint and end; only for executors that are `pausable`
 * - lost: the lease can no longer be renewed; what runs must be dead before another worker starts it
 * - drain: the worker is going away; the run goes back to its queue
 */
export type AbortReason = 'cancel' | 'timeout' | 'pause' | 'lost' | 'drain';

export class AttemptAborted extends Error {
  #reason: AbortReason;
  constructor(reason: AbortReason) {
    super(`attempt ended: ${reason}`);
    this.name = 'AttemptAborted';
    this.#reason = reason;
  }

  /** May become `lost` while the attempt is already being ended: then no grace is left. */
  get reason(): AbortReason {
    return this.#reason;
  }

  escalateToLost(): void {
    this.#reason = 'lost';
  }
}

export interface RunContext {
  readonly runId: number;
  /** From 1. */
  readonly attempt: number;
  /** Rises with every lease of the run. Give it to systems that must refuse an attempt which lost its lease. */
  readonly epoch: number;
  /** The same for every attempt of a run; give it to systems that can drop repeats. */
  readonly idempotencyKey: string;
  /** Aborts when the attempt must end. The executor returns or throws only when everything it started is gone. */
  readonly signal: AbortSignal;
  /** What the last `checkpoint` of an earlier attempt saved, else undefined. */
  readonly savedState: Json | undefined;
  /** One line (without its line break) of the run's log. Capped per run; secrets are the executor's to redact. */
  log(level: LogLineLevel, message: string, stream?: LogStream): void;
  /** Units are the executor's own (rows, bytes, hosts); total undefined = not known. */
  progress(done: number, total?: number): void;
  /** Saves where to go on from. Durable when the promise resolves. */
  checkpoint(state: Json): Promise<void>;
  /** Hands rows to the area on the server; durable, and in order, when the promise resolves. */
  emit(type: string, rows: Json[]): Promise<void>;
  /**
   * The bytes of something that was uploaded, in order, in pieces of at most a megabyte; at most two of them are in
   * memory. Ends with an AttemptAborted when the attempt must end.
   * @param id of the blob, as it stands in the spec
   * @param first the piece to begin with, from 0: a blob comes in the same pieces whenever it is read
   */
  openBlob(id: number, first?: number): AsyncIterable<Uint8Array>;
}

/** How a successful attempt ended. */
export interface ExecutorResult {
  readonly exitCode?: number;
  /** Kept with the run; at most 64 KiB of JSON. */
  readonly output?: Json;
  /** The run is not done: its area divides it into others, as `output` says, and it ends when they have. */
  readonly suspended?: boolean;
}

interface ExecutorErrorOptions {
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly exitCode?: number;
  /** The signal that ended a process, such as `SIGKILL`. */
  readonly exitSignal?: string;
  readonly output?: Json;
  readonly cause?: unknown;
}

/** A failed attempt, in words for the user. Any other exception is a retryable failure with its message. */
export class ExecutorError extends Error {
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly exitCode: number | undefined;
  readonly exitSignal: string | undefined;
  readonly output: Json | undefined;
  constructor(message: string, options: ExecutorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ExecutorError';
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = options.retryAfterMs;
    this.exitCode = options.exitCode;
    this.exitSignal = options.exitSignal;
    this.output = options.output;
  }
}

export interface Executor {
  readonly kind: string;
  /** Whether it ends at a checkpoint when its signal aborts with `pause`. */
  readonly pausable: boolean;
  run(spec: Json, context: RunContext): Promise<ExecutorResult>;
}
