/** What a backup needs to know of the schema, asked of PostgreSQL's own catalogue. */
import type { Queryable } from '../../store/store.ts';
import type { PartitionEntry, SequenceEntry, TableEntry } from './format.ts';

/** Kept by the migrator itself. */
const BOOKKEEPING = ['migrations', 'migrations_lock'];

export interface SizedTable extends TableEntry {
  /** On disk, as an estimate of how long it takes. */
  readonly bytes: number;
}

/** Tables with every column that can be written, a table before those that refer to it. */
export async function listTables(db: Queryable): Promise<SizedTable[]> {
  const tables = await db.query<SizedTable>(
    `SELECT c.relname AS name,
            (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
            (SELECT coalesce(sum(pg_relation_size(t.relid)), 0) FROM pg_partition_tree(c.oid) t)
              + pg_relation_size(c.oid) AS bytes
       FROM pg_class c
      WHERE c.relnamespace = 'longshore'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> ALL ($1)
      ORDER BY c.relname`,
    [BOOKKEEPING],
  );
  const references = await db.query<{ child: string; parent: string }>(
    `SELECT child.relname AS child, parent.relname AS parent
       FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid
      WHERE k.contype = 'f' AND k.connamespace = 'longshore'::regnamespace AND k.conrelid <> k.confrelid`,
  );
  return inOrder(tables, references);
}

function inOrder(tables: SizedTable[], references: { child: string; parent: string }[]): SizedTable[] {
  const ordered: SizedTable[] = [];
  const waiting = new Map(tables.map((table) => [table.name, table]));
  while (waiting.size > 0) {
    const free = [...waiting.values()].filter(
      ({ name }) => !references.some(({ child, parent }) => child === name && waiting.has(parent)),
    );
    if (free.length === 0) throw new Error(`tables refer to each other in a circle: ${[...waiting.keys()].join(', ')}`);
    for (const table of free) waiting.delete(table.name);
    ordered.push(...free);
  }
  return ordered;
}

export function listPartitions(db: Queryable): Promise<PartitionEntry[]> {
  return db.query<PartitionEntry>(
    `SELECT c.relname AS name, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
       FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relnamespace = 'longshore'::regnamespace AND c.relispartition AND c.relkind = 'r'
      ORDER BY c.relname`,
  );
}

export async function listSequences(db: Queryable): Promise<SequenceEntry[]> {
  const names = await db.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'longshore'::regnamespace AND relkind = 'S' ORDER BY 1`,
  );
  const sequences: SequenceEntry[] = [];
  for (const { name } of names) {
    const [row] = await db.query<{ value: number; called: boolean }>(
      `SELECT last_value AS value, is_called AS called FROM longshore.${quoteName(name)}`,
    );
    if (row) sequences.push({ name, ...row });
  }
  return sequences;
}

/** Applied migrations in order; empty where there is no schema of ours. */
export async function listMigrations(db: Queryable): Promise<string[]> {
  const [found] = await db.query<{ there: boolean }>(`SELECT to_regclass('longshore.migrations') IS NOT NULL AS there`);
  if (!found?.there) return [];
  const rows = await db.query<{ name: string }>('SELECT name FROM longshore.migrations ORDER BY name');
  return rows.map(({ name }) => name);
}

export async function schemaExists(db: Queryable): Promise<boolean> {
  return (await db.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'longshore'`)).length > 0;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
