import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Queryable } from '../store/store.ts';
import { getMasterKeyCheck, putMasterKeyCheck } from './queries/master_key_put.ts';

const KEY_BYTES = 32;
export const MASTER_KEY_FILE = 'master.key';

interface MasterKeySource {
  /** From the configuration; goes over the file. */
  readonly masterKey: Buffer | undefined;
  readonly dataDir: string;
}

/**
 * The 32 bytes under which every other key stands: the configured one, else that of `<dataDir>/master.key`, which the
 * first start makes. Any number of processes may start at once: all get the same.
 * @throws UsageError when the file can be read by others or does not hold a key
 */
export async function loadMasterKey(source: MasterKeySource, logger: Logger): Promise<Buffer> {
  const existing = await findMasterKey(source);
  if (existing) return existing;
  const file = path.join(source.dataDir, MASTER_KEY_FILE);
  if (await createKeyFile(file)) {
    logger.warn(
      { file },
      'A new master key was made. Back this file up: without it no stored secret can be read again.',
    );
  }
  const made = await readKeyFile(file);
  if (!made) throw new UsageError(`${file}: it was there and is gone; start again, and see what removes it.`);
  return made;
}

/**
 * As `loadMasterKey`, for a process that comes after the first server: it makes none.
 * @returns undefined when there is none
 * @throws UsageError as `loadMasterKey`
 */
export async function findMasterKey(source: MasterKeySource): Promise<Buffer | undefined> {
  return source.masterKey ?? (await readKeyFile(path.join(source.dataDir, MASTER_KEY_FILE)));
}

/** @returns undefined when there is no such file */
async function readKeyFile(file: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new UsageError(`${file}: other users of this machine can reach it; run: chmod 600 ${file}`);
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file}: cannot be read (${(error as Error).message}).`);
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text.trim()) {
    throw new UsageError(`${file}: does not hold ${KEY_BYTES} bytes in base64; restore it from its backup.`);
  }
  return key;
}

/**
 * Writes the whole key beside its place and then links it there: a link is made or refused in one step, so that two
 * starters agree on one key and nobody ever reads half of one.
 * @returns false when somebody else was first
 */
async function createKeyFile(file: string): Promise<boolean> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file);
    await syncDirectory(path.dirname(file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new UsageError(
      `LONGSHORE_MASTER_KEY: is not set, and ${file} cannot be made (${(error as Error).message}); set it, or LONGSHORE_DATA_DIR.`,
    );
  } finally {
    await rm(draft, { force: true });
  }
}

/** Without it a power cut could forget the file's name after secrets were written with its key. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A key for one purpose: who learns it learns neither the master key nor the key of another purpose.
 * @param purpose such as `access token v1`; a new one is a new key
 */
export function deriveKey(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, 'longshore', purpose, KEY_BYTES));
}

/**
 * Compares the key with the one that this database was first used with; the first server to call settles it.
 * @throws UsageError when it is another: stored secrets would be unreadable, and new ones unreadable to the others
 */
export async function assertMasterKeyFits(queryable: Queryable, masterKey: Buffer): Promise<void> {
  const value = checkOf(masterKey);
  assertSame(value, await putMasterKeyCheck(queryable, value));
}

/**
 * The same for a worker, which settles nothing: before a server has, any key passes.
 * @throws UsageError when it is another
 */
export async function assertMasterKeyIsServers(queryable: Queryable, masterKey: Buffer): Promise<void> {
  const stored = await getMasterKeyCheck(queryable);
  if (stored) assertSame(checkOf(masterKey), stored);
}

function checkOf(masterKey: Buffer): Buffer {
  return createHmac('sha256', deriveKey(masterKey, 'key check v1')).update('longshore').digest();
}

function assertSame(value: Buffer, stored: Buffer): void {
  if (timingSafeEqual(value, stored)) return;
  throw new UsageError(
    `LONGSHORE_MASTER_KEY: is not the key that this database was written with; give every server and worker the first server's (the ${MASTER_KEY_FILE} in its data directory, or your backup of it).`,
  );
}
