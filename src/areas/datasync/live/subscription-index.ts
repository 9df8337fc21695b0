import type { Batch } from './batch.ts';
import type { Channel } from './channels.ts';
import type { Subscription } from './subscription.ts';

interface Subscribers {
  readonly all: Set<Subscription>;
  readonly byJob: Map<number, Set<Subscription>>;
}

/** Finds who may want a batch without asking all: by its channel, and by its job. */
export class SubscriptionIndex {
  readonly #channels = new Map<Channel, Subscribers>();

  add(subscription: Subscription): void {
    for (const channel of subscription.sources) {
      const { all, byJob } = this.#subscribersOf(channel);
      const { jobId } = subscription.request;
      if (jobId === null) all.add(subscription);
      else byJob.set(jobId, (byJob.get(jobId) ?? new Set()).add(subscription));
    }
  }

  remove(subscription: Subscription): void {
    for (const channel of subscription.sources) {
      const { all, byJob } = this.#subscribersOf(channel);
      const { jobId } = subscription.request;
      if (jobId === null) all.delete(subscription);
      else {
        const ofJob = byJob.get(jobId);
        ofJob?.delete(subscription);
        if (ofJob?.size === 0) byJob.delete(jobId);
      }
    }
  }

  *matching({ channel, jobId }: Batch): Generator<Subscription> {
    const subscribers = this.#channels.get(channel);
    if (!subscribers) return;
    yield* subscribers.all;
    if (jobId !== null) yield* subscribers.byJob.get(jobId) ?? [];
  }

  #subscribersOf(channel: Channel): Subscribers {
    let subscribers = this.#channels.get(channel);
    if (!subscribers) {
      subscribers = { all: new Set(), byJob: new Map() };
      this.#channels.set(channel, subscribers);
    }
    return subscribers;
  }
}
