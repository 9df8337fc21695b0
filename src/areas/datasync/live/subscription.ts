import type { Batch } from './batch.ts';
import { type Channel, sourcesOf, type Wanted } from './channels.ts';
import type { Connection } from './connection.ts';

/** What a client asked for. */
export interface Request {
  readonly channel: Channel;
  /** Null = all jobs. */
  readonly jobId: number | null;
  readonly wanted: Wanted;
}

/**
 * - live: told of events as they are heard
 * - replaying: told of what is stored; what is heard meanwhile is stored too
 * - suspended: its client was too slow; nothing until it subscribes anew
 * - over: unsubscribed, replaced or gone
 */
type State = 'live' | 'replaying' | 'suspended' | 'over';

export class Subscription {
  readonly connection: Connection;
  readonly request: Request;
  readonly sources: readonly Channel[];
  /** How far the replay has come. */
  readonly replay = new ReplayedSoFar();
  #state: State;
  /** While suspended: what the client must ask for to miss nothing. */
  #fromSeq = 0;
  #dropped = 0;
  #told = false;

  constructor(connection: Connection, request: Request, state: 'live' | 'replaying') {
    this.connection = connection;
    this.request = request;
    this.sources = sourcesOf(request.channel, request.wanted);
    this.#state = state;
  }

  /** By what a client names it: one on the same channel about the same job takes its place. */
  get key(): string {
    return keyOf(this.request);
  }

  get isReplaying(): boolean {
    return this.#state === 'replaying';
  }

  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** @returns whether a batch that is heard now is to be sent now */
  takes(batch: Batch): boolean {
    switch (this.#state) {
      case 'live':
        return !this.replay.hasBrought(batch);
      case 'replaying':
        this.replay.hear(batch);
        return false;
      case 'suspended':
        this.#dropped += batch.select(this.request.wanted)?.count ?? 0;
        return false;
      case 'over':
        return false;
    }
  }

  goLive(): void {
    if (this.#state === 'replaying') this.#state = 'live';
  }

  /** @param fromSeq behind which the client has missed something: `dropped` messages, and all that follow */
  suspend(fromSeq: number, dropped: number): void {
    if (this.#state === 'over') return;
    this.#state = 'suspended';
    this.#fromSeq = fromSeq;
    this.#dropped = dropped;
    this.#told = false;
  }

  end(): void {
    this.#state = 'over';
  }

  /** What a client that can take it must be told, once. */
  catchUp(): { readonly from_seq: number; readonly dropped: number } | undefined {
    if (this.#state !== 'suspended' || this.#told) return undefined;
    this.#told = true;
    return { from_seq: this.#fromSeq, dropped: this.#dropped };
  }
}

export function keyOf({ channel, jobId }: Pick<Request, 'channel' | 'jobId'>): string {
  return `${channel} ${jobId ?? '*'}`;
}

/**
 * Keeps what is read and what is heard from coming twice or not at all. An event that is heard has committed before, so
 * a page that is asked for later has it; one that the page at hand has may be heard only after it.
 */
class ReplayedSoFar {
  /** The last event that pages have reached: later ones are in pages to come. */
  position = 0;
  /** Something was heard that only another page can have. */
  more = false;
  /** Batches that pages have brought and that are still to be heard, by their `seq`. */
  readonly #ahead = new Set<number>();
  /** Heard while a page is being read, which may have them or not. */
  #undecided: Batch[] | undefined;
  /** Heard late: pages are past them, and had them not. */
  #late: Batch[] = [];

  /** @returns whether a live subscription has this batch already */
  hasBrought(batch: Batch): boolean {
    return this.#ahead.size > 0 && this.#ahead.delete(batch.seq);
  }

  /** A batch is heard during the replay. */
  hear(batch: Batch): void {
    if (this.hasBrought(batch)) return;
    if (this.#undecided) {
      this.#undecided.push(batch);
      return;
    }
    if (batch.event <= this.position) this.#late.push(batch);
    this.more = true;
  }

  /** A page is about to be asked for. */
  beginPage(): void {
    this.#undecided = [];
    this.more = false;
  }

  /**
   * A page has come.
   * @param brought its batches
   * @param position the last event that it was to look at
   * @param isHeard whether the bus has told of an event already
   * @returns what was heard, is not in the page and will be in no other
   */
  endPage(brought: readonly Batch[], position: number, isHeard: (event: number) => boolean): Batch[] {
    this.position = Math.max(this.position, position);
    const has = new Set<number>();
    for (const batch of brought) {
      has.add(batch.seq);
      if (!isHeard(batch.event)) this.#ahead.add(batch.seq);
    }
    const missing = [...this.#late, ...(this.#undecided ?? [])].filter(({ seq }) => !has.has(seq));
    this.#late = [];
    this.#undecided = undefined;
    if (missing.some(({ event }) => event > this.position)) this.more = true;
    return missing.filter(({ event }) => event <= this.position);
  }
}
