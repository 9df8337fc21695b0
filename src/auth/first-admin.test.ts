import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { UsageError } from '../kernel/errors.ts';
import { listAudit } from './audit.ts';
import { ensureAdmin } from './first-admin.ts';
import { verifyPassword } from './passwords.ts';
import { lockFirstStart } from './queries/first_admin_lock.ts';
import { selectSecretByName } from './queries/user_get.ts';

const { store } = await createTestDatabase();

let dataDir: string;
beforeEach(async () => {
  await store.query('DELETE FROM longshore.users');
  dataDir = await mkdtemp(path.join(tmpdir(), 'longshore-admin-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const opens = async (password: string) =>
  verifyPassword((await selectSecretByName(store, 'admin'))?.passwordHash, password);

test('makes the admin with the configured password, which is written nowhere', async () => {
  const password = 'a configured harbour';
  expect(await ensureAdmin(store, { password, dataDir })).toEqual({ created: true, username: 'admin' });
  expect(await opens(password)).toBe(true);
  expect(await readdir(dataDir)).toEqual([]);
  expect(await listAudit(store, { action: 'user.create', limit: 1 })).toMatchObject([{ principal: 'system:setup' }]);
});

test('generates a password, hands it over once, and keeps it readable by its owner alone', async () => {
  const outcome = await ensureAdmin(store, { dataDir: path.join(dataDir, 'new') });
  if (!outcome.created || !outcome.generated) throw new Error('nothing was generated');
  const { password, file } = outcome.generated;
  expect(password).toMatch(/^[0-9a-zA-Z]{24}$/);
  expect(await opens(password)).toBe(true);
  expect(file).toBe(path.join(dataDir, 'new', 'admin.password'));
  expect(await readFile(file, 'utf8')).toBe(`${password}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await ensureAdmin(store, { dataDir })).toEqual({ created: false });
});

test('of many servers that first start at once one makes the admin, and its password is the one in the file', async () => {
  const waiting = async () =>
    (
      await store.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
      (SELECT oid FROM pg_database WHERE datname = current_database())`)
    ).length;
  // All of them have seen an empty table before the first one writes to it.
  const starts = await store.transaction(async (tx) => {
    await lockFirstStart(tx);
    const started = Array.from({ length: 6 }, () => ensureAdmin(store, { dataDir }));
    await expect.poll(waiting, { timeout: 50_000 }).toBe(6);
    return { outcomes: Promise.all(started) };
  });
  const outcomes = await starts.outcomes;
  expect(outcomes.filter((outcome) => outcome.created)).toHaveLength(1);
  expect(await readdir(dataDir)).toEqual(['admin.password']);
  expect(await opens((await readFile(path.join(dataDir, 'admin.password'), 'utf8')).trim())).toBe(true);
});

test('refuses a configured password that may not be used, and names the setting', async () => {
  const refused = ensureAdmin(store, { password: 'password123', dataDir });
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(/^LONGSHORE_ADMIN_PASSWORD: is one of the most common/);
  expect(await store.query('SELECT 1 FROM longshore.users')).toEqual([]);
});

test('does not touch users who are there, whatever the configured password', async () => {
  await ensureAdmin(store, { password: 'a configured harbour', dataDir });
  expect(await ensureAdmin(store, { password: 'password123', dataDir })).toEqual({ created: false });
  expect(await opens('a configured harbour')).toBe(true);
});

test('makes no admin whose password could not be kept', async () => {
  await expect(ensureAdmin(store, { dataDir: '/dev/null/data' })).rejects.toThrow();
  expect(await store.query('SELECT 1 FROM longshore.users')).toEqual([]);
});
