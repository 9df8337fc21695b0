import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, silent, type TestDatabase } from '../../../test/support/database.ts';
import { ensureWarehouse, warehouseUrl } from '../../connections/warehouse.ts';
import { packageRoot } from '../../kernel/package.ts';
import { migrate } from '../../store/migrate.ts';
import type { Queryable } from '../../store/store.ts';
import { backup } from './backup.ts';
import { listMigrations, listPartitions, listSequences, listTables } from './catalog.ts';
import { restore } from './restore.ts';
import { listWarehouseTables, warehouseName } from './warehouse.ts';

const quiet = () => undefined;
const whole = { warehouse: true, onProgress: quiet };
const AWKWARD = 'tab\there, line\nbreak, back\\slash, \\., quote\'s "double", 数据 🚢, \\N';

let folder: string;
let source: TestDatabase;
let archive: string;
let original: Record<string, unknown>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longshore-archive-'));
  source = await createTestDatabase();
  await fill(source);
  await fillWarehouse(source);
  original = await contents(source.store);
  archive = path.join(folder, 'whole.backup');
  await backup(source.store, archive, whole);
});
afterAll(() => rm(folder, { recursive: true }));

/** Rows of every sort that is hard to carry over: awkward text, nulls, references, partitions, values of identities. */
async function fill({ store }: TestDatabase): Promise<void> {
  await store.query(
    `INSERT INTO longshore.users (username, username_key, password_hash, role) VALUES ('admin', 'admin', '$argon2id$v=19$none', 'admin')`,
  );
  await store.query(
    `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds, tags)
     SELECT 'scheduler', 'shell', 'job ' || n, jsonb_build_object('command', $1::text), 'active', 1, 0, 5, ARRAY['a b', NULL, $1]
       FROM generate_series(1, 500) n`,
    [AWKWARD],
  );
  await store.query(
    `INSERT INTO longshore.workers (id, name, max_tasks, tags, kinds, hostname, version) VALUES ('w', 'w', 1, '{}', '{}', 'h', '1')`,
  );
  await store.query(
    `INSERT INTO longshore.worker_sessions (worker_id, lease_until, ended_at, end_reason) VALUES ('w', now(), now(), 'left')`,
  );
  await store.query(
    `CREATE TABLE longshore.run_logs_20240301 PARTITION OF longshore.run_logs
       FOR VALUES FROM ('2024-03-01') TO ('2024-03-02')`,
  );
  await store.query(
    `INSERT INTO longshore.run_logs (day, run_id, epoch, seq, at, level, stream, message)
     SELECT '2024-03-01', 1, 1, n, now(), 'info', 'stdout', $1 FROM generate_series(1, 20000) n`,
    [`${AWKWARD} ${'long '.repeat(30)}`],
  );
  await store.query(
    `INSERT INTO longshore.audit (principal, actor_name, action, target, outcome, details)
     VALUES ('user:1', 'admin', 'task.create', 'task:1', 'ok', '{}')`,
  );
}

