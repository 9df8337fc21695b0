/** The checks of `longshore doctor` on what data sync needs: the warehouse, and room for what is uploaded. */
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { findMasterKey } from '../auth/master-key.ts';
import { warehouseSettings } from '../bin/vault.ts';
import { WAREHOUSE_SCHEMA } from '../connections/drivers/login.ts';
import { warehouseUrl } from '../connections/warehouse.ts';
import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { type Queryable, Store } from '../store/store.ts';
import { bad, type Finding, messageOf, ok } from './finding.ts';
import { formatBytes } from './terminal/progress.ts';

/** Where workers sign in; undefined while no server has made it. */
async function warehouseAddress(db: Queryable, directUrl: string, config: Config): Promise<string | undefined> {
  if (config.warehouseUrl !== undefined) return config.warehouseUrl;
  const masterKey = await findMasterKey(config);
  const [schema] = await db.query<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [
    WAREHOUSE_SCHEMA,
  ]);
  if (!masterKey || !schema?.there) return undefined;
  return warehouseUrl(db, warehouseSettings(masterKey, { warehouseUrl: undefined, directUrl }));
}

async function signIn(url: string): Promise<Reached> {
  const logger = createLogger('silent', 'doctor');
  const store = new Store({ url, poolSize: 1, logger, applicationName: 'longshore doctor' });
  try {
    const [found] = await store.query<Reached>(
      `SELECT current_user AS login,
              (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r') AS tables,
              CASE WHEN to_regnamespace($1) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                   ELSE has_schema_privilege($1, 'CREATE') END AS may`,
      [WAREHOUSE_SCHEMA],
    );
    if (!found) throw new Error('it answered nothing');
    return found;
  } finally {
    await store.close();
  }
}

/** Whether workers can sign in to the warehouse, and may make tables there. */
export async function warehouse(db: Queryable, directUrl: string, config: Config): Promise<Finding> {
  try {
    const url = await warehouseAddress(db, directUrl, config);
    if (url === undefined) return ok('warehouse', `the schema ${WAREHOUSE_SCHEMA}, made when the server starts`);
    return judged(config, await signIn(url), url === directUrl);
  } catch (error) {
    const mend =
      config.warehouseUrl === undefined
        ? 'Start a server: it gives the role of the warehouse the password that belongs to the master key.'
        : 'Check LONGSHORE_WAREHOUSE_URL, and that the database lets this machine in.';
    return bad('warehouse', 'fail', `syncs cannot reach it: ${messageOf(error)}`, mend);
  }
}

interface Reached {
  readonly login: string;
  readonly may: boolean;
  readonly tables: number;
}

function judged(config: Config, { login, may, tables }: Reached, isOwnLogin: boolean): Finding {
  if (!may) {
    const mend = `GRANT CREATE ON SCHEMA ${WAREHOUSE_SCHEMA} (or ON DATABASE, where there is no such schema) TO ${login}`;
    return bad('warehouse', 'fail', `${login} may not make tables in it`, mend);
  }
  const what = `${tables} tables, reached as ${login}`;
  if (config.warehouseUrl !== undefined) return ok('warehouse', `a database of its own: ${what}`);
  if (!isOwnLogin) return ok('warehouse', `the schema ${WAREHOUSE_SCHEMA}: ${what}`);
  const mend =
    'Give the login of DATABASE_URL the right CREATEROLE, or set LONGSHORE_WAREHOUSE_URL to another database.';
  return bad('warehouse', 'warn', `${what}, which may see the control plane too`, mend);
}

/** How much may be needed at once: as it comes in, and as PostgreSQL writes it to its log first. */
const ROOM = 3;

async function freeSpace(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Whether the largest upload that is allowed finds room: in the database, where we can see its disk, and in the folder
 * for temporary files, where workers unpack some formats.
 */
export async function uploads(db: Queryable, { maxUploadMb, databaseUrl, dataDir }: Config): Promise<Finding> {
  const [found] = await db.query<{ there: boolean }>(`SELECT to_regclass('longshore.blobs') IS NOT NULL AS there`);
  const [kept] = found?.there
    ? await db.query<{ files: number; bytes: number }>(
        'SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM longshore.blobs',
      )
    : [];
  const needed = maxUploadMb * 1024 * 1024 * ROOM;
  const folders = [...(databaseUrl === undefined ? [dataDir] : []), tmpdir()];
  for (const folder of folders) {
    const free = await freeSpace(folder);
    if (free >= needed) continue;
    const mend = `Free space on the file system of ${folder}, or lower LONGSHORE_MAX_UPLOAD_MB.`;
    const room = `${formatBytes(free)} free at ${folder}; an upload of ${maxUploadMb} MiB may need ${formatBytes(needed)}`;
    return bad('uploads', 'warn', room, mend);
  }
  const held = `${kept?.files ?? 0} in the database, ${formatBytes(kept?.bytes ?? 0)}`;
  return ok('uploads', `${held}; the largest allowed has ${maxUploadMb} MiB`);
}
