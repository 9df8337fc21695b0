import { sleep } from '../kernel/clock.ts';
import { readStat } from './processes.ts';
import type { Sandbox } from './sandbox.ts';
import type { Command, Ended, Supervision } from './supervise.ts';

/** A run under test: what it has said so far, and how to wait for it. */
export interface TestRun {
  readonly ended: Promise<Ended>;
  readonly lines: { readonly stream: 'stdout' | 'stderr'; readonly line: string }[];
  readonly notices: string[];
  /** The output so far, one line each. */
  text(stream?: 'stdout' | 'stderr'): string;
  /** The pids that the command has told, by lines `pid <number>`. */
  pids(): number[];
  /** Resolves when the output fulfils `condition`; rejects when the run ends before. */
  until(condition: () => boolean): Promise<void>;
  abort(reason?: unknown): void;
}

export type Given = Partial<Command> & Partial<Pick<Supervision, 'graceMs' | 'secrets'>>;

/** Scripts that the script of a run may hand on, as variables, to be free of quotes within quotes. */
export const SCRIPTS = {
  /** Tells its pid, ignores SIGTERM, and does not end; what it starts to wait holds the pipe too. */
  STUBBORN: `trap '' TERM; echo pid $$; while :; do sleep 0.2; done`,
  /** The same in a session of its own, without its parents. */
  DAEMON: `(setsid sh -c "$STUBBORN" &)`,
  /** The same without its environment, and its session's leader gone: nothing points to the run any more. */
  HIDDEN: `(env -i STUBBORN="$STUBBORN" setsid sh -c '(sh -c "$STUBBORN" &)' &)`,
};

/** Starts `script` with sh, or `given.file`, in the sandbox. */
export function startRun(sandbox: Sandbox, script: string, given: Given = {}): TestRun {
  const { graceMs = 300, secrets = [], ...command } = given;
  const abort = new AbortController();
  const lines: { stream: 'stdout' | 'stderr'; line: string }[] = [];
  const notices: string[] = [];
  let wake = () => {};
  const ended = sandbox.run(
    { file: 'sh', args: ['-c', script], environment: SCRIPTS, ...command },
    {
      signal: abort.signal,
      graceMs,
      secrets,
      onLine(stream, line) {
        lines.push({ stream, line });
        wake();
      },
      onNotice(message) {
        notices.push(message);
        wake();
      },
    },
  );
  // Awaited by the test in its own time.
  ended.catch(() => {});
  const text = (stream?: string) =>
    lines
      .filter((each) => stream === undefined || each.stream === stream)
      .map((each) => each.line)
      .join('\n');
  return {
    ended,
    lines,
    notices,
    text,
    pids: () => [...text().matchAll(/^pid (\d+)$/gm)].map((match) => Number(match[1])),
    async until(condition) {
      while (!condition()) {
        const more = new Promise<'more'>((resolve) => {
          wake = () => resolve('more');
        });
        const first = await Promise.race([more, ended.then(() => 'ended')]);
        if (first === 'ended' && !condition()) throw new Error(`the run ended too early, saying: ${text()}`);
      }
    },
    abort: (reason) => abort.abort(reason),
  };
}

export function isAlive(pid: number): boolean {
  const state = readStat(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Resolves when none of the processes is left; the test's own limit is what ends a vain wait. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await sleep(5);
}
