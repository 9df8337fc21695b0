import { createHash } from 'node:crypto';
import { ExecutorError, type LogLineLevel } from '../../../../protocol/executor.ts';
import type { Column, TextRecords } from '../pipeline/contracts.ts';
import type { ConflictStrategy } from './database-conflicts.ts';
import type { LoadColumn } from './database-encoding.ts';
import {
  BASE_COLUMN,
  type DatabaseEngine,
  DELETED_COLUMN,
  type KeptState,
  type Swap,
  type Table,
  type TextLoading,
} from './database-engine.ts';
import { isOurs, type SchemaPolicy, type Survey } from './database-survey.ts';
import type { TableColumn } from './schema-column.ts';

/** What is written, and how. */
export interface WriteSpec {
  readonly table: string;
  readonly mode: 'append' | 'overwrite' | 'upsert';
  /** Needed to upsert. With overwrite, rows of one key become one, the last. */
  readonly keyColumns: readonly string[];
  readonly schemaPolicy: SchemaPolicy;
  /** After a full refresh by upsert: what becomes of rows that the source has no longer. */
  readonly onMissing: 'keep' | 'mark' | 'delete';
  /** The part of all rows above which none is marked or deleted, and the run fails. */
  readonly missingThreshold: number;
  readonly conflict: { readonly strategy: ConflictStrategy; readonly timestamp_column?: string };
  /** Whether rows are written past the values that were last synced: what somebody has decided is no sync. */
  readonly keepBase?: boolean;
  /** Whether to tell of rows that are created and updated. */
  readonly changeEvents: boolean;
  /** Whether this run reads all that the source has. */
  readonly fullRefresh: boolean;
  /** What the source says of its columns: from text alone, a decimal or time cannot be told. */
  readonly columns?: readonly Column[];
  readonly runId: number;
  readonly signal?: AbortSignal | undefined;
  readonly log: (level: LogLineLevel, message: string) => void;
}

/**
 * Tables that belong to one run: `new` takes the target's place at the end, when the target becomes `old`; `seen` notes
 * the keys that came.
 */
const SCRATCH_KINDS = ['new', 'old', 'seen'] as const;
/** What every engine takes as a name. */
const LONGEST_NAME = 63;

/** A name that no other run has, and that is not longer than names may be. */
function scratchName(table: string, kind: (typeof SCRATCH_KINDS)[number], runId: number): string {
  const suffix = `__${kind}_${runId}`;
  const whole = `${table}${suffix}`;
  if (Buffer.byteLength(whole) <= LONGEST_NAME) return whole;
  const hash = createHash('sha256').update(table).digest('hex').slice(0, 8);
  let head = table;
  while (Buffer.byteLength(`${head}_${hash}${suffix}`) > LONGEST_NAME) head = [...head].slice(0, -1).join('');
  return `${head}_${hash}${suffix}`;
}

/** The scratch tables that a run of this table can have left. */
export function scratchNames(table: string, runId: number): string[] {
  return SCRATCH_KINDS.map((kind) => scratchName(table, kind, runId));
}

/** The table that rows go to: it is made, and widened, as batches need it. */
export class TargetTable {
  /** The table itself, or the one that takes its place at the end. */
  readonly name: string;
  /** Where the keys of this run's rows are noted. */
  readonly seen: string;
  readonly #engine: DatabaseEngine;
  readonly #spec: WriteSpec;
  #table: Table | undefined;
  #filling = false;
  #seenMade = false;
  readonly #warned = new Set<string>();
  /** Fields that have had no value yet. */
  readonly #unknown = new Set<string>();

  constructor(engine: DatabaseEngine, spec: WriteSpec) {
    this.#engine = engine;
    this.#spec = spec;
    const { table, mode, runId } = spec;
    this.name = mode === 'overwrite' ? scratchName(table, 'new', runId) : table;
    this.seen = scratchName(table, 'seen', runId);
  }

  get exists(): boolean {
    return this.#table !== undefined;
  }

  get columns(): readonly TableColumn[] | undefined {
    return this.#table?.columns;
  }

  /** Key columns, where rows of one key are to be one. */
  get keys(): readonly string[] {
    return this.#spec.mode === 'append' ? [] : this.#spec.keyColumns;
  }

  /** The table was empty when the run began. */
  get filling(): boolean {
    return this.#filling;
  }

  get keepsBase(): boolean {
    return this.#spec.mode === 'upsert' && !this.#spec.keepBase && this.has(BASE_COLUMN);
  }

  get marksMissing(): boolean {
    return this.#spec.mode === 'upsert' && this.#spec.onMissing === 'mark' && this.has(DELETED_COLUMN);
  }

