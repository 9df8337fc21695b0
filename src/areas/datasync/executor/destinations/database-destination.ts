import { AttemptAborted, ExecutorError } from '../../../../protocol/executor.ts';
import type {
  Destination,
  FinishOutcome,
  Reject,
  SyncState,
  TextRecords,
  WriteBatch,
  WriteOutcome,
} from '../pipeline/contracts.ts';
import type { DatabaseEngine, FenceRow, KeptState } from './database-engine.ts';
import { Placed, Placing } from './database-placing.ts';
import { rowLike, type Survey, surveyBatch } from './database-survey.ts';
import { scratchNames, TargetTable, type WriteSpec } from './database-target.ts';

/** Changes that a run tells of, at most. */
const MOST_TOLD = 10_000;

/** Milliseconds that a server has to end a connection in order. */
const GOODBYE_MS = 5000;

/** Of `beforeCommit`: not the database's, whatever its type. */
class TellingFailed extends Error {
  constructor(cause: unknown) {
    super('what was found could not be told', { cause });
    this.name = 'TellingFailed';
  }
}

/**
 * Writes into a table of a database, rows and state in one transaction.
 *
 * A batch is judged first (database-survey.ts), then the table is made or widened, then the rows are loaded. While a
 * table is first filled they go straight into it; else into a temporary table, and from there by one merge. If the
 * server refuses a row, the transaction is undone and the batch is taken in halves, so that only that row is lost to it.
 * Tables are changed before the transaction, for in some engines that would end it: a crash in between leaves a table
 * that is wider than it needs to be, and the batch that comes again fits.
 */
export class DatabaseDestination implements Destination {
  readonly exactlyOnce = true;
  readonly takesText: boolean;
  readonly #engine: DatabaseEngine;
  readonly #spec: WriteSpec;
  readonly #target: TargetTable;
  readonly #placing: Placing;
  /** Whether rows may still go straight into the table that is being filled: no key has come twice. */
  #straight = false;
  #told = 0;
  /** Whether the table is as the run needs it: its first records have been looked at. */
  #shaped = false;

  constructor(engine: DatabaseEngine, spec: WriteSpec) {
    this.#engine = engine;
    this.takesText = engine.text !== undefined;
    this.#spec = spec;
    this.#target = new TargetTable(engine, spec);
    this.#placing = new Placing(engine, spec, this.#target);
  }

