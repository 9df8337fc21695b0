import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Longshore } from '../../test/support/longshore.ts';

/*
 * The whole product as it is started: supervisor, embedded PostgreSQL, server and worker, all of them killed in turn.
 * The tests build on each other, since each start takes its time.
 */

/** For what moves all of the sample, which takes a third of a minute where nothing else runs. */
const PATIENCE_MS = 300_000;

let folder: string;
let dataDir: string;
let longshore: Longshore;
let up: Up;

/** An `up` under way, and what it has said. */
class Up {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  #said = '';
  #seen = 0;
  #wake: () => void = () => undefined;

  constructor(words: readonly string[]) {
    const child = longshore.start(['up', '--port', '0', '--log-level', 'error', ...words]);
    this.process = child;
    const hear = (text: string) => {
      this.#said += text;
      this.#wake();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get said(): string {
    return this.#said;
  }

  /** Resolves with what matches, looking behind what the last call found. @throws when the process ends before */
  async hear(pattern: RegExp): Promise<string> {
    let gone = false;
    void this.ended.then(() => {
      gone = true;
      this.#wake();
    });
    for (;;) {
      const found = pattern.exec(this.#said.slice(this.#seen));
      if (found) {
        this.#seen += found.index + found[0].length;
        return found[1] ?? found[0];
      }
      if (gone) throw new Error(`up ended without saying ${pattern}:\n${this.#said}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The process id of one of its parts. */
  part(name: 'server' | 'worker'): number {
    const found = childrenOf(this.pid).find(({ args }) => new RegExp(`longshore\\.js ${name}\\b`).test(args));
    if (!found) throw new Error(`there is no ${name}`);
    return found.pid;
  }
}

function childrenOf(parent: number): { pid: number; args: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, ppid, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(ppid) === parent ? [{ pid: Number(pid), args }] : [];
  });
}

async function postgresPid(): Promise<number> {
  return Number.parseInt(await readFile(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
}

/** A process that has ended and is only waiting for its parent to notice does not live. */
function isAlive(pid: number): boolean {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && !stdout.trim().startsWith('Z');
}

async function untilGone(...pids: number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A task is run from end to end, which takes all parts. */
async function expectWork(): Promise<void> {
  const { code, stderr } = await longshore.run(['task', 'run', 'sample-checksums', '--wait']);
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longshore-up-'));
  dataDir = path.join(folder, 'data');
  longshore = await Longshore.build({ LONGSHORE_DATA_DIR: dataDir, XDG_CONFIG_HOME: folder });
});

afterAll(async () => {
  if (up.process.exitCode === null) {
    up.process.kill('SIGTERM');
    await up.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

it('starts on nothing, runs the sample on real input, and says how to sign in', { timeout: PATIENCE_MS }, async () => {
  up = new Up(['--sample']);
  await up.hear(/Longshore is up/);
  for (const name of ['checksums', 'health', 'every-minute', 'retry']) {
    expect(up.said).toMatch(new RegExp(`sample-${name} +\\w+ +success`));
  }
  expect(up.said).toMatch(/sample-cargo +python +(success|not run)/);
  expect(up.said).toMatch(/sample-retry +shell +success +2 /);
  expect(up.said).toMatch(/sample-cities +sync +completed +1 .* 135,233 records read, 135,233 written\n/);
  expect(up.said).toMatch(/sample-manifest +file +completed +1 .* 60 records in dataset sample-manifest\n/);
  expect(up.said).toMatch(/sample-arrivals +webhook +completed +1 .* 1 record in dataset sample-arrivals\n/);
  const password = await up.hear(/admin \/ (\w+)/);
  expect((await readFile(path.join(dataDir, 'admin.password'), 'utf8')).trim()).toBe(password);
});

it('lets commands on this machine work without signing in', async () => {
  const { code, stdout } = await longshore.run(['status', '-o', 'json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ health: { status: 'healthy' }, workers: { online: 1 } });
});

it('finds nothing to mend in what runs', async () => {
  const { code, stdout } = await longshore.run(['doctor', '-o', 'json']);
  const findings: { check: string; result: string; mend: string | null }[] = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      'node',
      'data directory',
      'disk space',
      'master key',
      'database',
      'schema',
      'clock',
      'port',
    ]),
  );
  // Python, and how firmly runs are ended, are matters of the machine.
  expect(findings.filter(({ result, mend }) => result === 'fail' || (result === 'ok') !== (mend === null))).toEqual([]);
});

it('refuses a second one on the same data directory, in one line', async () => {
  const { code, stderr } = await longshore.run(['up', '--port', '0']);
  expect([code, stderr]).toEqual([
    2,
    `Longshore already runs on ${dataDir} (process ${up.pid}): stop it first, or choose another --data-dir.\n`,
  ]);
});

it('starts the worker again when it is killed', async () => {
  process.kill(up.part('worker'), 'SIGKILL');
  await up.hear(/The worker ended \(signal SIGKILL\); it is started again/);
  await up.hear(/The worker is ready/);
  await expectWork();
});

it('starts the server again when it is killed, at the same address', async () => {
  const { url } = JSON.parse(await readFile(path.join(dataDir, 'server.json'), 'utf8'));
  process.kill(up.part('server'), 'SIGKILL');
  await up.hear(/The server ended \(signal SIGKILL\)/);
  expect(await up.hear(/The server is ready at (\S+)\.\n/)).toBe(url);
  await expectWork();
});

it('starts PostgreSQL again when it is killed', async () => {
  const before = await postgresPid();
  process.kill(before, 'SIGKILL');
  await up.hear(/PostgreSQL is back/);
  expect(await postgresPid()).not.toBe(before);
  await expectWork();
});

it('leaves no server and no worker behind when it is killed itself, and the next one takes PostgreSQL over', {
  timeout: PATIENCE_MS,
}, async () => {
  const parts = [up.part('server'), up.part('worker')];
  const postgres = await postgresPid();
  up.process.kill('SIGKILL');
  await up.ended;
  await untilGone(...parts);
  expect(isAlive(postgres)).toBe(true);
  up = new Up(['--sample']);
  await up.hear(/the sample is left out/);
  await up.hear(/Longshore is up/);
  expect(await postgresPid()).toBe(postgres);
  // The source of the sample's sync job is back too, wherever it found a port.
  const synced = await longshore.run(['job', 'start', 'sample-cities', '--wait']);
  expect(synced.stderr).toMatch(/sample-cities completed after .*: 135,233 records read, 0 written\.\n$/);
  expect(up.said).not.toMatch(/admin \//);
  await expectWork();
});

it('stops everything in order at a signal', async () => {
  const all = [up.part('server'), up.part('worker'), await postgresPid()];
  up.process.kill('SIGINT');
  expect(await up.ended).toBe(0);
  expect(all.filter(isAlive)).toEqual([]);
  expect(up.said).toMatch(/Stopping[\s\S]*Stopped\.\n$/);
});

it('names a port that is taken, in one line, and leaves nothing behind', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await longshore.run(['up', '--port', String(port), '--log-level', 'error']);
  other.close();
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`^[^\\n]*${port} is taken[^\\n]*\\n$`));
  await expect(postgresPid()).rejects.toMatchObject({ code: 'ENOENT' });
});
