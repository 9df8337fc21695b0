import type { Logger } from '../../../kernel/logger.ts';
import type { Queryable } from '../../../store/store.ts';
import {
  FEW_EVENTS,
  type LiveEventFilter,
  type LiveEventPage,
  liveEventsAfter,
  liveEventsRange,
  liveEventsUnseenAt,
} from '../queries/live_events.ts';
import type { Batch } from './batch.ts';
import { batchesOf, EVENTS_OF } from './batches-of.ts';
import type { HeardEvents } from './heard.ts';
import { endOf, eventOf, seqOf } from './seq.ts';
import type { Subscription } from './subscription.ts';

interface Page extends Pick<LiveEventPage, 'isLast' | 'nextMost'> {
  readonly batches: Batch[];
}

/** Replays that ask the database at the same time, whoever else waits: after a restart all clients come at once. */
const AT_ONCE = 4;

/**
 * Tells a subscription what is stored behind a `seq`, at the pace of its client, and lets it go live where that ends:
 * without a gap, and without telling anything twice but what it told the client before in another order.
 */
export class Replayer {
  readonly #db: Queryable;
  readonly #heard: HeardEvents;
  readonly #logger: Logger;
  readonly #turns = new Turns(AT_ONCE);

  constructor(options: { db: Queryable; heard: HeardEvents; logger: Logger }) {
    this.#db = options.db;
    this.#heard = options.heard;
    this.#logger = options.logger;
  }

  /** Resolves when it has gone live, or is over. When the database fails, the client is told where to go on. */
  async replay(subscription: Subscription, since: number): Promise<void> {
    const { connection, replay } = subscription;
    let told = 0;
    try {
      let from: number | undefined = await this.#begin(subscription, since);
      let most = FEW_EVENTS;
      while (subscription.isReplaying && connection.isOpen) {
        const { batches, isLast, nextMost } = await this.#page(subscription, from, most);
        from = undefined;
        most = nextMost;
        while (batches.length > 0) {
          told += tellFirst(batches, subscription, since);
          await connection.drained();
        }
        if (isLast && !replay.more) break;
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'a replay of events failed');
      subscription.suspend(Math.max(since, endOf(replay.position)), 0);
      return;
    }
    if (!subscription.isReplaying) return;
    subscription.goLive();
    connection.say('replayed', { channel: subscription.request.channel, messages: told });
  }

  /** @returns the event to begin with; what lies before the oldest one is gone, and the client is told so */
  async #begin({ connection, request }: Subscription, since: number): Promise<number> {
    const { oldest, latest } = await this.#turns.take(() => liveEventsRange(this.#db));
    const from = eventOf(since);
    // One beyond the latest is of a time that this database does not know: it was restored from a backup.
    if (from < oldest - 1 || from > latest) {
      connection.say('replay_incomplete', { channel: request.channel, oldest_seq: seqOf(oldest, 0) });
    }
    return from;
  }

  /**
   * @param from the event to begin with; absent = behind the last page
   * @param most how many events may be looked at
   */
  async #page(subscription: Subscription, from: number | undefined, most: number): Promise<Page> {
    const { replay, sources, request } = subscription;
    const filter: LiveEventFilter = {
      types: sources.flatMap((source) => EVENTS_OF[source]),
      jobId: request.jobId,
    };
    return this.#turns.take(async () => {
      replay.beginPage();
      const unseen = from === undefined ? [] : await liveEventsUnseenAt(this.#db, from, filter);
      const after = from === undefined ? replay.position : from - 1;
      const page = await liveEventsAfter(this.#db, after, filter, most);
      const mine = ({ channel, jobId }: Batch) =>
        sources.includes(channel) && (request.jobId === null || request.jobId === jobId);
      const brought = [...unseen, ...page.events].flatMap(batchesOf).filter(mine);
      const missed = replay.endPage(brought, page.reached, (event) => this.#heard.has(event));
      return { batches: [...brought, ...missed], isLast: page.isLast, nextMost: page.nextMost };
    });
  }
}

/**
 * Takes the first batch out of the list: what waits for a slow client then is its frames, and those alone.
 * @returns how many messages the client was told
 */
function tellFirst(batches: Batch[], { connection, request }: Subscription, since: number): number {
  const batch = batches.shift();
  const selection = batch?.selectAfter(request.wanted, batch.event < eventOf(since) ? 0 : since);
  if (!selection) return 0;
  connection.write(selection.frames);
  return selection.count;
}

/** So many at a time; the others wait in order. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
