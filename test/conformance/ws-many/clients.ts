/**
 * The clients of the test with many sockets. All listen to one job; every hundredth stops reading, and it and its
 * neighbour listen to a second job too, which tells more than any buffer holds. Each keeps account of what it was told.
 */
import { childArgument, serveUntilTold, tell } from '../../support/child.ts';
import { RawClient } from './raw-client.ts';

export interface ClientsArgument {
  /** Without a query. */
  readonly url: string;
  readonly clients: number;
  /** Credentials, each for as many clients. */
  readonly keys: readonly string[];
  /** What each is told of the first job: records, one after the other, and progress. */
  readonly records: number;
  readonly progress: number;
  /** Records of the second job. */
  readonly heavy: number;
}

export interface ClientsAnswer {
  /** Those that were told all. */
  readonly complete: number;
  /** Those that had to catch up. */
  readonly caughtUp: number;
  readonly progressDropped: number;
  /** What is wrong, of some clients. */
  readonly faults: readonly string[];
}

const argument = childArgument<ClientsArgument>();
const STALLED_EVERY = 100;
const AT_ONCE = 50;
const LIGHT = 'job_1';
const HEAVY = 'job_2';

/** One client's account. */
class Account {
  readonly stalls: boolean;
  readonly #number: number;
  readonly #jobs: readonly string[];
  /** The next record of each job: they are told in order. */
  readonly #next = new Map<string, number>();
  #client: RawClient | undefined;
  #acks = 0;
  #progress = 0;
  progressDropped = 0;
  caughtUp = 0;
  fault: string | undefined;

  constructor(number: number) {
    this.#number = number;
    const place = number % STALLED_EVERY;
    this.stalls = place === STALLED_EVERY - 1;
    this.#jobs = place >= STALLED_EVERY - 2 ? [LIGHT, HEAVY] : [LIGHT];
  }

  async open(): Promise<void> {
    const key = argument.keys[this.#number % argument.keys.length];
    const url = new URL(`${argument.url}?token=${key}`);
    const ready = new Promise<void>((resolve) => {
      this.#onReady = resolve;
    });
    this.#client = await RawClient.open(
      url,
      (message) => this.#hear(message),
      () => {
        if (!this.isComplete) this.fault ??= 'was closed';
        settle();
      },
    );
    this.#subscribe('sync_updates', LIGHT);
    for (const job of this.#jobs) this.#subscribe('record_changes', job);
    await ready;
    if (this.stalls) this.#client.pause();
  }

  resume(): void {
    this.#client?.resume();
  }

  end(): void {
    this.#client?.end();
  }

  get isComplete(): boolean {
    const records = this.#next.get(LIGHT) === argument.records;
    const heavy = !this.#jobs.includes(HEAVY) || this.#next.get(HEAVY) === argument.heavy;
    return records && heavy && this.#progress + this.progressDropped === argument.progress;
  }

  toString(): string {
    return `client ${this.#number}: ${JSON.stringify([...this.#next])}, ${this.#progress} progress, ${this.progressDropped} dropped, ${this.fault}`;
  }

  #onReady: () => void = () => undefined;

  #subscribe(channel: string, job: string, since?: number): void {
    this.#client?.say({ type: 'subscribe', payload: { channel, filters: { job_id: job }, since } });
  }

  #hear(message: ReturnType<typeof JSON.parse>): void {
    const { type, payload } = message;
    if (type === 'record_change') {
      const expected = this.#next.get(message.job_id) ?? 0;
      if (Number(payload.record_id) !== expected) this.fault ??= `${payload.record_id} came instead of ${expected}`;
      this.#next.set(message.job_id, expected + 1);
    } else if (type === 'sync_progress') {
      this.#progress += 1;
    } else if (type === 'progress_dropped') {
      this.progressDropped += payload.dropped;
    } else if (type === 'catch_up') {
      this.caughtUp += 1;
      this.#subscribe(payload.channel, payload.filters.job_id, payload.from_seq);
    } else if (type === 'subscribed') {
      this.#acks += 1;
      if (this.#acks === 1 + this.#jobs.length) this.#onReady();
    } else if (type !== 'replayed') {
      this.fault ??= JSON.stringify(message);
    }
    if (this.isComplete) settle();
  }
}

const accounts = Array.from({ length: argument.clients }, (_, number) => new Account(number));
let settling = false;

/** Answers when every client has been told all, or one has noticed that it was not. */
function settle(): void {
  if (!settling || accounts.some((account) => !account.isComplete && account.fault === undefined)) return;
  settling = false;
  const faulty = accounts.filter(({ fault }) => fault !== undefined);
  const answer: ClientsAnswer = {
    complete: accounts.filter(({ isComplete }) => isComplete).length,
    caughtUp: accounts.filter(({ caughtUp }) => caughtUp > 0).length,
    progressDropped: accounts.reduce((sum, { progressDropped }) => sum + progressDropped, 0),
    faults: faulty.slice(0, 10).map(String),
  };
  tell(answer);
}

const waiting = accounts.values();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const account of waiting) await account.open();
  }),
);
process.on('message', () => {
  settling = true;
  for (const account of accounts) account.resume();
  settle();
});
await serveUntilTold(async () => {
  for (const account of accounts) account.end();
});
