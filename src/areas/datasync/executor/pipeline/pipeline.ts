import { ExecutorError, type Json, type RunContext } from '../../../../protocol/executor.ts';
import { BatchAhead } from './batch-ahead.ts';
import type { Batch, Destination, Reject, Row, Source, SyncState, Transform, TransformOutcome } from './contracts.ts';
import { jsonOf } from './json-of.ts';
import { Reporting } from './reporting.ts';

/** The ratio of refused records says nothing before so many were read. */
const RATIO_FROM = 100;
/** A refused record is kept whole up to this: longer ones cannot be driven again. */
const RAW_LENGTH = 64 * 1024;

export interface PipelineOptions {
  readonly source: Source;
  readonly transform: Transform;
  readonly destination: Destination;
  /** A hash of what is to be done. */
  readonly definition: string;
  /** Whether to read only what lies behind the cursor of the last complete run. */
  readonly incremental: boolean;
  /**
   * Whether a run goes on where an earlier one failed, instead of beginning anew: where rows are appended, whatever
   * that one has committed would otherwise come twice.
   */
  readonly continuesFailedRuns: boolean;
  /** Of the runs from this one on nobody knows whether they have completed what this one is to do. */
  readonly takesOver: number | undefined;
  /** For destinations that keep no state: what the job's last run has left. */
  readonly jobState: SyncState | undefined;
  /** Refused records beyond which the run fails; null = any number. */
  readonly maxErrors: number | null;
  readonly maxErrorRatio: number | null;
}

/** What became of a run, kept with it. */
export interface PipelineResult {
  readonly [name: string]: Json;
  readonly records_read: number;
  readonly records_written: number;
  readonly records_rejected: number;
  readonly records_removed: number;
  readonly exactly_once: boolean;
  /** Of a run that had nothing left to do, and whose own counts are 0 therefore. */
  readonly taken_over_from?: TakenOver;
}

/** The run that had done all of it, and how much that was. A type, not an interface: it is Json too. */
export type TakenOver = {
  readonly run_id: string;
  readonly records_read: number;
  readonly records_written: number;
  readonly records_rejected: number;
};

/**
 * Carries one run's records from the source to the destination, batch by batch. What is told of a batch (rejects,
 * changes, conflicts) is durable before the batch is committed, and rows carry their ordinals: told twice after a crash,
 * it is kept once.
 * Closes the destination; the source is whoever's opened it.
 * @throws ExecutorError; the signal's reason when the attempt is ended
 */
export async function runPipeline(options: PipelineOptions, context: RunContext): Promise<PipelineResult> {
  try {
    return await new PipelineRun(options, context).run();
  } finally {
    await options.destination.close();
  }
}

class PipelineRun {
  readonly #options: PipelineOptions;
  readonly #context: RunContext;
  readonly #reporting: Reporting;
  #state: SyncState;
  /** Records with lower ordinals were written before: read again only for what follows from them. */
  #writtenBelow = 0;

  constructor(options: PipelineOptions, context: RunContext) {
    this.#options = options;
    this.#context = context;
    this.#reporting = new Reporting(context);
    const { definition } = options;
    const counts = { read: 0, written: 0, rejected: 0 };
    this.#state = { run_id: context.runId, position: null, cursor: null, ...counts, complete: false, definition };
  }

