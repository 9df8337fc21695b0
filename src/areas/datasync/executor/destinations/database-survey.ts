import { ExecutorError } from '../../../../protocol/executor.ts';
import type { Column, ColumnType, Reject, Row, TextField, Value } from '../pipeline/contracts.ts';
import { jsonOf } from '../pipeline/json-of.ts';
import type { LoadColumn } from './database-encoding.ts';
import { BASE_COLUMN, DELETED_COLUMN } from './database-engine.ts';
import { typeOf, widenedType } from './schema.ts';
import { asText, fits, type TableColumn, takesAnything } from './schema-column.ts';

export type SchemaPolicy = 'evolve' | 'freeze' | 'discard_value' | 'discard_row' | 'fail';

/** What the survey must know of the engine. */
export interface SurveyEngine {
  readonly product: string;
  fold(name: string): string;
  nameProblem(name: string): string | undefined;
  column(name: string, type: ColumnType, options: { readonly key: boolean; readonly wide: boolean }): TableColumn;
}

export interface SurveyOptions {
  readonly engine: SurveyEngine;
  /** Of an upsert; none otherwise. */
  readonly keyColumns: readonly string[];
  readonly policy: SchemaPolicy;
  /** The table as it stands; undefined = it is yet to be made, whatever the policy. */
  readonly table: readonly TableColumn[] | undefined;
  /** What the source says of its columns. */
  readonly declared: readonly Column[];
  readonly warn: (message: string) => void;
}

/** What is to become of a batch. */
export interface Survey {
  readonly columns: readonly LoadColumn[];
  readonly rows: readonly Row[];
  readonly ordinals: readonly number[];
  readonly rejects: readonly Reject[];
  /** Columns that the table does not have yet. */
  readonly added: readonly TableColumn[];
  /** Columns that need another type. */
  readonly widened: readonly TableColumn[];
  /** Fields without any value so far: what they are is not known. */
  readonly unknown: readonly string[];
  /** Not all rows have all columns. */
  readonly ragged: boolean;
}

/** A field of the batch. */
interface Field {
  readonly name: string;
  readonly key: boolean;
  column: TableColumn | undefined;
  free: boolean;
  /** Its values go nowhere: the server's own, ours, or unknown to a table that is not to change. */
  left: boolean;
  /** A table that is not to change has no such column, and rows that need it are refused. */
  foreign: boolean;
}

interface Layout {
  readonly names: readonly string[];
  readonly fields: readonly Field[];
  readonly missingKey: string | undefined;
}

/** The longest part of a refused record that is kept here. */
const RAW_LENGTH = 4096;

/**
 * Looks at all values of a batch before any is written: which columns there are, which must be made or widened, and
 * which rows cannot be taken. What remains is known to fit, short of what only the server can judge.
 * @throws ExecutorError when the batch cannot be written at all: a key column is gone, or the schema must not change
 */
export function surveyBatch(rows: readonly Row[], ordinals: readonly number[], options: SurveyOptions): Survey {
  const survey = new BatchSurvey(options);
  // Widening a column may leave behind values that fitted before; types only grow, so this ends.
  for (;;) {
    const result = survey.pass(rows, ordinals);
    if (result) return result;
  }
}

const LIKE: Readonly<Partial<Record<ColumnType, Value>>> = {
  boolean: true,
  integer: 1,
  number: 0.5,
  text: 'text',
  date: '2024-01-31',
  timestamp: new Date(0),
  json: {},
};

/**
 * A row of which a table is made just as of records that come as text, none of whose columns is to be widened.
 * @returns undefined where a field has no value
 */
export function rowLike(fields: readonly TextField[]): Row | undefined {
  const row: Row = {};
  for (const { name, type } of fields) {
    const value = type && LIKE[type];
    if (value === undefined) return undefined;
    row[name] = value;
  }
  return row;
}

class BatchSurvey {
  readonly #options: SurveyOptions;
  readonly #fields = new Map<string, Field>();
  readonly #spelling = new Map<string, string>();
  readonly #table = new Map<string, TableColumn>();
  readonly #declared = new Map<string, ColumnType>();
  readonly #layouts = new Map<string, Layout>();
  #widened = false;

  constructor(options: SurveyOptions) {
    this.#options = options;
    const { engine, table, declared } = options;
    for (const column of table ?? []) this.#table.set(engine.fold(column.name), column);
    for (const { name, type } of declared) this.#declared.set(engine.fold(name), type);
  }

