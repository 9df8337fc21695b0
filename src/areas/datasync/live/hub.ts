import type { BusEvent } from '../../../events/bus.ts';
import { AppError } from '../../../kernel/errors.ts';
import type { Service } from '../../../kernel/service.ts';
import type { DatasyncDeps } from '../deps.ts';
import { idOf } from '../ids.ts';
import { liveEventsRange } from '../queries/live_events.ts';
import type { Batch } from './batch.ts';
import { batchesOf } from './batches-of.ts';
import { type Channel, eitherOf } from './channels.ts';
import { CLOSE_GOING_AWAY, type Client, Connection } from './connection.ts';
import { HeardEvents } from './heard.ts';
import { type LiveMetrics, registerLiveMetrics } from './live-metrics.ts';
import { Replayer } from './replayer.ts';
import { endOf } from './seq.ts';
import { keyOf, type Request, Subscription } from './subscription.ts';
import { SubscriptionIndex } from './subscription-index.ts';

/** Sockets of one server: each is memory. */
const MOST_CONNECTIONS = 20_000;
/** Of one identity on one server. */
const MOST_OF_ONE = 1_000;
const MOST_SUBSCRIPTIONS = 100;
/** Nobody knows when a place becomes free. */
const RETRY_AFTER_SECONDS = 10;

type HubOptions = Pick<DatasyncDeps, 'store' | 'bus' | 'metrics' | 'logger'>;

/**
 * Tells clients of events as the bus of this server hears them. An event is made into frames once, whoever listens; a
 * client that does not keep up is first told no more how far runs are, then nothing more on a channel but from where to
 * ask for it again, so that what waits for it is bounded and it never misses anything without knowing.
 */
export class LiveHub implements Service {
  readonly name = 'live events';
  readonly #options: HubOptions;
  /** Each with its subscriptions by their keys. */
  readonly #connections = new Map<Connection, Map<string, Subscription>>();
  readonly #ofPrincipal = new Map<string, number>();
  readonly #index = new SubscriptionIndex();
  readonly #heard = new HeardEvents();
  readonly #replayer: Replayer;
  #metrics: LiveMetrics | undefined;
  #unsubscribe: (() => void) | undefined;
  #draining = false;

  constructor(options: HubOptions) {
    this.#options = options;
    const { store: db, logger } = options;
    this.#replayer = new Replayer({ db, heard: this.#heard, logger });
  }

