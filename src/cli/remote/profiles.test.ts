import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { announceServer, localKeyFile, withdrawServer } from './local.ts';
import { readProfiles, writeProfiles } from './profiles.ts';
import { findTarget, type Settings } from './target.ts';

let folder: string;
let file: string;
let settings: Settings;
const there = { server: 'https://there.example', token: 'sk_there' };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longshore-profiles-'));
  file = path.join(folder, 'config', 'profiles.yaml');
  const dataDir = path.join(folder, 'data');
  await mkdir(dataDir);
  settings = { server: undefined, token: undefined, profile: undefined, dataDir };
});
afterEach(() => rm(folder, { recursive: true }));

async function startLocal(): Promise<void> {
  await announceServer(settings.dataDir, 'http://127.0.0.1:1234');
  await writeFile(localKeyFile(settings.dataDir), 'sk_local\n');
}

it('keeps profiles for their owner alone', async () => {
  const content = { current: 'there', profiles: { there } };
  await writeProfiles(content, file);
  expect(await readProfiles(file)).toEqual(content);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('refuses keys that others can read', async () => {
  await writeProfiles({ current: undefined, profiles: { there } }, file);
  await chmod(file, 0o644);
  await expect(readProfiles(file)).rejects.toThrow(/chmod 600/);
});

it('refuses a profile that leads nowhere', async () => {
  await mkdir(path.dirname(file));
  await writeFile(file, 'profiles:\n  broken: {}\n', { mode: 0o600 });
  await expect(readProfiles(file)).rejects.toThrow(/needs "server" and "token"/);
});

it('goes to the given address before the profile, and to the profile before the local server', async () => {
  await startLocal();
  expect(await findTarget(settings, file)).toEqual({ server: 'http://127.0.0.1:1234', token: 'sk_local' });
  await writeProfiles({ current: 'there', profiles: { there } }, file);
  expect(await findTarget(settings, file)).toEqual(there);
  expect(await findTarget({ ...settings, profile: 'local' }, file)).toMatchObject({ token: 'sk_local' });
  expect(await findTarget({ ...settings, server: 'https://other.example', token: 'sk_given' }, file)).toEqual({
    server: 'https://other.example',
    token: 'sk_given',
  });
});

it('sends a key to the server that it belongs to, and to no other', async () => {
  await startLocal();
  await writeProfiles({ current: 'there', profiles: { there } }, file);
  expect(await findTarget({ ...settings, server: there.server }, file)).toEqual(there);
  expect(await findTarget({ ...settings, server: 'http://127.0.0.1:1234' }, file)).toMatchObject({ token: 'sk_local' });
  expect(await findTarget({ ...settings, server: 'https://other.example' }, file)).toMatchObject({ token: undefined });
});

it('says what to do where no server is known, and which profiles there are', async () => {
  await expect(findTarget(settings, file)).rejects.toMatchObject({ exit: 'unreachable' });
  await writeProfiles({ current: undefined, profiles: { there } }, file);
  await expect(findTarget({ ...settings, profile: 'thre' }, file)).rejects.toThrow(/known are there/);
});

it('takes back its own address, and not that of a successor', async () => {
  await announceServer(settings.dataDir, 'http://127.0.0.1:1');
  await withdrawServer(settings.dataDir);
  await expect(findTarget(settings, file)).rejects.toMatchObject({ exit: 'unreachable' });
  const successor = path.join(settings.dataDir, 'server.json');
  await writeFile(successor, JSON.stringify({ url: 'http://127.0.0.1:2', pid: process.pid + 1 }));
  await withdrawServer(settings.dataDir);
  expect(await findTarget(settings, file)).toMatchObject({ server: 'http://127.0.0.1:2' });
});
