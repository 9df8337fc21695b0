import { encodeRows, type LoadColumn } from '../database-encoding.ts';
import {
  ABSENT,
  BASE_COLUMN,
  type Contender,
  DELETED_COLUMN,
  type Difference,
  KEEP,
  MASK_COLUMN,
  type Merge,
  type Missing,
  ROW_COLUMN,
} from '../database-engine.ts';
import type { TableColumn } from '../schema-column.ts';
import { copy, execute, qualified, query, quoteName, quoteNames, quoteText, type Session } from './session.ts';
import { comparedAsText, POSTGRES_DIALECT } from './types.ts';

const STAGE = '_longshore_stage';
/** While it takes the place of the stage. */
const CHANGED = '_longshore_changed';
const STAGED = `pg_temp.${quoteName(STAGE)}`;

function namesOf(columns: readonly LoadColumn[]): string[] {
  return columns.map(({ column }) => column.name);
}

/** The columns that a merge writes. */
function written(merge: Merge): string[] {
  return [...namesOf(merge.columns), ...(merge.base ? [BASE_COLUMN] : []), ...(merge.revive ? [DELETED_COLUMN] : [])];
}

const hasExtras = (merge: Merge) => merge.base || merge.masks !== undefined;

/**
 * A temporary table of the types of the target's columns. It goes with the transaction, as do the settings: nothing
 * outlives a pooled connection's loan. The planner knows nothing of a table that was just filled, and guesses wrongly
 * where it has a choice: some rows against many are looked up in the index.
 */
async function makeStage(session: Session, merge: Merge): Promise<void> {
  const extras = `NULL::text AS ${quoteName(MASK_COLUMN)}, NULL::integer AS ${quoteName(ROW_COLUMN)}`;
  await execute(
    session,
    `SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off;
     DROP TABLE IF EXISTS ${STAGED};
     CREATE TEMPORARY TABLE ${quoteName(STAGE)} ON COMMIT DROP AS
       SELECT ${quoteNames(written(merge))}, ${extras} FROM ${qualified(session, merge.table)} WITH NO DATA`,
  );
}

export async function stage(session: Session, merge: Merge): Promise<void> {
  const { columns, rows, masks } = merge;
  await makeStage(session, merge);
  const loaded = [...namesOf(columns), ...(hasExtras(merge) ? [MASK_COLUMN, ROW_COLUMN] : [])];
  const trailers = hasExtras(merge) ? rows.map((_, row) => `${masks?.[row] ?? ''}\t${row}`) : undefined;
  const chunks = encodeRows(rows, columns, POSTGRES_DIALECT, trailers);
  await copy(session, `COPY ${STAGED} (${quoteNames(loaded)}) FROM STDIN`, chunks);
}

export async function stageText(session: Session, merge: Merge, chunks: Iterable<Uint8Array>): Promise<void> {
  await makeStage(session, merge);
  await copy(session, `COPY ${STAGED} (${quoteNames(namesOf(merge.columns))}) FROM STDIN`, chunks);
  const keys = merge.columns.filter(({ key }) => key);
  await execute(session, `CREATE UNIQUE INDEX ON ${STAGED} (${quoteNames(namesOf(keys))})`);
}

/**
 * Which of equal keys came last can no longer be told once some rows are dropped: the staged keys are unique. Most often
 * few rows stay, so these are copied: to delete the others, each of them would have to be written to.
 */
export async function dropSame(session: Session, merge: Merge): Promise<void> {
  const changed = quoteName(CHANGED);
  await execute(
    session,
    `CREATE TEMPORARY TABLE ${changed} ON COMMIT DROP AS SELECT s.* ${fromDiffering(session, merge)};
     DROP TABLE ${STAGED};
     ALTER TABLE pg_temp.${changed} RENAME TO ${quoteName(STAGE)}`,
  );
}

export async function loadText(
  session: Session,
  table: string,
  columns: readonly LoadColumn[],
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  await copy(session, `COPY ${qualified(session, table)} (${quoteNames(namesOf(columns))}) FROM STDIN`, chunks);
}

export async function load(
  session: Session,
  table: string,
  columns: readonly LoadColumn[],
  rows: Parameters<typeof encodeRows>[0],
): Promise<void> {
  const sql = `COPY ${qualified(session, table)} (${quoteNames(namesOf(columns))}) FROM STDIN`;
  await copy(session, sql, encodeRows(rows, columns, POSTGRES_DIALECT));
}

function sameKeys(merge: Merge): string {
  const keys = merge.columns.filter(({ key }) => key);
  return keys.map(({ column }) => `t.${quoteName(column.name)} = s.${quoteName(column.name)}`).join(' AND ');
}

function firstKey(merge: Merge): string {
  const key = merge.columns.find((column) => column.key);
  if (!key) throw new Error('rows are merged by a key');
  return quoteName(key.column.name);
}

