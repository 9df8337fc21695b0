import { type ChildProcess, spawn } from 'node:child_process';
import { backoffMs, sleep } from '../../kernel/clock.ts';
import { UsageError } from '../../kernel/errors.ts';
import type { Service } from '../../kernel/service.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { isReady, type Ready } from './ready.ts';

/** How a process is started: what follows the interpreter on its command line, and its environment. */
export interface Launch {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

interface SupervisedOptions {
  readonly name: string;
  /** Asked anew at every start: a restarted server keeps the port that the first one was given. */
  launch(): Launch;
  /** A line for the person who watches. */
  report(text: string): void;
  /** The process serves; called at the first start and after every restart. */
  onReady?(ready: Ready): void;
  /** Takes the process's standard error, line by line; without it the process inherits ours. */
  onErrorLine?(line: string): void;
  /** How long it may take to end in order before it is killed, in milliseconds. */
  readonly stopWithinMs: number;
}

/** A process that lived this long was well: its next end is counted as its first. */
const WELL_AFTER_MS = 30_000;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 15_000;

type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** Cuts a stream into lines. */
function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => rest !== '' && onLine(rest));
}

/**
 * One process that is kept running: started again, after a growing wait, whenever it ends. It is a session of its own,
 * so that Ctrl-C reaches the supervisor alone and the processes end in order; and it holds a channel to the
 * supervisor whose closing tells it that the supervisor is gone.
 */
export class SupervisedProcess implements Service {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Resolves when the process serves for the first time, however often it had to be started.
   * @throws UsageError when it refuses its settings: starting it again would not mend them
   */
  async start(): Promise<void> {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    await new Promise<void>((resolve, reject) => {
      this.#loop = this.#keepRunning(resolve, reject);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  /** Ends it now instead of in order, and for good; `stop` resolves soon after. */
  hurry(): void {
    // Otherwise one that is not being stopped yet would be started again.
    this.#stopping.abort();
    this.#child?.kill('SIGKILL');
  }

  async #keepRunning(onServing: () => void, onGivenUp: (error: Error) => void): Promise<void> {
    const { signal } = this.#stopping;
    const { name, report } = this.#options;
    let served = false;
    for (let failures = 1; !signal.aborted; failures += 1) {
      const startedAt = performance.now();
      const exit = await this.#runOnce(() => {
        served = true;
        onServing();
      });
      if (signal.aborted) break;
      if (exit.code === EXIT_CODES.usage.code && !served) {
        // It has said why, in one line of its own.
        onGivenUp(new UsageError(`The ${name} cannot start with these settings.`));
        return;
      }
      if (performance.now() - startedAt > WELL_AFTER_MS) failures = 1;
      const waitMs = 100 + backoffMs(failures, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
      report(`The ${name} ended (${describeExit(exit)}); it is started again in ${(waitMs / 1000).toFixed(1)} s.`);
      await sleep(waitMs, signal);
    }
    onGivenUp(new Error(`The ${name} was stopped before it served.`));
  }

  async #runOnce(onServing: () => void): Promise<Exit> {
    const { launch, onReady, onErrorLine, stopWithinMs } = this.#options;
    const { args, env } = launch();
    const child = spawn(process.execPath, args, {
      env,
      detached: true,
      stdio: ['ignore', 'inherit', onErrorLine ? 'pipe' : 'inherit', 'ipc'],
    });
    this.#child = child;
    if (onErrorLine && child.stderr) eachLine(child.stderr, onErrorLine);
    child.on('message', (message) => {
      if (!isReady(message)) return;
      onServing();
      onReady?.(message);
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      // Where no process could be made (no memory, no process ids left) there is no exit, only this.
      child.on('error', () => child.pid === undefined && resolve({ code: null, signal: null }));
    });
    const stopped = () => {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      child.once('exit', () => clearTimeout(kill));
    };
    this.#stopping.signal.addEventListener('abort', stopped, { once: true });
    if (this.#stopping.signal.aborted) stopped();
    try {
      return await exited;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stopped);
      this.#child = undefined;
    }
  }
}