  async run(): Promise<PipelineResult> {
    const { source, transform, destination, incremental } = this.#options;
    const last = await this.#lastState();
    // All was committed, and only the report of it was lost.
    if (last?.run_id === this.#context.runId && last.complete) return this.#result(last, 0);
    if (last && this.#isDone(last)) return await this.#takeOver(last);
    this.#begin(last);
    await this.#reporting.started(this.#wasTold ? this.#state.read : undefined);
    const from = {
      position: this.#writtenBelow > 0 ? undefined : (this.#state.position ?? undefined),
      cursor: incremental ? (this.#state.cursor ?? undefined) : undefined,
      text: transform.idle === true && destination.takesText === true && this.#writtenBelow === 0,
    };
    this.#reporting.total(await source.total?.(from), this.#state.read);
    // One batch is read while the one before it is written.
    const ahead = new BatchAhead(source.read(from));
    ahead.readOn();
    try {
      for (;;) {
        this.#context.signal.throwIfAborted();
        const next = await ahead.next();
        if (next.done) return await this.#finish(next.value);
        this.#context.signal.throwIfAborted();
        await this.#write(next.value, ahead);
        if (!destination.exactlyOnce) await this.#context.checkpoint(this.#state as unknown as Json);
        await this.#reporting.progress(this.#state);
      }
    } finally {
      // The source is closed when it is not being read.
      await ahead.settled();
    }
  }

  async #lastState(): Promise<SyncState | undefined> {
    const { destination, jobState } = this.#options;
    const committed = await destination.open();
    if (destination.exactlyOnce) return committed;
    return (this.#context.savedState as SyncState | undefined) ?? jobState;
  }

  /**
   * Whether an earlier run has done all of this, and did not live to tell: appended once more, all its rows would come
   * twice. With a cursor nothing does: this run reads behind it.
   */
  #isDone({ complete, run_id, definition }: SyncState): boolean {
    const { continuesFailedRuns, incremental, takesOver } = this.#options;
    if (!complete || !continuesFailedRuns || incremental || takesOver === undefined) return false;
    return run_id >= takesOver && definition === this.#options.definition;
  }

  /** Whether somebody may have told of records that were not committed, and come again. */
  get #wasTold(): boolean {
    return this.#context.epoch > 1 || this.#options.takesOver !== undefined;
  }

  async #takeOver(last: SyncState): Promise<PipelineResult> {
    await this.#reporting.started();
    const from = last.taken_over_from ?? last.run_id;
    const done = `run_${from} had committed all of this, and only its report was lost`;
    this.#context.log('warning', `nothing is read or written: ${done}`);
    this.#state = { ...last, run_id: this.#context.runId, taken_over_from: from };
    // What `open` has begun is ended, too.
    return await this.#finish(undefined);
  }

  /** Goes on from `last` where that is the same work, broken off. */
  #begin(last: SyncState | undefined): void {
    if (!last) return;
    const { continuesFailedRuns, definition } = this.#options;
    const sameRun = last.run_id === this.#context.runId;
    const goesOn = !last.complete && (sameRun || (continuesFailedRuns && last.definition === definition));
    if (goesOn && last.position !== null) {
      const { position, cursor, read } = last;
      const counts = sameRun ? { written: last.written, rejected: last.rejected } : {};
      this.#state = { ...this.#state, position, cursor, read, ...counts };
      if (this.#options.transform.remembers) this.#writtenBelow = read;
      this.#context.log('info', `going on after ${read} records that were committed before`);
    } else {
      this.#state = { ...this.#state, cursor: last.cursor };
    }
  }

