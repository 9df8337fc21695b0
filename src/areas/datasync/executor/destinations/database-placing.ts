import type { Json } from '../../../../protocol/executor.ts';
import { parseJson } from '../json-text.ts';
import type { FoundConflict, Reject, Row, RowChange, TextRecords } from '../pipeline/contracts.ts';
import { jsonOf } from '../pipeline/json-of.ts';
import { conflictOf, decide } from './database-conflicts.ts';
import type { LoadColumn } from './database-encoding.ts';
import { ABSENT, type DatabaseEngine, type Difference, type Merge, TAKE, type TextLoading } from './database-engine.ts';
import { dedupe, type Rows, recordId, recordIdOf } from './database-keys.ts';
import { reject, type Survey } from './database-survey.ts';
import type { TargetTable, WriteSpec } from './database-target.ts';

/** What became of some rows. */
export class Placed {
  written = 0;
  readonly rejects: Reject[] = [];
  readonly changes: RowChange[] = [];
  changesOmitted = 0;
  readonly conflicts: FoundConflict[] = [];

  add(other: Placed): void {
    this.written += other.written;
    this.rejects.push(...other.rejects);
    this.changes.push(...other.changes);
    this.changesOmitted += other.changesOmitted;
    this.conflicts.push(...other.conflicts);
  }
}

/** Puts the rows of batches into the table, within the destination's transaction. */
export class Placing {
  readonly #engine: DatabaseEngine;
  readonly #spec: WriteSpec;
  readonly #target: TargetTable;

  constructor(engine: DatabaseEngine, spec: WriteSpec, target: TargetTable) {
    this.#engine = engine;
    this.#spec = spec;
    this.#target = target;
  }

