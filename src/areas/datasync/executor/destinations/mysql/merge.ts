import type { LoadColumn } from '../database-encoding.ts';
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
import {
  execute,
  load,
  qualified,
  query,
  quoteName,
  quoteNames,
  quoteText,
  type Session,
  type Trailers,
} from './session.ts';

const STAGE = '_longshore_stage';

function staged(session: Session): string {
  return qualified(session, STAGE);
}

function namesOf(columns: readonly LoadColumn[]): string[] {
  return columns.map(({ column }) => column.name);
}

/** The columns that a merge writes. */
function written(merge: Merge): string[] {
  return [...namesOf(merge.columns), ...(merge.base ? [BASE_COLUMN] : []), ...(merge.revive ? [DELETED_COLUMN] : [])];
}

/** A temporary table of the target's types, each column nullable: making it does not end the transaction. */
export async function stage(session: Session, merge: Merge): Promise<void> {
  const { columns, rows, masks } = merge;
  const definitions = columns.map(({ column }) => `${quoteName(column.name)} ${column.native} NULL`);
  if (merge.base) definitions.push(`${quoteName(BASE_COLUMN)} json NULL`);
  if (merge.revive) definitions.push(`${quoteName(DELETED_COLUMN)} datetime(6) NULL`);
  definitions.push(`${quoteName(MASK_COLUMN)} text`, `${quoteName(ROW_COLUMN)} int`);
  await execute(session, `DROP TEMPORARY TABLE IF EXISTS ${staged(session)}`);
  await execute(
    session,
    `CREATE TEMPORARY TABLE ${staged(session)} (${definitions.join(', ')})
       ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${session.collation}`,
  );
  const extras: Trailers = {
    names: [MASK_COLUMN, ROW_COLUMN],
    fields: rows.map((_, row) => [masks?.[row] ?? '', String(row)]),
  };
  await load(session, staged(session), columns, rows, merge.base || masks ? extras : undefined);
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

/** Collations take texts for equal that differ in case, accents or trailing spaces. */
function same(column: TableColumn): string {
  const name = quoteName(column.name);
  const isText = column.type === 'text' || column.opaque;
  return isText ? `CAST(t.${name} AS BINARY) <=> CAST(s.${name} AS BINARY)` : `t.${name} <=> s.${name}`;
}

/** Whether a staged row would change the target's. */
function differs(merge: Merge): string {
  const parts = merge.columns.filter(({ key }) => !key).map(({ column }) => `NOT (${same(column)})`);
  if (merge.revive) parts.push(`t.${quoteName(DELETED_COLUMN)} IS NOT NULL`);
  return parts.length > 0 ? `(${parts.join(' OR ')})` : 'FALSE';
}

/** A column as a value within JSON. */
function inJson(of: string, { name, type }: TableColumn): string {
  const column = `${of}.${quoteName(name)}`;
  if (type === 'json') return `JSON_EXTRACT(${column}, '$')`;
  return type === 'binary' ? `HEX(${column})` : column;
}

function asJson(of: string, columns: readonly LoadColumn[]): string {
  return `JSON_OBJECT(${columns.map(({ column }) => `${quoteText(column.name)}, ${inJson(of, column)}`).join(', ')})`;
}

interface ContenderRow {
  readonly row: number;
  readonly changed: string;
  readonly stale: number | null;
  readonly base: string | null;
  readonly source: string;
  readonly target: string;
}

/** Values in JSON are compared as they are written: null where there is none. */
function jsonText(session: Session, json: string): string {
  return `COALESCE(CONVERT(${json} USING utf8mb4) COLLATE ${session.collation}, 'null')`;
}

/** Locks what it finds: who decides what becomes of a row must not be overtaken. */
export async function contenders(session: Session, merge: Merge, timestampColumn?: string): Promise<Contender[]> {
  const base = `t.${quoteName(BASE_COLUMN)}`;
  const changed = merge.columns.map(({ column }) => {
    const path = quoteText(`$.${JSON.stringify(column.name)}`);
    const kept = jsonText(session, `JSON_EXTRACT(${base}, ${path})`);
    const value = (of: string) => jsonText(session, `JSON_EXTRACT(JSON_OBJECT('v', ${inJson(of, column)}), '$.v')`);
    const ofSource = `IF(${base} IS NULL OR ${value('s')} <> ${kept}, 1, 0)`;
    const ofTarget = `IF(${base} IS NOT NULL AND ${value('t')} <> ${kept}, 2, 0)`;
    return `(${ofSource} + ${ofTarget} + IF(${same(column)}, 0, 4))`;
  });
  const time = merge.columns.find(({ column }) => column.name === timestampColumn)?.column.name;
  const stale = time === undefined ? '0' : `s.${quoteName(time)} < t.${quoteName(time)}`;
  const rows = await query<ContenderRow>(
    session,
    `SELECT s.${quoteName(ROW_COLUMN)} AS \`row\`, CONCAT(${changed.join(', ')}) AS changed, ${stale} AS stale,
            CAST(${base} AS CHAR) AS base, CAST(${asJson('s', merge.columns)} AS CHAR) AS source,
            CAST(${asJson('t', merge.columns)} AS CHAR) AS target
       FROM ${staged(session)} s STRAIGHT_JOIN ${qualified(session, merge.table)} t ON ${sameKeys(merge)}
      WHERE ${differs(merge)} ORDER BY 1 FOR UPDATE`,
  );
  return rows.map((row) => ({ ...row, stale: row.stale === 1, changed: [...row.changed].map(Number) }));
}

/** Makes staged rows whole, so that one merge does for all: what they leave alone is the target's. */
export async function complete(session: Session, merge: Merge): Promise<void> {
  const base = quoteName(BASE_COLUMN);
  const sets = merge.columns.flatMap(({ column, key }, at) => {
    if (key || merge.masks === undefined) return [];
    const name = quoteName(column.name);
    return [`s.${name} = IF(${maskAt(at)} IN ('${ABSENT}', '${KEEP}'), t.${name}, s.${name})`];
  });
  if (merge.base) {
    await execute(session, `UPDATE ${staged(session)} s SET s.${base} = ${sourceSays(merge)}`);
    // Over what was there, for rows say nothing of fields that they do not have; a null that goes with it reads the same.
    sets.push(`s.${base} = JSON_MERGE_PATCH(COALESCE(t.${base}, '{}'), s.${base})`);
  }
  if (sets.length === 0) return;
  await execute(
    session,
    `UPDATE ${staged(session)} s STRAIGHT_JOIN ${qualified(session, merge.table)} t ON ${sameKeys(merge)}
        SET ${sets.join(', ')}`,
  );
}

function maskAt(at: number): string {
  return `SUBSTRING(s.${quoteName(MASK_COLUMN)}, ${at + 1}, 1)`;
}

/** The fields that a row has, as a JSON object. */
function sourceSays(merge: Merge): string {
  if (merge.masks === undefined) return asJson('s', merge.columns);
  let json = asJson('s', merge.columns);
  merge.columns.forEach(({ column }, at) => {
    // A path that nothing is at removes nothing.
    const path = quoteText(`$.${JSON.stringify(column.name)}`);
    json = `JSON_REMOVE(${json}, IF(${maskAt(at)} = '${ABSENT}', ${path}, '$."_longshore_none"'))`;
  });
  return json;
}

/** Staged rows that the target does not have yet, or has otherwise. */
function fromDiffering(session: Session, merge: Merge): string {
  const join = `LEFT JOIN ${qualified(session, merge.table)} t ON ${sameKeys(merge)}`;
  return `FROM ${staged(session)} s ${join} WHERE t.${firstKey(merge)} IS NULL OR ${differs(merge)}`;
}

export async function differences(session: Session, merge: Merge, limit: number): Promise<Difference[]> {
  const keys = merge.columns.filter(({ key }) => key).map(({ column }) => column.name);
  const old = `IF(t.${firstKey(merge)} IS NULL, NULL, CAST(${asJson('t', merge.columns)} AS CHAR))`;
  const rows = await query<Record<string, string> & { old: string | null; new: string }>(
    session,
    `SELECT ${keys.map((name, at) => `CAST(s.${quoteName(name)} AS CHAR) AS k${at}`).join(', ')},
            ${old} AS old, CAST(${asJson('s', merge.columns)} AS CHAR) AS new
       ${fromDiffering(session, merge)} LIMIT ${limit}`,
  );
  return rows.map((row) => ({ key: keys.map((_, at) => row[`k${at}`] ?? ''), old: row.old, new: row.new }));
}

export async function countDifferences(session: Session, merge: Merge): Promise<number> {
  const [row] = await query<{ count: number }>(session, `SELECT COUNT(*) AS count ${fromDiffering(session, merge)}`);
  return Number(row?.count ?? 0);
}

/**
 * Two statements: INSERT … ON DUPLICATE KEY UPDATE would also take a row for another one that has the same value in any
 * other unique index, and write the one over the other.
 */
export async function mergeStaged(session: Session, merge: Merge): Promise<number> {
  const table = qualified(session, merge.table);
  const names = written(merge);
  const keys = merge.columns.filter(({ key }) => key).map(({ column }) => column.name);
  const values = names.filter((name) => !keys.includes(name));
  const base = quoteName(BASE_COLUMN);
  const otherBase = merge.base ? ` OR NOT (t.${base} <=> s.${base})` : '';
  const updated =
    values.length === 0
      ? 0
      : await execute(
          session,
          `UPDATE ${staged(session)} s STRAIGHT_JOIN ${table} t ON ${sameKeys(merge)}
              SET ${values.map((name) => `t.${quoteName(name)} = s.${quoteName(name)}`).join(', ')}
            WHERE ${differs(merge)}${otherBase}`,
        );
  const inserted = await execute(
    session,
    `INSERT INTO ${table} (${quoteNames(names)}) SELECT ${names.map((name) => `s.${quoteName(name)}`).join(', ')}
       FROM ${staged(session)} s LEFT JOIN ${table} t ON ${sameKeys(merge)} WHERE t.${firstKey(merge)} IS NULL`,
  );
  return updated + inserted;
}

export async function noteSeen(session: Session, merge: Merge, seen: string): Promise<void> {
  const keys = quoteNames(namesOf(merge.columns.filter(({ key }) => key)));
  const into = `INSERT IGNORE INTO ${qualified(session, seen)} (${keys})`;
  await execute(session, `${into} SELECT ${keys} FROM ${staged(session)}`);
}

function whereMissing(session: Session, { seen, keys, mark }: Missing): string {
  const equal = keys.map((key) => `t.${quoteName(key)} = s.${quoteName(key)}`).join(' AND ');
  const unseen = `NOT EXISTS (SELECT 1 FROM ${qualified(session, seen)} s WHERE ${equal})`;
  return mark ? `${unseen} AND t.${quoteName(DELETED_COLUMN)} IS NULL` : unseen;
}

export async function countMissing(session: Session, missing: Missing): Promise<{ rows: number; missing: number }> {
  const table = `${qualified(session, missing.table)} t`;
  const living = missing.mark ? ` WHERE t.${quoteName(DELETED_COLUMN)} IS NULL` : '';
  const [all] = await query<{ count: number }>(session, `SELECT COUNT(*) AS count FROM ${table}${living}`);
  const [gone] = await query<{ count: number }>(
    session,
    `SELECT COUNT(*) AS count FROM ${table} WHERE ${whereMissing(session, missing)}`,
  );
  return { rows: Number(all?.count ?? 0), missing: Number(gone?.count ?? 0) };
}

export async function removeMissing(session: Session, missing: Missing): Promise<number> {
  const table = qualified(session, missing.table);
  const where = `WHERE ${whereMissing(session, missing)}`;
  if (!missing.mark) return await execute(session, `DELETE t FROM ${table} t ${where}`);
  return await execute(session, `UPDATE ${table} t SET t.${quoteName(DELETED_COLUMN)} = UTC_TIMESTAMP(6) ${where}`);
}
