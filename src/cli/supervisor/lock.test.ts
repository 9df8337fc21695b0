import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDataDir, runningSupervisor } from './lock.ts';

let folder: string;
let dataDir: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longshore-lock-'));
  dataDir = path.join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true }));

async function plantHolder(pid: number, started: string): Promise<void> {
  const claim = path.join(dataDir, `up-${pid}-${started}-planted.claim`);
  await Promise.all([writeFile(claim, ''), writeFile(`${claim}.held`, '')]);
}

it('names the setting when the data directory is none', async () => {
  await writeFile(dataDir, 'a file');
  await expect(lockDataDir(dataDir)).rejects.toThrow(`LONGSHORE_DATA_DIR: ${dataDir} cannot be used`);
});

it('lets one in, and the next when that one has left', async () => {
  const release = await lockDataDir(dataDir);
  await expect(lockDataDir(dataDir)).rejects.toThrow(`process ${process.pid}`);
  expect(await runningSupervisor(dataDir)).toBe(process.pid);
  await release();
  expect(await runningSupervisor(dataDir)).toBeUndefined();
  await (await lockDataDir(dataDir))();
  expect(await readdir(dataDir)).toEqual([]);
});

it('is not held up by one that was killed', async () => {
  await (await lockDataDir(dataDir))();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await plantHolder(child.pid ?? 0, '0');
  await expect(lockDataDir(dataDir)).rejects.toThrow(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await lockDataDir(dataDir))();
});

it.runIf(process.platform === 'linux')('is not deceived by a process id that went to another process', async () => {
  await (await lockDataDir(dataDir))();
  await plantHolder(process.pid, 'earlierx1');
  await (await lockDataDir(dataDir))();
});

it('lets exactly one in of many that start at once, also over a dead one', async () => {
  await (await lockDataDir(dataDir))();
  for (let round = 0; round < 20; round += 1) {
    await plantHolder(2 ** 22 + round, '0');
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(dataDir)));
    const won = tries.filter((one) => one.status === 'fulfilled');
    expect(won).toHaveLength(1);
    await won[0]?.value();
    expect(await readdir(dataDir)).toEqual([]);
  }
});
