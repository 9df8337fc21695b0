import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../kernel/errors.ts';
import { randomText } from '../../kernel/ids.ts';

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one that was given the same id; empty where the system does not say. */
  readonly started: string;
}

/** When a process began, in ticks since this boot, with the boot's id; undefined when it does not run. */
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
    return fields[0] === 'Z' ? undefined : `${boot.trim()}:${fields[19]}`;
  } catch {
    return '';
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const { pid, started } = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  const started = await startOf(holder.pid);
  return started !== undefined && (started === '' || holder.started === '' || started === holder.started);
}

const lockFile = (dataDir: string) => path.join(dataDir, 'up.lock');

/** The process id of the supervisor that runs on this data directory, if one does. */
export async function runningSupervisor(dataDir: string): Promise<number | undefined> {
  const holder = await readHolder(lockFile(dataDir));
  return holder && (await isAlive(holder)) ? holder.pid : undefined;
}

/**
 * Takes a dead holder's file away. Another starter may have done so already and put its own there: that one is put
 * back, since a link never overwrites.
 */
async function clear(file: string, dead: Holder | undefined): Promise<void> {
  const aside = `${file}.${randomText(8)}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = await readHolder(aside);
  const isTheDead = taken?.pid === dead?.pid && taken?.started === dead?.started;
  if (!isTheDead) await link(aside, file).catch(() => undefined);
  await rm(aside);
}

/**
 * Makes this process the only supervisor of a data directory. A holder that was killed is no obstacle.
 * @returns what gives the directory free again
 * @throws UsageError while another supervisor runs on it
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = lockFile(dataDir);
  const mine = `${file}.${randomText(8)}`;
  await writeFile(mine, JSON.stringify({ pid: process.pid, started: (await startOf(process.pid)) ?? '' }), {
    mode: 0o600,
  });
  try {
    for (;;) {
      try {
        await link(mine, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await readHolder(file);
      if (holder && (await isAlive(holder))) {
        throw new UsageError(
          `Longshore already runs on ${dataDir} (process ${holder.pid}): stop it first, or choose another --data-dir.`,
        );
      }
      await clear(file, holder);
    }
  } finally {
    await rm(mine, { force: true });
  }
}