  /** @param tellable how many changes may still be told of */
  async load(rows: Rows, survey: Survey, tellable: number): Promise<Placed> {
    const placed = new Placed();
    await this.#engine.load(this.#target.name, survey.columns, rows.rows);
    placed.written = rows.rows.length;
    if (this.#tells) {
      const told = Math.min(tellable, rows.rows.length);
      for (let index = 0; index < told; index++) {
        const id = recordId(rows.rows[index] as Row, rows.ordinals[index] as number, this.#spec.keyColumns);
        placed.changes.push({ operation: 'create', record_id: id });
      }
      placed.changesOmitted = rows.rows.length - told;
    }
    return placed;
  }

  async merge(given: Rows, survey: Survey, tellable: number): Promise<Placed> {
    const engine = this.#engine;
    const placed = new Placed();
    const base = this.#target.keepsBase;
    const { rows } = dedupe(given, survey.columns, base ? this.#newestBy(survey.columns) : undefined);
    let merge: Merge = {
      table: this.#target.name,
      columns: survey.columns,
      rows,
      masks: survey.ragged ? rows.map((row) => maskOf(row, survey.columns)) : undefined,
      base,
      revive: this.#target.marksMissing,
    };
    await engine.stage(merge);
    if (base) merge = await this.#settle(merge, placed);
    return await this.#mergeStaged(merge, placed, tellable);
  }

  /** As `load`, of records that come as text; there must be nothing to tell of them. */
  async loadText(loading: TextLoading, text: TextRecords, columns: readonly LoadColumn[]): Promise<Placed> {
    const placed = new Placed();
    await loading.load(this.#target.name, columns, text.chunks);
    placed.written = text.count;
    if (this.#tells) placed.changesOmitted = text.count;
    return placed;
  }

  /** As `merge`, of records that come as text, into a table without base. */
  async mergeText(
    loading: TextLoading,
    text: TextRecords,
    columns: readonly LoadColumn[],
    tellable: number,
  ): Promise<Placed> {
    const merge: Merge = {
      table: this.#target.name,
      columns,
      rows: [],
      masks: undefined,
      base: false,
      revive: this.#target.marksMissing,
    };
    await loading.stage(merge, text.chunks);
    return await this.#mergeStaged(merge, new Placed(), tellable);
  }

  async #mergeStaged(merge: Merge, placed: Placed, tellable: number): Promise<Placed> {
    const engine = this.#engine;
    const { base } = merge;
    if (this.#target.tracksMissing) await engine.noteSeen(merge, this.#target.seen);
    if (base || merge.masks) await engine.complete(merge);
    // While a table is first filled, nothing is the same yet.
    if (!base && !this.#target.filling) await engine.dropSame?.(merge);
    const tells = this.#tells && tellable > 0;
    const differences = tells ? await engine.differences(merge, tellable) : [];
    // The merge counts rows of which only the base changed.
    const counted = base ? await engine.countDifferences(merge) : undefined;
    const merged = await engine.merge(merge);
    placed.written = counted ?? merged;
    for (const difference of differences) placed.changes.push(changeOf(difference));
    if (this.#tells) placed.changesOmitted = Math.max(0, placed.written - placed.changes.length);
    return placed;
  }

  /** Takes the rows in halves, so that one that the server refuses is refused alone. */
  async piecewise(rows: Rows, survey: Survey, tellable: number): Promise<Placed> {
    const placed = new Placed();
    try {
      placed.add(
        await this.#engine.savepoint(() =>
          this.#target.keys.length > 0 ? this.merge(rows, survey, tellable) : this.load(rows, survey, tellable),
        ),
      );
      return placed;
    } catch (error) {
      if (!this.#engine.isDataError(error)) throw error;
      const [row] = rows.rows;
      const [ordinal] = rows.ordinals;
      if (rows.rows.length <= 1) {
        if (row !== undefined && ordinal !== undefined) placed.rejects.push(refused(row, ordinal, error));
        return placed;
      }
    }
    const half = Math.ceil(rows.rows.length / 2);
    for (const [from, to] of [
      [0, half],
      [half, rows.rows.length],
    ] as const) {
      const part = { rows: rows.rows.slice(from, to), ordinals: rows.ordinals.slice(from, to) };
      placed.add(await this.piecewise(part, survey, tellable - placed.changes.length));
    }
    return placed;
  }

  /** Whether there is something to tell of rows that are loaded, while so many changes may still be told of. */
  tellsOfLoaded(tellable: number): boolean {
    return this.#tells && tellable > 0;
  }

  get #tells(): boolean {
    return this.#spec.changeEvents && !this.#target.filling;
  }

  /** The column by which the newer of two records is told, where the job's strategy goes by that. */
  #newestBy(columns: readonly LoadColumn[]): LoadColumn | undefined {
    const { strategy, timestamp_column } = this.#spec.conflict;
    return strategy === 'timestamp' ? columns.find(({ column }) => column.name === timestamp_column) : undefined;
  }

  /** Finds conflicts and lets the job's strategy decide them. @returns the merge that does what was decided */
  async #settle(merge: Merge, placed: Placed): Promise<Merge> {
    const { strategy, timestamp_column } = this.#spec.conflict;
    if (strategy === 'source_wins') return merge;
    const contenders = await this.#engine.contenders(merge, timestamp_column);
    const masks = merge.masks ? [...merge.masks] : merge.rows.map(() => TAKE.repeat(merge.columns.length));
    let changed = false;
    for (const contender of contenders) {
      const before = masks[contender.row];
      const { mask, conflict } = decide(contender, before, strategy);
      if (mask !== undefined && mask !== before) {
        masks[contender.row] = mask;
        changed = true;
      }
      if (conflict) {
        const id = recordId(merge.rows[contender.row] ?? {}, contender.row, fieldsOfKey(merge.columns));
        placed.conflicts.push(conflictOf(id, contender, conflict));
      }
    }
    if (!changed) return merge;
    const settled = { ...merge, masks };
    await this.#engine.stage(settled);
    return settled;
  }
}

function fieldsOfKey(columns: readonly LoadColumn[]): string[] {
  return columns.filter(({ key }) => key).map(({ field }) => field);
}

/** Which of the columns a row has. */
function maskOf(row: Row, columns: readonly LoadColumn[]): string {
  let mask = '';
  for (const { field } of columns) mask += row[field] === undefined ? ABSENT : TAKE;
  return mask;
}

function refused(row: Row, ordinal: number, error: unknown): Reject {
  return reject(row, ordinal, undefined, `the database refuses it: ${error instanceof Error ? error.message : error}`);
}

function changeOf(difference: Difference): RowChange {
  const record_id = recordIdOf(difference.key);
  if (difference.old === null) return { operation: 'create', record_id };
  const old = jsonOf(parseJson(difference.old) as Row);
  const now = jsonOf(parseJson(difference.new) as Row);
  const changes: Record<string, { old: Json; new: Json }> = {};
  for (const [name, value] of Object.entries(now)) {
    const before = old[name] ?? null;
    if (JSON.stringify(before) !== JSON.stringify(value)) changes[name] = { old: before, new: value };
  }
  return { operation: 'update', record_id, changes };
}
