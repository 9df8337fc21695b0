/** Takes items of a generator before they are asked for: the next pages come in while others are written. */
export class ReadAhead<T> {
  readonly #items: AsyncGenerator<T>;
  readonly #isEnough: (waiting: readonly T[], taken: T | undefined) => boolean;
  readonly #waiting: T[] = [];
  /** The last one that was taken, until another is asked for. */
  #taken: T | undefined;
  #end: { readonly error?: unknown } | undefined;
  /** Whoever waits for a change: the taker for an item, or the reader for room. */
  #sleepers: (() => void)[] = [];
  readonly #reader: Promise<void>;
  #closed = false;

  /** @param isEnough whether to wait with the next item while these are not taken, and that one is being used */
  constructor(items: AsyncGenerator<T>, isEnough: (waiting: readonly T[], taken: T | undefined) => boolean) {
    this.#items = items;
    this.#isEnough = isEnough;
    this.#reader = this.#read();
  }

  /** The next item without taking it; undefined at the end. @throws what the generator has thrown, after its items */
  async peek(): Promise<T | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return undefined;
      }
      await this.#change();
    }
    return this.#waiting[0];
  }

  async next(): Promise<T | undefined> {
    this.#taken = undefined;
    this.#wake();
    await this.peek();
    this.#taken = this.#waiting.shift();
    this.#wake();
    return this.#taken;
  }

  /** Ends the generator where it stands; whoever makes it wait must have been ended before. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#reader;
  }

  async #read(): Promise<void> {
    try {
      for await (const item of this.#items) {
        this.#waiting.push(item);
        this.#wake();
        while (!this.#closed && this.#isEnough(this.#waiting, this.#taken)) await this.#change();
        if (this.#closed) break;
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#sleepers.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#sleepers.splice(0)) resolve();
  }
}
