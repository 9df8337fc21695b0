/**
 * Reads a table, or what one SELECT gives.
 *
 * One statement reads all of an attempt, in one snapshot, in the order of a key: the table's primary key, or another
 * key without nulls, unless `key_columns` says otherwise; behind the cursor column when syncing incrementally. Another
 * attempt goes on behind the last key, in a snapshot of its own. Rows of equal keys are never torn apart by a batch, so
 * a key that is not quite unique costs memory, not rows.
 *
 * The next incremental run begins behind the last (cursor, key). Rows of one cursor value are thereby not lost when a
 * run ends among them; what is committed after a run has passed its place, with an older value (a transaction that
 * took its time, a clock that went back), is not found again: `lookback` reads that much again, for jobs that upsert.
 *
 * Without any key, rows are read in whatever order the database gives them, and counted. Another attempt reads from the
 * start, passes over as many, and goes on only if they were the same rows in the same order, which a digest proves; else
 * the run fails, rather than lose or double rows.
 */
import type { ConnectOptions, DatabaseLogin, UrlLogin } from '../../../../../connections/drivers/login.ts';
import { ExecutorError, type Json, type RunContext } from '../../../../../protocol/executor.ts';
import type { Batch, Column, ReadFrom, Source } from '../../pipeline/contracts.ts';
import { countedBatches, keyedBatches } from './batches.ts';
import { openReader } from './open.ts';
import { countedPlace, type KeyPlace, keyPlace, lookBack, placeJson } from './place.ts';
import {
  countRows,
  type DatabaseSelection,
  type Extent,
  type KeyRange,
  planRead,
  type ReadPlan,
  selectRows,
  selectUncursored,
} from './plan.ts';
import { oneSelect } from './query-text.ts';
import { type DatabaseReader, onlyRow } from './reader.ts';

export interface DatabaseSourceOptions {
  readonly config: DatabaseSelection;
  readonly login: DatabaseLogin | UrlLogin;
  /** What may be dialled. */
  readonly guard: Pick<ConnectOptions, 'allowPrivate' | 'lookup'>;
  /** Rows a batch; somewhat more where rows share a key. */
  readonly batchSize: number;
  /** Whether only rows behind the cursor of the last run are read; needs `cursor_column`. */
  readonly incremental: boolean;
  /** Only a part of the table, as `splitByKey` has cut it. */
  readonly range?: KeyRange;
  readonly signal: AbortSignal;
  readonly log: RunContext['log'];
}

export function databaseSource(options: DatabaseSourceOptions): Source {
  return new DatabaseSource(options);
}

const DEFAULT_FETCH_SIZE = 5000;
/** Rows that are counted one by one; of more, the catalogue's estimate is told. */
const COUNTED = 100_000;

interface Session {
  readonly reader: DatabaseReader;
  readonly plan: ReadPlan;
}

class DatabaseSource implements Source {
  readonly #options: DatabaseSourceOptions;
  readonly #noted = new Set<string>();
  readonly #onAbort = () => this.#reader?.abort();
  #opening: Promise<Session> | undefined;
  #reader: DatabaseReader | undefined;

  constructor(options: DatabaseSourceOptions) {
    this.#options = options;
  }

  async columns(): Promise<readonly Column[]> {
    return await this.#asked(async ({ plan }) => plan.columns.map(({ name, type }) => ({ name, type })));
  }