/** As syncs make them, and as users do. */
async function fillWarehouse({ store, directUrl }: TestDatabase): Promise<void> {
  const settings = { warehouseUrl: undefined, directUrl, password: 'of-the-role' };
  await ensureWarehouse(store, settings, silent);
  const client = new pg.Client({ connectionString: await warehouseUrl(store, settings) });
  await client.connect();
  try {
    await client.query(`
      CREATE TABLE data._longshore_sync (job text PRIMARY KEY, run_id bigint NOT NULL, epoch integer NOT NULL, state json);
      INSERT INTO data._longshore_sync VALUES ('job:1', 7, 2, '{"read": 3}');
      CREATE TABLE data.cities (id bigint PRIMARY KEY, name text, "we""ird 列" numeric(10,2), seen timestamptz(3),
        tags text[], raw bytea, extra jsonb, number bigint GENERATED ALWAYS AS IDENTITY);
      CREATE INDEX ON data.cities (name, seen);
      INSERT INTO data.cities (id, name, "we""ird 列", seen, tags, raw, extra)
        SELECT n, 'city ' || n, n / 3.0, now(), ARRAY['a', NULL], '\\x00ff', '{"a": [1]}' FROM generate_series(1, 5000) n;
      CREATE TABLE data."Ship's log" (a text, b text);
      CREATE UNIQUE INDEX ON data."Ship's log" (b, a);
      CREATE TABLE data.nothing ()`);
    await client.query(`INSERT INTO data."Ship's log" VALUES ($1, $1), (NULL, NULL)`, [AWKWARD]);
    await client.query(`
      CREATE VIEW data.large AS SELECT * FROM data.cities WHERE id > 10;
      CREATE TYPE data.mood AS ENUM ('fair', 'foul');
      CREATE TABLE data.mine (id integer DEFAULT 5, doubled integer GENERATED ALWAYS AS (id * 2) STORED, mood data.mood,
        CHECK (id > 0));
      INSERT INTO data.mine (mood) VALUES ('foul');
      CREATE INDEX ON data.mine (id) WHERE id > 1;
      CREATE INDEX ON data.mine (id DESC)`);
  } finally {
    await client.end();
  }
}

/** Everything that must be the same afterwards: all rows of all tables, the sequences, the partitions. */
async function contents(db: Queryable): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {
    sequences: await listSequences(db),
    partitions: await listPartitions(db),
    migrations: await listMigrations(db),
  };
  for (const { name } of await listTables(db)) {
    const [row] = await db.query<{ digest: string; rows: number }>(
      `SELECT count(*) AS rows, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS digest FROM longshore.${name} t`,
    );
    all[name] = row;
  }
  for (const { name, columns, indexes } of await listWarehouseTables(db)) {
    const [row] = await db.query<{ digest: string; rows: number; owner: string }>(
      `SELECT count(*) AS rows, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS digest
         FROM ${warehouseName(name)} t`,
    );
    // Generated columns and types of the user's own do not come back.
    all[`data.${name}`] = name === 'mine' ? row?.rows : { ...row, columns, indexes };
  }
  return all;
}

/** Who owns the warehouse's schema and tables. */
async function warehouseOwners(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ owner: string }>(
    `SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = 'data'
     UNION SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = to_regnamespace('data') AND relkind = 'r'`,
  );
  return rows.map(({ owner }) => owner);
}

async function restoreInto(target: TestDatabase, file: string) {
  return restore(target.store, target.directUrl, file, quiet);
}

it('brings everything back as it was', async () => {
  const target = await createTestDatabase({ migrated: false });
  const report = await restoreInto(target, archive);
  expect(await contents(target.store)).toEqual(original);
  expect(report.rows).toBeGreaterThan(20_500);
  expect(report.migrated).toEqual([]);
});

it('leaves a database that works: ids go on, and the audit trail still refuses changes', async () => {
  const target = await createTestDatabase({ migrated: false });
  await restoreInto(target, archive);
  const [job] = await target.store.query<{ id: number }>(
    `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds)
     VALUES ('scheduler', 'shell', 'new', '{}', 'active', 1, 0, 5) RETURNING id`,
  );
  expect(job?.id).toBe(501);
  await expect(target.store.query('DELETE FROM longshore.audit')).rejects.toThrow();
});

it('gives the warehouse to the role that workers reach it with, and goes on with its identities', async () => {
  const target = await createTestDatabase({ migrated: false });
  await restoreInto(target, archive);
  const [role, ...others] = await warehouseOwners(target.store);
  expect(others).toEqual([]);
  const settings = { warehouseUrl: undefined, directUrl: target.directUrl, password: 'of-the-role' };
  await ensureWarehouse(target.store, settings, silent);
  const client = new pg.Client({ connectionString: await warehouseUrl(target.store, settings) });
  await client.connect();
  try {
    expect(client.user).toBe(role);
    await client.query('ALTER TABLE data.cities ADD COLUMN more text');
    const { rows } = await client.query('INSERT INTO data.cities (id) VALUES (0) RETURNING number');
    expect(rows).toEqual([{ number: '5001' }]);
    const ship = client.query('INSERT INTO data."Ship\'s log" SELECT * FROM data."Ship\'s log" WHERE a IS NOT NULL');
    await expect(ship).rejects.toThrow(/duplicate key/);
  } finally {
    await client.end();
  }
  expect(await target.store.query('SELECT mood FROM data.mine')).toEqual([{ mood: 'foul' }]);
});

