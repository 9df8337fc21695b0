import { backoffMs, sleep } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Json } from '../protocol/executor.ts';
import type { LogLine, RunRef, RunUpdate, WorkerPort } from '../protocol/worker.ts';
import { isRefusal } from './refusal.ts';

const MOST_LINES = 2000;
const MOST_BYTES = 1_000_000;
const MOST_UPDATES = 1000;
/** How long lines may wait for company. */
const LINGER_MS = 100;
/** Progress is a view, not a record: so often is enough. */
const PROGRESS_MS = 1000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface UpdatesOptions {
  readonly port: Pick<WorkerPort, 'update'>;
  readonly sessionId: number;
  readonly logger: Logger;
  /** Called with runs that this session holds no longer. */
  onStale(refs: readonly RunRef[]): void;
}

/**
 * Gathers what running attempts say and sends it in batches, one at a time, in order; tries again until it is
 * written or the session ends. The server drops repeats, so a batch whose answer was lost may be sent again.
 */
export class Updates {
  readonly #options: UpdatesOptions;
  #lines: LogLine[] = [];
  #updates = new Map<number, RunUpdate>();
  #waiting: Waiting[] = [];
  #urgent = false;
  #timer: NodeJS.Timeout | undefined;
  #sending = false;
  readonly #ended = new AbortController();

  constructor(options: UpdatesOptions) {
    this.#options = options;
  }

  log(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length >= MOST_LINES) this.#send();
    else this.#arm(LINGER_MS);
  }

  progress(ref: RunRef, done: number, total: number | undefined): void {
    const update = this.#updateOf(ref);
    update.progress_done = done;
    if (total !== undefined) update.progress_total = total;
    this.#arm(PROGRESS_MS);
  }

  /** Resolves when the state is durable; rejects when the session ended first. */
  checkpoint(ref: RunRef, state: Json): Promise<void> {
    this.#updateOf(ref).checkpoint = state;
    return this.#written();
  }

  /** Resolves when the rows are durable; rejects when the session ended first. */
  emit(ref: RunRef, seq: number, type: string, rows: Json[]): Promise<void> {
    const update = this.#updateOf(ref);
    update.emitted ??= [];
    update.emitted.push({ seq, type, rows });
    return this.#written();
  }

  /** Resolves when all that was said so far is written, or can no longer be. */
  async flushed(): Promise<void> {
    if (this.#lines.length === 0 && this.#updates.size === 0 && !this.#sending) return;
    await this.#written().catch(() => undefined);
  }

  /** Gives up what is unsent: the session is over. */
  end(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the worker session has ended'));
  }

  #updateOf(ref: RunRef): RunUpdate {
    const known = this.#updates.get(ref.id);
    if (known?.epoch === ref.epoch) return known;
    const update: RunUpdate = { ...ref };
    this.#updates.set(ref.id, update);
    return update;
  }

  #written(): Promise<void> {
    if (this.#ended.signal.aborted) return Promise.reject(new Error('the worker session has ended'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#urgent = true;
      this.#send();
    });
  }

  #arm(ms: number): void {
    this.#timer ??= setTimeout(() => this.#send(), ms);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sending || this.#ended.signal.aborted) return;
    this.#sending = true;
    void this.#sendAll().finally(() => {
      this.#sending = false;
      // What came in between the last look and now.
      if (this.#urgent) this.#send();
      else if (this.#lines.length > 0) this.#arm(LINGER_MS);
      else if (this.#updates.size > 0) this.#arm(PROGRESS_MS);
    });
  }

  async #sendAll(): Promise<void> {
    do {
      const waiting = this.#waiting.splice(0);
      this.#urgent = false;
      while (this.#lines.length > 0 || this.#updates.size > 0) {
        const logs = this.#takeLines();
        const updates = this.#takeUpdates();
        try {
          await this.#sendBatch(logs, updates);
        } catch (error) {
          // Refused, or the session is over: whoever waits for it to be durable must know.
          for (const { reject } of waiting.splice(0)) reject(error as Error);
          if (this.#ended.signal.aborted) return;
        }
        if (waiting.length === 0 && this.#lines.length < MOST_LINES) break;
      }
      for (const { resolve } of waiting) resolve();
    } while (this.#urgent);
  }

  #takeLines(): LogLine[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#lines.length && count < MOST_LINES && bytes < MOST_BYTES) {
      bytes += this.#lines[count]?.message.length ?? 0;
      count += 1;
    }
    return this.#lines.splice(0, count);
  }

  #takeUpdates(): RunUpdate[] {
    const updates = [...this.#updates.values()].slice(0, MOST_UPDATES);
    for (const update of updates) this.#updates.delete(update.id);
    return updates;
  }

  /** @throws what refused the batch, which is dropped; an error when the session ended first */
  async #sendBatch(logs: LogLine[], updates: RunUpdate[]): Promise<void> {
    const { port, sessionId, logger, onStale } = this.#options;
    for (let failures = 0; !this.#ended.signal.aborted; ) {
      try {
        const { stale } = await port.update({ session_id: sessionId, logs, updates });
        if (stale.length > 0) onStale(stale);
        return;
      } catch (error) {
        if (isRefusal(error)) {
          logger.error(
            { err: error, lines: logs.length, updates: updates.length },
            'logs and progress were refused; dropped',
          );
          throw error;
        }
        failures += 1;
        logger.warn({ err: error, failures }, 'sending logs and progress failed; will be tried again');
        await sleep(100 + backoffMs(failures, 200, 5000), this.#ended.signal);
      }
    }
    throw new Error('the worker session has ended');
  }
}
