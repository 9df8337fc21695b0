import { execFile } from 'node:child_process';
import { access, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  afterEachOnce,
  isRoot,
  NOBODY,
  queryOnce,
  startOwner,
  temporaryDataDir,
} from '../../../test/support/embedded.ts';
import { createLogger } from '../../kernel/logger.ts';
import { run } from './account.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { Postmaster } from './postmaster.ts';

const execute = promisify(execFile);
const create = (dataDir: string) => {
  const server = new EmbeddedPostgres({ dataDir, logger: createLogger('silent', 'test') });
  afterEachOnce(() => server.stop());
  return server;
};

/** Why an ordinary user cannot be tried here, or undefined. */
async function noOrdinaryUser(): Promise<string | undefined> {
  if (!isRoot) return 'only root can start something as another user';
  const { code } = await run('/bin/sh', ['-c', `test -r "${path.resolve('package.json')}"`], {
    account: NOBODY,
    cwd: '/',
  });
  return code === 0 ? undefined : 'another user cannot read this checkout';
}

const withoutUser = await noOrdinaryUser();
describe.skipIf(withoutUser !== undefined)(`an ordinary user${withoutUser ? ` (skipped: ${withoutUser})` : ''}`, () => {
  test('runs the server as itself; root then runs it as that user, and hands it back as it was', async () => {
    const dataDir = await temporaryDataDir(NOBODY);
    const cluster = path.join(dataDir, 'postgres');
    const first = await startOwner(dataDir, NOBODY);
    expect(first.answer).toEqual({ url: expect.any(String), pid: expect.any(Number) });
    expect((await stat(`/proc/${first.answer.pid}`)).uid).toBe(NOBODY.uid);
    await queryOnce(first.answer.url ?? '', 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.close();

    const root = create(dataDir);
    await root.start();
    expect((await stat(`/proc/${root.pid}`)).uid).toBe(NOBODY.uid);
    expect(await queryOnce(root.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await root.stop();

    const again = await startOwner(dataDir, NOBODY);
    expect(again.answer.error).toBeUndefined();
    expect(await queryOnce(again.answer.url ?? '', 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    const postmaster = new Postmaster(again.answer.pid ?? 0, cluster);
    await again.close();
    expect(await postmaster.isAlive()).toBe(false);
  });

  test('is told what to do with a directory of root', async () => {
    const dataDir = await temporaryDataDir();
    const { answer } = await startOwner(dataDir, NOBODY);
    expect(answer).toEqual({ error: 'UsageError', message: expect.stringMatching(/another user.*chown -R/) });
  });

  test('gets on with a directory of root after chown -R, and root with one of its own after the reverse', async () => {
    const dataDir = await temporaryDataDir();
    const root = create(dataDir);
    await root.start();
    await root.stop();
    await execute('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, dataDir]);
    const user = await startOwner(dataDir, NOBODY);
    expect(user.answer.error).toBeUndefined();
    await queryOnce(user.answer.url ?? '', 'CREATE TABLE kept AS SELECT 42 AS n');
    await user.close();
    await execute('chown', ['-R', '0:0', dataDir]);
    await root.start();
    expect(await queryOnce(root.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });
});

/** Why no small disk can be had here, or undefined. */
async function noSmallDisk(): Promise<string | undefined> {
  if (!isRoot || process.platform !== 'linux') return 'only root on Linux can mount a small disk';
  const probe = await execute('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']).catch(
    (error: Error) => error,
  );
  return probe instanceof Error ? 'mounting is not permitted' : undefined;
}

const withoutDisk = await noSmallDisk();
describe.skipIf(withoutDisk !== undefined)(`a full disk${withoutDisk ? ` (skipped: ${withoutDisk})` : ''}`, () => {
  async function smallDisk(megabytes: number): Promise<string> {
    const directory = await temporaryDataDir();
    await execute('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', directory]);
    afterEachOnce(async () => void (await execute('umount', [directory])));
    return directory;
  }
  const refusal = (dataDir: string) => ({
    name: 'UsageError',
    message: expect.stringMatching(new RegExp(`the disk of ${dataDir} has no room \\(\\d+\\.\\d MB free\\)`)),
  });

  test('at the first start is named, and leaves nothing behind that spoils the next', async () => {
    const dataDir = await smallDisk(24);
    await expect(create(dataDir).start()).rejects.toMatchObject(refusal(dataDir));
    expect((await readdir(dataDir)).filter((name) => /^postgres($|\.new)/.test(name))).toEqual([]);
    await execute('mount', ['-o', 'remount,size=200m', dataDir]);
    const server = create(dataDir);
    await server.start();
    expect(await queryOnce(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await server.stop();
  });

  test('at a later start is named, and no harm is done', async () => {
    const dataDir = await smallDisk(200);
    const server = create(dataDir);
    await server.start();
    await queryOnce(server.url, 'CREATE TABLE kept AS SELECT 42 AS n');
    await server.stop();
    const filler = path.join(dataDir, 'filler');
    await writeFile(filler, Buffer.alloc(200 * 1024 * 1024)).catch(() => undefined);
    await access(filler);
    await expect(server.start()).rejects.toMatchObject(refusal(dataDir));
    await execute('rm', [filler]);
    await server.start();
    expect(await queryOnce(server.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await server.stop();
  });
});
