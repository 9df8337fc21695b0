import { backoffMs, sleep } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Outcome, RunRef, WorkerPort } from '../protocol/worker.ts';
import { isRefusal } from './refusal.ts';

const MOST_OUTCOMES = 1000;
/** How long an outcome waits for others that end at nearly the same time. */
const LINGER_MS = 2;

interface ReportsOptions {
  readonly port: Pick<WorkerPort, 'report'>;
  readonly sessionId: number;
  readonly logger: Logger;
}

/** Reports outcomes in batches, one at a time; tries again until the server has them or the session is over. */
export class Reports {
  readonly #options: ReportsOptions;
  #outcomes: Outcome[] = [];
  #sending: Promise<void> | undefined;
  readonly #ended = new AbortController();

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Runs whose outcome the server does not have yet, as far as we know. */
  get unsent(): readonly RunRef[] {
    return this.#outcomes;
  }

  add(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    this.#start();
  }

  /** Resolves when everything has been reported, or the session is over. */
  async flushed(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  end(): void {
    this.#ended.abort();
  }

  #start(): void {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      // Added between the last look and now.
      if (this.#outcomes.length > 0 && !this.#ended.signal.aborted) this.#start();
    });
  }

  async #send(): Promise<void> {
    const { port, sessionId, logger } = this.#options;
    await sleep(LINGER_MS);
    let failures = 0;
    let most = MOST_OUTCOMES;
    while (this.#outcomes.length > 0 && !this.#ended.signal.aborted) {
      const batch = this.#outcomes.slice(0, most);
      try {
        const { stale } = await port.report({ session_id: sessionId, outcomes: batch });
        this.#outcomes.splice(0, batch.length);
        failures = 0;
        if (stale.length > 0) logger.warn({ stale }, 'reported runs that were no longer ours; discarded');
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, failures, outcomes: batch.length }, 'reporting failed; will be tried again');
        if (isRefusal(error)) {
          // One outcome that no server takes must not hold up the others: find it, and say less of it.
          if (batch.length === 1) this.#outcomes[0] = unrecordable(batch[0] as Outcome, error);
          most = Math.max(1, Math.floor(batch.length / 2));
        } else most = MOST_OUTCOMES;
        await sleep(50 + backoffMs(failures, 200, 3000), this.#ended.signal);
      }
    }
  }
}

/** The run's end stands; what it said of itself could not be kept. */
function unrecordable({ id, epoch, status, log_bytes }: Outcome, error: unknown): Outcome {
  const reason = `its result could not be recorded: ${(error as Error).message}`.slice(0, 500);
  return { id, epoch, status, retryable: false, log_bytes, error: reason };
}
