import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sleep } from '../kernel/clock.ts';
import type { EndScript } from './dead-man.ts';
import { Guardian } from './guardian.ts';
import { hasEnded } from './owner.ts';
import { signalAll } from './processes.ts';
import type { ProcessTree, TreeKeeper } from './tree.ts';

const PREFIX = 'longshore-';
/** What holds the runs of one keeper: longshore-<owner>.<number>. */
const HOME = /^longshore-(.+)\.\d+$/;

/** Where this process may make cgroups. */
export interface CgroupBase {
  /** A directory of the unified hierarchy (cgroup v2): all that is needed to end a tree. */
  readonly unified: string;
  /** A directory of the `pids` hierarchy of cgroup v1, on machines that still count processes there. */
  readonly pids: string | undefined;
}

/** Reads where this process's own cgroups are mounted. Whether it may write there, only trying tells. */
export async function findCgroupBase(): Promise<CgroupBase | undefined> {
  const [mounts, own] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8').catch(() => ''),
    readFile('/proc/self/cgroup', 'utf8').catch(() => ''),
  ]);
  const paths = own.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const locate = (wanted: (type: string, options: string[]) => boolean, controller: string): string | undefined => {
    const ownPath = paths.find((match) => match?.[1]?.split(',').includes(controller))?.[2];
    for (const line of mounts.split('\n')) {
      const [before = '', after = ''] = line.split(' - ');
      const [, , , root = '/', mountPoint = ''] = before.split(' ');
      const [type = '', , options = ''] = after.split(' ');
      if (ownPath === undefined || !wanted(type, options.split(','))) continue;
      // In a container the mount may begin below the root, and the own path be told relative to another namespace.
      const inside = path.posix.relative(root, ownPath);
      if (!inside.startsWith('..') && !ownPath.includes('..')) return path.join(mountPoint, inside);
    }
    return undefined;
  };
  const unified = locate((type) => type === 'cgroup2', '');
  if (unified === undefined) return undefined;
  return { unified, pids: locate((type, options) => type === 'cgroup' && options.includes('pids'), 'pids') };
}

/** Every cgroup below `dir` and itself, the deepest first. */
async function withChildren(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => withChildren(path.join(dir, entry.name)));
  return [...(await Promise.all(below)).flat(), dir];
}

/** @returns whether it is gone; false while a process is in it */
async function remove(dir: string): Promise<boolean> {
  for (const each of await withChildren(dir)) {
    try {
      await rmdir(each);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
      if (code !== 'ENOENT') throw error;
    }
  }
  return true;
}

class CgroupTree implements ProcessTree {
  readonly cgroups: readonly string[];
  readonly environment = {};
  readonly #dir: string;

  constructor(cgroups: readonly [string, ...string[]]) {
    this.cgroups = cgroups;
    this.#dir = cgroups[0];
  }

  started(): void {}

