import { storableJson } from '../kernel/json.ts';
import type { Logger } from '../kernel/logger.ts';
import { Daemon, type Service } from '../kernel/service.ts';
import type { Json } from '../protocol/executor.ts';
import type { Listener } from '../store/listener.ts';
import type { Queryable } from '../store/store.ts';

export interface BusEvent {
  /** Rising; a subscriber that remembers the last one can replay what it missed. */
  readonly seq: number;
  readonly topic: string;
  readonly payload: Json;
  readonly at: Date;
}

/** One event may tell of a thousand runs. */
const BATCH = 50;
const POLL_MS = 1000;
/** How long a number that was skipped may still turn up: its transaction took it and commits late. */
const GAP_PATIENCE_MS = 60_000;
const MOST_GAPS = 10_000;

/** Publishes within `db`'s transaction: subscribers hear of it if and only if it commits. */
export async function publish(db: Queryable, topic: string, payload: Json): Promise<void> {
  await db.query(
    `WITH event AS (INSERT INTO longshore.events (topic, payload) VALUES ($1, $2::jsonb))
     SELECT pg_notify('longshore_events', '')`,
    [topic, storableJson(payload)],
  );
}

const SELECT_EVENTS = 'SELECT seq, topic, payload, at FROM longshore.events';

/** Events after `seq`, oldest first, as far back as they are kept. */
export async function eventsSince(
  db: Queryable,
  seq: number,
  limit: number,
  topics?: readonly string[],
): Promise<BusEvent[]> {
  return db.query<BusEvent & Record<string, unknown>>(
    `${SELECT_EVENTS} WHERE seq > $1 AND ($3::text[] IS NULL OR topic = ANY ($3)) ORDER BY seq LIMIT $2`,
    [seq, limit, topics ?? null],
  );
}

/**
 * Hears every committed event once, in this process. Numbers are taken before commit, so they can become visible out
 * of order: a number that was passed over is looked for again until it has turned up or its patience is over
 * (its transaction rolled back).
 */
export class Bus implements Service {
  readonly name = 'event bus';
  readonly #db: Queryable;
  readonly #daemon: Daemon;
  readonly #subscribers = new Set<(event: BusEvent) => void>();
  readonly #gaps = new Map<number, number>();
  #last: number | undefined;
  #unlisten: (() => void) | undefined;
  readonly #listener: Listener;

  constructor(options: { db: Queryable; listener: Listener; logger: Logger }) {
    this.#db = options.db;
    this.#listener = options.listener;
    this.#daemon = new Daemon({ name: this.name, logger: options.logger, runOnce: () => this.#runOnce() });
  }

  /** @returns a function that ends the subscription. Handlers must not throw and must not wait. */
  subscribe(handler: (event: BusEvent) => void): () => void {
    this.#subscribers.add(handler);
    return () => this.#subscribers.delete(handler);
  }

  async start(): Promise<void> {
    if (this.#unlisten) return;
    const [row] = await this.#db.query<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM longshore.events');
    this.#last = row?.seq ?? 0;
    this.#unlisten = this.#listener.on('longshore_events', () => this.#daemon.wake());
    await this.#daemon.start();
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = undefined;
    await this.#daemon.stop();
  }

  async #runOnce(): Promise<{ nextInMs: number }> {
    const last = this.#last ?? 0;
    const gaps = [...this.#gaps.keys()];
    const events = await this.#db.query<BusEvent & Record<string, unknown>>(
      `${SELECT_EVENTS} WHERE seq > $1 OR seq = ANY ($2) ORDER BY seq LIMIT ${BATCH}`,
      [last, gaps],
    );
    const now = Date.now();
    for (const event of events) {
      this.#gaps.delete(event.seq);
      for (let missing = (this.#last ?? 0) + 1; missing < event.seq && this.#gaps.size < MOST_GAPS; missing += 1) {
        this.#gaps.set(missing, now + GAP_PATIENCE_MS);
      }
      this.#last = Math.max(this.#last ?? 0, event.seq);
      for (const subscriber of this.#subscribers) subscriber(event);
    }
    for (const [seq, until] of this.#gaps) if (until < now) this.#gaps.delete(seq);
    return { nextInMs: events.length === BATCH ? 0 : POLL_MS };
  }
}

/** Removes events older than `hours`. */
export async function eventsPrune(db: Queryable, hours: number): Promise<void> {
  await db.query('DELETE FROM longshore.events WHERE at < now() - make_interval(hours => $1)', [hours]);
}
