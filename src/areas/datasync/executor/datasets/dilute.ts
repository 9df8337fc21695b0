/**
 * Dilution: a dataset's records, and beside them records of better datasets, drawn so that the shares of the groups
 * (the values of the matching fields) stay what they are. All of it is done where the tables lie, in one transaction.
 *
 * How many a group gets is allotted by largest remainder. Which ones is decided by a hash of seed and content: the same
 * records are drawn wherever they lie in their table, and whichever attempt draws them.
 */
import { ExecutorError } from '../../../../protocol/executor.ts';
import { describeTable } from '../destinations/postgresql/catalog.ts';
import { execute, qualified, query, quoteName, quoteText, type Session } from '../destinations/postgresql/session.ts';
import { conversion, newColumn } from '../destinations/postgresql/types.ts';
import type { TableColumn } from '../destinations/schema-column.ts';
import { type ColumnRule, type DatasetSchema, isContent } from './dataset-schema.ts';
import { WEIGHTS } from './quality.ts';
import { fitsType, obeys } from './validity.ts';
import { counts } from './warehouse-session.ts';

/** Where a drawn record comes from: the id of its dataset; null in the records that were diluted. */
const ORIGIN_COLUMN = '_diluted_from';
/** Groups that are told of by name. */
const TOLD_GROUPS = 20;

export interface DilutionOptions {
  /** Names of tables in the session's schema. */
  readonly source: string;
  readonly output: string;
  readonly from: readonly { readonly id: string; readonly table: string }[];
  /** Records to draw for each of the source. */
  readonly ratio: number;
  readonly matchingFields: readonly string[];
  readonly qualityThreshold: number;
  readonly seed: number;
  /** The source's rules, to which drawn records are held too. */
  readonly schema: DatasetSchema | undefined;
}

/** A group for which the other datasets had too few records that were good enough. */
export type ShortGroup = {
  /** By matching field. */
  readonly values: { readonly [field: string]: string | null };
  readonly wanted: number;
  readonly drawn: number;
};

export interface Dilution {
  readonly original: number;
  readonly wanted: number;
  readonly drawn: number;
  readonly short: ShortGroup[];
  readonly shortGroups: number;
}

/** @throws ExecutorError, not retryable, for a source without records or fields that are not there */
export async function dilute(session: Session, options: DilutionOptions): Promise<Dilution> {
  const columns = await sourceColumns(session, options);
  const [original = 0] = await counts(session, `SELECT count(*) AS n FROM ${qualified(session, options.source)}`);
  if (original === 0) throw final(`dataset table "${options.source}" has no records: there is nothing to dilute`);
  const wanted = Math.round(original * options.ratio);
  await makeOutput(session, options, columns);
  await allot(session, options, wanted, original);
  const drawn = await draw(session, options, columns);
  const { short, shortGroups } = await shortOnes(session, options);
  return { original, wanted, drawn, short, shortGroups };
}

function final(message: string): ExecutorError {
  return new ExecutorError(message, { retryable: false });
}

/** What is copied: what syncs and earlier dilutions have noted is not. */
async function sourceColumns(session: Session, { source, matchingFields }: DilutionOptions): Promise<TableColumn[]> {
  const table = await describeTable(session, source);
  if (!table) throw final(`there is no table "${source}" in the warehouse any more`);
  const columns = table.columns.filter(({ name }) => isContent(name));
  if (columns.length === 0) throw final(`dataset table "${source}" has no columns`);
  const missing = matchingFields.find((field) => !columns.some(({ name }) => name === field));
  if (missing !== undefined) throw final(`dataset table "${source}" has no column "${missing}" (matching_fields)`);
  return columns;
}

/** Without keys: drawn records have ids of their own systems, which may be there already. */
async function makeOutput(session: Session, { source, output }: DilutionOptions, columns: readonly TableColumn[]) {
  const target = qualified(session, output);
  const definitions = columns.map((column) => `${quoteName(column.name)} ${nativeOf(column)}`);
  // Of an attempt whose end was not heard of.
  await execute(session, `DROP TABLE IF EXISTS ${target}`);
  await execute(session, `CREATE TABLE ${target} (${[...definitions, `${quoteName(ORIGIN_COLUMN)} text`].join(', ')})`);
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  await execute(session, `INSERT INTO ${target} (${names}) SELECT ${names} FROM ${qualified(session, source)}`);
}

/** As wide as its type is: a record of another system may be longer than the source's longest. */
function nativeOf(column: TableColumn): string {
  return column.opaque ? column.native : newColumn(column.name, column.type).native;
}

/** Groups as arrays of text: two nulls are equal there. */
function groupOf(fields: readonly string[]): string {
  return `ARRAY[${fields.map((field) => `${quoteName(field)}::text`).join(', ')}]::text[]`;
}

async function allot(
  session: Session,
  { output, matchingFields }: DilutionOptions,
  wanted: number,
  original: number,
): Promise<void> {
  await execute(
    session,
    `CREATE TEMPORARY TABLE longshore_quota ON COMMIT DROP AS
       WITH groups AS (SELECT ${groupOf(matchingFields)} AS k, count(*) AS n FROM ${qualified(session, output)} GROUP BY 1),
       shares AS (SELECT k, ${wanted}::numeric * n AS share FROM groups),
       parts AS (SELECT k, div(share, ${original}) AS whole, mod(share, ${original}) AS rest FROM shares)
       SELECT k, (whole + CASE WHEN row_number() OVER (ORDER BY rest DESC, k COLLATE "C")
                                  <= ${wanted} - sum(whole) OVER () THEN 1 ELSE 0 END)::bigint AS quota
         FROM parts`,
  );
  await execute(session, 'ANALYZE longshore_quota');
}