  async open(): Promise<SyncState | undefined> {
    checkSpec(this.#spec, this.#engine);
    return await this.#explained('opening', async () => {
      // Before it is connected: what is asked first may be what a server does not answer.
      this.#spec.signal?.addEventListener('abort', this.#onAbort);
      await this.#engine.connect();
      const state = await this.#engine.takeFence((found) => this.#clear(found));
      const own = state?.run_id === this.#spec.runId ? state : undefined;
      if (own?.complete) {
        // Its end was committed, and then broken off.
        await this.#engine.dropTables(scratchNames(this.#spec.table, this.#spec.runId));
        return syncState(own);
      }
      const intact = await this.#target.look(own);
      this.#straight = this.#target.filling;
      if (!intact) return undefined;
      this.#told = own?.destination.told ?? 0;
      return state && syncState(state);
    });
  }

  async write(batch: WriteBatch): Promise<WriteOutcome> {
    return await this.#explained('writing', async () => {
      const loaded = await this.#placeText(batch);
      if (loaded) return loaded;
      await this.#target.inherit();
      let survey = this.#survey(batch);
      while (!(await this.#target.shape(survey))) survey = this.#survey(batch);
      this.#shaped ||= survey.rows.length > 0;
      return await this.#place(batch, survey);
    });
  }

  #survey(batch: Pick<WriteBatch, 'rows' | 'ordinals'>): Survey {
    return surveyBatch(batch.rows, batch.ordinals, {
      engine: this.#engine,
      keyColumns: this.#target.keys,
      policy: this.#spec.schemaPolicy,
      table: this.#target.columns,
      declared: this.#spec.columns ?? [],
      warn: (message) => this.#target.warn(message),
    });
  }

  async finish(state: SyncState): Promise<FinishOutcome> {
    return await this.#explained('finishing', async () => {
      await this.#engine.forgetOnce();
      await this.#target.inherit();
      await this.#target.addUnknown();
      if (this.#spec.mode === 'overwrite' && this.#target.exists) {
        const kept = this.#kept(state, this.#told, []);
        await this.#engine.swap(this.#target.swap, kept);
        return { removed: 0 };
      }
      const removes = await this.#mayRemove(state);
      const removed = await this.#engine.transaction(async () => {
        const count = removes ? await this.#removeMissing() : 0;
        await this.#engine.saveState(this.#kept(state, this.#told, this.#target.scratch));
        return count;
      });
      await this.#engine.dropTables(this.#target.scratch);
      return { removed };
    });
  }

  async close(): Promise<void> {
    // Nothing is left to lose: a server that does not answer the goodbye is not waited for.
    const silent = setTimeout(() => this.#engine.abandon(), GOODBYE_MS);
    await this.#engine.close();
    clearTimeout(silent);
    this.#spec.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** A run that is paused, or moves elsewhere, ends behind its batch; any other end does not wait for a server. */
  readonly #onAbort = (): void => {
    const reason: unknown = this.#spec.signal?.reason;
    const gently = reason instanceof AttemptAborted && (reason.reason === 'pause' || reason.reason === 'drain');
    if (!gently) this.#engine.abandon();
  };

  /** Takes away what runs have left that will not go on. */
  async #clear(found: readonly FenceRow[]): Promise<void> {
    const { table, runId } = this.#spec;
    const leftovers = new Set<string>();
    for (const { runId: formerRun, state } of found) {
      if (state?.destination.swap) await this.#engine.completeSwap(state.destination.swap);
      if (formerRun === runId) continue;
      for (const name of [...(state?.destination.scratch ?? []), ...scratchNames(table, formerRun)])
        leftovers.add(name);
    }
    await this.#engine.dropTables([...leftovers]);
  }

  /** @returns undefined when the records must be looked at: they do not fit as they are, or the server refuses some */
  async #placeText(batch: WriteBatch): Promise<WriteOutcome | undefined> {
    const { text } = batch;
    const loading = this.#engine.text;
    if (!text || !loading || !(await this.#shapeText(text)) || this.#target.keepsBase) return undefined;
    const columns = this.#target.textColumns(text, loading);
    if (!columns) return undefined;
    const keyed = this.#target.keys.length > 0;
    if (keyed && !this.#straight) {
      return await this.#attempt(batch, [], (tellable) => this.#placing.mergeText(loading, text, columns, tellable));
    }
    if (this.#placing.tellsOfLoaded(MOST_TOLD - this.#told)) return undefined;
    return await this.#attempt(batch, [], () => this.#placing.loadText(loading, text, columns));
  }

  /**
   * Makes the table of the first records that come as text, where it is as their rows would make it.
   * @returns whether the table is as the run needs it
   */
  async #shapeText({ fields }: TextRecords): Promise<boolean> {
    const isToBe = () => !this.#target.exists || this.#spec.schemaPolicy === 'evolve';
    while (!this.#shaped) {
      await this.#target.inherit();
      const row = rowLike(fields);
      if (!row || !isToBe() || !this.#target.hasKeys(fields)) return false;
      const survey = this.#survey({ rows: [row], ordinals: [0] });
      const isClear =
        survey.rows.length === 1 && survey.widened.length === 0 && survey.columns.length === fields.length;
      if (!isClear) return false;
      this.#shaped = await this.#target.shape(survey);
    }
    return true;
  }

  async #place(batch: WriteBatch, survey: Survey): Promise<WriteOutcome> {
    const keyed = this.#target.keys.length > 0;
    const attempt = (way: 'load' | 'merge' | 'piecewise') =>
      this.#attempt(batch, survey.rejects, async (tellable) =>
        survey.rows.length === 0 ? new Placed() : await this.#placing[way](survey, survey, tellable),
      );
    if (!keyed || (this.#straight && !this.#target.keepsBase)) {
      const outcome = await attempt('load');
      if (outcome) return outcome;
      // Most likely a key that is there already: from here on rows are merged.
      this.#straight = false;
    }
    const merged = keyed ? await attempt('merge') : undefined;
    if (merged) return merged;
    const outcome = await attempt('piecewise');
    if (outcome) return outcome;
    throw new ExecutorError('the database refuses the batch, but none of its rows alone');
  }

  /**
   * @param place gets how many changes may still be told of
   * @returns undefined when the server refuses some row: nothing of the batch is there then
   */
  async #attempt(
    batch: WriteBatch,
    rejects: readonly Reject[],
    place: (tellable: number) => Promise<Placed>,
  ): Promise<WriteOutcome | undefined> {
    try {
      return await this.#engine.transaction(async () => {
        const placed = await place(MOST_TOLD - this.#told);
        return await this.#conclude(batch, [...rejects, ...placed.rejects], placed);
      });
    } catch (error) {
      if (this.#engine.isDataError(error)) return undefined;
      throw error;
    }
  }

  async #conclude(batch: WriteBatch, rejects: readonly Reject[], placed: Placed): Promise<WriteOutcome> {
    const { written, changes, changesOmitted, conflicts } = placed;
    const outcome: WriteOutcome = { written, rejects, changes, changesOmitted, conflicts };
    const { state } = batch;
    const counted = { ...state, written: state.written + written, rejected: state.rejected + rejects.length };
    const told = this.#told + changes.length;
    await this.#engine.saveState(this.#kept(counted, told, this.#target.scratch));
    await batch.beforeCommit(outcome).catch((error: unknown) => {
      throw new TellingFailed(error);
    });
    this.#told = told;
    return outcome;
  }

  #kept(state: SyncState, told: number, scratch: readonly string[]): KeptState {
    return { ...state, destination: { filling: this.#target.filling, told, scratch } };
  }

  /** Rows are removed only if nothing speaks for it that the source still has them. */
  async #mayRemove(state: SyncState): Promise<boolean> {
    if (!this.#target.tracksMissing || !this.#target.exists) return false;
    if (state.rejected > 0) {
      this.#target.warn(
        `no rows are ${this.#spec.onMissing === 'mark' ? 'marked' : 'deleted'} as missing: ${state.rejected} records of this run were refused, and may be among them`,
      );
      return false;
    }
    await this.#target.prepareRemoval();
    return true;
  }

  async #removeMissing(): Promise<number> {
    const { onMissing, missingThreshold, table } = this.#spec;
    const { seen, keys } = this.#target;
    const target = { table, seen, keys, mark: onMissing === 'mark' };
    const { rows, missing } = await this.#engine.countMissing(target);
    if (missing > rows * missingThreshold) {
      throw new ExecutorError(
        `${missing} of ${rows} rows of table "${table}" are no longer in the source, more than missing_threshold (${missingThreshold}) allows: nothing was removed; check the source, or raise the threshold`,
        { retryable: false },
      );
    }
    return missing === 0 ? 0 : await this.#engine.removeMissing(target);
  }

  async #explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TellingFailed) throw error.cause;
      this.#spec.signal?.throwIfAborted();
      throw this.#engine.explain(error, `${doing} table "${this.#spec.table}"`);
    }
  }
}

function syncState({ destination: _, ...state }: KeptState): SyncState {
  return state;
}

function checkSpec(spec: WriteSpec, engine: DatabaseEngine): void {
  const { table, mode, keyColumns, conflict } = spec;
  const fail = (message: string) => {
    throw new ExecutorError(message, { retryable: false });
  };
  for (const name of [table, ...keyColumns]) {
    const problem = engine.nameProblem(name);
    if (problem) fail(`"${name}" cannot be the name of a table or column: ${problem}`);
  }
  if (table.startsWith('_longshore_')) fail(`table "${table}": names that begin with _longshore_ are the sync's own`);
  if (mode === 'upsert' && keyColumns.length === 0) fail('mode upsert needs key_columns');
  if (conflict.strategy === 'timestamp' && conflict.timestamp_column === undefined) {
    fail('conflict strategy timestamp needs timestamp_column');
  }
}
