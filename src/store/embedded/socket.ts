import { lstat, lutimes, readlink, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../../kernel/errors.ts';
import { fingerprint } from './cluster.ts';
import { SOCKET } from './postmaster.ts';

/** The most bytes of a socket's path: 103 on macOS and the BSDs, 107 on Linux. */
const LONGEST_PATH = 103;

/**
 * The path by which clients reach the directory of the server's socket. The socket lies in the cluster directory, where
 * nobody else can put one, no cleaner of temporary files takes it, and a private /tmp does not hide it. If that path is
 * longer than a socket's may be, a symbolic link in the temporary directory stands for it. Calling this again keeps
 * the link fresh, and puts it back if a cleaner took it.
 * @throws UsageError if someone else has put something in the link's place
 */
export async function socketDirectory(cluster: string): Promise<string> {
  if (Buffer.byteLength(path.join(cluster, SOCKET)) <= LONGEST_PATH) return cluster;
  const name = `longshore-${fingerprint(cluster)}`;
  const inTemporary = path.join(tmpdir(), name);
  const alias =
    Buffer.byteLength(path.join(inTemporary, SOCKET)) <= LONGEST_PATH ? inTemporary : path.join('/tmp', name);
  try {
    await symlink(cluster, alias);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = await lstat(alias);
    if (!found.isSymbolicLink() || found.uid !== process.getuid?.() || (await readlink(alias)) !== cluster) {
      throw new UsageError(`${alias} is not ours: remove it, or set LONGSHORE_DATA_DIR to a shorter path.`);
    }
    const now = new Date();
    await lutimes(alias, now, now);
  }
  return alias;
}
