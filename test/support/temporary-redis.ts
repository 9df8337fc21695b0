import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { atExit } from './at-exit.ts';
import { afterFile } from './cleanup.ts';
import { freePort } from './temporary-postgres.ts';

const PROGRAM = 'redis-server';
const READY = 'Ready to accept connections';

/** Why tests of Redis cannot run here; undefined where they can. */
export const noRedis: string | undefined =
  spawnSync(PROGRAM, ['--version']).status === 0 ? undefined : `${PROGRAM} is not installed`;

/** A Redis of the test file's own, which keeps nothing on disk; gone after the file's last test. */
export class TemporaryRedis {
  readonly port: number;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.#directory = directory;
    const forget = atExit(() => this.#remove());
    afterFile(async () => {
      await this.kill();
      this.#remove();
      forget();
    });
  }

  /** Started, and ready. */
  static async create(): Promise<TemporaryRedis> {
    const directory = await mkdtemp(path.join(tmpdir(), 'longshore-redis-'));
    const redis = new TemporaryRedis(await freePort(), directory);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** On the same port as before, and empty, if it does not run. */
  async start(): Promise<void> {
    if (this.#process) return;
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn(PROGRAM, [...settings, '--dir', this.#directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    const exited = once(child, 'exit').then(() => {
      throw new Error(`${PROGRAM} ended before it was ready`);
    });
    const ready = new Promise<void>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.includes(READY)) resolve();
      });
    });
    await Promise.race([ready, exited]);
  }

  /** Halts it as it stands: connections stay, answers do not come. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  #remove(): void {
    this.#process?.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
