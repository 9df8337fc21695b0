import { storableJson } from '../kernel/json.ts';
import type { Logger } from '../kernel/logger.ts';
import { Daemon, type Service } from '../kernel/service.ts';
import type { Json } from '../protocol/executor.ts';
import type { Listener } from '../store/listener.ts';
import type { Queryable } from '../store/store.ts';

export interface BusEvent {
  /** Unique, and nearly rising: an event whose transaction commits late is heard after later ones. */
  readonly seq: number;
  readonly topic: string;
  readonly payload: Json;
  readonly at: Date;
}

/** One event may tell of a thousand runs. */
const BATCH = 50;
const POLL_MS = 1000;
/** How far below the latest number a bus that starts looks for such as are still to be committed. */
const GAPS_AT_START = 1000;
/**
 * The least time for which a skipped number is looked for. What follows from the transactions under way is exact but
 * for the moment between taking a number and being given a transaction id.
 */
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

/** A number that was passed over. */
interface Gap {
  /** By `performance.now()`. */
  readonly since: number;
  /** The transaction ids below this were given out before the gap was seen; unknown until the next round. */
  horizon: number | undefined;
}

/**
 * Hears every event that commits after its start once, in this process. Numbers are taken before commit, so they can
 * become visible out of order: one that was passed over is looked for again until it turns up, or until every
 * transaction that could have taken it has ended, however long that takes (it was rolled back).
 */
export class Bus implements Service {
  readonly name = 'event bus';
  readonly #db: Queryable;
  readonly #daemon: Daemon;
  readonly #subscribers = new Set<(event: BusEvent) => void>();
  readonly #gaps = new Map<number, Gap>();
  #last = 0;
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
    // The latest number, and those not far below it whose transactions may still be under way.
    const unseen = await this.#db.query<{ seq: number; seen: boolean }>(
      `WITH latest AS (SELECT coalesce(max(seq), 0) AS seq FROM longshore.events)
       SELECT n AS seq, false AS seen FROM latest, generate_series(greatest(1, seq - ${GAPS_AT_START}), seq) n
       WHERE NOT EXISTS (SELECT FROM longshore.events e WHERE e.seq = n)
       UNION ALL SELECT seq, true FROM latest`,
    );
    this.#gaps.clear();
    for (const { seq, seen } of unseen) {
      if (seen) this.#last = seq;
      else this.#addGap(seq);
    }
    this.#unlisten = this.#listener.on('longshore_events', () => this.#daemon.wake());
    await this.#daemon.start();
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = undefined;
    await this.#daemon.stop();
  }

  async #runOnce(): Promise<{ nextInMs: number }> {
    // Before the look for events: what is over by then, that look sees.
    const endedBelow = this.#gaps.size > 0 ? await this.#transactionsEndedBelow() : 0;
    // Two conditions in one would have the planner walk the table from its beginning.
    const events = await this.#db.query<BusEvent & Record<string, unknown>>(
      `(${SELECT_EVENTS} WHERE seq > $1 ORDER BY seq LIMIT ${BATCH})
       UNION ALL (${SELECT_EVENTS} WHERE seq = ANY ($2) LIMIT ${BATCH}) ORDER BY seq`,
      [this.#last, [...this.#gaps.keys()]],
    );
    for (const event of events) {
      this.#gaps.delete(event.seq);
      for (let missing = this.#last + 1; missing < event.seq && this.#gaps.size < MOST_GAPS; missing += 1) {
        this.#addGap(missing);
      }
      this.#last = Math.max(this.#last, event.seq);
      for (const subscriber of this.#subscribers) subscriber(event);
    }
    const patientSince = performance.now() - GAP_PATIENCE_MS;
    for (const [seq, { since, horizon }] of this.#gaps) {
      if (horizon !== undefined && horizon <= endedBelow && since < patientSince) this.#gaps.delete(seq);
    }
    return { nextInMs: events.length >= BATCH ? 0 : POLL_MS };
  }

  #addGap(seq: number): void {
    this.#gaps.set(seq, { since: performance.now(), horizon: undefined });
  }

  /** @returns the id below which all transactions have ended; new gaps get the id above which none had begun */
  async #transactionsEndedBelow(): Promise<number> {
    const [row] = await this.#db.query<{ ended: number; begun: number }>(
      `SELECT pg_snapshot_xmin(s)::text::bigint AS ended, pg_snapshot_xmax(s)::text::bigint AS begun
       FROM pg_current_snapshot() s`,
    );
    for (const gap of this.#gaps.values()) gap.horizon ??= row?.begun;
    return row?.ended ?? 0;
  }
}

/** Removes events older than `hours`. */
export async function eventsPrune(db: Queryable, hours: number): Promise<void> {
  await db.query('DELETE FROM longshore.events WHERE at < now() - make_interval(hours => $1)', [hours]);
}