  /** @returns undefined when a column was widened: all is to be looked at again */
  pass(rows: readonly Row[], ordinals: readonly number[]): Survey | undefined {
    this.#widened = false;
    const taken: Row[] = [];
    const takenOrdinals: number[] = [];
    const rejects: Reject[] = [];
    let layout: Layout | undefined;
    let lostKey: string | undefined;
    let withKey = 0;
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] as Row;
      const ordinal = ordinals[index] as number;
      layout = this.#layoutOf(row, layout);
      if (layout.missingKey !== undefined) {
        lostKey = layout.missingKey;
        rejects.push(reject(row, ordinal, layout.missingKey, `the key column ${quoted(layout.missingKey)} is missing`));
        continue;
      }
      withKey += 1;
      const judged = this.#judge(row, layout);
      if (judged instanceof Refusal) {
        rejects.push(reject(row, ordinal, judged.field, judged.reason));
      } else {
        taken.push(judged);
        takenOrdinals.push(ordinal);
      }
    }
    if (lostKey !== undefined && withKey === 0) {
      throw new ExecutorError(
        `none of ${rows.length} records has the key column ${quoted(lostKey)}: the source has lost it, or key_columns names it wrongly`,
        { retryable: false },
      );
    }
    if (this.#widened) return undefined;
    return this.#result(taken, takenOrdinals, rejects);
  }

  #result(rows: readonly Row[], ordinals: readonly number[], rejects: readonly Reject[]): Survey {
    const columns: LoadColumn[] = [];
    const added: TableColumn[] = [];
    const widened: TableColumn[] = [];
    const unknown: string[] = [];
    for (const field of this.#fields.values()) {
      if (field.left || field.foreign) continue;
      const { column } = field;
      if (column === undefined) {
        unknown.push(field.name);
        continue;
      }
      columns.push({ field: field.name, column, key: field.key });
      const standing = this.#table.get(this.#options.engine.fold(field.name));
      if (standing === undefined) added.push(column);
      else if (standing !== column) widened.push(column);
    }
    const loaded = new Set(columns.map(({ field }) => field));
    const layouts = [...this.#layouts.values()].filter(({ missingKey }) => missingKey === undefined);
    const counts = layouts.map(({ names }) => names.filter((name) => loaded.has(name)).length);
    const ragged = counts.some((count) => count < loaded.size);
    return { columns, rows, ordinals, rejects, added, widened, unknown, ragged };
  }

  /** Rows mostly look like the row before them. */
  #layoutOf(row: Row, previous: Layout | undefined): Layout {
    const names = Object.keys(row);
    if (previous !== undefined && sameNames(names, previous.names)) return previous;
    const id = JSON.stringify(names);
    let layout = this.#layouts.get(id);
    if (layout === undefined) {
      const fields = names.map((name) => this.#fieldOf(name));
      this.#refuseTwins(fields);
      const missingKey = this.#options.keyColumns.find((key) => !fields.some((field) => this.#isKey(field.name, key)));
      layout = { names, fields: fields.filter(({ left }) => !left), missingKey };
      this.#layouts.set(id, layout);
    }
    return layout;
  }

  #isKey(name: string, key: string): boolean {
    return this.#options.engine.fold(name) === this.#options.engine.fold(key);
  }

  #refuseTwins(fields: readonly Field[]): void {
    const { engine } = this.#options;
    for (const { name } of fields) {
      const folded = engine.fold(name);
      const other = this.#spelling.get(folded) ?? name;
      if (other !== name) {
        throw new ExecutorError(
          `columns ${quoted(other)} and ${quoted(name)} are the same to ${engine.product}: rename one with field_mapping`,
          { retryable: false },
        );
      }
      this.#spelling.set(folded, name);
    }
  }

  #fieldOf(name: string): Field {
    const known = this.#fields.get(name);
    if (known) return known;
    const { engine, keyColumns, table, policy, warn } = this.#options;
    const standing = this.#table.get(engine.fold(name));
    const key = keyColumns.some((column) => this.#isKey(name, column));
    const field: Field = {
      name,
      key,
      column: standing,
      free: false,
      left: false,
      foreign: false,
    };
    if (isOurs(name)) {
      field.left = true;
      warn(`field ${quoted(name)} is left out: the name is used by the sync itself`);
    } else if (standing?.generated) {
      if (key)
        throw new ExecutorError(`key column ${quoted(name)} is written by the server alone`, { retryable: false });
      field.left = true;
      warn(`field ${quoted(name)} is left out: the server computes that column`);
    } else if (standing === undefined) {
      const problem = engine.nameProblem(name);
      if (table !== undefined && policy !== 'evolve') this.#leaveUnknown(field);
      else if (problem) {
        throw new ExecutorError(
          `field ${quoted(shorten(name, 100))} cannot be a column: ${problem}; rename it with field_mapping`,
          {
            retryable: false,
          },
        );
      } else this.#declare(field);
    }
    if (field.column) field.free = takesAnything(field.column);
    this.#fields.set(name, field);
    return field;
  }

  #declare(field: Field): void {
    const type = this.#declared.get(this.#options.engine.fold(field.name));
    if (type) this.#use(field, this.#made(field, type, false));
  }

  #leaveUnknown(field: Field): void {
    const { policy, warn } = this.#options;
    if (policy === 'fail') {
      throw new ExecutorError(
        `the table has no column ${quoted(field.name)}, and schema_policy is fail: add the column, or leave the field out`,
        { retryable: false },
      );
    }
    if (policy === 'discard_row') {
      field.foreign = true;
      return;
    }
    field.left = true;
    warn(`field ${quoted(field.name)} is left out: the table has no such column, and schema_policy is ${policy}`);
  }

  #use(field: Field, column: TableColumn): void {
    field.column = field.column?.required ? { ...column, required: true } : column;
    field.free = takesAnything(column);
  }

  #made(field: Field, type: ColumnType, wide: boolean): TableColumn {
    return this.#options.engine.column(field.column?.name ?? field.name, type, { key: field.key, wide });
  }

  /** The column that holds what this one holds and the value: no wider than it must be. */
  #wider(field: Field, column: TableColumn, value: Value): TableColumn {
    const holding = (type: ColumnType) => {
      const narrow = this.#made(field, type, false);
      return narrow.native !== column.native && fits(narrow, value) ? narrow : this.#made(field, type, true);
    };
    return holding(widenedType(column, value, holding));
  }

  /** @returns the row as it is to be written */
  #judge(row: Row, layout: Layout): Row | Refusal {
    let judged = row;
    for (const field of layout.fields) {
      const value = row[field.name];
      if (value === null || value === undefined) {
        if (field.key) return new Refusal(field.name, `the key column ${quoted(field.name)} is null`);
        if (field.column?.required) return new Refusal(field.name, `column ${quoted(field.name)} takes no null`);
        continue;
      }
      if (field.free) {
        if (!(value instanceof Date) || !Number.isNaN(value.getTime())) continue;
      } else if (field.column !== undefined && fits(field.column, value)) continue;
      const outcome = this.#mend(field, value);
      if (outcome instanceof Refusal) return outcome;
      if (outcome === 'null') judged = { ...judged, [field.name]: null };
    }
    return judged;
  }

  /** What to do about a value for which its column is not made. */
  #mend(field: Field, value: Value): Refusal | 'null' | 'fits' {
    const { policy, table } = this.#options;
    if (field.foreign) return new Refusal(field.name, `the table has no column ${quoted(field.name)}`);
    const type = typeOf(value);
    if (field.column === undefined && type !== undefined) {
      this.#use(field, this.#made(field, type, false));
      if (field.column && fits(field.column, value)) return 'fits';
    }
    // A table that is being made takes whatever its first records hold.
    const mayWiden = policy === 'evolve' || table === undefined;
    if (mayWiden && type !== undefined && field.column !== undefined) {
      const wider = this.#wider(field, field.column, value);
      if (fits(wider, value) && wider.native !== field.column.native) {
        this.#use(field, wider);
        this.#widened = true;
        return 'fits';
      }
    }
    return this.#misfit(field, value);
  }

  #misfit(field: Field, value: Value): Refusal | 'null' {
    const { policy, warn } = this.#options;
    const { column, name } = field;
    const native = column === undefined ? 'any type' : column.native;
    const reason = `${quoted(shorten(describe(value), 100))} does not fit column ${quoted(name)} (${native})`;
    if (policy === 'fail') throw new ExecutorError(`${reason}, and schema_policy is fail`, { retryable: false });
    if (field.key || column?.required || policy === 'discard_row') return new Refusal(name, reason);
    warn(`values of field ${quoted(name)} become null where they do not fit its column (${native})`);
    return 'null';
  }
}

class Refusal {
  readonly field: string;
  readonly reason: string;
  constructor(field: string, reason: string) {
    this.field = field;
    this.reason = reason;
  }
}

function sameNames(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let index = 0; index < names.length; index++) if (names[index] !== others[index]) return false;
  return true;
}

/** Fields of these names are left out. */
export function isOurs(name: string): boolean {
  return name === BASE_COLUMN || name === DELETED_COLUMN || name.startsWith('_longshore_');
}

/** Why a row is refused by the server, or here. */
export function reject(row: Row, ordinal: number, field: string | undefined, reason: string): Reject {
  return { ordinal, reason, field, raw: shorten(JSON.stringify(jsonOf(row)), RAW_LENGTH) };
}

function describe(value: Value): string {
  return value instanceof Date && Number.isNaN(value.getTime()) ? 'an invalid time' : asText(value);
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).toWellFormed()}…`;
}

function quoted(text: string): string {
  return `"${text}"`;
}