/** @returns how many were drawn */
async function draw(session: Session, options: DilutionOptions, columns: readonly TableColumn[]): Promise<number> {
  const candidates: string[] = [];
  for (const { id, table } of options.from) candidates.push(await candidatesOf(session, options, columns, id, table));
  const values = columns.map((_, index) => `v${index}`).join(', ');
  const into = [...columns.map(({ name }) => name), ORIGIN_COLUMN].map(quoteName).join(', ');
  return await execute(
    session,
    `INSERT INTO ${qualified(session, options.output)} (${into})
       SELECT ${values}, origin FROM (
         SELECT c.*, q.quota, row_number() OVER (PARTITION BY c.k ORDER BY c.place, c.origin COLLATE "C") AS n
           FROM (${candidates.join('\n UNION ALL ')}) c JOIN longshore_quota q ON q.k = c.k
       ) ranked WHERE n <= quota`,
  );
}

/**
 * The records of one dataset that may be drawn, as the source's columns would hold them: a value that does not fit its
 * column is left out, and counts against its record.
 */
async function candidatesOf(
  session: Session,
  { matchingFields, qualityThreshold, seed, schema }: DilutionOptions,
  columns: readonly TableColumn[],
  id: string,
  table: string,
): Promise<string> {
  const found = await describeTable(session, table);
  if (!found) throw final(`there is no table "${table}" of ${id} in the warehouse any more`);
  const missing = matchingFields.find((field) => !found.columns.some(({ name }) => name === field));
  if (missing !== undefined) throw final(`dataset table "${table}" has no column "${missing}" (matching_fields)`);
  const mapped = columns.map((column) =>
    fitted(
      column,
      found.columns.find(({ name }) => name === column.name),
    ),
  );
  const values = mapped.map(({ value }, index) => `${value} AS v${index}`);
  const given = mapped.map(({ given: name }) => (name === undefined ? '0' : `(${name} IS NOT NULL)::int`));
  const names = columns.map((_, index) => `v${index}`);
  const filled = names.map((name) => `(${name} IS NOT NULL)::int`);
  const valid = columns.map(
    (column, index) => `(v${index} IS NOT NULL AND ${rulesOf(column, `v${index}`, schema)})::int`,
  );
  const k = matchingFields.map((field) => `v${columns.findIndex(({ name }) => name === field)}::text`);
  const { completeness, validity } = WEIGHTS;
  // What a record alone can be judged by: its uniqueness is the dataset's.
  const quality = `(${completeness} * filled / ${columns.length} + ${validity} * coalesce(valid::float8 / nullif(given, 0), 0)) / ${completeness + validity}`;
  return `SELECT ${names.join(', ')}, ARRAY[${k.join(', ')}]::text[] AS k, ${quoteText(id)} AS origin,
      md5(${quoteText(`${seed}:${id}:`)} || ROW(${names.join(', ')})::text)::uuid AS place
    FROM (SELECT *, (${filled.join(' + ')})::float8 AS filled, ${valid.join(' + ')} AS valid
            FROM (SELECT ${values.join(', ')}, ${given.join(' + ')} AS given FROM ${qualified(session, table)}) taken) judged
   WHERE ${quality} >= ${qualityThreshold} - 1e-9`;
}

function rulesOf(column: TableColumn, value: string, schema: DatasetSchema | undefined): string {
  const rule: ColumnRule | undefined = schema?.columns.find(({ name }) => name === column.name);
  if (!rule) return 'true';
  return column.opaque ? obeys(`${value}::text`, 'text', rule) : obeys(value, column.type, rule);
}

/** How another table's column of the same name fills a column of the source. */
function fitted(to: TableColumn, from: TableColumn | undefined): { value: string; given: string | undefined } {
  const native = nativeOf(to);
  if (!from) return { value: `NULL::${native}`, given: undefined };
  const quoted = quoteName(from.name);
  if (to.opaque) {
    return { value: from.native === to.native ? quoted : `NULL::${native}`, given: quoted };
  }
  const wide = { ...to, native };
  if (from.opaque) {
    return { value: to.type === 'text' ? `${quoted}::text` : `NULL::${native}`, given: quoted };
  }
  const fits = fitsType(quoted, from.type, to.type);
  if (fits === 'false') return { value: `NULL::${native}`, given: quoted };
  const value = `(${conversion(quoted, from, wide)})::${native}`;
  return { value: fits === 'true' ? value : `CASE WHEN ${fits} THEN ${value} END`, given: quoted };
}

async function shortOnes(session: Session, options: DilutionOptions): Promise<Pick<Dilution, 'short' | 'shortGroups'>> {
  const { output, matchingFields } = options;
  const found = await query<{ k: (string | null)[]; wanted: string; drawn: string; groups: string }>(
    session,
    `SELECT q.k, q.quota AS wanted, coalesce(d.n, 0) AS drawn, count(*) OVER () AS groups
       FROM longshore_quota q
       LEFT JOIN (SELECT ${groupOf(matchingFields)} AS k, count(*) AS n FROM ${qualified(session, output)}
                   WHERE ${quoteName(ORIGIN_COLUMN)} IS NOT NULL GROUP BY 1) d ON d.k = q.k
      WHERE coalesce(d.n, 0) < q.quota ORDER BY q.quota - coalesce(d.n, 0) DESC, q.k COLLATE "C" LIMIT ${TOLD_GROUPS}`,
  );
  const short = found.map(({ k, wanted, drawn }) => ({
    values: Object.fromEntries(matchingFields.map((field, index) => [field, k[index] ?? null])),
    wanted: Number(wanted),
    drawn: Number(drawn),
  }));
  return { short, shortGroups: Number(found[0]?.groups ?? 0) };
}
