/** All limits are so many a minute. */
export const WINDOW_MS = 60_000;
/** Subjects that each bucket remembers in this process; the least recently seen make room. */
export const REMEMBERED = 10_000;

/** The running window of a subject: it begins with the subject's first use, and the next with the first use after it. */
export interface Window {
  /** Uses so far, the present one included. */
  readonly count: number;
  /** Milliseconds until it ends. */
  readonly leftMs: number;
  /** When it ends, in epoch milliseconds by the clock of whoever counts. */
  readonly endsAt: number;
}

/** Who counts: this process for itself, or all servers together. */
export interface Windows {
  /** Counts one use. Never throws. */
  take(bucket: string, subject: string): Window | Promise<Window>;
}

interface Entry {
  count: number;
  endsAt: number;
  /** When it ends by a clock that never steps. */
  readonly until: number;
}

/** Windows of this process. Exact, since nothing comes between looking and counting. */
export class LocalWindows implements Windows {
  readonly #buckets = new Map<string, Map<string, Entry>>();
  readonly #now: () => number;

  /** @param now milliseconds on a clock that never steps */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  take(bucket: string, subject: string): Window {
    const entries = this.#entriesOf(bucket);
    const now = this.#now();
    let entry = entries.get(subject);
    if (entry && entry.until > now) entry.count += 1;
    else entry = { count: 1, endsAt: Date.now() + WINDOW_MS, until: now + WINDOW_MS };
    remember(entries, subject, entry);
    return { count: entry.count, leftMs: entry.until - now, endsAt: entry.endsAt };
  }

  /** Takes over what somebody else has counted: the next use here goes on from there. */
  learn(bucket: string, subject: string, { count, leftMs, endsAt }: Window): void {
    remember(this.#entriesOf(bucket), subject, { count, endsAt, until: this.#now() + leftMs });
  }

  #entriesOf(bucket: string): Map<string, Entry> {
    let entries = this.#buckets.get(bucket);
    if (!entries) {
      entries = new Map();
      this.#buckets.set(bucket, entries);
    }
    return entries;
  }
}

/** A map goes through its keys in the order in which they came: the first is the one not seen for longest. */
function remember(entries: Map<string, Entry>, subject: string, entry: Entry): void {
  entries.delete(subject);
  if (entries.size >= REMEMBERED) {
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }
  entries.set(subject, entry);
}