/** A column as it is compared. */
function comparable(of: string, column: TableColumn): string {
  const name = `${of}.${quoteName(column.name)}`;
  return comparedAsText(column) ? `${name}::text` : name;
}

/** Whether a staged row would change the target's. */
function differs(merge: Merge, source: string): string {
  const data = merge.columns.filter(({ key }) => !key).map(({ column }) => column);
  const parts: string[] = [];
  if (data.length > 0) {
    const row = (of: string) => `ROW(${data.map((column) => comparable(of, column)).join(', ')})`;
    parts.push(`${row('t')} IS DISTINCT FROM ${row(source)}`);
  }
  if (merge.revive) parts.push(`t.${quoteName(DELETED_COLUMN)} IS NOT NULL`);
  return parts.length > 0 ? parts.join(' OR ') : 'FALSE';
}

/** The columns of one side as a JSON object; json functions take a hundred arguments at most, a row any number. */
function asJson(of: string, columns: readonly LoadColumn[]): string {
  const list = namesOf(columns).map((name) => `${of}.${quoteName(name)}`);
  return `(SELECT pg_catalog.to_jsonb(x) FROM (SELECT ${list.join(', ')}) x)`;
}

interface ContenderRow {
  readonly row: number;
  readonly changed: string;
  readonly stale: boolean | null;
  readonly base: string | null;
  readonly source: string;
  readonly target: string;
}

/** Locks what it finds: who decides what becomes of a row must not be overtaken. */
export async function contenders(session: Session, merge: Merge, timestampColumn?: string): Promise<Contender[]> {
  const base = `t.${quoteName(BASE_COLUMN)}`;
  const changed = merge.columns.map(({ column }) => {
    const name = quoteName(column.name);
    const kept = `COALESCE(${base} -> ${quoteText(column.name)}, 'null')`;
    const value = (of: string) => `COALESCE(pg_catalog.to_jsonb(${of}.${name}), 'null')`;
    const ofSource = `CASE WHEN ${base} IS NULL OR ${value('s')} <> ${kept} THEN 1 ELSE 0 END`;
    const ofTarget = `CASE WHEN ${base} IS NOT NULL AND ${value('t')} <> ${kept} THEN 2 ELSE 0 END`;
    const ofBoth = `CASE WHEN ${comparable('s', column)} IS DISTINCT FROM ${comparable('t', column)} THEN 4 ELSE 0 END`;
    return `(${ofSource} + ${ofTarget} + ${ofBoth})::text`;
  });
  const time = merge.columns.find(({ column }) => column.name === timestampColumn)?.column.name;
  const stale = time === undefined ? 'FALSE' : `s.${quoteName(time)} < t.${quoteName(time)}`;
  const rows = await query<ContenderRow>(
    session,
    `SELECT s.${quoteName(ROW_COLUMN)} AS row, ${changed.join(' || ')} AS changed, ${stale} AS stale, ${base}::text AS base,
            ${asJson('s', merge.columns)}::text AS source, ${asJson('t', merge.columns)}::text AS target
       FROM ${STAGED} s JOIN ${qualified(session, merge.table)} t ON ${sameKeys(merge)}
      WHERE ${differs(merge, 's')} ORDER BY 1 FOR UPDATE OF t`,
  );
  return rows.map((row) => ({ ...row, stale: row.stale === true, changed: [...row.changed].map(Number) }));
}

/** Makes staged rows whole, so that one merge does for all: what they leave alone is the target's. */
export async function complete(session: Session, merge: Merge): Promise<void> {
  const base = quoteName(BASE_COLUMN);
  const sets = merge.columns.flatMap(({ column, key }, at) => {
    if (key || merge.masks === undefined) return [];
    const name = quoteName(column.name);
    return [
      `${name} = CASE WHEN ${maskAt(String(at + 1))} IN ('${ABSENT}', '${KEEP}') THEN t.${name} ELSE s.${name} END`,
    ];
  });
  if (merge.base) {
    await execute(session, `UPDATE ${STAGED} s SET ${base} = ${sourceSays(merge)}`);
    // Over what was there, for rows say nothing of fields that they do not have.
    sets.push(`${base} = COALESCE(t.${base}, '{}') || s.${base}`);
  }
  if (sets.length === 0) return;
  await execute(
    session,
    `UPDATE ${STAGED} s SET ${sets.join(', ')} FROM ${qualified(session, merge.table)} t WHERE ${sameKeys(merge)}`,
  );
}

function maskAt(position: string): string {
  return `substr(s.${quoteName(MASK_COLUMN)}, ${position}, 1)`;
}

