import { ExecutorError, type Json } from '../../../../../protocol/executor.ts';
import { behind, compare, type Keyset, orderBy, Parameters } from './keyset.ts';
import type { DatabaseReader, SourceColumn, Statement, TableName } from './reader.ts';

/** What is read of a database; the part of a connector's configuration that is not the login. */
export interface DatabaseSelection {
  readonly schema?: string;
  readonly table?: string;
  /** One SELECT, instead of a table. */
  readonly query?: string;
  readonly columns?: readonly string[];
  readonly key_columns?: readonly string[];
  readonly cursor_column?: string;
  /** How far before the last run's cursor an incremental run begins: seconds of a time, units of a number. */
  readonly lookback?: number;
  /** Rows a round trip; default 5000. */
  readonly fetch_size?: number;
}

/** Keys from `from` on, up to but without `to`; absent ends are open. Integers as digits. */
export interface KeyRange {
  readonly column: string;
  readonly from?: string;
  readonly to?: string;
}

/** What is read, held against what the database has. */
export interface ReadPlan {
  /** Undefined when a query is read. */
  readonly table: TableName | undefined;
  /** Of the rows, in order. */
  readonly columns: readonly SourceColumn[];
  /** Undefined where nothing tells rows apart. */
  readonly keyset: Keyset | undefined;
  /** The first of the keyset's columns when reading incrementally. */
  readonly cursor: SourceColumn | undefined;
  /** Whether there may be rows without a value of it, which are passed by. */
  readonly cursorNullable: boolean;
  /** What stands behind FROM. */
  readonly relation: string;
  /** A query that is sent as it is, since nothing is added to it: around it, its own order would be lost. */
  readonly bare: string | undefined;
  /** All that is selected: the columns, and behind them what only the keyset needs. */
  readonly selected: readonly SourceColumn[];
}

/** @throws ExecutorError naming the field that does not fit what the database has */
export async function planRead(
  reader: DatabaseReader,
  selection: DatabaseSelection,
  query: string | undefined,
  incremental: boolean,
): Promise<ReadPlan> {
  const table = query === undefined ? tableOf(selection) : undefined;
  const relation = table ? quoted(reader, table) : `(\n${query}\n) longshore_query`;
  const found = await describe(reader, relation, table);
  const column = finder(found, table);
  const columns = selection.columns?.map((name) => column(name, 'columns')) ?? found;
  refuseRepeats(columns);
  const cursor = incremental ? column(cursorOf(selection), 'cursor_column') : undefined;
  const named = selection.key_columns ?? (table ? await reader.tableKey(table) : []);
  const keys = named.map((name) => column(name, 'key_columns'));
  // Only rows that have a value of the cursor are read, so it is never null among them.
  const ordered = cursor ? [{ ...cursor, nullable: false }, ...keys.filter((key) => key.name !== cursor.name)] : keys;
  const selected = [...new Map([...columns, ...ordered].map((each) => [each.name, each])).values()];
  const indexes = ordered.map(({ name }) => selected.findIndex((each) => each.name === name));
  return {
    table,
    columns,
    keyset: ordered.length > 0 ? { columns: ordered, indexes } : undefined,
    cursor: cursor && ordered[0],
    cursorNullable: cursor?.nullable ?? false,
    relation,
    bare: reader.dialect.takesQueries && ordered.length === 0 && !selection.columns ? query : undefined,
    selected,
  };
}

function tableOf({ schema, table }: DatabaseSelection): TableName {
  if (table === undefined) throw unfit('table or query is needed: what to read');
  return { schema, table };
}

function quoted({ dialect }: DatabaseReader, { schema, table }: TableName): string {
  return schema === undefined ? dialect.quote(table) : `${dialect.quote(schema)}.${dialect.quote(table)}`;
}

async function describe(
  reader: DatabaseReader,
  relation: string,
  table: TableName | undefined,
): Promise<readonly SourceColumn[]> {
  try {
    return await reader.describe(relation);
  } catch (error) {
    throw reader.explain(error, table ? `table ${table.table}` : 'query');
  }
}

