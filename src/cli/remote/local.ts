/**
 * How commands reach the server of their own machine without signing in: the running server leaves its address in
 * `<dataDir>/server.json` and a key in `<dataDir>/cli.key`. Both are for their owner only: who may read the data
 * directory could read the database as well.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomText } from '../../kernel/ids.ts';

export interface LocalServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly pid: number;
}

const addressFile = (dataDir: string) => path.join(dataDir, 'server.json');
export const localKeyFile = (dataDir: string): string => path.join(dataDir, 'cli.key');

/** Readers see the old file or the new one, whole; nobody but the owner sees either. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomText(8)}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
  await rename(temporary, file);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // EACCES: another user's data directory. It is as good as none: that user has to say who they are.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}

export async function announceServer(dataDir: string, url: string): Promise<void> {
  await writePrivate(addressFile(dataDir), `${JSON.stringify({ url, pid: process.pid } satisfies LocalServer)}\n`);
}

/** Takes the address back, unless a successor has put its own there. */
export async function withdrawServer(dataDir: string): Promise<void> {
  if ((await readLocalServer(dataDir))?.pid === process.pid) await rm(addressFile(dataDir), { force: true });
}

/** The server that listens, or last listened, on this data directory. */
export async function readLocalServer(dataDir: string): Promise<LocalServer | undefined> {
  const text = await readIfThere(addressFile(dataDir));
  if (text === undefined) return undefined;
  try {
    const { url, pid } = JSON.parse(text) as Partial<LocalServer>;
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : undefined;
  } catch {
    return undefined;
  }
}

export async function readLocalKey(dataDir: string): Promise<string | undefined> {
  return (await readIfThere(localKeyFile(dataDir)))?.trim();
}