/** The fields that a row has, as a JSON object. */
function sourceSays(merge: Merge): string {
  const source = asJson('s', merge.columns);
  if (merge.masks === undefined) return source;
  const names = `ARRAY[${namesOf(merge.columns).map(quoteText).join(', ')}]::text[]`;
  const absent = `SELECT name FROM unnest(${names}) WITH ORDINALITY AS n(name, at) WHERE ${maskAt('at::integer')} = '${ABSENT}'`;
  return `${source} - ARRAY(${absent})`;
}

/** Staged rows that the target does not have yet, or has otherwise. @param or another reason to take a row */
function fromDiffering(session: Session, merge: Merge, or = ''): string {
  const join = `LEFT JOIN ${qualified(session, merge.table)} t ON ${sameKeys(merge)}`;
  return `FROM ${STAGED} s ${join} WHERE t.${firstKey(merge)} IS NULL OR ${differs(merge, 's')}${or}`;
}

export async function differences(session: Session, merge: Merge, limit: number): Promise<Difference[]> {
  const keys = merge.columns.filter(({ key }) => key).map(({ column }) => `s.${quoteName(column.name)}::text`);
  const old = `CASE WHEN t.${firstKey(merge)} IS NOT NULL THEN ${asJson('t', merge.columns)}::text END`;
  return await query<Difference>(
    session,
    `SELECT ARRAY[${keys.join(', ')}] AS key, ${old} AS old, ${asJson('s', merge.columns)}::text AS new
       ${fromDiffering(session, merge)} LIMIT ${limit}`,
  );
}

export async function countDifferences(session: Session, merge: Merge): Promise<number> {
  const [row] = await query<{ count: string }>(session, `SELECT count(*) AS count ${fromDiffering(session, merge)}`);
  return Number(row?.count ?? 0);
}

/**
 * ON CONFLICT is also right when others write the same keys at the same time. It locks every row that it meets, which
 * writes to the table; so rows that would not change are left out before.
 */
export async function mergeStaged(session: Session, merge: Merge): Promise<number> {
  const names = written(merge);
  const keys = merge.columns.filter(({ key }) => key).map(({ column }) => column.name);
  const values = names.filter((name) => !keys.includes(name));
  const base = quoteName(BASE_COLUMN);
  const otherBase = (of: string) => (merge.base ? ` OR t.${base} IS DISTINCT FROM ${of}.${base}` : '');
  const sets = values.map((name) => `${quoteName(name)} = EXCLUDED.${quoteName(name)}`).join(', ');
  const changes = `${differs(merge, 'EXCLUDED')}${otherBase('EXCLUDED')}`;
  const action = values.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${sets} WHERE ${changes}`;
  return await execute(
    session,
    `INSERT INTO ${qualified(session, merge.table)} AS t (${quoteNames(names)})
     SELECT ${names.map((name) => `s.${quoteName(name)}`).join(', ')} ${fromDiffering(session, merge, otherBase('s'))}
         ON CONFLICT (${quoteNames(keys)}) ${action}`,
  );
}

export async function noteSeen(session: Session, merge: Merge, seen: string): Promise<void> {
  const keys = quoteNames(namesOf(merge.columns.filter(({ key }) => key)));
  await execute(session, `INSERT INTO ${qualified(session, seen)} (${keys}) SELECT ${keys} FROM ${STAGED}`);
}

function whereMissing(session: Session, { seen, keys, mark }: Missing): string {
  const same = keys.map((key) => `t.${quoteName(key)} = s.${quoteName(key)}`).join(' AND ');
  const unseen = `NOT EXISTS (SELECT 1 FROM ${qualified(session, seen)} s WHERE ${same})`;
  return mark ? `${unseen} AND t.${quoteName(DELETED_COLUMN)} IS NULL` : unseen;
}

export async function countMissing(session: Session, missing: Missing): Promise<{ rows: number; missing: number }> {
  await execute(session, `ANALYZE ${qualified(session, missing.seen)}`);
  const table = `${qualified(session, missing.table)} t`;
  const living = missing.mark ? ` WHERE t.${quoteName(DELETED_COLUMN)} IS NULL` : '';
  const [all] = await query<{ count: string }>(session, `SELECT count(*) AS count FROM ${table}${living}`);
  const [gone] = await query<{ count: string }>(
    session,
    `SELECT count(*) AS count FROM ${table} WHERE ${whereMissing(session, missing)}`,
  );
  return { rows: Number(all?.count ?? 0), missing: Number(gone?.count ?? 0) };
}

export async function removeMissing(session: Session, missing: Missing): Promise<number> {
  const table = `${qualified(session, missing.table)} t`;
  const action = missing.mark ? `UPDATE ${table} SET ${quoteName(DELETED_COLUMN)} = now()` : `DELETE FROM ${table}`;
  return await execute(session, `${action} WHERE ${whereMissing(session, missing)}`);
}
