interface CacheOptions {
  /** The longest that anything is remembered. */
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Milliseconds on a clock that never steps back. */
  readonly now?: (() => number) | undefined;
}

/**
 * Remembers for a moment what the database said, so that not every request is a query. Callers that ask for the same
 * key at once share one query. What is absent is not remembered.
 */
export class IdentityCache<T> {
  readonly #options: CacheOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, { readonly value: T; readonly until: number }>();
  #loading = new Map<string, Promise<T | undefined>>();

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async get(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const entry = this.#entries.get(key);
    if (entry && entry.until > this.#now()) return entry.value;
    const underWay = this.#loading.get(key);
    if (underWay) return underWay;
    const loading = this.#load(key, load);
    this.#loading.set(key, loading);
    return loading;
  }

  /** Forgets everything, also what is being loaded: that was asked before whatever is the reason to forget. */
  clear(): void {
    this.#entries.clear();
    this.#loading = new Map();
  }

  async #load(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    const loads = this.#loading;
    const until = this.#now() + this.#options.ttlMs;
    try {
      const value = await load();
      if (value !== undefined && loads === this.#loading) this.#remember(key, value, until);
      return value;
    } finally {
      loads.delete(key);
    }
  }

  #remember(key: string, value: T, until: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#options.maxEntries) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, until });
  }
}
