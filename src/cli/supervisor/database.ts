import { backoffMs, sleep } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import { EmbeddedPostgres } from '../../store/embedded/embedded-postgres.ts';

interface SupervisedDatabaseOptions {
  readonly dataDir: string;
  readonly logger: Logger;
  /** A line for the person who watches. */
  report(text: string): void;
}

const BACKOFF_BASE_MS = 250;
const BACKOFF_CAP_MS = 15_000;

/** The embedded PostgreSQL, started again whenever it ends without our doing. */
export class SupervisedDatabase implements Service {
  readonly name = 'PostgreSQL';
  readonly #options: SupervisedDatabaseOptions;
  readonly #postgres: EmbeddedPostgres;
  #stopping = new AbortController();
  #restarting: Promise<void> | undefined;

  constructor(options: SupervisedDatabaseOptions) {
    this.#options = options;
    this.#postgres = new EmbeddedPostgres({
      dataDir: options.dataDir,
      logger: options.logger,
      onExit: () => {
        this.#restarting = this.#restart();
      },
    });
  }

  /** Known once it has been started; stays the same over restarts. */
  get url(): string {
    return this.#postgres.url;
  }

  get pid(): number | undefined {
    return this.#postgres.pid;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    await this.#postgres.start();
    this.#options.report('PostgreSQL is ready.');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#restarting;
    await this.#postgres.stop();
  }

  async #restart(): Promise<void> {
    const { signal } = this.#stopping;
    const { report } = this.#options;
    report('PostgreSQL ended; it is started again.');
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.#postgres.start();
        report('PostgreSQL is back.');
        return;
      } catch (error) {
        const waitMs = 500 + backoffMs(failures, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
        const why = error instanceof Error ? error.message : String(error);
        report(`PostgreSQL does not start (${why}); tried again in ${(waitMs / 1000).toFixed(1)} s.`);
        await sleep(waitMs, signal);
      }
    }
  }
}