function finder(found: readonly SourceColumn[], table: TableName | undefined) {
  return (name: string, field: 'columns' | 'key_columns' | 'cursor_column'): SourceColumn => {
    const column = found.find((each) => each.name === name);
    const place = table ? `table ${table.table}` : 'the query';
    if (!column) {
      throw unfit(`${field}: ${place} has no column ${name}; it has ${found.map((each) => each.name).join(', ')}`);
    }
    if (field !== 'columns' && column.unordered !== undefined) throw unfit(`${field}: ${name}: ${column.unordered}`);
    return column;
  };
}

function refuseRepeats(columns: readonly SourceColumn[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw unfit(`query: two columns are called ${twice}; give one of them another name with AS`);
  // As a field it would be something else than a field.
  if (names.includes('__proto__')) throw unfit('column __proto__ cannot be read; leave it out by naming columns');
}

function cursorOf({ cursor_column }: DatabaseSelection): string {
  if (cursor_column === undefined) throw unfit('cursor_column is needed to sync incrementally');
  return cursor_column;
}

function unfit(message: string): ExecutorError {
  return new ExecutorError(message, { retryable: false });
}

/** Which rows of the plan are meant. */
export interface Extent {
  /** Only those behind this key. */
  readonly after?: readonly Json[];
  /** Only those with this value of the cursor, or a later one. */
  readonly since?: Json;
  readonly range: KeyRange | undefined;
}

export function selectRows(reader: DatabaseReader, plan: ReadPlan, extent: Extent): Statement {
  const { dialect } = reader;
  if (plan.bare !== undefined && !extent.range) return { sql: plan.bare, values: [] };
  const parameters = new Parameters(dialect);
  const list = plan.selected.map((column) => {
    const name = dialect.quote(column.name);
    return column.selected ? `${column.selected(name)} AS ${name}` : name;
  });
  const order = plan.keyset ? ` ORDER BY ${orderBy(dialect, plan.keyset.columns)}` : '';
  const where = conditions(reader, plan, extent, parameters);
  return {
    sql: `SELECT ${list.join(', ')} FROM ${plan.relation}${where}${order}`,
    values: parameters.values,
  };
}

/** Counts the rows that are meant, up to `most`: beyond that it stops looking. */
export function countRows(reader: DatabaseReader, plan: ReadPlan, extent: Extent, most: number): Statement {
  const parameters = new Parameters(reader.dialect);
  const rest = `FROM ${plan.relation}${conditions(reader, plan, extent, parameters)}`;
  const some = reader.dialect.first(most, '1 AS one', rest);
  return { sql: `SELECT count(*) FROM (${some}) longshore_count`, values: parameters.values };
}

/** One row if there are any that the cursor passes by, else none. */
export function selectUncursored({ dialect }: DatabaseReader, plan: ReadPlan, cursor: SourceColumn): Statement {
  const rest = `FROM ${plan.relation} WHERE ${dialect.quote(cursor.name)} IS NULL`;
  return { sql: dialect.first(1, '1 AS one', rest), values: [] };
}

/** The lowest and the highest value of a column, in one row. */
export function keyBounds({ dialect }: DatabaseReader, plan: ReadPlan, column: SourceColumn): Statement {
  const name = dialect.quote(column.name);
  return { sql: `SELECT MIN(${name}), MAX(${name}) FROM ${plan.relation}`, values: [] };
}

function conditions(
  { dialect }: DatabaseReader,
  plan: ReadPlan,
  { after, since, range }: Extent,
  parameters: Parameters,
): string {
  const all: string[] = [];
  if (plan.cursor) all.push(`${dialect.quote(plan.cursor.name)} IS NOT NULL`);
  if (after && plan.keyset) all.push(behind(dialect, parameters, plan.keyset.columns, after));
  if (since !== undefined && plan.cursor) all.push(compare(dialect, parameters, plan.cursor, '>=', since));
  if (range) {
    const column = plan.selected.find(({ name }) => name === range.column);
    if (!column) throw unfit(`the range's column ${range.column} is not read`);
    if (range.from !== undefined) all.push(compare(dialect, parameters, column, '>=', range.from));
    if (range.to !== undefined) all.push(compare(dialect, parameters, column, '<', range.to));
  }
  return all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
}
