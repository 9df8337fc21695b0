import pg from 'pg';

/** The URL of another database on the same server. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Runs one statement on the server's maintenance database. */
export async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';
const IN_USE = '55006';
const TRIES = 20;

/** Roles are the cluster's: the one of the database's warehouse would outlive it. */
async function dropWarehouseRole(url: string, oid: string): Promise<void> {
  await administer(url, `DROP ROLE IF EXISTS longshore_data_${oid}`);
}

async function oidOf(url: string, name: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ oid: string }>('SELECT oid FROM pg_database WHERE datname = $1', [name]);
    return rows[0]?.oid;
  } finally {
    await client.end();
  }
}

/**
 * Drops a database and ends who is connected to it. An autovacuum of it belongs to the server's own superuser, whom we
 * may not end by force; a drop without force asks it to end and waits for it.
 */
export async function dropDatabase(url: string, name: string): Promise<void> {
  const oid = await oidOf(url, name);
  await dropWithSessions(url, name);
  if (oid !== undefined) await dropWarehouseRole(url, oid);
}

async function dropWithSessions(url: string, name: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const force = tries % 2 === 1 ? ' WITH (FORCE)' : '';
      return await administer(url, `DROP DATABASE IF EXISTS ${name}${force}`);
    } catch (error) {
      const code = error instanceof pg.DatabaseError ? error.code : undefined;
      if ((code !== INSUFFICIENT_PRIVILEGE && code !== IN_USE) || tries === TRIES) throw error;
    }
  }
}
