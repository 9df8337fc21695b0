/**
 * The warehouse in a backup: what lies in the schema `data` of the same database. Its tables are made of what is synced,
 * so a backup's header describes them by columns and keys, and a restore makes them anew: no text of the file is run.
 * What else users have put into that schema, such as views, is not taken along, but named.
 */
import type { PoolClient } from 'pg';
import { WAREHOUSE_SCHEMA } from '../../connections/drivers/login.ts';
import { type Queryable, sqlState } from '../../store/store.ts';
import { CliFailure } from '../failure.ts';
import { quoteName } from './catalog.ts';
import type { WarehouseTable } from './format.ts';

export interface SizedWarehouseTable extends WarehouseTable {
  readonly oid: number;
  /** Where its rows lie: another one once they were rewritten. */
  readonly filenode: number;
  /** On disk, as an estimate of how long it takes. */
  readonly bytes: number;
}

const UNDEFINED_TABLE = '42P01';

export function warehouseName(table: string): string {
  return `${WAREHOUSE_SCHEMA}.${quoteName(table)}`;
}

/** An index that its columns describe wholly. */
const PLAIN_INDEX = `i.indisvalid AND i.indexprs IS NULL AND i.indpred IS NULL AND NOT i.indnullsnotdistinct
  AND i.indnkeyatts = i.indnatts AND x.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND 0 = ALL (i.indoption::int2[])`;

const TABLES = `SELECT c.oid::int8 AS oid, c.relfilenode::int8 AS filenode, c.relname AS name,
    coalesce(pg_relation_size(c.oid), 0) AS bytes,
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'name', a.attname, 'required', a.attnotnull, 'identity', a.attidentity,
        'type', CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format_type(a.atttypid, a.atttypmod)
                     ELSE 'text' END) ORDER BY a.attnum)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]') AS columns,
    coalesce((SELECT jsonb_agg(jsonb_build_object('unique', i.indisunique, 'primary', i.indisprimary, 'columns',
        (SELECT jsonb_agg(a.attname ORDER BY k.place)
           FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number)) ORDER BY x.relname)
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND ${PLAIN_INDEX}), '[]') AS indexes
  FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' AND NOT c.relispartition
 ORDER BY c.relname`;

/** Tables of the schema `data`; none where there is no such schema. */
export function listWarehouseTables(db: Queryable): Promise<SizedWarehouseTable[]> {
  return db.query<SizedWarehouseTable>(TABLES, [WAREHOUSE_SCHEMA]);
}

/** What lies in the schema and is not taken along, a line each. */
export async function listLeftOut(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ what: string }>(
    `WITH relation AS (SELECT * FROM pg_class WHERE relnamespace = to_regnamespace($1)),
       stands AS (SELECT oid, relname FROM relation WHERE relkind = 'r' AND NOT relispartition)
     SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
              WHEN 'S' THEN 'sequence' ELSE 'partitioned table' END || ' ' || relname AS what
       FROM relation r WHERE relkind IN ('v', 'm', 'f', 'p')
         OR relkind = 'S' AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = r.oid AND deptype = 'i')
     UNION ALL SELECT 'index ' || x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
       JOIN stands ON stands.oid = i.indrelid WHERE NOT (${PLAIN_INDEX})
     UNION ALL SELECT 'constraint ' || conname || ' of ' || relname FROM pg_constraint JOIN stands ON stands.oid = conrelid
       WHERE contype IN ('c', 'f', 'x')
     UNION ALL SELECT CASE WHEN attgenerated = '' THEN 'default of ' ELSE 'generated column ' END || relname || '.' || attname
       FROM pg_attrdef JOIN stands ON stands.oid = adrelid JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
     UNION ALL SELECT 'type of ' || relname || '.' || attname || ', which comes back as text'
       FROM pg_attribute JOIN stands ON stands.oid = attrelid JOIN pg_type t ON t.oid = atttypid
      WHERE attnum > 0 AND NOT attisdropped AND t.typnamespace <> 'pg_catalog'::regnamespace
     UNION ALL SELECT 'trigger ' || tgname || ' of ' || relname FROM pg_trigger JOIN stands ON stands.oid = tgrelid
      WHERE NOT tgisinternal
     UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = to_regnamespace($1)
     ORDER BY 1`,
    [WAREHOUSE_SCHEMA],
  );
  return rows.map(({ what }) => what);
}