it('names what it leaves out of the warehouse', async () => {
  const report = await backup(source.store, path.join(folder, 'named.backup'), whole);
  expect(report.left_out).toEqual([
    'constraint mine_id_check of mine',
    'default of mine.id',
    'generated column mine.doubled',
    'index mine_id_idx',
    'index mine_id_idx1',
    'type of mine.mood, which comes back as text',
    'view large',
  ]);
});

it('can leave the warehouse out', async () => {
  const file = path.join(folder, 'without.backup');
  expect(await backup(source.store, file, { ...whole, warehouse: false })).toMatchObject({ left_out: [] });
  const target = await createTestDatabase({ migrated: false });
  await restoreInto(target, file);
  expect(await target.store.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'data'`)).toEqual([]);
});

it('refuses a database that holds a warehouse already, and touches nothing of it', async () => {
  const target = await createTestDatabase({ migrated: false });
  await target.store.query('CREATE SCHEMA data; CREATE TABLE data.theirs ()');
  await expect(restoreInto(target, archive)).rejects.toMatchObject({ exit: 'conflict' });
  expect(await isEmpty(target)).toBe(true);
  await target.store.query('SELECT FROM data.theirs');
});

it('sees no table empty that a sync swaps or rewrites at that moment', async () => {
  const { store } = source;
  const before = await contents(store);
  const swapped = await store.connect();
  try {
    await swapped.query('BEGIN');
    await swapped.query(`CREATE TABLE data.aside (LIKE data.cities INCLUDING ALL)`);
    await swapped.query('INSERT INTO data.aside OVERRIDING SYSTEM VALUE SELECT * FROM data.cities');
    await swapped.query('DROP VIEW data.large; DROP TABLE data.cities; ALTER TABLE data.aside RENAME TO cities');
    await swapped.query('ALTER TABLE data."Ship\'s log" ALTER COLUMN a TYPE varchar');
    const file = path.join(folder, 'swapped.backup');
    const done = backup(store, file, whole);
    // It waits for the tables; when it gets them they are others than it had seen.
    const waits = `SELECT 1 FROM pg_locks WHERE NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await store.query(waits)).length === 0);
    await swapped.query('COMMIT');
    await done;
    const target = await createTestDatabase({ migrated: false });
    await restoreInto(target, file);
    const after = await contents(target.store);
    expect(after).toEqual(await contents(store));
    expect(after['data.cities']).toMatchObject({ rows: 5000 });
    expect(after['data._longshore_sync']).toEqual(before['data._longshore_sync']);
  } finally {
    swapped.release();
  }
});

it('is readable by its owner alone, and never written over another file', async () => {
  expect((await stat(archive)).mode & 0o777).toBe(0o600);
  const before = await readFile(archive);
  await expect(backup(source.store, archive, whole)).rejects.toMatchObject({ exit: 'conflict' });
  expect(await readFile(archive)).toEqual(before);
});

/** In a process of its own, while this one stands still: it is over before the backup goes on. */
function runAtOnce(url: string, sql: string): void {
  const script = `import pg from 'pg';
    const client = new pg.Client({ connectionString: process.argv[1] });
    await client.connect();
    await client.query(process.argv[2]);
    await client.end();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script, url, sql], { cwd: packageRoot });
}

it('shows one instant, whatever is written meanwhile', async () => {
  const before = await contents(source.store);
  const file = path.join(folder, 'instant.backup');
  let interfered = false;
  const onProgress = (_done: number, _total: number, table: string) => {
    if (table !== 'jobs' || interfered) return;
    interfered = true;
    runAtOnce(source.directUrl, 'DELETE FROM longshore.run_logs WHERE seq > 10000; DELETE FROM data.cities');
  };
  await backup(source.store, file, { warehouse: true, onProgress });
  expect(interfered).toBe(true);
  const target = await createTestDatabase({ migrated: false });
  await restoreInto(target, file);
  expect(await contents(target.store)).toEqual(before);
});

it('refuses a database that holds something already', async () => {
  const target = await createTestDatabase();
  await expect(restoreInto(target, archive)).rejects.toMatchObject({ exit: 'conflict' });
});

async function isEmpty(target: TestDatabase): Promise<boolean> {
  return (await target.store.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'longshore'`)).length === 0;
}

