import { dependantsWouldGo } from '../database-dependants.ts';
import type { Swap } from '../database-engine.ts';
import { execute, qualified, query, quoteName, quoteNames, type Session } from './session.ts';

/**
 * Puts a table in the place of another, within a transaction. A table that stands alone is exchanged: its privileges,
 * owner and sequences go over, its columns and indexes went when the new one was made. Where views, foreign keys,
 * triggers, policies, partitions or publications hang on it, it stays, and its rows are exchanged instead.
 */
export async function putInPlace(session: Session, { aside, table }: Swap): Promise<void> {
  const [made, target] = [qualified(session, aside), qualified(session, table)];
  const [old] = await query<{ oid: number; owner: string; foreign_owner: boolean; attached: boolean }>(
    session,
    `SELECT c.oid, pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relowner <> me.oid AS foreign_owner,
            c.relkind = 'p' OR c.relispartition OR c.relhassubclass
              OR EXISTS (SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid = c.oid)
              OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE inhrelid = c.oid)
              OR EXISTS (SELECT 1 FROM pg_catalog.pg_policy WHERE polrelid = c.oid)
              OR EXISTS (SELECT 1 FROM pg_catalog.pg_publication_rel WHERE prrelid = c.oid)
              OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_class'::regclass
                          AND d.refobjid = c.oid AND d.classid = 'pg_rewrite'::regclass) AS attached
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles me ON me.rolname = current_user
      WHERE c.oid = pg_catalog.to_regclass($1)`,
    [target],
  );
  if (old?.attached) {
    await refuseDependants(session, old.oid, table);
    return await exchangeRows(session, made, target);
  }
  if (old) {
    await execute(session, `LOCK TABLE ${target} IN ACCESS EXCLUSIVE MODE`);
    await copyGrants(session, old.oid, made);
    await handOverSequences(session, old.oid, made);
    if (old.foreign_owner) await execute(session, `ALTER TABLE ${made} OWNER TO ${quoteName(old.owner)}`);
    await execute(session, `DROP TABLE ${target}`);
  }
  await execute(session, `ALTER TABLE ${made} RENAME TO ${quoteName(table)}`);
  await renameIndexes(session, aside, table);
}

/** @throws ExecutorError when other tables' rows would go, or change, with those that are taken out for a moment */
async function refuseDependants(session: Session, oid: number, table: string): Promise<void> {
  const [found] = await query<{ constraint: string; dependant: string; rule: string }>(
    session,
    `SELECT conname AS constraint, conrelid::regclass::text AS dependant,
            CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END AS rule
       FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND confrelid = $1 AND confdeltype IN ('c', 'n', 'd') ORDER BY conname LIMIT 1`,
    [oid],
  );
  if (found) throw dependantsWouldGo({ table, ...found });
}

interface ShapeRow {
  readonly name: string;
  readonly native: string;
}

async function shapeOf(session: Session, table: string): Promise<ShapeRow[]> {
  return await query<ShapeRow>(
    session,
    `SELECT attname AS name, pg_catalog.format_type(atttypid, atttypmod) AS native FROM pg_catalog.pg_attribute
      WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
      ORDER BY attnum`,
    [table],
  );
}

async function exchangeRows(session: Session, made: string, target: string): Promise<void> {
  const columns = await shapeOf(session, made);
  const standing = new Map((await shapeOf(session, target)).map(({ name, native }) => [name, native]));
  // What the run has added and widened.
  const changes = columns.flatMap(({ name, native }) => {
    const before = standing.get(name);
    if (before === native) return [];
    return [
      before === undefined
        ? `ADD COLUMN ${quoteName(name)} ${native}`
        : `ALTER COLUMN ${quoteName(name)} TYPE ${native}`,
    ];
  });
  // DELETE, not TRUNCATE: who reads meanwhile goes on seeing the old rows, and other tables may refer to them.
  await execute(session, `DELETE FROM ${target}`);
  if (changes.length > 0) await execute(session, `ALTER TABLE ${target} ${changes.join(', ')}`);
  const names = quoteNames(columns.map(({ name }) => name));
  await execute(
    session,
    `INSERT INTO ${target} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM ${made}; DROP TABLE ${made}`,
  );
}

async function copyGrants(session: Session, oid: number, made: string): Promise<void> {
  const grants = await query<{ grantee: string | null; privilege: string; grantable: boolean }>(
    session,
    `SELECT r.rolname AS grantee, g.privilege_type AS privilege, g.is_grantable AS grantable
       FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
      WHERE c.oid = $1 AND g.grantee <> c.relowner`,
    [oid],
  );
  for (const { grantee, privilege, grantable } of grants) {
    // The privilege is a keyword of the catalogue's own.
    const to = grantee === null ? 'PUBLIC' : quoteName(grantee);
    await execute(session, `GRANT ${privilege} ON ${made} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`);
  }
}

/** Of serial columns: they would go with the old table, and the new one's defaults refer to them. */
async function handOverSequences(session: Session, oid: number, made: string): Promise<void> {
  const sequences = await query<{ sequence: string; column: string }>(
    session,
    `SELECT d.objid::regclass::text AS sequence, a.attname AS column
       FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = $1 AND d.deptype = 'a'`,
    [oid],
  );
  for (const { sequence, column } of sequences) {
    await execute(session, `ALTER SEQUENCE ${sequence} OWNED BY ${made}.${quoteName(column)}`);
  }
}

/** Indexes were named after the table that they were made with. */
async function renameIndexes(session: Session, aside: string, table: string): Promise<void> {
  const indexes = await query<{ name: string }>(
    session,
    `SELECT i.relname AS name FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
      WHERE x.indrelid = pg_catalog.to_regclass($1) AND starts_with(i.relname::text, $2)`,
    [qualified(session, table), aside],
  );
  for (const { name } of indexes) {
    const wanted = `${table}${name.slice(aside.length)}`;
    const [taken] = await query(session, 'SELECT 1 WHERE pg_catalog.to_regclass($1) IS NOT NULL', [
      qualified(session, wanted),
    ]);
    // The server would cut a longer name, and two might become one.
    if (taken || Buffer.byteLength(wanted) > 63) continue;
    await execute(session, `ALTER INDEX ${qualified(session, name)} RENAME TO ${quoteName(wanted)}`);
  }
}
