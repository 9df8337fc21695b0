/**
 * What a table holds, counted in SQL by the run that looks at it: no row comes here but a few examples.
 *
 * Rows, nulls, least and greatest values and all that the quality is made of are exact, whatever the size. How many
 * distinct values each column has would need a sort for each: beyond EXACT_ROWS it is PostgreSQL's own estimate, and
 * said to be one.
 */
import { describeTable } from '../destinations/postgresql/catalog.ts';
import { qualified, query, quoteName, quoteText, type Session } from '../destinations/postgresql/session.ts';
import { comparedAsText, conversion, newColumn } from '../destinations/postgresql/types.ts';
import type { TableColumn } from '../destinations/schema-column.ts';
import type { ColumnType } from '../pipeline/contracts.ts';
import { type DatasetSchema, isContent } from './dataset-schema.ts';
import type { Counts } from './quality.ts';
import { obeys } from './validity.ts';
import { counts } from './warehouse-session.ts';

/** Rows up to which distinct values are counted one by one. */
export const EXACT_ROWS = 200_000;
/** Columns of one statement: a select list has a limit, and each has several entries. */
const COLUMNS_AT_ONCE = 200;
const EXAMPLES = 3;
/** Rows among which examples are looked for. */
const EXAMPLE_ROWS = 100;
const SHOWN_CHARACTERS = 100;

/** A type, not an interface: it is Json too. */
export type ColumnProfile = {
  readonly name: string;
  readonly type: ColumnType;
  readonly nulls: number;
  /** Null where the server cannot estimate it. */
  readonly distinct: number | null;
  /** As text, at most 100 characters; null where values have no order. */
  readonly min: string | null;
  readonly max: string | null;
  readonly examples: string[];
};

export type TableProfile = {
  readonly columns: ColumnProfile[];
  /** Whether the numbers of distinct values are estimates. */
  readonly distinct_is_estimate: boolean;
};

/** Columns that syncs keep for themselves. */
export function isBookkeeping(column: string): boolean {
  return column.startsWith('_longshore');
}

/** What is judged of a table. */
interface Judged {
  readonly columns: readonly TableColumn[];
  /** The columns that make a record the same record. */
  readonly key: readonly TableColumn[];
  readonly valid: string;
}

function judged(columns: readonly TableColumn[], schema: DatasetSchema | undefined): Judged {
  const content = columns.filter(({ name }) => isContent(name));
  const named = new Set(schema?.key_columns);
  const key = columns.filter(({ name }) => named.has(name));
  const conditions = (schema?.columns ?? []).map((rule) => {
    const column = columns.find(({ name }) => name === rule.name);
    // A column that no load has brought is null in every record.
    if (!column) return rule.required === true ? 'false' : 'true';
    return obeys(...comparable(column), rule);
  });
  const valid = conditions.filter((condition) => condition !== 'true').join(' AND ') || 'true';
  const whole = content.length > 0 ? content : columns;
  return { columns: content, key: key.length > 0 ? key : whole, valid };
}

/** What the server judges itself is judged as text here. */
function comparable(column: TableColumn): [expression: string, type: ColumnType] {
  const quoted = quoteName(column.name);
  return column.opaque ? [`${quoted}::text`, 'text'] : [quoted, column.type];
}

/** @throws ExecutorError when there is a table's name, but no table */
export async function countTable(session: Session, table: string, schema?: DatasetSchema): Promise<Counts | undefined> {
  const found = await describeTable(session, table);
  return found && (await count(session, table, judged(found.columns, schema)));
}

