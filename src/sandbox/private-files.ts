import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Calls `use` with a directory that only this user may enter, and that is gone afterwards. */
export async function inPrivateDirectory<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'longshore-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A file that holds `text`, has no name any more, and vanishes with its last descriptor. To be closed by the caller. */
export async function openNamelessFile(text: string): Promise<{ readonly fd: number; close(): Promise<void> }> {
  return inPrivateDirectory(async (dir) => {
    const file = path.join(dir, 'input');
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    const handle = await open(file, 'r');
    return { fd: handle.fd, close: () => handle.close() };
  });
}
