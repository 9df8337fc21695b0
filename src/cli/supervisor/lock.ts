/**
 * One supervisor a data directory, without anything of the system that would have to be given back: a holder may be
 * killed at any time.
 *
 * Each starter puts a claim, a file with a name of its own, into the directory, and then looks for others. Who finds a
 * holder gives up. Of those that are still trying, one that finds a claim before its own (by name) gives up; one that
 * finds only later ones waits for them: a later one that had looked before the claim was there becomes the holder,
 * any other finds the claim and gives up. So there is never more than one, and among any number of starters always one.
 * Claims of processes that do not live any more count for nothing, and are removed; no name is ever used twice, so
 * that nobody removes a claim that is alive.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sleep } from '../../kernel/clock.ts';
import { UsageError } from '../../kernel/errors.ts';
import { randomText } from '../../kernel/ids.ts';

const POLL_MS = 20;
const CLAIM = /^up-(\d+)-(\w+)-\w+\.claim$/;
const HELD = '.held';

interface Rival {
  readonly name: string;
  readonly pid: number;
  readonly held: boolean;
}

/**
 * When a process began, which tells it from a later one with the same id: ticks since this boot, and which boot.
 * @returns undefined when it does not live; `0` where the system does not say
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The name in parentheses may hold anything; the fields that matter come after its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${boot.slice(0, 8)}x${fields[19]}`;
  } catch {
    return '0';
  }
}

async function isAlive(pid: number, started: string): Promise<boolean> {
  const now = await startOf(pid);
  return now !== undefined && (now === '0' || started === '0' || now === started);
}

/** The claims of living processes. */
async function listClaims(dataDir: string): Promise<Rival[]> {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const claims: Rival[] = [];
  for (const name of names) {
    const [, pid = '', started = ''] = CLAIM.exec(name) ?? [];
    if (pid === '') continue;
    if (await isAlive(Number(pid), started)) claims.push({ name, pid: Number(pid), held: names.includes(name + HELD) });
    else await remove(dataDir, name);
  }
  return claims;
}

async function remove(dataDir: string, name: string): Promise<void> {
  await rm(path.join(dataDir, name), { force: true });
  await rm(path.join(dataDir, name + HELD), { force: true });
}

/** The process id of the supervisor that runs on this data directory, if one does. */
export async function runningSupervisor(dataDir: string): Promise<number | undefined> {
  return (await listClaims(dataDir)).find((claim) => claim.held)?.pid;
}

/** Resolves when no other claim stands against `mine`. */
async function prevail(dataDir: string, mine: string): Promise<void> {
  for (;;) {
    const rivals = (await listClaims(dataDir)).filter(({ name }) => name !== mine);
    const stronger = rivals.find((rival) => rival.held || rival.name < mine);
    if (stronger) {
      throw new UsageError(
        `Longshore already runs on ${dataDir} (process ${stronger.pid}): stop it first, or choose another --data-dir.`,
      );
    }
    if (rivals.length === 0) return;
    await sleep(POLL_MS);
  }
}

/**
 * Makes this process the only supervisor of a data directory, which is made if absent.
 * @returns what gives it free again
 * @throws UsageError while another supervisor runs on it, or where nothing can be written
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const mine = `up-${process.pid}-${(await startOf(process.pid)) ?? '0'}-${randomText(12)}.claim`;
  const release = () => remove(dataDir, mine);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(path.join(dataDir, mine), '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // A file of that name, a folder of somebody else's, a disk that is full or only to be read.
    throw new UsageError(
      `LONGSHORE_DATA_DIR: ${dataDir} cannot be used (${(error as Error).message}); name another folder.`,
    );
  }
  try {
    await prevail(dataDir, mine);
    await writeFile(path.join(dataDir, mine + HELD), '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}
