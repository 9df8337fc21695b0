import { backoffMs, sleep } from './clock.ts';
import type { Logger } from './logger.ts';

/** Something that runs until it is stopped. Both calls may be repeated; `stop` resolves when all of it has ended. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What one round of a daemon says about the next: `nextInMs` 0 means at once (there was more than one batch). */
export interface Round {
  readonly nextInMs: number;
}

interface DaemonOptions {
  readonly name: string;
  readonly logger: Logger;
  /** One round of work. It must leave everything consistent if it throws: the round is tried again after a backoff. */
  runOnce(signal: AbortSignal): Promise<Round>;
}

/**
 * The one shape of every background loop: runs `runOnce`, sleeps as it says or until woken, backs off on errors,
 * and stops between rounds. Any number of servers may run the same daemon: rounds must tolerate each other.
 */
export class Daemon implements Service {
  readonly name: string;
  readonly #options: DaemonOptions;
  #stopping = new AbortController();
  #wake = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: DaemonOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#loop) return;
    this.#stopping = new AbortController();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  /** Starts the next round now instead of at its time. */
  wake(): void {
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      // Made before the round: a wake during it must not be lost.
      this.#wake = new AbortController();
      let waitMs: number;
      try {
        waitMs = (await this.#options.runOnce(signal)).nextInMs;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        waitMs = 100 + backoffMs(failures, 250, 10_000);
        this.#options.logger.error({ err: error, daemon: this.name, failures }, 'round failed; will be tried again');
      }
      if (!signal.aborted) await sleep(waitMs, this.#wake.signal);
    }
  }
}

/** Starts in order; stops in reverse order. If a start fails, what had started is stopped again. */
export class ServiceGroup implements Service {
  readonly name: string;
  readonly #services: Service[];
  #started: Service[] = [];

  constructor(name: string, services: Service[]) {
    this.name = name;
    this.#services = services;
  }

  async start(): Promise<void> {
    for (const service of this.#services) {
      try {
        await service.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
      this.#started.push(service);
    }
  }

  async stop(): Promise<void> {
    for (let service = this.#started.pop(); service; service = this.#started.pop()) await service.stop();
  }
}