  async #write(batch: Batch, ahead: BatchAhead): Promise<void> {
    const { transform, destination } = this.#options;
    const text = batch.text && ahead.readingBehind(batch.text);
    if (!text) ahead.readOn();
    const outcome = text ? untouched(batch) : this.#unwritten(transform.apply(batch.rows, batch.ordinals));
    const originals = new OriginalRows(batch);
    const fresh = batch.rejects.filter(({ ordinal }) => ordinal >= this.#writtenBelow);
    const refused = [...fresh, ...originals.complete(outcome.rejects)];
    const count = text?.count ?? (this.#writtenBelow === 0 ? batch.rows.length : unseen(batch, this.#writtenBelow));
    const records = count + fresh.length;
    if (records === 0 && this.#writtenBelow > 0) return;
    const read = this.#state.read + records;
    const state = { ...this.#state, read, position: batch.position, rejected: this.#state.rejected + refused.length };
    if (outcome.failure !== undefined) {
      await this.#reporting.quarantine(refused);
      throw new ExecutorError(outcome.failure, { retryable: false });
    }
    const written = await destination.write({
      ...(text ? { text } : {}),
      get rows() {
        return outcome.rows;
      },
      get ordinals() {
        return outcome.ordinals;
      },
      state,
      beforeCommit: async (found) => {
        const all = [...refused, ...originals.complete(found.rejects)];
        await this.#reporting.found(all, found.changes, found.changesOmitted, found.conflicts);
        // Before the commit: what is beyond the threshold is to be nowhere.
        this.#checkErrors(this.#state.rejected + all.length, read);
      },
    });
    this.#state = {
      ...state,
      written: this.#state.written + written.written,
      rejected: state.rejected + written.rejects.length,
    };
  }

  #unwritten(outcome: TransformOutcome): TransformOutcome {
    const below = this.#writtenBelow;
    if (below === 0) return outcome;
    const wanted = outcome.ordinals.map((ordinal) => ordinal >= below);
    return {
      ...outcome,
      rows: outcome.rows.filter((_, index) => wanted[index]),
      ordinals: outcome.ordinals.filter((ordinal) => ordinal >= below),
      rejects: outcome.rejects.filter(({ ordinal }) => ordinal >= below),
    };
  }

  #checkErrors(rejected: number, read: number): void {
    const { maxErrors, maxErrorRatio } = this.#options;
    if (maxErrors !== null && rejected > maxErrors) {
      throw new ExecutorError(
        `${rejected} records were refused, more than max_errors (${maxErrors}) allows; the quarantine tells why`,
        { retryable: false },
      );
    }
    if (maxErrorRatio !== null && read >= RATIO_FROM && rejected / read > maxErrorRatio) {
      throw new ExecutorError(
        `${rejected} of ${read} records were refused, more than max_error_ratio (${maxErrorRatio}) allows; the quarantine tells why`,
        { retryable: false },
      );
    }
  }

  async #finish(cursor: Json | undefined): Promise<PipelineResult> {
    const { destination } = this.#options;
    const state = { ...this.#state, position: null, cursor: cursor ?? this.#state.cursor, complete: true };
    const { removed } = await destination.finish(state);
    if (!destination.exactlyOnce) {
      await this.#context.checkpoint(state);
      await this.#context.emit('state', [state]);
    }
    const result = this.#result(state, removed);
    this.#reporting.ended(result);
    return result;
  }

  #result({ read, written, rejected, taken_over_from: from }: SyncState, removed: number): PipelineResult {
    const counts = { records_read: read, records_written: written, records_rejected: rejected };
    const kept = { records_removed: removed, exactly_once: this.#options.destination.exactlyOnce };
    if (from === undefined) return { ...counts, ...kept };
    // Whoever adds up what runs have done must not count it twice.
    const own = { records_read: 0, records_written: 0, records_rejected: 0 };
    return { ...own, ...kept, taken_over_from: { run_id: `run_${from}`, ...counts } };
  }
}

/** A batch that came as text: its rows are made only if somebody reads them. */
function untouched(batch: Batch): TransformOutcome {
  return {
    get rows() {
      return batch.rows;
    },
    get ordinals() {
      return batch.ordinals;
    },
    rejects: [],
  };
}

function unseen(batch: Batch, from: number): number {
  return batch.ordinals.filter((ordinal) => ordinal >= from).length;
}

/** A batch's records as they came, for the rejects of what followed: driven again, they take the whole way. */
class OriginalRows {
  readonly #batch: Batch;
  #byOrdinal: Map<number, Row> | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  complete(rejects: readonly Reject[]): Reject[] {
    if (rejects.length === 0) return [];
    this.#byOrdinal ??= new Map(this.#batch.ordinals.map((ordinal, index) => [ordinal, this.#batch.rows[index] ?? {}]));
    const rows = this.#byOrdinal;
    return rejects.map((reject) => {
      const row = rows.get(reject.ordinal);
      if (!row) return reject;
      const raw = JSON.stringify(jsonOf(row));
      return { ...reject, raw: raw.slice(0, RAW_LENGTH), whole: raw.length <= RAW_LENGTH };
    });
  }
}
