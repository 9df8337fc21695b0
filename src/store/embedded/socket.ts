import { createHash } from 'node:crypto';
import { lstat, lutimes, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../../kernel/errors.ts';
import { SOCKET } from './postmaster.ts';

/** The most bytes of a socket's path: 103 on macOS and the BSDs, 107 on Linux. */
const LONGEST_PATH = 103;

/** Where the link stands that shortens a path which is too long, or undefined if it is not. */
function aliasOf(cluster: string): string | undefined {
  const fits = (directory: string) => Buffer.byteLength(path.join(directory, SOCKET)) <= LONGEST_PATH;
  if (fits(cluster)) return undefined;
  // The same for the same user and directory, so that a restart finds it.
  const digest = createHash('sha256').update(`${process.getuid?.()} ${cluster}`).digest('hex');
  const name = `longshore-${digest.slice(0, 16)}`;
  const alias = path.join(tmpdir(), name);
  return fits(alias) ? alias : path.join('/tmp', name);
}

async function isOurLink(alias: string, cluster: string): Promise<boolean> {
  const found = await lstat(alias);
  return found.isSymbolicLink() && found.uid === process.getuid?.() && (await readlink(alias)) === cluster;
}

/**
 * The path by which clients reach the directory of the server's socket. The socket lies in the cluster directory, where
 * nobody else can put one, no cleaner of temporary files takes it, and a private /tmp does not hide it. If that path is
 * longer than a socket's may be, a symbolic link in the temporary directory stands for it. Calling this again keeps
 * the link fresh, and puts it back if a cleaner took it.
 * @throws UsageError if someone else has put something in the link's place
 */
export async function socketDirectory(cluster: string): Promise<string> {
  const alias = aliasOf(cluster);
  if (alias === undefined) return cluster;
  try {
    await symlink(cluster, alias);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!(await isOurLink(alias, cluster))) {
      throw new UsageError(`${alias} is not ours: remove it, or set LONGSHORE_DATA_DIR to a shorter path.`);
    }
    const now = new Date();
    await lutimes(alias, now, now);
  }
  return alias;
}

/** Removes the link that `socketDirectory` has made, once no server needs it. */
export async function forgetSocketDirectory(cluster: string): Promise<void> {
  const alias = aliasOf(cluster);
  if (alias !== undefined && (await isOurLink(alias, cluster).catch(() => false))) await rm(alias, { force: true });
}