async function count(session: Session, table: string, { columns, key, valid }: Judged): Promise<Counts> {
  const from = `FROM ${qualified(session, table)}`;
  const [rows = 0, ok = 0] = await counts(
    session,
    `SELECT count(*) AS n, count(*) FILTER (WHERE ${valid}) AS ok ${from}`,
  );
  let filled = 0;
  for (const part of inParts(columns)) {
    const each = part.map(({ name }, index) => `count(${quoteName(name)}) AS c${index}`);
    filled += sum(await counts(session, `SELECT ${each.join(', ')} ${from}`));
  }
  const record = `ROW(${key.map(({ name }) => quoteName(name)).join(', ')})::text`;
  // Of 10,000,000 records, two different ones share a hash with a probability of 3 in a million.
  const [distinct = 0] = await counts(session, `SELECT count(DISTINCT hashtextextended(${record}, 0)) AS n ${from}`);
  return { rows, filled, cells: rows * columns.length, distinct, valid: ok };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function* inParts(columns: readonly TableColumn[]): Generator<readonly TableColumn[]> {
  for (let from = 0; from < columns.length; from += COLUMNS_AT_ONCE) yield columns.slice(from, from + COLUMNS_AT_ONCE);
}

/** @returns undefined when there is no such table */
export async function profileTable(
  session: Session,
  table: string,
  schema?: DatasetSchema,
): Promise<{ readonly counts: Counts; readonly profile: TableProfile } | undefined> {
  const found = await describeTable(session, table);
  if (!found) return undefined;
  const counted = await count(session, table, judged(found.columns, schema));
  const exact = counted.rows <= EXACT_ROWS;
  const estimates = exact ? undefined : await estimateDistinct(session, table, counted.rows);
  const columns: ColumnProfile[] = [];
  for (const part of inParts(found.columns.filter(({ name }) => !isBookkeeping(name)))) {
    const ranges = await rangesOf(session, table, part, exact);
    const examples = await examplesOf(session, table, part);
    part.forEach(({ name, type }, index) => {
      const { filled, distinct, min, max } = ranges[index] ?? NOTHING;
      columns.push({
        name,
        type,
        nulls: counted.rows - filled,
        distinct: distinct ?? estimates?.get(name) ?? null,
        min,
        max,
        examples: examples[index] ?? [],
      });
    });
  }
  return { counts: counted, profile: { columns, distinct_is_estimate: !exact } };
}

interface ColumnRange {
  readonly filled: number;
  readonly distinct: number | undefined;
  readonly min: string | null;
  readonly max: string | null;
}
const NOTHING: ColumnRange = { filled: 0, distinct: undefined, min: null, max: null };

const ORDERED: ReadonlySet<ColumnType> = new Set(['integer', 'number', 'decimal', 'date', 'timestamp', 'text']);

async function rangesOf(
  session: Session,
  table: string,
  columns: readonly TableColumn[],
  exact: boolean,
): Promise<ColumnRange[]> {
  const each = columns.map((column, index) => {
    const quoted = quoteName(column.name);
    const ordered = ORDERED.has(column.type) && !column.opaque;
    // By code point: the same on every server, and quick.
    const value = column.type === 'text' ? `left(${quoted}, ${SHOWN_CHARACTERS}) COLLATE "C"` : quoted;
    const end = (name: 'min' | 'max') => (ordered ? shown(`${name}(${value})`, column) : 'NULL');
    const same = comparedAsText(column) ? `${quoted}::text` : quoted;
    const distinct = exact ? `count(DISTINCT ${same})` : 'NULL';
    return `count(${quoted})::text AS f${index}, ${distinct}::text AS d${index}, ${end('min')} AS a${index}, ${end('max')} AS z${index}`;
  });
  const [row = {}] = await query<Record<string, string | null>>(
    session,
    `SELECT ${each.join(', ')} FROM ${qualified(session, table)}`,
  );
  return columns.map((_, index) => {
    const distinct = row[`d${index}`];
    return {
      filled: Number(row[`f${index}`] ?? 0),
      distinct: distinct === null || distinct === undefined ? undefined : Number(distinct),
      min: row[`a${index}`] ?? null,
      max: row[`z${index}`] ?? null,
    };
  });
}

/** A value as text, as it would be written into a column of text. */
function shown(expression: string, column: TableColumn): string {
  const text = conversion(`(${expression})`, column, newColumn(column.name, 'text'));
  return `left(${text}, ${SHOWN_CHARACTERS})`;
}

async function examplesOf(session: Session, table: string, columns: readonly TableColumn[]): Promise<string[][]> {
  const each = columns.map((column, index) => `${shown(quoteName(column.name), column)} AS e${index}`);
  const rows = await query<Record<string, string | null>>(
    session,
    `SELECT ${each.join(', ')} FROM ${qualified(session, table)} LIMIT ${EXAMPLE_ROWS}`,
  );
  return columns.map((_, index) => {
    const values = rows.flatMap((row) => row[`e${index}`] ?? []);
    return [...new Set(values)].slice(0, EXAMPLES);
  });
}

/** How many distinct values columns have, by the server's own statistics, which are brought up to date. */
async function estimateDistinct(session: Session, table: string, rows: number): Promise<Map<string, number>> {
  await query(session, `ANALYZE ${qualified(session, table)}`);
  const found = await query<{ name: string; distinct: number }>(
    session,
    `SELECT attname AS name, n_distinct AS distinct FROM pg_stats
      WHERE schemaname = ${quoteText(session.schema)} AND tablename = ${quoteText(table)} AND NOT inherited`,
  );
  // Negative: as a part of all rows.
  return new Map(found.map(({ name, distinct }) => [name, Math.round(distinct < 0 ? -distinct * rows : distinct)]));
}
