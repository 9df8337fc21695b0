/** Slots that are taken before the table is doubled. */
const LOAD = 0.6;
const FIRST_SLOTS = 1 << 12;

/**
 * Remembers which keys were there, 8 bytes a slot: a 64-bit hash of each. Two keys of five million have the same hash
 * once in a million runs.
 */
export class SeenKeys {
  readonly #most: number;
  readonly #seed: number;
  #size = 0;
  #high = new Uint32Array(FIRST_SLOTS);
  #low = new Uint32Array(FIRST_SLOTS);

  /** @param seed unknown to whoever writes the keys, who could else make them collide */
  constructor(most: number, seed: number) {
    this.#most = most;
    this.#seed = seed;
  }

  /**
   * @returns whether the key is new
   * @throws RangeError when it is, and there is no more room
   */
  add(key: string): boolean {
    const [high, low] = this.#hash(key);
    const slot = this.#slotOf(high, low);
    if (this.#isTaken(slot)) return false;
    if (this.#size >= this.#most) throw new RangeError(`more than ${this.#most} different keys`);
    this.#put(slot, high, low);
    this.#size += 1;
    if (this.#size > this.#high.length * LOAD) this.#grow();
    return true;
  }

  #isTaken(slot: number): boolean {
    return this.#high[slot] !== 0 || this.#low[slot] !== 0;
  }

  #put(slot: number, high: number, low: number): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
  }

  /** The slot that holds this hash, or the free one where it belongs. */
  #slotOf(high: number, low: number): number {
    const mask = this.#high.length - 1;
    let slot = low & mask;
    while (this.#isTaken(slot) && (this.#high[slot] !== high || this.#low[slot] !== low)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low];
    this.#high = new Uint32Array(high.length * 2);
    this.#low = new Uint32Array(low.length * 2);
    for (let slot = 0; slot < high.length; slot++) {
      const [h = 0, l = 0] = [high[slot], low[slot]];
      if (h !== 0 || l !== 0) this.#put(this.#slotOf(h, l), h, l);
    }
  }

  /** Two hashes of 32 bits that share nothing until their ends are mixed; never both 0, which marks a free slot. */
  #hash(key: string): [number, number] {
    let a = this.#seed;
    let b = ~this.#seed;
    for (let at = 0; at < key.length; at++) {
      const unit = key.charCodeAt(at);
      a = Math.imul(a ^ unit, 0x2c1b3c6d);
      a ^= a >>> 15;
      b = Math.imul(b + unit, 0x297a2d39);
      b ^= b >>> 13;
    }
    return [mixed(a + b), mixed(b ^ key.length) || 1];
  }
}

/** Every bit of the result depends on every bit of `hash`. */
function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
