import { sizeOfAll } from '../../pipeline/value-size.ts';
import type { RawRow } from './reader.ts';

/** About how many bytes of rows are fetched at once. */
export const FETCH_BYTES = 4 * 1024 * 1024;
const FIRST_ROWS = 16;
/** Rows may be larger than those before them. */
const GROWTH = 4;

/** How many rows to ask for next, where a server sends as many as it is asked for, however large they are. */
export class FetchPace {
  readonly #most: number;
  #next: number;

  constructor(most: number) {
    this.#most = most;
    this.#next = Math.min(most, FIRST_ROWS);
  }

  get next(): number {
    return this.#next;
  }

  note(rows: readonly RawRow[]): void {
    let bytes = 1;
    for (const row of rows) bytes += sizeOfAll(row);
    const fitting = Math.floor((FETCH_BYTES * rows.length) / bytes);
    this.#next = Math.max(1, Math.min(this.#most, fitting, this.#next * GROWTH));
  }
}