  /** Whether rows that do not come in this run are to go: in a table that was empty there can be none. */
  get tracksMissing(): boolean {
    const { mode, onMissing, fullRefresh } = this.#spec;
    return mode === 'upsert' && onMissing !== 'keep' && fullRefresh && !this.#filling;
  }

  has(name: string): boolean {
    const folded = this.#engine.fold(name);
    return this.#table?.columns.some((column) => this.#engine.fold(column.name) === folded) ?? false;
  }

  /**
   * Looks at the table before the first batch.
   * @param own what an earlier attempt of this run has committed
   * @returns false when that is gone, and the run has to begin anew
   */
  async look(own: KeptState | undefined): Promise<boolean> {
    const aside = this.#spec.mode === 'overwrite';
    // Behind the fence: who has been overtaken would drop the tables of the attempt that goes on.
    if (!own) await this.#engine.change(() => this.#engine.dropTables(aside ? [this.seen, this.name] : [this.seen]));
    this.#table = await this.#engine.describe(this.name);
    if (aside && !this.#table) {
      this.#filling = true;
      return own === undefined || own.position === null;
    }
    this.#filling = own?.destination.filling ?? (!this.#table || (await this.#engine.isEmpty(this.name)));
    this.#seenMade = own !== undefined && (await this.#engine.describe(this.seen)) !== undefined;
    if (this.#table) await this.#ensureKey(this.#table);
    // Without the keys that were noted, rows that came would be taken for missing.
    return this.#seenMade || !own?.destination.scratch.includes(this.seen);
  }

  /** How the run's table takes the place of the one that it is to replace. */
  get swap(): Swap {
    const { table, runId } = this.#spec;
    return { aside: this.name, table, old: scratchName(table, 'old', runId) };
  }

  /** Tables of this run alone. */
  get scratch(): readonly string[] {
    return [...(this.#spec.mode === 'overwrite' ? [this.name] : []), ...(this.#seenMade ? [this.seen] : [])];
  }

  warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#spec.log('warning', message);
  }

  /** A table that is to be replaced hands down its columns and indexes. */
  async inherit(): Promise<void> {
    if (this.#spec.mode !== 'overwrite' || this.#table) return;
    if (!(await this.#engine.describe(this.#spec.table))) return;
    await this.#engine.change(() => this.#engine.createLike(this.name, this.#spec.table));
    this.#table = await this.#engine.describe(this.name);
    if (this.#table) await this.#ensureKey(this.#table);
  }

  /** Whether records that come as text have all keys, and none that is null. */
  hasKeys(fields: TextRecords['fields']): boolean {
    const present = new Set(fields.filter(({ nulls }) => !nulls).map(({ name }) => this.#engine.fold(name)));
    return this.keys.every((key) => present.has(this.#engine.fold(key)));
  }

  /**
   * The columns that records which come as text can go to as they are.
   * @returns undefined where somebody must look at them first
   */
  textColumns({ fields }: TextRecords, loading: TextLoading): LoadColumn[] | undefined {
    const standing = new Map(this.#table?.columns.map((column) => [this.#engine.fold(column.name), column]));
    const keys = new Set(this.keys.map((name) => this.#engine.fold(name)));
    const columns: LoadColumn[] = [];
    for (const { name, type, also, nulls } of fields) {
      const folded = this.#engine.fold(name);
      const column = standing.get(folded);
      // Taken out, so that two fields of one column do not pass.
      standing.delete(folded);
      const key = keys.delete(folded);
      if (!column || (key && nulls) || isOurs(name)) return undefined;
      if (!loading.takes(column, type) && !(also && loading.takes(column, also))) return undefined;
      columns.push({ field: name, column, key });
    }
    return keys.size === 0 ? columns : undefined;
  }

  /**
   * Makes the table, or gives it what the batch needs.
   * @returns false when another run has changed the table meanwhile: the batch has to be judged by what it is now
   */
  async shape(survey: Survey): Promise<boolean> {
    for (const field of survey.unknown) this.#unknown.add(field);
    if (survey.rows.length === 0) return true;
    const own = this.#ownColumns();
    if (!this.#table) {
      if (!(await this.#create(survey, own))) return false;
    } else {
      const missing = [...survey.added, ...own.filter(({ name }) => !this.has(name))];
      const fits = missing.length === 0 && survey.widened.length === 0;
      if (!fits && !(await this.#alter(this.#table, missing, survey))) return false;
    }
    if (this.tracksMissing) await this.#makeSeen();
    return true;
  }

  /** Changes the table, unless another run has since it was looked at. @returns whether it was as we knew it */
  async #unlessChanged(work: () => Promise<void>): Promise<boolean> {
    let asKnown = false;
    let found: Table | undefined;
    const form = (table: Table | undefined) => JSON.stringify(table?.columns.map(({ name, native }) => [name, native]));
    await this.#engine.change(async () => {
      found = await this.#engine.describe(this.name);
      asKnown = form(found) === form(this.#table);
      if (asKnown) await work();
    });
    if (asKnown) found = await this.#engine.describe(this.name);
    this.#table = found;
    if (!asKnown && found) await this.#ensureKey(found);
    return asKnown;
  }

  /** Makes what removing rows needs, also if no batch had any. */
  async prepareRemoval(): Promise<void> {
    const missing = this.#ownColumns().filter(({ name }) => !this.has(name));
    if (missing.length > 0) await this.#engine.change(() => this.#engine.addColumns(this.name, missing));
    await this.#makeSeen();
  }

  async #makeSeen(): Promise<void> {
    if (this.#seenMade) return;
    await this.#engine.change(() => this.#engine.createSeen(this.seen, this.name, this.keys));
    this.#seenMade = true;
  }

  async #create(survey: Survey, own: readonly TableColumn[]): Promise<boolean> {
    // A table that is not to change later gets all columns at once.
    const unknown = this.#spec.schemaPolicy === 'evolve' ? [] : survey.unknown;
    const columns = [...survey.added, ...unknown.map((name) => this.#textColumn(name))];
    if (columns.length === 0) {
      throw new ExecutorError('none of the records has a value: there is nothing to make a table of', {
        retryable: false,
      });
    }
    const made = await this.#unlessChanged(() => this.#engine.createTable(this.name, [...columns, ...own], this.keys));
    if (made) this.#spec.log('info', `table "${this.#spec.table}" is made, of ${columns.length} columns`);
    return made;
  }

  async #alter(table: Table, missing: readonly TableColumn[], survey: Survey): Promise<boolean> {
    return await this.#unlessChanged(async () => {
      if (missing.length > 0) await this.#engine.addColumns(this.name, missing);
      for (const column of survey.widened) {
        const from = table.columns.find(({ name }) => name === column.name);
        const isKey = survey.columns.some((load) => load.key && load.column === column);
        if (from) await this.#widen(from, column, isKey);
      }
    });
  }

  async #widen(from: TableColumn, column: TableColumn, isKey: boolean): Promise<void> {
    const toDouble = from.type === 'integer' && column.type === 'number';
    const inexact = toDouble && (await this.#engine.holdsInexact(this.name, from.name));
    const to = inexact ? this.#engine.column(column.name, 'decimal', { key: isKey, wide: true }) : column;
    await this.#engine.retype(this.name, from, to);
    if (isKey && this.#seenMade) await this.#engine.retype(this.seen, from, to);
    const change = `is ${to.native} now, for ${from.native} does not hold what comes`;
    this.#spec.log('info', `column "${column.name}" of table "${this.#spec.table}" ${change}`);
  }

  /** Fields that never had a value are columns nevertheless. */
  async addUnknown(): Promise<void> {
    if (!this.#table || this.#spec.schemaPolicy !== 'evolve') return;
    const missing = () => [...this.#unknown].filter((name) => !this.has(name)).map((name) => this.#textColumn(name));
    while (missing().length > 0) await this.#unlessChanged(() => this.#engine.addColumns(this.name, missing()));
  }

  #textColumn(name: string): TableColumn {
    return this.#engine.column(name, 'text', { key: false, wide: false });
  }

  /** Columns that the sync itself needs. */
  #ownColumns(): TableColumn[] {
    const { mode, onMissing, conflict } = this.#spec;
    if (mode !== 'upsert') return [];
    const columns: TableColumn[] = [];
    const options = { key: false, wide: false };
    if (onMissing === 'mark') columns.push(this.#engine.column(DELETED_COLUMN, 'timestamp', options));
    if (conflict.strategy !== 'source_wins') columns.push(this.#engine.column(BASE_COLUMN, 'json', options));
    return columns;
  }

  async #ensureKey(table: Table): Promise<void> {
    if (this.keys.length === 0) return;
    const form = (names: readonly string[]) => JSON.stringify(names.map((name) => this.#engine.fold(name)).sort());
    const wanted = form(this.keys);
    const isThere = (known: Table | undefined) => known?.uniqueKeys.some((names) => form(names) === wanted) ?? false;
    if (isThere(table)) return;
    const missing = this.keys.find((key) => !this.has(key));
    if (missing !== undefined) {
      throw new ExecutorError(
        `table "${this.#spec.table}" has no column "${missing}" to be its key: check key_columns`,
        { retryable: false },
      );
    }
    this.#spec.log('info', `table "${this.#spec.table}" gets a unique index on (${this.keys.join(', ')})`);
    await this.#engine.change(async () => {
      // Another run may have made it meanwhile.
      if (!isThere(await this.#engine.describe(this.name))) await this.#engine.createKey(this.name, this.keys);
    });
  }
}