it('refuses a file that is cut short anywhere, and writes nothing', async () => {
  const whole = await readFile(archive);
  const target = await createTestDatabase({ migrated: false });
  const file = path.join(folder, 'short.backup');
  for (const length of [0, 5, 100, Math.floor(whole.length / 2), whole.length - 9, whole.length - 1]) {
    await writeFile(file, whole.subarray(0, length));
    await expect(restoreInto(target, file)).rejects.toThrow(/damaged/);
  }
  expect(await isEmpty(target)).toBe(true);
});

it('refuses a file with one byte changed, and writes nothing', async () => {
  const target = await createTestDatabase({ migrated: false });
  const file = path.join(folder, 'flipped.backup');
  const { length } = await readFile(archive);
  for (const at of [20, Math.floor(length / 3), Math.floor(length / 2), length - 20]) {
    await writeFile(file, await readFile(archive));
    const handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 0x10]), 0, 1, at);
    await handle.close();
    await expect(restoreInto(target, file)).rejects.toThrow(/damaged/);
  }
  expect(await isEmpty(target)).toBe(true);
});

it.each([
  ['a row changed and packed again', (text: string) => text.replace('job 77', 'job 78'), /checksum/],
  ['lines at its end', (text: string) => `${text}{"frame":"end","rows":0}\n`, /damaged/],
  ['another kind of file', () => 'hello\n', /not a backup/],
  ['a format of the future', (text: string) => text.replace('"format":2', '"format":3'), /upgrade|checksum/],
])('refuses %s', async (_what, change, message) => {
  const target = await createTestDatabase({ migrated: false });
  const file = path.join(folder, 'changed.backup');
  const text = gunzipSync(await readFile(archive)).toString('latin1');
  await writeFile(file, gzipSync(Buffer.from(change(text), 'latin1')));
  await expect(restoreInto(target, file)).rejects.toThrow(message);
  expect(await isEmpty(target)).toBe(true);
});

it('refuses what no gzip is', async () => {
  const target = await createTestDatabase({ migrated: false });
  const file = path.join(folder, 'text.backup');
  await writeFile(file, 'plain text');
  await expect(restoreInto(target, file)).rejects.toThrow(/damaged/);
});

it('brings the data of an older version up to this one', async () => {
  const migrations = path.join(packageRoot, 'src/store/migrations');
  const older = await createTestDatabase({ migrated: false });
  await migrate(older.directUrl, migrations, { upTo: '0001_engine' });
  await older.store.query(`INSERT INTO longshore.concurrency_keys (key, max_held) VALUES ('k', 3)`);
  const file = path.join(folder, 'older.backup');
  await backup(older.store, file, whole);
  const target = await createTestDatabase({ migrated: false });
  const report = await restoreInto(target, file);
  expect(report.migrated).toContain('0002_auth');
  expect(await target.store.query('SELECT key, max_held FROM longshore.concurrency_keys')).toEqual([
    { key: 'k', max_held: 3 },
  ]);
});

it('says that there is nothing to back up', async () => {
  const empty = await createTestDatabase({ migrated: false });
  await expect(backup(empty.store, path.join(folder, 'none.backup'), whole)).rejects.toMatchObject({
    exit: 'notFound',
  });
  await expect(stat(path.join(folder, 'none.backup'))).rejects.toMatchObject({ code: 'ENOENT' });
});
