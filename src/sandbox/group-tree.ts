import { Guardian } from './guardian.ts';
import { signalAll } from './processes.ts';
import type { ProcessTree, TreeKeeper } from './tree.ts';

class GroupTree implements ProcessTree {
  readonly cgroups = [];
  readonly environment = {};
  readonly #guardian: Guardian;
  #group: number | undefined;

  constructor(guardian: Guardian) {
    this.#guardian = guardian;
  }

  started(pid: number): void {
    this.#group = pid;
    this.#guardian.add(pid);
  }

  async members(): Promise<number[]> {
    if (this.#group === undefined) return [];
    try {
      process.kill(-this.#group, 0);
      return [-this.#group];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return [];
      // EPERM: there is one, only not one of ours to signal.
      return [-this.#group];
    }
  }

  async kill(): Promise<void> {
    signalAll(await this.members(), 'SIGKILL');
  }

  async release(): Promise<boolean> {
    if ((await this.members()).length > 0) return false;
    if (this.#group !== undefined) this.#guardian.remove(this.#group);
    return true;
  }
}

/** Trees as process groups: what POSIX has, and all that there is without /proc. A member may leave with setsid. */
export class GroupKeeper implements TreeKeeper {
  readonly tracking = 'group';
  readonly limitsProcesses = false;
  readonly endScript = undefined;
  readonly #guardian = new Guardian('for group in $live; do kill -KILL "-$group" 2> /dev/null; done', []);

  async open(): Promise<ProcessTree> {
    await this.#guardian.ready();
    return new GroupTree(this.#guardian);
  }

  /** Nothing tells a dead worker's groups from others; its guardian has ended them. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    await this.#guardian.close();
  }
}
