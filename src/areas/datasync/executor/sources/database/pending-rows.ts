import { BATCH_BYTES, sizeOfAll } from '../../pipeline/value-size.ts';
import type { RawRow } from './reader.ts';

/** Rows that wait until they are enough for a batch. */
export class PendingRows {
  readonly #most: number;
  /** In step with `rows`: about how many bytes each takes. */
  #sizes: number[] = [];
  rows: RawRow[] = [];

  /** @param most rows a batch */
  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: RawRow[]): void {
    this.rows = this.rows.length === 0 ? chunk : this.rows.concat(chunk);
    for (const row of chunk) this.#sizes.push(sizeOfAll(row));
  }

  /** How many rows are a batch, from 1; more than there are while these are not enough. */
  get enough(): number {
    let bytes = 0;
    const { length } = this.#sizes;
    for (let index = 0; index < length; index += 1) {
      bytes += this.#sizes[index] as number;
      if (bytes >= BATCH_BYTES || index + 1 === this.#most) return index + 1;
    }
    return length + 1;
  }

  take(count: number): RawRow[] {
    const rows = this.rows.slice(0, count);
    this.rows = this.rows.slice(count);
    this.#sizes = this.#sizes.slice(count);
    return rows;
  }
}
