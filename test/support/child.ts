import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { environment } from '../../src/kernel/config.ts';

/** What a child says first, when it does its work. */
const READY = 'ready';

/**
 * A process of our own that may be measured and killed. It speaks over a channel: its first
 * message is READY, and the closing of the channel is its sign to end in order.
 */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  /** Resolves when the process is gone, however that came about. */
  readonly exited: Promise<void>;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /**
   * @param entry the file to run: a bundle (see bundle.ts)
   * @param argument handed over as JSON; see `childArgument`
   * @param log where its output is appended, instead of to ours
   * @throws when the process ends before it is ready
   */
  static async start(entry: URL, argument: Serializable, log?: string): Promise<Child> {
    const name = path.basename(entry.pathname, '.js');
    const output = log === undefined ? 'inherit' : openSync(log, 'a');
    const child = fork(entry, [JSON.stringify(argument)], {
      execArgv: ['--enable-source-maps'],
      env: environment(),
      stdio: ['ignore', output, output, 'ipc'],
    });
    if (typeof output === 'number') closeSync(output);
    const started = new Child(name, child);
    const gone = started.exited.then(() => {
      throw new Error(`${name} ended before it was ready`);
    });
    await Promise.race([started.next((message) => message === READY), gone]);
    gone.catch(() => undefined);
    return started;
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.name} was never started`);
    return this.#process.pid;
  }

  /** @returns a function that ends the subscription */
  onMessage(handler: (message: unknown) => void): () => void {
    this.#process.on('message', handler);
    return () => this.#process.off('message', handler);
  }

  /** The next message that `wanted` accepts. @throws when the process ends before */
  async next<T>(wanted: (message: unknown) => message is T): Promise<T>;
  async next(wanted: (message: unknown) => boolean): Promise<unknown>;
  async next(wanted: (message: unknown) => boolean): Promise<unknown> {
    let unsubscribe: () => void = () => undefined;
    const found = new Promise<unknown>((resolve) => {
      unsubscribe = this.onMessage((message) => wanted(message) && resolve(message));
    });
    const gone = this.exited.then(() => Promise.reject(new Error(`${this.name} has ended`)));
    try {
      return await Promise.race([found, gone]);
    } finally {
      unsubscribe();
    }
  }

  send(message: Serializable): void {
    this.#process.send(message);
  }

  /** Asks it to end in order, and waits until it has. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.exited;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}

/** In a child: what it was started with. */
export function childArgument<T>(): T {
  const text = process.argv[2];
  if (text === undefined || !process.send) throw new Error('this file is started by others, not by hand');
  return JSON.parse(text) as T;
}

/** In a child: says that it is ready, and waits until it is to end. */
export async function serveUntilTold(stop: () => Promise<void>): Promise<never> {
  const told = once(process, 'disconnect');
  process.send?.(READY);
  await told;
  await stop();
  process.exit(0);
}

/** In a child: tells whoever started it. Nothing happens when that is gone. */
export function tell(message: Serializable): void {
  if (process.connected) process.send?.(message);
}

/** Milliseconds of the machine's monotonic clock: comparable between processes, and nobody sets it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