/**
 * Keeps the tables as they are until the transaction ends: none is dropped, swapped or rewritten.
 * @returns false when one is so already: to this transaction, which has begun before, it would seem empty
 */
export async function holdWarehouseTables(db: Queryable, tables: readonly SizedWarehouseTable[]): Promise<boolean> {
  for (const { name, oid, filenode } of tables) {
    const table = warehouseName(name);
    try {
      await db.query(`LOCK TABLE ${table} IN ACCESS SHARE MODE`);
    } catch (error) {
      if (sqlState(error) === UNDEFINED_TABLE) return false;
      throw error;
    }
    // These look at the present, not at what the transaction sees.
    const [present] = await db.query<{ oid: number; filenode: number }>(
      'SELECT to_regclass($1)::oid::int8 AS oid, pg_relation_filenode(to_regclass($1))::int8 AS filenode',
      [table],
    );
    if (present?.oid !== oid || present.filenode !== filenode) return false;
  }
  return true;
}

/** @throws CliFailure `conflict` when there is something in the schema already */
export async function requireEmptyWarehouse(db: Queryable): Promise<void> {
  const [found] = await db.query<{ name: string }>(
    'SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) LIMIT 1',
    [WAREHOUSE_SCHEMA],
  );
  if (!found) return;
  throw new CliFailure(
    'conflict',
    `The database already holds a warehouse (${WAREHOUSE_SCHEMA}.${found.name}). Restore into an empty database, or drop the schema "${WAREHOUSE_SCHEMA}" yourself.`,
  );
}

/** What PostgreSQL's own types look like: `numeric(10,2)`, `timestamp(3) with time zone`, `text[]`. */
const TYPE = /^("char"|[a-z][a-z0-9_ ]*(\(\d+(,-?\d+)?\))?( with(out)? time zone)?)(\[\])*$/;

function definition({ name, type, required, identity }: WarehouseTable['columns'][number]): string {
  if (!TYPE.test(type)) throw new CliFailure('failed', `The backup has a column ${name} of an unknown sort.`);
  const kept = required ? ' NOT NULL' : '';
  if (identity === '') return `${quoteName(name)} ${type}${kept}`;
  return `${quoteName(name)} ${type}${kept} GENERATED ${identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`;
}

/** Within the transaction that loads everything. */
export async function createWarehouseTables(client: PoolClient, tables: readonly WarehouseTable[]): Promise<void> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${WAREHOUSE_SCHEMA}`);
  for (const { name, columns } of tables) {
    await client.query(`CREATE TABLE ${warehouseName(name)} (${columns.map(definition).join(', ')})`);
  }
}

/** Keys, indexes and the values that identities have come to: once the rows are there. */
export async function finishWarehouseTables(client: PoolClient, tables: readonly WarehouseTable[]): Promise<void> {
  for (const { name, columns, indexes } of tables) {
    const table = warehouseName(name);
    for (const { columns: keys, unique, primary } of indexes) {
      const list = `(${keys.map(quoteName).join(', ')})`;
      if (primary) await client.query(`ALTER TABLE ${table} ADD PRIMARY KEY ${list}`);
      else await client.query(`CREATE ${unique ? 'UNIQUE ' : ''}INDEX ON ${table} ${list}`);
    }
    for (const { name: column } of columns.filter(({ identity }) => identity !== '')) {
      await client.query(
        `SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max(${quoteName(column)}), 0) + 1 FROM ${table}), false)`,
        [table, column],
      );
    }
    await client.query(`ANALYZE ${table}`);
  }
}