  async total(from: ReadFrom): Promise<number | undefined> {
    return await this.#asked(async ({ reader, plan }) => {
      // A query would have to be run for it, whatever it costs.
      if (!plan.table) return undefined;
      const extent = this.#extent(plan, from);
      const counted = Number((await onlyRow(reader, countRows(reader, plan, extent, COUNTED + 1)))?.[0]);
      const read = (from.position as Partial<KeyPlace> | undefined)?.read ?? 0;
      if (counted <= COUNTED) return plan.keyset ? counted : Math.max(counted - read, 0);
      if (extent.range || plan.cursor) return undefined;
      const estimate = await reader.estimate(plan.table);
      return estimate === undefined ? undefined : Math.max(Math.round(estimate) - read, counted);
    });
  }

  async *read(from: ReadFrom): AsyncGenerator<Batch, Json | undefined> {
    const session = await this.#session();
    try {
      if (!session.plan.keyset) return yield* this.#readCounted(session, from);
      return yield* this.#readBehindKeys(session, from);
    } catch (error) {
      throw this.#explained(session, error);
    }
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    await this.#reader?.close();
  }

  async *#readBehindKeys({ reader, plan }: Session, from: ReadFrom): AsyncGenerator<Batch, Json | undefined> {
    const { keyset, cursor } = plan;
    if (!keyset) return undefined;
    if (cursor) await this.#warnOfUncursored(reader, plan);
    const names = keyset.columns.map(({ name }) => name);
    const start = from.position === undefined ? undefined : keyPlace(from.position, keyset.columns, 'the position');
    const rows = reader.rows(selectRows(reader, plan, this.#extent(plan, from)), this.#fetchSize);
    const batches = keyedBatches(rows, plan, keyset, { first: start?.read ?? 0, size: this.#options.batchSize });
    let after = start?.after;
    for await (const { after: last, read, ...batch } of batches) {
      after = last;
      yield { ...batch, position: placeJson({ columns: names, after, read }) };
    }
    return cursor && after ? placeJson({ columns: names, after, read: 0 }) : undefined;
  }

  async *#readCounted({ reader, plan }: Session, from: ReadFrom): AsyncGenerator<Batch, undefined> {
    const start = from.position === undefined ? undefined : countedPlace(from.position);
    if (start) {
      this.#options.log(
        'info',
        `no key tells the rows apart, so they are read from the start again, and the first ${start.read} passed over; key_columns would save that`,
      );
    }
    const rows = reader.rows(selectRows(reader, plan, this.#extent(plan, from)), this.#fetchSize);
    for await (const { read, digest, ...batch } of countedBatches(rows, plan, this.#options.batchSize, start)) {
      yield { ...batch, position: placeJson({ read, digest }) };
    }
  }

  /** Which rows are behind where reading begins. */
  #extent(plan: ReadPlan, from: ReadFrom): Extent {
    const { range, config } = this.#options;
    const { keyset, cursor } = plan;
    if (!keyset) return { range };
    if (from.position !== undefined)
      return { range, after: keyPlace(from.position, keyset.columns, 'the position').after };
    if (!cursor || from.cursor === undefined) return { range };
    const { after } = keyPlace(from.cursor, keyset.columns, 'the cursor');
    const [value = null] = after;
    return config.lookback ? { range, since: lookBack(cursor, value, config.lookback) } : { range, after };
  }

  get #fetchSize(): number {
    return this.#options.config.fetch_size ?? DEFAULT_FETCH_SIZE;
  }

  /** A row without a value of the cursor lies behind no cursor: it would be read never, or with every run. */
  async #warnOfUncursored(reader: DatabaseReader, plan: ReadPlan): Promise<void> {
    const { cursor, cursorNullable } = plan;
    if (!cursor || !cursorNullable) return;
    if (!(await onlyRow(reader, selectUncursored(reader, plan, cursor)))) return;
    this.#options.log('warning', `rows without a value in cursor_column ${cursor.name} are not read incrementally`);
  }

  async #asked<T>(ask: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#session();
    try {
      return await ask(session);
    } catch (error) {
      throw this.#explained(session, error);
    }
  }

  #explained({ reader, plan }: Session, error: unknown): unknown {
    const { signal } = this.#options;
    if (signal.aborted) return signal.reason;
    return reader.explain(error, plan.table ? `reading table ${plan.table.table}` : 'reading the query');
  }

  #session(): Promise<Session> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const { config, login, guard, incremental, signal, log } = this.#options;
    if (config.query !== undefined && config.table !== undefined)
      throw new ExecutorError('table and query are both given; leave one out', { retryable: false });
    const query = config.query === undefined ? undefined : oneSelect(config.query, login.engine);
    const note = (text: string) => {
      if (this.#noted.has(text)) return;
      this.#noted.add(text);
      log('warning', text);
    };
    const reader = await openReader(login, { ...guard, signal, applicationName: 'longshore' }, note);
    this.#reader = reader;
    signal.addEventListener('abort', this.#onAbort);
    try {
      if (signal.aborted) reader.abort();
      return { reader, plan: await planRead(reader, config, query, incremental) };
    } catch (error) {
      signal.throwIfAborted();
      throw reader.explain(error, 'looking at what there is to read');
    }
  }
}
