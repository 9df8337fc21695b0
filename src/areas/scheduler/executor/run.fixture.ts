import {
  type AbortReason,
  AttemptAborted,
  type Executor,
  type ExecutorResult,
  type Json,
  type LogLineLevel,
  type LogStream,
  type RunContext,
} from '../../../protocol/executor.ts';

interface Line {
  readonly level: LogLineLevel;
  readonly message: string;
  readonly stream: LogStream;
}

/** An attempt under test: its log so far, and how to end it. */
export interface TestAttempt {
  readonly result: Promise<ExecutorResult>;
  readonly lines: Line[];
  /** The log so far, of one stream or all, one line each. */
  text(stream?: LogStream): string;
  /** Resolves when the log holds `part`. */
  until(part: string): Promise<void>;
  abort(reason: AbortReason): void;
}

/** Runs one attempt of `spec` as a worker would; what only other kinds use fails the test. */
export function attempt(executor: Executor, spec: Json, given: Partial<RunContext> = {}): TestAttempt {
  const abort = new AbortController();
  const lines: Line[] = [];
  let wake = () => {};
  const context: RunContext = {
    runId: 7,
    attempt: 1,
    epoch: 1,
    idempotencyKey: 'key-of-run-7',
    signal: abort.signal,
    savedState: undefined,
    log(level, message, stream = 'system') {
      lines.push({ level, message, stream });
      wake();
    },
    progress: unexpected,
    checkpoint: unexpected,
    emit: unexpected,
    openBlob: unexpected,
    ...given,
  };
  const result = executor.run(spec, context);
  // Awaited by the test in its own time.
  result.catch(() => {});
  const text = (stream?: LogStream) =>
    lines
      .filter((line) => stream === undefined || line.stream === stream)
      .map((line) => line.message)
      .join('\n');
  return {
    result,
    lines,
    text,
    async until(part) {
      while (!text().includes(part)) {
        const more = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([more, result]);
      }
    },
    abort: (reason) => abort.abort(new AttemptAborted(reason)),
  };
}

function unexpected(): never {
  throw new Error('this kind of run has no progress, checkpoints, rows or blobs');
}