  async members(): Promise<number[]> {
    const lists = (await withChildren(this.#dir)).map((dir) =>
      readFile(path.join(dir, 'cgroup.procs'), 'utf8').catch(() => ''),
    );
    // A process of another pid namespace shows as 0.
    return (await Promise.all(lists)).flatMap((list) => list.split('\n').map(Number)).filter((pid) => pid > 0);
  }

  async kill(): Promise<void> {
    await writeFile(path.join(this.#dir, 'cgroup.kill'), '1', { flag: 'r+' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async release(): Promise<boolean> {
    // Only an empty cgroup can be removed, and none can enter a removed one: that is the proof.
    for (const dir of this.cgroups) if (!(await remove(dir))) return false;
    return true;
  }
}

/**
 * Trees as cgroups. Membership is inherited and cannot be left without the right to write to the hierarchy; the kernel
 * ends all members at once (cgroup.kill, Linux 5.14).
 */
export class CgroupKeeper implements TreeKeeper {
  readonly tracking = 'cgroup';
  readonly limitsProcesses: boolean;
  readonly endScript: EndScript;
  readonly #base: CgroupBase;
  readonly #home: string;
  readonly #pidsHome: string | undefined;
  readonly #guardian: Guardian;
  #count = 0;

  private constructor(base: CgroupBase, home: string, pidsHome: string | undefined, limitsProcesses: boolean) {
    this.#base = base;
    this.#home = home;
    this.#pidsHome = pidsHome;
    this.limitsProcesses = limitsProcesses;
    this.endScript = { script: `{ echo 1 > "$1/cgroup.kill"; } 2> /dev/null`, args: [home] };
    this.#guardian = new Guardian(MOURNING, pidsHome === undefined ? [home] : [home, pidsHome]);
  }

  /**
   * @param owner this process's name, and the keeper's number in it
   * @throws with the system's reason when cgroups cannot be made here, or cannot end what is in them
   */
  static async create(base: CgroupBase, owner: string): Promise<CgroupKeeper> {
    const home = path.join(base.unified, `${PREFIX}${owner}`);
    // Where process counting is part of the unified hierarchy it has to be handed down, level by level.
    const enable = (dir: string) => writeFile(path.join(dir, 'cgroup.subtree_control'), '+pids').catch(() => {});
    await enable(base.unified);
    await mkdir(home);
    await enable(home);
    const pidsHome = base.pids === undefined ? undefined : path.join(base.pids, `${PREFIX}${owner}`);
    const countsInV1 =
      pidsHome !== undefined &&
      (await mkdir(pidsHome)
        .then(() => true)
        .catch(() => false));
    const countsInV2 = (await readFile(path.join(home, 'cgroup.subtree_control'), 'utf8')).includes('pids');
    const keeper = new CgroupKeeper(base, home, countsInV1 ? pidsHome : undefined, countsInV1 || countsInV2);
    try {
      await tryOut(home);
      await keeper.#guardian.ready();
    } catch (error) {
      for (const dir of countsInV1 ? [home, pidsHome] : [home]) await remove(dir);
      throw error;
    }
    return keeper;
  }

  async open(processes?: number): Promise<ProcessTree> {
    await this.#guardian.ready();
    this.#count += 1;
    const name = `run-${this.#count}`;
    const dir = path.join(this.#home, name);
    // Recursive: should somebody have tidied the empty home away, it is made again.
    await mkdir(dir, { recursive: true });
    if (processes === undefined || !this.limitsProcesses) return new CgroupTree([dir]);
    const counter = this.#pidsHome === undefined ? dir : path.join(this.#pidsHome, name);
    await mkdir(counter, { recursive: true });
    await writeFile(path.join(counter, 'pids.max'), String(processes));
    return new CgroupTree(counter === dir ? [dir] : [dir, counter]);
  }

  async sweep(): Promise<void> {
    for (const base of [this.#base.unified, this.#base.pids]) {
      if (base === undefined) continue;
      for (const name of await readdir(base)) {
        const owner = HOME.exec(name)?.[1];
        if (owner === undefined || !hasEnded(owner)) continue;
        await end(path.join(base, name));
      }
    }
  }

  async close(): Promise<void> {
    await this.#guardian.close();
  }
}

/** Enters a cgroup and has it killed: what a mount, a namespace or an older kernel refuses shows here. */
async function tryOut(home: string): Promise<void> {
  const dir = path.join(home, 'trial');
  await mkdir(dir);
  const child = spawn('/bin/sh', ['-c', 'echo 0 > "$0/cgroup.procs" || exit 1; kill -STOP $$', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await once(child, 'spawn');
    const ended = once(child, 'exit');
    let entered = false;
    while (!entered && child.exitCode === null) {
      entered = (await readFile(path.join(dir, 'cgroup.procs'), 'utf8')) !== '';
      if (!entered) await sleep(1);
    }
    if (!entered) throw new Error(`a process cannot enter ${dir}`);
    // Not created if it is missing: that would be a file of ours in somebody's temporary directory.
    await writeFile(path.join(dir, 'cgroup.kill'), '1', { flag: 'r+' });
    await ended;
  } finally {
    child.kill('SIGKILL');
    await remove(dir).catch(() => {});
  }
}

/** Ends what a dead owner left, and waits for it: the runs of these processes may be about to start again. */
async function end(dir: string): Promise<void> {
  const left = new CgroupTree([dir]);
  for (let wait = 1; wait < 4000; wait *= 2) {
    // Another user's leftovers are for that user's worker.
    await left.kill().catch(() => {});
    signalAll(await left.members(), 'SIGKILL');
    if (await left.release().catch(() => true)) return;
    await sleep(wait);
  }
}

/**
 * Removing the home is what makes it safe: a process of the dead worker that was just about to enter finds no door, and
 * one that had entered keeps the home from being removed, so that the next round ends it.
 */
const MOURNING = `
round=0
while [ $round -lt 600 ]; do
  left=
  for home in "$@"; do
    [ -d "$home" ] || continue
    left=yes
    { echo 1 > "$home/cgroup.kill"; } 2> /dev/null
    find "$home" -depth -type d -exec rmdir {} + 2> /dev/null
  done
  [ -n "$left" ] || break
  round=$((round + 1))
  sleep 0.05
done`;
