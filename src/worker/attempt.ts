import type { Logger } from '../kernel/logger.ts';
import {
  type AbortReason,
  AttemptAborted,
  type Executor,
  ExecutorError,
  type ExecutorResult,
  type Json,
  type LogLineLevel,
  type LogStream,
  type RunContext,
} from '../protocol/executor.ts';
import { referencesIn } from '../protocol/secret-refs.ts';
import type { LeasedRun, Outcome, RunRef } from '../protocol/worker.ts';
import { readBlob } from './blob.ts';
import type { Updates } from './updates.ts';

/** Longest error text kept with a run; the rest is in its log. */
const ERROR_LENGTH = 10_000;
const OUTPUT_BYTES = 64 * 1024;
/** What a line costs besides its text, in memory and in the database: empty lines count as well. */
const LINE_BYTES = 64;

interface AttemptOptions {
  readonly run: LeasedRun;
  readonly executor: Executor;
  readonly updates: Updates;
  /** A piece of a blob, from the server; undefined behind the last one. */
  readonly blobChunk: (blobId: number, seq: number) => Promise<Uint8Array | undefined>;
  readonly logCapBytes: number;
  readonly logger: Logger;
}

/** One attempt of one run on this worker: the executor, its context, its deadline, and what is reported of it. */
export class Attempt {
  readonly ref: RunRef;
  readonly #options: AttemptOptions;
  /** Made when somebody asks for it: a signal is dear, and most short runs never look at theirs. */
  #controller: AbortController | undefined;
  #aborted: AttemptAborted | undefined;
  #logSeq = 0;
  #logBytes = 0;
  #emitSeq = 0;
  #logCut: boolean;
  #lost = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.ref = { id: options.run.id, epoch: options.run.epoch };
    this.#logCut = options.run.log_bytes >= options.logCapBytes;
  }

  /** Ends the attempt. Only the first reason counts, except that a lost lease outranks all others. */
  abort(reason: AbortReason): void {
    if (reason === 'pause' && !this.#options.executor.pausable) return;
    if (reason === 'lost') {
      this.#lost = true;
      this.#aborted?.escalateToLost();
    }
    this.#aborted ??= new AttemptAborted(reason);
    this.#controller?.abort(this.#aborted);
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  get #signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** @returns the outcome to report, or undefined when the lease was lost: then there is nothing to say */
  async execute(): Promise<Outcome | undefined> {
    const { run, executor, updates, logger } = this.#options;
    const timeoutMs = run.timeout_seconds === null ? undefined : run.timeout_seconds * 1000;
    const timer = timeoutMs === undefined ? undefined : longTimeout(() => this.abort('timeout'), timeoutMs);
    const logged = { run: run.id, epoch: run.epoch, attempt: run.attempt };
    logger.debug({ ...logged, kind: run.kind }, 'attempt begins');
    let outcome: Outcome;
    try {
      // Ended before it began, while it waited for a slot.
      if (this.#aborted) throw this.#aborted;
      refuseUnresolved(run.spec);
      outcome = this.#succeeded(await executor.run(run.spec as Json, this.#context()));
    } catch (error) {
      outcome = this.#failed(error);
      if (outcome.status === 'failed') logger.debug({ ...logged, err: error }, 'attempt failed');
    } finally {
      timer?.();
    }
    logger.debug({ ...logged, status: this.#lost ? 'lost' : outcome.status }, 'attempt ended');
    if (this.#lost) return undefined;
    // Lines and rows first: whoever sees the end of a run sees all of its log.
    if (this.#logSeq > 0 || this.#emitSeq > 0) await updates.flushed();
    return this.#lost ? undefined : outcome;
  }

  #succeeded(result: ExecutorResult): Outcome {
    // Work that was done in time stays done; but who cancelled is told that it was cancelled.
    const status = this.#aborted?.reason === 'cancel' ? 'cancelled' : 'succeeded';
    const outcome = this.#base(status, false);
    if (result.suspended) outcome.suspended = true;
    if (result.exitCode !== undefined) outcome.exit_code = result.exitCode;
    if (result.output !== undefined) outcome.output = bounded(result.output);
    return outcome;
  }

  #failed(error: unknown): Outcome {
    const reason = this.#aborted?.reason;
    if (reason === 'cancel') return this.#base('cancelled', false);
    if (reason === 'pause') return this.#base('paused', false);
    if (reason === 'drain' || reason === 'lost') return this.#base('released', false);
    if (reason === 'timeout') {
      const text = `timed out after ${this.#options.run.timeout_seconds} s`;
      return { ...this.#base('timed_out', true), error: text };
    }
    const text = error instanceof Error ? error.message : String(error);
    if (!(error instanceof ExecutorError)) {
      return { ...this.#base('failed', true), error: text.slice(0, ERROR_LENGTH) };
    }
    const outcome = this.#base('failed', error.retryable);
    outcome.error = text.slice(0, ERROR_LENGTH);
    if (error.retryAfterMs !== undefined) outcome.retry_after_ms = Math.max(0, Math.round(error.retryAfterMs));
    if (error.exitCode !== undefined) outcome.exit_code = error.exitCode;
    if (error.exitSignal !== undefined) outcome.exit_signal = error.exitSignal;
    if (error.output !== undefined) outcome.output = bounded(error.output);
    return outcome;
  }

  #base(status: Outcome['status'], retryable: boolean): Outcome {
    return { id: this.ref.id, epoch: this.ref.epoch, status, retryable, log_bytes: this.#logBytes };
  }

  #context(): RunContext {
    const { run, updates, blobChunk } = this.#options;
    const attempt = this;
    return {
      runId: run.id,
      attempt: run.attempt,
      epoch: run.epoch,
      idempotencyKey: run.idempotency_key,
      get signal() {
        return attempt.#signal;
      },
      savedState: run.checkpoint === null ? undefined : (run.checkpoint as Json),
      log: (level, message, stream = 'system') => this.#log(level, message, stream),
      progress: (done, total) => updates.progress(this.ref, done, total),
      checkpoint: (state) => updates.checkpoint(this.ref, state),
      emit: (type, rows) => {
        this.#emitSeq += 1;
        return updates.emit(this.ref, this.#emitSeq, type, rows);
      },
      openBlob: (id, first) => readBlob((seq) => blobChunk(id, seq), this.#signal, first),
    };
  }

  #log(level: LogLineLevel, message: string, stream: LogStream): void {
    if (this.#logCut) return;
    const { run, logCapBytes } = this.#options;
    const bytes = Buffer.byteLength(message) + LINE_BYTES;
    if (run.log_bytes + this.#logBytes + bytes > logCapBytes) {
      this.#logCut = true;
      this.#write('warning', `the log is cut here: it has reached ${logCapBytes} bytes`, 'system');
      return;
    }
    this.#logBytes += bytes;
    this.#write(level, message, stream);
  }

  #write(level: LogLineLevel, message: string, stream: LogStream): void {
    this.#logSeq += 1;
    this.#options.updates.log({ ...this.ref, seq: this.#logSeq, at: new Date().toISOString(), level, stream, message });
  }
}

/** No executor knows references: left in a spec, one would be sent as if it were the secret. */
function refuseUnresolved(spec: unknown): void {
  const [missing] = referencesIn(spec);
  if (missing === undefined) return;
  throw new ExecutorError(
    `the secret ${missing} cannot be resolved: it is gone, or was sealed with another master key. Give the secret anew where it is defined.`,
    { retryable: false },
  );
}

function bounded(output: Json): Json {
  const size = Buffer.byteLength(JSON.stringify(output));
  return size <= OUTPUT_BYTES
    ? output
    : { truncated: `the output had ${size} bytes; at most ${OUTPUT_BYTES} are kept` };
}

/** setTimeout counts at most 2^31-1 ms; a timeout of weeks would fire at once. @returns a function that ends it */
function longTimeout(callback: () => void, ms: number): () => void {
  const most = 2 ** 31 - 1;
  let timer: NodeJS.Timeout;
  const arm = (left: number) => {
    timer = left > most ? setTimeout(() => arm(left - most), most) : setTimeout(callback, left);
  };
  arm(ms);
  return () => clearTimeout(timer);
}
