import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import {
  afterEachOnce,
  deferred,
  isRoot,
  queryOnce,
  startOwner,
  temporaryDataDir,
} from '../../../test/support/embedded.ts';
import { createLogger } from '../../kernel/logger.ts';
import { credentials, serverAccount } from './account.ts';
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts';
import { Postmaster, runningPostmaster } from './postmaster.ts';

function create(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}): EmbeddedPostgres {
  const server = new EmbeddedPostgres({ dataDir, logger: createLogger('silent', 'test'), ...options });
  afterEachOnce(() => server.stop());
  return server;
}

async function started(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = create(dataDir, options);
  await server.start();
  return server;
}

function serverPid(server: EmbeddedPostgres): number {
  expect(server.pid).toBeGreaterThan(1);
  return server.pid ?? 0;
}

const modeOf = async (...parts: string[]) => ((await stat(path.join(...parts))).mode & 0o777).toString(8);
const writeRow = (url: string) => queryOnce(url, 'CREATE TABLE kept AS SELECT 42 AS n');
const readRow = (url: string) => queryOnce(url, 'SELECT n FROM kept');

describe('a first start', () => {
  test('makes a private, durable UTF-8 cluster without a TCP port', async () => {
    const dataDir = await temporaryDataDir();
    const server = await started(dataDir);
    const [row] = await queryOnce(
      server.url,
      `SELECT current_database() AS database, current_setting('is_superuser') AS superuser,
              current_setting('server_encoding') AS encoding, upper('łódź') AS upper,
              current_setting('listen_addresses') AS tcp, current_setting('fsync') AS fsync,
              current_setting('data_checksums') AS checksums, current_setting('synchronous_commit') AS durable`,
    );
    expect(row).toEqual({
      ...{ database: 'longshore', superuser: 'off', encoding: 'UTF8', upper: 'ŁÓDŹ' },
      ...{ tcp: '', fsync: 'on', checksums: 'on', durable: 'on' },
    });
    expect(await modeOf(dataDir)).toBe('700');
    expect(await modeOf(dataDir, 'postgres')).toBe('700');
    expect(await modeOf(dataDir, 'postgres.secret')).toBe('600');
    expect(await modeOf(dataDir, 'postgres.log')).toBe('600');
  });

  test('refuses a wrong password', async () => {
    const server = await started(await temporaryDataDir());
    const url = new URL(server.url);
    url.password = 'wrong';
    await expect(queryOnce(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('gives a URL that is valid and whose database can be exchanged', async () => {
    const server = await started(await temporaryDataDir());
    const url = new URL(server.url);
    url.pathname = '/template1';
    expect(await queryOnce(url.href, 'SELECT current_database() AS name')).toEqual([{ name: 'template1' }]);
  });

  test('works where the path is too long for a socket', async () => {
    const dataDir = path.join(await temporaryDataDir(), 'a'.repeat(60), 'b'.repeat(60));
    const server = await started(dataDir);
    expect(await queryOnce(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await server.stop();
  });
});

describe('a restart', () => {
  test('keeps the data and takes the settings of this start', async () => {
    const dataDir = await temporaryDataDir();
    const server = await started(dataDir);
    await writeRow(server.url);
    await server.stop();
    expect(await runningPostmaster(path.join(dataDir, 'postgres'))).toBeUndefined();
    const again = await started(dataDir, { settings: { work_mem: '3MB' } });
    expect(await readRow(again.url)).toEqual([{ n: 42 }]);
    expect(await queryOnce(again.url, 'SHOW work_mem')).toEqual([{ work_mem: '3MB' }]);
  });

  test('start and stop may be repeated', async () => {
    const server = create(await temporaryDataDir());
    await server.stop();
    await Promise.all([server.start(), server.start()]);
    const pid = server.pid;
    await server.start();
    expect(server.pid).toBe(pid);
    await server.stop();
    await server.stop();
    await server.start();
    expect(await queryOnce(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('mends a lost secret', async () => {
    const dataDir = await temporaryDataDir();
    const server = await started(dataDir);
    const oldUrl = server.url;
    await writeRow(oldUrl);
    await server.stop();
    await rm(path.join(dataDir, 'postgres.secret'));
    const again = await started(dataDir);
    expect(await readRow(again.url)).toEqual([{ n: 42 }]);
    await expect(queryOnce(oldUrl, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('refuses a cluster of another major version and names both', async () => {
    const dataDir = await temporaryDataDir();
    const server = await started(dataDir);
    await server.stop();
    await writeFile(path.join(dataDir, 'postgres/PG_VERSION'), '17\n');
    await expect(create(dataDir).start()).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/PostgreSQL 17, and this Longshore brings 18.*db backup.*db restore/s),
    });
  });

  test('refuses to make a shared folder private', async () => {
    const shared = path.join(await temporaryDataDir(), 'shared');
    await mkdir(shared);
    await chmod(shared, 0o1777);
    await expect(create(shared).start()).rejects.toMatchObject({ name: 'UsageError' });
    expect((await stat(shared)).mode & 0o7777).toBe(0o1777);
  });
});

describe('after kill -9', () => {
  test('of the server: tells, and starts again with all that was committed', async () => {
    const dataDir = await temporaryDataDir();
    const exited = deferred();
    const server = await started(dataDir, { onExit: exited.resolve });
    await writeRow(server.url);
    const killed = serverPid(server);
    process.kill(killed, 'SIGKILL');
    await exited.promise;
    await server.start();
    expect(server.pid).not.toBe(killed);
    expect(await readRow(server.url)).toEqual([{ n: 42 }]);
  });

  test('of one server process: keeps its hold while the server recovers', async () => {
    const recovered = deferred();
    const lines = new Writable({
      write(chunk, _encoding, done) {
        if (String(chunk).includes('dropped all connections and recovered')) recovered.resolve();
        done();
      },
    });
    let exits = 0;
    const server = await started(await temporaryDataDir(), {
      logger: createLogger('warn', 'test', lines),
      onExit: () => {
        exits += 1;
      },
    });
    const pid = server.pid;
    const victim = spawnVictim(server.url);
    process.kill(await victim.pid, 'SIGKILL');
    await victim.ended;
    await recovered.promise;
    expect(await queryOnce(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    expect([server.pid, exits]).toEqual([pid, 0]);
  });

  test('of our process: the next start takes over the server it left', async () => {
    const dataDir = await temporaryDataDir();
    const owner = await startOwner(dataDir);
    await writeRow(owner.answer.url ?? '');
    owner.child.kill('SIGKILL');
    await once(owner.child, 'exit');
    const server = await started(dataDir);
    expect(server.pid).toBe(owner.answer.pid);
    expect(await readRow(server.url)).toEqual([{ n: 42 }]);
    await server.stop();
    expect(await runningPostmaster(path.join(dataDir, 'postgres'))).toBeUndefined();
  });

  test('of both: pid files whose numbers went to another process are no obstacle', async () => {
    const dataDir = await temporaryDataDir();
    const cluster = path.join(dataDir, 'postgres');
    const exited = deferred();
    const server = await started(dataDir, { onExit: exited.resolve });
    await writeRow(server.url);
    process.kill(serverPid(server), 'SIGKILL');
    await exited.promise;
    // PostgreSQL takes only a process of its own user for a rival.
    const stranger = spawn('sleep', ['1000'], credentials(await serverAccount(cluster)));
    afterEachOnce(async () => void stranger.kill());
    await once(stranger, 'spawn');
    for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
      const file = path.join(cluster, name);
      await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(stranger.pid)));
    }
    await server.start();
    expect(await readRow(server.url)).toEqual([{ n: 42 }]);
    expect(stranger.exitCode).toBeNull();
  });
});

describe('several owners', () => {
  test('starts at once end with one server, which the last to let go shuts down', async () => {
    const dataDir = await temporaryDataDir();
    const owners = await Promise.all([startOwner(dataDir), startOwner(dataDir), startOwner(dataDir)]);
    const pids = new Set(owners.map((owner) => owner.answer.pid));
    expect([...pids]).toEqual([expect.any(Number)]);
    const postmaster = new Postmaster([...pids][0] ?? 0, path.join(dataDir, 'postgres'));
    const [last, ...others] = owners;
    for (const owner of others) await owner.close();
    expect(await queryOnce(last?.answer.url ?? '', 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    expect(await postmaster.isAlive()).toBe(true);
    await last?.close();
    expect(await postmaster.isAlive()).toBe(false);
  });

  test('a start while another stops finds or makes a server', async () => {
    const dataDir = await temporaryDataDir();
    const first = await started(dataDir);
    await writeRow(first.url);
    const second = create(dataDir);
    await Promise.all([first.stop(), second.start()]);
    expect(await readRow(second.url)).toEqual([{ n: 42 }]);
  });
});

test.skipIf(!isRoot)('as root, runs the server as another user (skipped when not root)', async () => {
  const dataDir = await temporaryDataDir();
  const server = await started(dataDir);
  const { uid } = await stat(`/proc/${serverPid(server)}`);
  expect(uid).not.toBe(0);
  expect((await stat(path.join(dataDir, 'postgres'))).uid).toBe(uid);
  expect(await stat(dataDir)).toMatchObject({ uid: 0 });
});

/** A server process busy with a statement that only its death ends. */
function spawnVictim(url: string): { pid: Promise<number>; ended: Promise<unknown> } {
  const found = deferred<number>();
  const ended = (async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    found.resolve(rows[0]?.pid ?? 0);
    await client.query('SELECT pg_sleep(1000)').catch(() => undefined);
  })();
  return { pid: found.promise, ended };
}
