import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { type Config, environment } from '../../kernel/config.ts';
import { UsageError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import { type Launch, SupervisedProcess } from './child.ts';
import { SupervisedDatabase } from './database.ts';
import type { Ready } from './ready.ts';

interface StackOptions {
  readonly config: Config;
  /** The settings file that `--config` named, which the processes read as well. */
  readonly configFile: string | undefined;
  readonly logger: Logger;
  report(text: string): void;
  /** Takes the processes' log lines; without it they go to our standard error. */
  onErrorLine?: ((line: string) => void) | undefined;
}

/** Longer than a worker gives its runs to end, and a server its requests. */
const STOP_WITHIN_MS = 60_000;
/**
 * A young generation that stays small: these processes idle most of their lives, and memory that V8 has once taken for
 * it is not given back.
 */
const V8_FLAGS = ['--max-semi-space-size=2'];
/**
 * Blocks of files and pages are allocated on several threads: with an arena for each, as glibc has it, what is freed in
 * one is no use to the others, and a worker that syncs grows by a fifth.
 */
const MALLOC_ARENAS = '2';

function workerId(dataDir: string): string {
  return `${hostname()}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 6)}`;
}

/** Database, server and worker of one machine: started in this order, stopped in the opposite one. */
export class Stack implements Service {
  readonly name = 'up';
  readonly #options: StackOptions;
  readonly #database: SupervisedDatabase | undefined;
  readonly #processes: SupervisedProcess[] = [];
  readonly #services: Service[] = [];
  #server: Ready | undefined;
  #stopping = false;

  constructor(options: StackOptions) {
    const { config } = options;
    this.#options = options;
    if (config.mode === 'worker' && config.databaseUrl === undefined) {
      throw new UsageError(
        'LONGSHORE_MODE: a worker without a server needs DATABASE_URL; one that works over HTTP is "longshore worker start --server <address>".',
      );
    }
    if (config.databaseUrl === undefined) {
      this.#database = new SupervisedDatabase({ ...options, dataDir: config.dataDir });
      this.#services.push(this.#database);
    }
    if (config.mode !== 'worker') {
      const origin = this.#database ? ['--embedded-database'] : [];
      this.#supervise('server', ['server', ...origin]);
    }
    // Its id stays the same over restarts, and with it what an operator has set for this worker.
    if (config.mode !== 'server') this.#supervise('worker', ['worker', 'start', '--id', workerId(config.dataDir)]);
  }

  /** What the server said when it was ready for the first time; undefined where there is none. */
  get server(): Ready | undefined {
    return this.#server;
  }

  /** @throws when a part does not start, or `stop` was called meanwhile; what has started then still wants `stop` */
  async start(): Promise<void> {
    for (const service of this.#services) {
      if (this.#stopping) throw new Error('stopped while starting');
      await service.start();
    }
  }

  /** May be called at any time, also during the start, which it ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const service of this.#services.toReversed()) await service.stop();
  }

  /** Ends the processes at once instead of in order. PostgreSQL is still shut down properly: that is quick. */
  hurry(): void {
    for (const child of this.#processes) child.hurry();
  }

  #supervise(name: string, words: readonly string[]): void {
    const { report, onErrorLine } = this.#options;
    const child = new SupervisedProcess({
      name,
      launch: () => this.#launch(words),
      report,
      onReady: (ready) => this.#onReady(name, ready),
      stopWithinMs: STOP_WITHIN_MS,
      ...(onErrorLine ? { onErrorLine } : {}),
    });
    this.#processes.push(child);
    this.#services.push(child);
  }

  #onReady(name: string, ready: Ready): void {
    if (ready.url !== undefined) this.#server ??= ready;
    this.#options.report(`The ${name} is ready${ready.url === undefined ? '' : ` at ${ready.url}`}.`);
  }

  #launch(words: readonly string[]): Launch {
    const { config, configFile } = this.#options;
    const [, entry = ''] = process.argv;
    const env: NodeJS.ProcessEnv = {
      MALLOC_ARENA_MAX: MALLOC_ARENAS,
      ...environment(),
      LONGSHORE_DATA_DIR: config.dataDir,
      LONGSHORE_HOST: config.host,
      // A restarted server listens where the first one did, also when the system had chosen the port.
      LONGSHORE_PORT: this.#server?.url === undefined ? String(config.port) : new URL(this.#server.url).port,
      LONGSHORE_LOG_LEVEL: config.logLevel,
    };
    // They say what the command line speaks to. Our worker works straight on the database.
    delete env.LONGSHORE_SERVER;
    delete env.LONGSHORE_TOKEN;
    if (this.#database) {
      env.DATABASE_URL = this.#database.url;
      env.LONGSHORE_DIRECT_DATABASE_URL = this.#database.url;
    }
    const settings = configFile === undefined ? [] : ['--config', configFile];
    return { args: [...process.execArgv, ...V8_FLAGS, entry, ...words, ...settings], env };
  }
}
