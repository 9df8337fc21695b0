import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../../kernel/clock.ts';

/** The name of the socket in the cluster directory, and of the file by which the server claims it. */
export const SOCKET = '.s.PGSQL.5432';
/** Files in which a server leaves its process id; another server refuses to start while that process lives. */
const PID_FILES = ['postmaster.pid', `${SOCKET}.lock`];
const POLL_MS = 25;

async function processId(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const pid = Number.parseInt(text, 10);
  // A server in single-user mode notes its id as a negative number.
  return Number.isNaN(pid) || pid === 0 ? undefined : Math.abs(pid);
}

async function isServerOn(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === 'linux') {
    try {
      // Every server process works in its cluster directory, by whatever path it was named. A zombie has no cwd.
      const [there, here] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
      return (
        there.dev === here.dev &&
        there.ino === here.ino &&
        (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'postgres'
      );
    } catch {
      return false;
    }
  }
  const command = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return command?.stdout.includes('postgres') === true && command.stdout.includes(cluster);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A server process on a cluster, ours or left over. */
export class Postmaster {
  readonly pid: number;
  readonly #cluster: string;

  constructor(pid: number, cluster: string) {
    this.pid = pid;
    this.#cluster = cluster;
  }

  /** Judged by what the process is, not by its id alone, which may have gone to another one. */
  isAlive(): Promise<boolean> {
    return isServerOn(this.pid, this.#cluster);
  }

  /** Whether it says that it accepts connections. Starting may take long: recovery reads back what a crash left. */
  async saysReady(): Promise<boolean> {
    const text = await readFile(path.join(this.#cluster, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = text.split('\n');
    return lines[0] === String(this.pid) && lines[7]?.trim() === 'ready';
  }

  /**
   * Shuts the server down: fast (open transactions are rolled back, everything is written), then, if that does not
   * end it, at once (the next start recovers), then by force. Resolves when the process is gone.
   */
  async shutDown(): Promise<void> {
    const steps: [NodeJS.Signals, number][] = [
      ['SIGINT', 60_000],
      ['SIGQUIT', 10_000],
      ['SIGKILL', 10_000],
    ];
    for (const [signal, patienceMs] of steps) {
      if (!(await this.isAlive())) return;
      try {
        process.kill(this.pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
        throw error;
      }
      const until = Date.now() + patienceMs;
      while (Date.now() < until) {
        if (!(await this.isAlive())) return;
        await sleep(POLL_MS);
      }
    }
    throw new Error(`the PostgreSQL process ${this.pid} cannot be ended`);
  }
}

/** The server that runs on the cluster, whoever started it, or undefined. */
export async function runningPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const pid = await processId(path.join(cluster, 'postmaster.pid'));
  if (pid === undefined) return undefined;
  const postmaster = new Postmaster(pid, cluster);
  return (await postmaster.isAlive()) ? postmaster : undefined;
}

/**
 * Removes files that name a process which lives but is not a server on this cluster: the id went to another one since,
 * as happens after a reboot, and PostgreSQL would take that one for its rival. A file whose process is gone is left to
 * PostgreSQL, which reads more in it.
 */
export async function clearStalePidFiles(cluster: string): Promise<void> {
  for (const name of PID_FILES) {
    const file = path.join(cluster, name);
    const pid = await processId(file);
    if (pid === undefined || !exists(pid) || (await isServerOn(pid, cluster))) continue;
    // Taken aside first: another start may have replaced it since it was read, and then it goes back. A second server
    // cannot slip in meanwhile, because PostgreSQL also claims the cluster by its shared memory.
    const aside = `${file}.${randomBytes(4).toString('hex')}`;
    try {
      await rename(file, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    if ((await processId(aside)) !== pid) await link(aside, file).catch(() => undefined);
    await rm(aside, { force: true });
  }
}
