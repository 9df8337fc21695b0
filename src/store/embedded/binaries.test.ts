import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { afterEachOnce, isRoot, NOBODY } from '../../../test/support/embedded.ts';
import { run } from './account.ts';
import { copyPlaces, findBinaries, packageDirectory } from './binaries.ts';

/** A folder that, made by root, only root may enter. */
async function privateFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longshore-bin-')));
  afterEachOnce(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The package as an install without scripts leaves it: without links. */
async function unpackedPackage(folder: string): Promise<string> {
  const copy = path.join(folder, 'package');
  await cp(packageDirectory(), copy, {
    recursive: true,
    filter: async (file) => !(await lstat(file)).isSymbolicLink(),
  });
  return copy;
}

const version = async (file: string, account = undefined as typeof NOBODY | undefined) =>
  (await run(file, ['--version'], { account, cwd: '/' })).stdout;

test('makes the missing links, and again changes nothing', async () => {
  const folder = await privateFolder();
  const source = await unpackedPackage(folder);
  await expect(version(path.join(source, 'native/bin/postgres'))).resolves.toBe('');
  const found = await findBinaries({ account: undefined, source, copies: [] });
  expect(found).toEqual({
    postgres: path.join(source, 'native/bin/postgres'),
    initdb: path.join(source, 'native/bin/initdb'),
    major: 18,
  });
  expect(await version(found.initdb)).toMatch(/^initdb \(PostgreSQL\) 18/);
  const lib = path.join(source, 'native/lib');
  const before = await readdir(lib);
  await findBinaries({ account: undefined, source, copies: [] });
  expect(await readdir(lib)).toEqual(before);
});

test.skipIf(!isRoot)(
  'gives another user a copy where it cannot enter the package (skipped when not root)',
  async () => {
    const source = await unpackedPackage(await privateFolder());
    const reachable = await privateFolder();
    await chmod(reachable, 0o755);
    const base = path.join(reachable, 'copies');
    const options = { account: NOBODY, source, copies: [base] };
    const both = await Promise.all([findBinaries(options), findBinaries(options)]);
    expect(both[0]).toEqual(both[1]);
    expect(path.relative(base, both[0].postgres)).not.toMatch(/^\.\./);
    expect(await version(both[0].postgres, NOBODY)).toMatch(/PostgreSQL\) 18/);
    expect(await readdir(base)).toHaveLength(1);

    // A cleaner of temporary files took one: the copy is made anew; otherwise it is used as it is.
    const place = path.dirname(path.dirname(path.dirname(both[0].postgres)));
    const { ino } = await stat(place);
    await findBinaries(options);
    expect((await stat(place)).ino).toBe(ino);
    await rm(path.join(place, 'native/share/postgresql/postgres.bki'));
    await findBinaries(options);
    expect((await stat(path.join(place, 'native/share/postgresql/postgres.bki'))).size).toBeGreaterThan(0);
    expect(await readdir(base)).toHaveLength(1);
  },
);

test.skipIf(!isRoot)('uses no place where others may write (skipped when not root)', async () => {
  const source = await unpackedPackage(await privateFolder());
  const reachable = await privateFolder();
  await chmod(reachable, 0o755);
  const planted = path.join(reachable, 'planted');
  await mkdir(planted);
  await chmod(planted, 0o777);
  await expect(findBinaries({ account: NOBODY, source, copies: [planted] })).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(`${planted} belongs to someone else`),
  });
  expect(await readdir(planted)).toEqual([]);
});

test.skipIf(!isRoot)(
  'an ordinary user without the right to make links gets a copy in the data directory (skipped when not root)',
  async () => {
    const folder = await privateFolder();
    await chmod(folder, 0o755);
    const source = await unpackedPackage(folder);
    const dataDir = path.join(folder, 'data');
    await mkdir(dataDir);
    const { uid, gid } = NOBODY;
    await chown(dataDir, uid, gid);
    const script = `
      import { copyPlaces, findBinaries } from ${JSON.stringify(path.resolve('src/store/embedded/binaries.ts'))};
      const [source, dataDir] = process.argv.slice(1);
      const found = await findBinaries({ account: undefined, source, copies: copyPlaces(dataDir, undefined) });
      console.log(found.postgres);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script, source, dataDir],
      { uid, gid },
    );
    expect(stdout.trim()).toMatch(path.join(dataDir, 'runtime/'));
    expect(await version(stdout.trim(), NOBODY)).toMatch(/PostgreSQL\) 18/);
    expect((await lstat(path.join(source, 'native/lib/libpq.so.5')).catch(() => undefined)) === undefined).toBe(true);
  },
);

test('names the mend where the binaries cannot run', async () => {
  const source = await unpackedPackage(await privateFolder());
  // As on a system with another C library: the loader that the file names does not exist.
  const postgres = path.join(source, 'native/bin/postgres');
  const image = await readFile(postgres, 'latin1');
  expect(image).toContain('/ld-linux');
  await writeFile(postgres, image.replace('/ld-linux', '/no-linux'), 'latin1');
  await expect(findBinaries({ account: undefined, source, copies: [] })).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(/musl.*set DATABASE_URL/s),
  });
});

test('keeps copies for another user out of the data directory, which it cannot enter', () => {
  expect(copyPlaces('/data', undefined)).toEqual(['/data/runtime']);
  expect(copyPlaces('/data', NOBODY).filter((place) => place.startsWith('/data'))).toEqual([]);
});
