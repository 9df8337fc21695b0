import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';

/**
 * A shell that outlives its worker by a moment. It waits at a pipe whose other end only the worker holds; however the
 * worker ends, the pipe ends with it, and the guardian ends the worker's runs. It is a shell since it must be small
 * (one a worker, about 1 MB) and since nothing that the worker's own runtime suffers must reach it.
 */
export class Guardian {
  readonly #script: string;
  readonly #args: readonly string[];
  readonly #groups = new Set<number>();
  #process: ChildProcess | undefined;
  #starting: Promise<void> | undefined;
  #closed = false;

  /**
   * @param mourning what to run, in sh, when the worker has ended; `$live` holds the groups that are still `add`ed
   * @param args its positional parameters
   */
  constructor(mourning: string, args: readonly string[]) {
    this.#script = `${LISTEN}\n${mourning}`;
    this.#args = args;
  }

  /**
   * Resolves when the guardian is on its post. Asked before each run, so that none starts unguarded: a guardian that
   * somebody killed is replaced here.
   * @throws when no process can be started
   */
  async ready(): Promise<void> {
    if (this.#process || this.#closed) return;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async #start(): Promise<void> {
    // A session of its own: what is sent to the worker's group or terminal must not take the guardian along.
    const child = spawn('/bin/sh', ['-c', this.#script, 'longshore-guardian', ...this.#args], {
      cwd: '/',
      detached: true,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // At once: the worker may be killed before the next turn.
    const told = new Set(this.#groups);
    for (const group of told) child.stdin?.write(`+ ${group}\n`);
    // A killed guardian shows as a broken pipe too; it is its exit that is acted upon.
    child.stdin?.on('error', () => {});
    await once(child, 'spawn');
    this.#process = child;
    // It must not keep a worker alive that has nothing else to do.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    child.once('exit', () => {
      this.#process = undefined;
      // Runs that are under way want one at once; if it cannot be, the next run says so.
      this.ready().catch(() => {});
    });
    for (const group of this.#groups) if (!told.has(group)) this.#tell('+', group);
    for (const group of told) if (!this.#groups.has(group)) this.#tell('-', group);
  }

  /** From now on the process group is ended with the worker. */
  add(group: number): void {
    this.#groups.add(group);
    this.#tell('+', group);
  }

  remove(group: number): void {
    this.#groups.delete(group);
    this.#tell('-', group);
  }

  /** Lets it do its work now; resolves when that is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => {});
    const child = this.#process;
    if (!child) return;
    child.ref();
    child.stdin?.end();
    await once(child, 'exit');
  }

  #tell(verb: '+' | '-', group: number): void {
    this.#process?.stdin?.write(`${verb} ${group}\n`);
  }
}

const LISTEN = `
trap '' HUP INT QUIT TERM PIPE
live=' '
while read -r verb group; do
  case $verb in
    +) live="$live$group " ;;
    -) live="\${live%% $group *} \${live#* $group }" ;;
  esac
done`;
