import { type ChildProcess, spawn } from 'node:child_process';

/** What ends all trees of a sandbox from outside of its process: a script for sh, and its positional parameters. */
export interface EndScript {
  readonly script: string;
  readonly args: readonly string[];
}

/**
 * A shell that ends a worker's runs when nothing has been heard of the worker for a while. A worker that is stopped, or
 * whose main loop is, cannot end them when its lease does, and the guardian (guardian.ts) sees it alive: its pipe is
 * open. Whoever renews the lease says each time how long that holds.
 */
export class DeadMan {
  readonly #end: EndScript;
  #process: ChildProcess | undefined;
  #gone: Promise<void> | undefined;

  constructor(end: EndScript) {
    this.#end = end;
  }

  /** From now on it acts after so many seconds, unless it is told anew before. One that somebody killed is replaced. */
  arm(seconds: number): void {
    this.#process ??= this.#start();
    this.#process.stdin?.write(`${Math.max(0, seconds).toFixed(1)}\n`);
  }

  #start(): ChildProcess {
    // A session of its own: what stops the worker's group must not stop it too.
    const child = spawn('/bin/sh', ['-c', listen(this.#end.script), 'longshore-dead-man', ...this.#end.args], {
      cwd: '/',
      detached: true,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin?.on('error', () => {});
    // One that cannot be started is told by an error: the next renewal tries again.
    this.#gone = new Promise((resolve) => {
      const gone = () => {
        if (this.#process === child) this.#process = undefined;
        resolve();
      };
      child.once('exit', gone).once('error', gone);
    });
    return child;
  }

  /** Dismisses it; it does nothing more. May be repeated. */
  async close(): Promise<void> {
    const pipe = this.#process?.stdin;
    if (pipe?.writable) pipe.end('off\n');
    await this.#gone;
  }
}

/**
 * Each line is a time for the timer, which is a process of its own: sh cannot read for a while only. When the pipe ends
 * without a word, whoever renewed the lease is gone, and the runs with it.
 */
const listen = (script: string) => `
trap '' HUP INT QUIT PIPE
end() {
live=' '
${script}
}
timer=
stop() {
  [ -n "$timer" ] || return 0
  kill -TERM "$timer" 2> /dev/null
  wait "$timer" 2> /dev/null
  timer=
}
while read -r seconds; do
  stop
  [ "$seconds" != off ] || exit 0
  (
    nap=
    trap 'kill -KILL $nap 2> /dev/null; exit 0' TERM
    sleep "$seconds" &
    nap=$!
    wait "$nap"
    # Of a switch that somebody killed: another one has taken its place.
    kill -0 $$ 2> /dev/null || exit 0
    end "$@"
  ) &
  timer=$!
done
stop
end "$@"`;
