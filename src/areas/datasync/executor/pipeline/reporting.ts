import type { Json, RunContext } from '../../../../protocol/executor.ts';
import type { FoundConflict, Reject, RowChange, SyncState } from './contracts.ts';

/** Rows of one emission: a message to the server has a limit. */
const EMIT_ROWS = 500;
const PROGRESS_EVERY_MS = 1000;

/** Of a run, when it has ended. */
interface Counts {
  readonly records_read: number;
  readonly records_written: number;
  readonly records_rejected: number;
}

/** What a run tells the server besides its log: how far it is, and what it has found. */
export class Reporting {
  readonly #context: RunContext;
  #total: number | undefined;
  #toldAt = 0;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /**
   * Once an attempt, before it reads.
   * @param from records from this ordinal on are told of again, and what was told of them before counts no more
   */
  async started(from?: number): Promise<void> {
    await this.#context.emit('started', [from === undefined ? {} : { from }]);
  }

  /** @param rest how many records are still to come; undefined = not known */
  total(rest: number | undefined, done: number): void {
    this.#total = rest === undefined ? undefined : rest + done;
    if (this.#total !== undefined) this.#context.progress(done, this.#total);
  }

  async progress(state: SyncState): Promise<void> {
    // A guess that was too low would say more than 100 %.
    if (this.#total !== undefined && state.read > this.#total) this.#total = state.read;
    this.#context.progress(state.read, this.#total);
    const now = performance.now();
    if (now - this.#toldAt < PROGRESS_EVERY_MS) return;
    this.#toldAt = now;
    await this.#context.emit('progress', [progressRow(state, this.#total)]);
  }

  ended({ records_read: read, records_written: written, records_rejected: refused }: Counts): void {
    this.#context.progress(read, read);
    this.#context.log('info', `${read} records read, ${written} written, ${refused} refused`);
  }

  async quarantine(rejects: readonly Reject[]): Promise<void> {
    const [first] = rejects;
    if (!first) return;
    const others = rejects.length > 1 ? `, and ${rejects.length - 1} others of its batch` : '';
    this.#context.log('warning', `record ${first.ordinal}${others} refused: ${first.reason}`);
    await this.#emitAll('quarantine', rejects as unknown as Json[]);
  }

  async found(
    rejects: readonly Reject[],
    changes: readonly RowChange[],
    changesOmitted: number,
    conflicts: readonly FoundConflict[],
  ): Promise<void> {
    await this.quarantine(rejects);
    await this.#emitAll('conflicts', conflicts as unknown as Json[]);
    await this.#emitAll('changes', changes as unknown as Json[]);
    if (changesOmitted > 0) await this.#context.emit('changes_omitted', [{ count: changesOmitted }]);
  }

  async #emitAll(type: string, rows: readonly Json[]): Promise<void> {
    for (let from = 0; from < rows.length; from += EMIT_ROWS) {
      await this.#context.emit(type, rows.slice(from, from + EMIT_ROWS));
    }
  }
}

function progressRow(state: SyncState, total: number | undefined): Json {
  return { records_processed: state.read, records_written: state.written, records_total: total ?? null };
}
