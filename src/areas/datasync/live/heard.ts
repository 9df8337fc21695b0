/** So many are remembered one by one; what is older counts as heard. */
const REMEMBERED = 20_000;

/** Which events the bus has told of: nearly all up to the last, but for such as commit late. */
export class HeardEvents {
  readonly #numbers = new Set<number>();
  #last = 0;
  #floor = 0;

  /** @param latest everything up to it lies in the past */
  startAt(latest: number): void {
    this.#last = latest;
    this.#floor = latest;
  }

  /** The highest. */
  get last(): number {
    return this.#last;
  }

  add(event: number): void {
    this.#last = Math.max(this.#last, event);
    this.#numbers.add(event);
    if (this.#numbers.size <= REMEMBERED) return;
    const [oldest = 0] = this.#numbers;
    this.#numbers.delete(oldest);
    this.#floor = Math.max(this.#floor, oldest);
  }

  has(event: number): boolean {
    return event <= this.#floor || this.#numbers.has(event);
  }
}
