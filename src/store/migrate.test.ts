import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { withDatabase } from '../../test/support/server.ts';
import { UsageError } from '../kernel/errors.ts';
import { migrate } from './migrate.ts';

const FOLDER = 'src/store/migrations';
const ALL = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).map((name) => name.replace(/\.sql$/, ''));

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A copy of the migrations, with `files` beside them. */
async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longshore-migrations-'));
  folders.push(folder);
  await cp(FOLDER, folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return folder;
}

const tables = `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'longshore'`;
const recorded = 'SELECT name FROM longshore.migrations ORDER BY name';

test('an address that cannot work is named by its setting, and one where nothing answers is `unavailable`', async () => {
  const { directUrl } = await createTestDatabase({ migrated: false });
  await expect(migrate(withDatabase(directUrl, 'longshore_test_absent'), FOLDER)).rejects.toThrow(
    new UsageError('DATABASE_URL: database "longshore_test_absent" does not exist.'),
  );
  // Port 1 of this machine: nobody listens there.
  await expect(migrate('postgresql://a:b@127.0.0.1:1/c', FOLDER)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/^DATABASE_URL: the database cannot be reached \(.*ECONNREFUSED/),
  });
});

test('applies every file in order, once', async () => {
  const { directUrl: url, store } = await createTestDatabase({ migrated: false });
  expect(await migrate(url, FOLDER)).toEqual({ applied: ALL });
  expect(await store.query(recorded)).toEqual(ALL.map((name) => ({ name })));
  expect(await migrate(url, FOLDER)).toEqual({ applied: [] });
});

test('twenty at once apply each file once', async () => {
  const { directUrl: url, store } = await createTestDatabase({ migrated: false });
  const reports = await Promise.all(Array.from({ length: 20 }, () => migrate(url, FOLDER)));
  expect(reports.flatMap((report) => report.applied).sort()).toEqual(ALL);
  expect(reports.filter((report) => report.applied.length > 0)).toHaveLength(1);
  expect(await store.query(recorded)).toEqual(ALL.map((name) => ({ name })));
});

// Twenty starts of Node, each with its own compiler: on a busy machine they take their time.
test('twenty processes at once, one of them killed, leave a whole schema', { timeout: 300_000 }, async () => {
  const { directUrl: url, store } = await createTestDatabase({ migrated: false });
  const script = `import { migrate } from './src/store/migrate.ts';
    console.log('ready');
    await migrate(process.argv[1], '${FOLDER}');`;
  const children = Array.from({ length: 20 }, () =>
    spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const ends = children.map((child) => once(child, 'close'));
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  children[0]?.kill('SIGKILL');
  const codes = (await Promise.all(ends)).map(([code]) => code);
  expect(codes.slice(1)).toEqual(Array(19).fill(0));
  expect(await store.query(recorded)).toEqual(ALL.map((name) => ({ name })));
});

test('a file that fails leaves nothing of its run behind, and the mended one is applied', async () => {
  const { directUrl: url, store } = await createTestDatabase({ migrated: false });
  const broken = await folderWith({
    '9000_broken.sql': 'CREATE TABLE longshore.half (id int); SELECT no_such_column;',
  });
  await expect(migrate(url, broken)).rejects.toThrow('no_such_column');
  expect((await store.query<{ name: string }>(tables)).map((row) => row.name)).not.toContain('half');
  const mended = await folderWith({ '9000_broken.sql': 'CREATE TABLE longshore.half (id int);' });
  const { applied } = await migrate(url, mended);
  expect(applied).toContain('9000_broken');
  expect((await store.query<{ name: string }>(tables)).map((row) => row.name)).toContain('half');
});

test('refuses a schema that a newer version has made, and touches nothing', async () => {
  const { directUrl: url, store } = await createTestDatabase();
  const newer = await folderWith({ '9999_future.sql': 'CREATE TABLE longshore.future (id int);' });
  expect(await migrate(url, newer)).toEqual({ applied: ['9999_future'] });
  const before = await store.query(recorded);
  await expect(migrate(url, FOLDER)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(/9999_future.*newer Longshore: upgrade/s),
  });
  expect(await store.query(recorded)).toEqual(before);
});
