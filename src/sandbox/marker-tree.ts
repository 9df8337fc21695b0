import { sleep } from '../kernel/clock.ts';
import type { EndScript } from './dead-man.ts';
import { Guardian } from './guardian.ts';
import { hasEnded } from './owner.ts';
import { listProcesses, type ProcessStat, readEnvironment, readStat, signalAll } from './processes.ts';
import type { ProcessTree, TreeKeeper } from './tree.ts';

/** The variable that every process of a run inherits: LONGSHORE_RUN=<owner>.<keeper>.<run>. */
const VARIABLE = 'LONGSHORE_RUN';
const MARKER = new RegExp(`${VARIABLE}=(\\d+-\\d+-\\d+)\\.\\d+\\.\\d+`);

class MarkerTree implements ProcessTree {
  readonly cgroups = [];
  readonly environment: Readonly<Record<string, string>>;
  readonly #marker: string;
  readonly #guardian: Guardian;
  /** Members as they were found, by pid, with their start: one whose parents are gone is still known. */
  readonly #known = new Map<number, number>();
  #leader: ProcessStat | undefined;

  constructor(marker: string, guardian: Guardian) {
    this.environment = { [VARIABLE]: marker };
    // With the byte that ends it, or run 1 would be found in run 10.
    this.#marker = `${VARIABLE}=${marker}\0`;
    this.#guardian = guardian;
  }

  started(pid: number): void {
    this.#guardian.add(pid);
    this.#leader = readStat(pid);
    if (this.#leader) this.#known.set(pid, this.#leader.startTicks);
  }

  async members(): Promise<number[]> {
    const leader = this.#leader;
    if (!leader) return [];
    const alive = listProcesses().filter((stat) => stat.startTicks >= leader.startTicks && stat.pid !== process.pid);
    const found = new Set<number>();
    for (const stat of alive) {
      const isOurs =
        this.#known.get(stat.pid) === stat.startTicks ||
        stat.group === leader.pid ||
        stat.session === leader.pid ||
        readEnvironment(stat.pid).includes(this.#marker);
      if (isOurs) found.add(stat.pid);
    }
    addDescendants(found, alive);
    for (const stat of alive) if (found.has(stat.pid)) this.#known.set(stat.pid, stat.startTicks);
    return [...found];
  }

  async kill(): Promise<void> {
    // Until a look finds nothing new: what was forked between the look and the signal has its parent's marks.
    const killed = new Set<number>();
    for (;;) {
      const fresh = (await this.members()).filter((pid) => !killed.has(pid));
      if (fresh.length === 0) return;
      signalAll(fresh, 'SIGKILL');
      for (const pid of fresh) killed.add(pid);
    }
  }

  async release(): Promise<boolean> {
    if ((await this.members()).length > 0) return false;
    if (this.#leader) this.#guardian.remove(this.#leader.pid);
    return true;
  }
}

function addDescendants(found: Set<number>, alive: readonly ProcessStat[]): void {
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const stat of alive) if (found.has(stat.parent)) found.add(stat.pid);
  }
}

/**
 * Trees as what can be found in /proc: the command's process group and session, processes that inherited the run's
 * variable, and the descendants of all of these.
 */
export class MarkerKeeper implements TreeKeeper {
  readonly tracking = 'marker';
  readonly limitsProcesses = false;
  readonly endScript: EndScript;
  readonly #name: string;
  readonly #guardian: Guardian;
  #count = 0;

  private constructor(name: string) {
    this.#name = name;
    this.endScript = { script: MOURNING, args: [`${VARIABLE}=${name}.`] };
    this.#guardian = new Guardian(this.endScript.script, this.endScript.args);
  }

  /**
   * @param name this process's name, and the keeper's number in it
   * @throws where there is no /proc to look into
   */
  static async create(name: string): Promise<MarkerKeeper> {
    if (!readStat(process.pid)) throw new Error('there is no /proc');
    const keeper = new MarkerKeeper(name);
    await keeper.#guardian.ready();
    return keeper;
  }

  async open(): Promise<ProcessTree> {
    await this.#guardian.ready();
    this.#count += 1;
    return new MarkerTree(`${this.#name}.${this.#count}`, this.#guardian);
  }

  async sweep(): Promise<void> {
    for (let wait = 1; wait < 4000; wait *= 2) {
      const left = listProcesses().filter(({ pid }) => {
        const owner = MARKER.exec(readEnvironment(pid))?.[1];
        return owner !== undefined && hasEnded(owner);
      });
      if (left.length === 0) return;
      signalAll(
        left.map(({ pid }) => pid),
        'SIGKILL',
      );
      await sleep(wait);
    }
  }

  async close(): Promise<void> {
    await this.#guardian.close();
  }
}

/**
 * What `members` does, in sh. Several rounds without a find: a process that the worker was just starting shows its
 * marks a moment later.
 */
const MOURNING = `
marker=$1
quiet=0
round=0
while [ $quiet -lt 4 ] && [ $round -lt 600 ]; do
  found=$live
  for file in $(grep -lsF -- "$marker" /proc/[0-9]*/environ); do
    file=\${file#/proc/}
    found="$found\${file%/environ} "
  done
  alive=
  grown=yes
  while [ -n "$grown" ]; do
    grown=
    alive=
    for stat in /proc/[0-9]*/stat; do
      { read -r line < "$stat"; } 2> /dev/null || continue
      pid=\${line%% *}
      set -- \${line##*) }
      case $1 in Z | X) continue ;; esac
      case $found in
        *" $pid "*) alive="$alive $pid" ;;
        *" $2 "* | *" $3 "* | *" $4 "*)
          found="$found$pid "
          grown=yes
          ;;
      esac
    done
  done
  if [ -n "$alive" ]; then
    quiet=0
    kill -KILL $alive 2> /dev/null
  else
    quiet=$((quiet + 1))
  fi
  round=$((round + 1))
  sleep 0.05
done`;
