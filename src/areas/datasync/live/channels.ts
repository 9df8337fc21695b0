/** What clients subscribe to, and the types of events on each channel. */
const TYPES = {
  sync_updates: [
    'sync_progress',
    'sync_started',
    'sync_completed',
    'sync_failed',
    'sync_cancelled',
    'sync_paused',
    'sync_retrying',
    'sync_requeued',
    'sync_skipped',
  ],
  record_changes: ['record_created', 'record_updated', 'record_deleted'],
  conflicts: ['conflict_detected'],
  logs: ['log'],
} as const;

export type Channel = keyof typeof TYPES;
export type EventType = (typeof TYPES)[Channel][number];

export const CHANNELS = Object.keys(TYPES) as readonly Channel[];
export const EVENT_TYPES: readonly EventType[] = Object.values(TYPES).flat();
export const RECORD_TYPES: readonly EventType[] = TYPES.record_changes;

/**
 * The events that a subscription is about, `undefined` for all that a channel has. Equal ones are the same object, so
 * that what is chosen for one subscriber is chosen for all of its kind.
 */
export type Wanted = ReadonlySet<EventType> | undefined;

const interned = new Map<string, Wanted>();

export function wantedOf(types: Iterable<EventType>): Wanted {
  const sorted = [...new Set(types)].sort();
  const key = sorted.join();
  const known = interned.get(key);
  if (known) return known;
  const wanted = new Set(sorted);
  interned.set(key, wanted);
  return wanted;
}

/** What either wants. */
export function eitherOf(a: Wanted, b: Wanted): Wanted {
  return a === b ? a : a === undefined || b === undefined ? undefined : wantedOf([...a, ...b]);
}

/**
 * The event types that may be asked for on a channel: its own. `sync_updates` also brings those of the others to who
 * names them.
 */
export function typesOn(channel: Channel): readonly EventType[] {
  return channel === 'sync_updates' ? EVENT_TYPES : TYPES[channel];
}

/** The channels whose events a subscription to `channel` is about. */
export function sourcesOf(channel: Channel, wanted: Wanted): readonly Channel[] {
  if (wanted === undefined) return [channel];
  return CHANNELS.filter((source) => TYPES[source].some((type) => wanted.has(type)));
}
