import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { UsageError } from '../kernel/errors.ts';
import { createLogger } from '../kernel/logger.ts';
import {
  assertMasterKeyFits,
  assertMasterKeyIsServers,
  deriveKey,
  findMasterKey,
  loadMasterKey,
} from './master-key.ts';

const root = await mkdtemp(path.join(tmpdir(), 'longshore-master-key-'));
afterAll(() => rm(root, { recursive: true, force: true }));

let dataDir: string;
let file: string;
beforeEach(async () => {
  dataDir = path.join(root, randomBytes(4).toString('hex'), 'data');
  file = path.join(dataDir, 'master.key');
});

test('makes a key at the first start, readable by its owner alone, and says so loudly, once', async () => {
  const lines: string[] = [];
  const logger = createLogger('warn', 'test', { write: (line) => void lines.push(line) });
  const key = await loadMasterKey({ masterKey: undefined, dataDir }, logger);
  expect(key).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await loadMasterKey({ masterKey: undefined, dataDir }, logger)).toEqual(key);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/Back this file up/);
  expect(lines[0]).not.toContain(key.toString('base64'));
});

test('of many first starts at once all get one key, and no draft is left', async () => {
  const keys = await Promise.all(
    Array.from({ length: 8 }, () => loadMasterKey({ masterKey: undefined, dataDir }, silent)),
  );
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(['master.key']);
});

test('a configured key goes over the file, which is not made', async () => {
  const masterKey = randomBytes(32);
  expect(await loadMasterKey({ masterKey, dataDir }, silent)).toBe(masterKey);
  await expect(stat(file)).rejects.toThrow();
});

test.each([0o640, 0o604, 0o660])('refuses a file that others can reach (mode %o)', async (mode) => {
  await loadMasterKey({ masterKey: undefined, dataDir }, silent);
  await chmod(file, mode);
  const refused = loadMasterKey({ masterKey: undefined, dataDir }, silent);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(`chmod 600 ${file}`);
});

test.each(['', 'not a key', randomBytes(31).toString('base64'), `${randomBytes(32).toString('base64')}!`])(
  'refuses a file that holds no key, and leaves it alone: %j',
  async (text) => {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, text, { mode: 0o600 });
    await expect(loadMasterKey({ masterKey: undefined, dataDir }, silent)).rejects.toThrow(UsageError);
    expect(await readFile(file, 'utf8')).toBe(text);
  },
);

test('says which setting helps where the file cannot be made', async () => {
  await mkdir(path.dirname(dataDir), { recursive: true });
  await writeFile(dataDir, 'a file where the directory should be');
  await expect(loadMasterKey({ masterKey: undefined, dataDir }, silent)).rejects.toThrow(UsageError);
});

test('derives one key a purpose, always the same', () => {
  const master = Buffer.alloc(32, 1);
  expect(deriveKey(master, 'a')).toEqual(deriveKey(master, 'a'));
  expect(deriveKey(master, 'a')).not.toEqual(deriveKey(master, 'b'));
  expect(deriveKey(master, 'a')).not.toEqual(deriveKey(Buffer.alloc(32, 2), 'a'));
});

test('a process that makes no key finds the one that was made, or none', async () => {
  expect(await findMasterKey({ masterKey: undefined, dataDir })).toBeUndefined();
  const made = await loadMasterKey({ masterKey: undefined, dataDir }, silent);
  expect(await findMasterKey({ masterKey: undefined, dataDir })).toEqual(made);
  expect(await findMasterKey({ masterKey: Buffer.alloc(32, 3), dataDir })).toEqual(Buffer.alloc(32, 3));
});

test("a worker's key must be the servers', and settles nothing before them", async () => {
  const { store } = await createTestDatabase();
  const key = randomBytes(32);
  await assertMasterKeyIsServers(store, randomBytes(32));
  await assertMasterKeyFits(store, key);
  await assertMasterKeyIsServers(store, key);
  await expect(assertMasterKeyIsServers(store, randomBytes(32))).rejects.toThrow(/^LONGSHORE_MASTER_KEY: is not/);
});

test('a key that the database was not written with is refused, and the mend named', async () => {
  const { store } = await createTestDatabase();
  const key = randomBytes(32);
  await assertMasterKeyFits(store, key);
  await assertMasterKeyFits(store, key);
  const refused = assertMasterKeyFits(store, randomBytes(32));
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(/LONGSHORE_MASTER_KEY/);
});

test('of servers with different keys that first start at once, one wins and all others are refused', async () => {
  const { store } = await createTestDatabase();
  const keys = Array.from({ length: 6 }, () => randomBytes(32));
  const verdicts = await Promise.allSettled(keys.map((key) => assertMasterKeyFits(store, key)));
  expect(verdicts.filter((verdict) => verdict.status === 'fulfilled')).toHaveLength(1);
  const winner = keys[verdicts.findIndex((verdict) => verdict.status === 'fulfilled')];
  await assertMasterKeyFits(store, winner ?? Buffer.alloc(0));
});