  async start(): Promise<void> {
    if (this.#unsubscribe) return;
    this.#metrics ??= registerLiveMetrics(this.#options.metrics.registry, () => this.#connections.size);
    this.#heard.startAt((await liveEventsRange(this.#options.store)).latest);
    this.#unsubscribe = this.#options.bus.subscribe((event) => this.#hear(event));
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  get connections(): Iterable<Connection> {
    return this.#connections.keys();
  }

  /** @throws AppError `rate_limited` or `unavailable` when another socket is one too many */
  refuseTooMany(principal: string): void {
    const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS };
    if ((this.#ofPrincipal.get(principal) ?? 0) >= MOST_OF_ONE) {
      throw new AppError('rate_limited', `At most ${MOST_OF_ONE} sockets at a time; close another one first.`, retry);
    }
    if (this.#draining || this.#connections.size >= MOST_CONNECTIONS) {
      throw new AppError('unavailable', 'This server takes no more sockets. Try again.', retry);
    }
  }

  open(client: Client): Connection {
    const connection = new Connection(client, (drained) => this.#drained(drained));
    const { principal } = client.identity;
    const subscriptions = new Map<string, Subscription>();
    this.#connections.set(connection, subscriptions);
    this.#ofPrincipal.set(principal, (this.#ofPrincipal.get(principal) ?? 0) + 1);
    client.ws.once('close', () => {
      this.#connections.delete(connection);
      const left = (this.#ofPrincipal.get(principal) ?? 1) - 1;
      if (left > 0) this.#ofPrincipal.set(principal, left);
      else this.#ofPrincipal.delete(principal);
      for (const subscription of subscriptions.values()) this.#end(subscription);
    });
    return connection;
  }

  /**
   * Adds a subscription, or puts it in the place of the one on the same channel about the same job.
   * @param since the client has what came up to there; undefined = from now on
   * @throws AppError `conflict` when the client has too many
   */
  subscribe(connection: Connection, request: Request, since: number | undefined): void {
    const subscriptions = this.#connections.get(connection);
    if (!subscriptions) return;
    const subscription = new Subscription(connection, request, since === undefined ? 'live' : 'replaying');
    const former = subscriptions.get(subscription.key);
    if (!former && subscriptions.size >= MOST_SUBSCRIPTIONS) {
      throw new AppError('conflict', `At most ${MOST_SUBSCRIPTIONS} subscriptions a socket; end another one first.`);
    }
    if (former) this.#end(former);
    subscriptions.set(subscription.key, subscription);
    this.#index.add(subscription);
    // Who breaks off before the first event can ask for what came since.
    connection.say('subscribed', namesOf(request), { seq: since ?? endOf(this.#heard.last) });
    if (since === undefined) return;
    connection.replays = connection.replays
      .then(() => this.#replayer.replay(subscription, since))
      .then(() => this.#tellMissed(connection));
  }

  /**
   * @param jobId undefined: every subscription on the channel
   * @returns how many there were
   */
  unsubscribe(connection: Connection, channel: Channel, jobId: number | undefined): number {
    const subscriptions = this.#of(connection);
    const ended = [...subscriptions.values()].filter(({ key, request }) =>
      jobId === undefined ? request.channel === channel : key === keyOf({ channel, jobId }),
    );
    for (const subscription of ended) {
      this.#end(subscription);
      subscriptions.delete(subscription.key);
    }
    return ended.length;
  }

  /** Sends everybody away, to another server. Resolves when all are gone. */
  async drain(): Promise<void> {
    const gone = [...this.connections].map(
      (connection) => new Promise<void>((resolve) => connection.client.ws.once('close', () => resolve())),
    );
    this.#draining = true;
    for (const connection of this.connections) connection.close(CLOSE_GOING_AWAY, 'The server is going away');
    await Promise.all(gone);
  }

  /** None for who is gone. */
  #of(connection: Connection): Map<string, Subscription> {
    return this.#connections.get(connection) ?? new Map();
  }

  #end(subscription: Subscription): void {
    subscription.end();
    this.#index.remove(subscription);
  }

  #hear(event: BusEvent): void {
    this.#heard.add(event.seq);
    for (const batch of batchesOf(event)) this.#deliver(batch);
  }

  #deliver(batch: Batch): void {
    const ready: Connection[] = [];
    for (const subscription of this.#index.matching(batch)) {
      if (!subscription.takes(batch)) continue;
      const { connection, request } = subscription;
      if (connection.telling?.batch === batch) {
        // A client with several subscriptions that match is told once.
        connection.telling.wanted = eitherOf(connection.telling.wanted, request.wanted);
      } else {
        connection.telling = { batch, wanted: request.wanted };
        ready.push(connection);
      }
    }
    for (const connection of ready) this.#tell(connection, batch);
  }

  #tell(connection: Connection, batch: Batch): void {
    const selection = batch.select(connection.telling?.wanted);
    connection.telling = undefined;
    if (!selection) return;
    if (batch.isProgress && connection.isBusy) {
      connection.dropProgress(selection.count);
      this.#metrics?.dropped('progress', selection.count);
    } else if (connection.isFull) {
      this.#suspend(connection, batch);
    } else {
      connection.write(selection.frames);
    }
  }

  /** Whatever would have told this batch tells nothing more until its client has asked for it again. */
  #suspend(connection: Connection, batch: Batch): void {
    for (const subscription of this.#of(connection).values()) {
      const { request, sources } = subscription;
      if (!subscription.isLive || !sources.includes(batch.channel)) continue;
      if (request.jobId !== null && request.jobId !== batch.jobId) continue;
      const missed = batch.select(request.wanted);
      if (!missed) continue;
      subscription.suspend(missed.seq - 1, missed.count);
      this.#metrics?.dropped('catch_up', missed.count);
    }
  }

  /** What a slow client was not told, it is told now that it can take it. */
  #drained(connection: Connection): void {
    const dropped = connection.takeProgressDropped();
    if (dropped > 0) connection.say('progress_dropped', { channel: 'sync_updates', dropped });
    this.#tellMissed(connection);
  }

  #tellMissed(connection: Connection): void {
    for (const subscription of this.#of(connection).values()) {
      const missed = subscription.catchUp();
      if (missed) connection.say('catch_up', { ...namesOf(subscription.request), ...missed });
    }
  }
}

/** A subscription as its client named it. */
function namesOf({ channel, jobId, wanted }: Request): object {
  const filters = {
    ...(jobId === null ? {} : { job_id: idOf('job', jobId) }),
    ...(wanted === undefined ? {} : { event_types: [...wanted] }),
  };
  return { channel, filters };
}
