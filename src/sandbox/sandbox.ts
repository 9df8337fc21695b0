/**
 * Runs commands, and answers for every process that they start.
 *
 * What is promised. When `run` settles, no process of the run is left, whether the command ended, failed, or was ended;
 * and when the worker itself is killed, its runs die with it, since another worker will start them again and their
 * effects must not double. How firmly this holds depends on what the system lets us do; it is tried out once, when the
 * sandbox is made, and the best is taken:
 *
 * - `cgroup` (Linux 5.14 or later, where cgroups of the unified hierarchy may be made: as root, or in a systemd unit or
 *   scope with Delegate=yes). Every descendant is caught, whatever it does: setsid, double fork, an empty environment,
 *   ignored signals. Only a process that is itself allowed to write to the hierarchy can move away. The kernel ends all
 *   members at once, and removing the cgroup proves that none is left.
 * - `marker` (other Linux: unprivileged users, unprivileged containers). Descendants, the process group, the session,
 *   and whatever inherited the run's environment variable, are looked for in /proc until none is found. It misses a
 *   process only if it left the session, outlived its parents, and wiped its environment, all three before anybody
 *   looked. A process of another user (through sudo) is seen but cannot be ended; the run waits for it.
 * - `group` (macOS). The process group. A process that calls setsid escapes.
 *
 * Pid namespaces would catch everything too where cgroups are not to be had, and are not used: inside of one, a task can
 * no longer signal the service whose pid file it reads; with a /proc of its own, `pgrep nginx` finds nothing, and with
 * the outer one `/proc/$$` is somebody else; the command becomes an init that ignores SIGTERM, or is hidden behind one
 * that swallows the signal it died of; for ordinary users a user namespace is needed as well, and there sudo stops
 * working. Tasks that run the machine would do the wrong thing on some machines only. A task that hides is the smaller
 * evil, and Delegate=yes the cure.
 *
 * When the worker dies: a guardian (guardian.ts), one small shell a worker, holds a pipe to it and ends all its trees
 * when the pipe closes, by the means above. What dies together with its guardian is found by `sweep` when the next
 * sandbox is made on the machine. When the worker lives and cannot act, since it is stopped, a dead man's switch
 * (dead-man.ts) ends them before its lease does; not with `group`. On top of this the kernel is not asked for PDEATHSIG: it is lost on exec of a
 * set-uid program, and reaches one process, not a tree.
 *
 * How a run starts: the runtime forks a shell (launcher.ts) which limits itself, enters its cgroup, and becomes the
 * command; so nothing of the command ever runs outside. How it ends (supervise.ts): SIGTERM to every member, a grace,
 * SIGKILL until none is left; what the command left behind when it ended by itself is ended likewise. Nobody waits for
 * a pipe: it may be held by a process that was never ours.
 */
import { CgroupKeeper, findCgroupBase } from './cgroup-tree.ts';
import type { EndScript } from './dead-man.ts';
import { GroupKeeper } from './group-tree.ts';
import { launcherScript } from './launcher.ts';
import { type LimitSupport, limitSupport, prlimitOptions, unsupported } from './limits.ts';
import { LineReader } from './line-reader.ts';
import { MarkerKeeper } from './marker-tree.ts';
import { Output } from './output.ts';
import { ownName } from './owner.ts';
import { closePipe, type Pipe, PipeStock } from './pipes.ts';
import { type Command, type Ended, type Supervision, supervise } from './supervise.ts';
import { type ProcessTree, TRACKINGS, type Tracking, type TreeKeeper } from './tree.ts';

/** What holds on this machine, for `longshore doctor`. */
export interface SandboxCapabilities {
  readonly tracking: Tracking;
  /** One sentence for the operator. */
  readonly guarantee: string;
  readonly limits: LimitSupport;
  /** Why nothing firmer is possible, and what would help. */
  readonly notes: readonly string[];
}

const GUARANTEES: Readonly<Record<Tracking, string>> = {
  cgroup:
    'every process of a run is ended with it, unless it may write to the hierarchy of cgroups and moves away on purpose',
  marker: 'processes of a run are found and ended unless they hide (no cgroup: process group, session and environment)',
  group: 'the process group of a run is ended with it; a process that calls setsid escapes',
};

/** Sandboxes of this process so far: each has a name of its own. */
let made = 0;

export class Sandbox {
  readonly capabilities: SandboxCapabilities;
  readonly #keeper: TreeKeeper;
  readonly #pipes = new PipeStock();

  private constructor(keeper: TreeKeeper, notes: readonly string[]) {
    this.#keeper = keeper;
    this.capabilities = {
      tracking: keeper.tracking,
      guarantee: GUARANTEES[keeper.tracking],
      limits: limitSupport(keeper.limitsProcesses),
      notes,
    };
  }

  /**
   * Tries out what holds here, ends what dead workers of this machine left behind, and posts a guardian.
   * @param tracking only this one instead of the best
   * @throws when the wanted tracking is not possible, or no process can be started
   */
  static async create(options: { tracking?: Tracking } = {}): Promise<Sandbox> {
    const notes: string[] = [];
    for (const tracking of options.tracking ? [options.tracking] : TRACKINGS) {
      try {
        const keeper = await createKeeper(tracking);
        await keeper.sweep();
        return new Sandbox(keeper, notes);
      } catch (error) {
        notes.push(`no ${tracking}: ${(error as Error).message}`);
      }
    }
    throw new Error(`child processes cannot be supervised here (${notes.join('; ')})`);
  }

  /** What ends all runs from outside of this process, for a dead man's switch; undefined where nothing can. */
  get endScript(): EndScript | undefined {
    return this.#keeper.endScript;
  }

  /**
   * Runs a command. Settles when it has ended and no process that it started is left.
   * @throws LaunchError when nothing of it has run; the signal's reason when it aborted before the command ended
   */
  async run(command: Command, supervision: Supervision): Promise<Ended> {
    const { limits = {} } = command;
    for (const problem of unsupported(limits, this.capabilities.limits)) supervision.onNotice(problem);
    const pipes = await this.#pipes.takeTwo();
    let tree: ProcessTree;
    try {
      tree = await this.#keeper.open(limits.processes);
    } catch (error) {
      for (const pipe of pipes) closePipe(pipe);
      throw error;
    }
    const outputs = {
      stdout: reading('stdout', pipes[0], supervision),
      stderr: reading('stderr', pipes[1], supervision),
    };
    const preparation = launcherScript(tree.cgroups, prlimitOptions(limits, this.capabilities.limits));
    return await supervise(tree, command, preparation, outputs, supervision);
  }

  /** Ends whatever runs are left, and the guardian. */
  async close(): Promise<void> {
    await this.#keeper.close();
    this.#pipes.close();
  }
}

function reading(stream: 'stdout' | 'stderr', pipe: Pipe, { secrets, onLine }: Supervision): Output {
  return new Output(pipe, new LineReader(secrets, (line) => onLine(stream, line)));
}

async function createKeeper(tracking: Tracking): Promise<TreeKeeper> {
  made += 1;
  const name = `${ownName()}.${made}`;
  switch (tracking) {
    case 'cgroup': {
      const base = await findCgroupBase();
      if (!base) throw new Error('this process is in no cgroup of the unified hierarchy');
      return CgroupKeeper.create(base, name);
    }
    case 'marker':
      return MarkerKeeper.create(name);
    case 'group':
      return new GroupKeeper();
  }
}
