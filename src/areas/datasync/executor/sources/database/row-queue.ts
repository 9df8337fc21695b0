import { sizeOfAll } from '../../pipeline/value-size.ts';
import { FETCH_BYTES } from './fetch-pace.ts';
import type { RawRow } from './reader.ts';

/** The tap of a driver that hands rows over as they come in. */
interface Flow {
  pause(): void;
  resume(): void;
}

/**
 * Rows of a running query, some at a time. The driver is paused while nobody waits for more than there is, so that the
 * server waits too. Drivers have streams of their own for it, which do as much for each row, at several times the cost.
 */
export class RowQueue {
  readonly #fetchSize: number;
  readonly #flow: Flow;
  #rows: RawRow[] = [];
  #bytes = 0;
  #done = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(fetchSize: number, flow: Flow) {
    this.#fetchSize = fetchSize;
    this.#flow = flow;
  }

  /** Whether the query has ended by itself. */
  get complete(): boolean {
    return this.#done && this.#error === undefined;
  }

  push(row: RawRow): void {
    this.#rows.push(row);
    this.#bytes += sizeOfAll(row);
    if (!this.#isFull) return;
    this.#flow.pause();
    this.#wake?.();
  }

  finish(): void {
    if (this.#settled) return;
    this.#done = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#error = error;
    this.#wake?.();
  }

  /** @returns undefined after the last rows */
  async next(): Promise<RawRow[] | undefined> {
    if (!this.#isFull && !this.#settled) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#flow.resume();
      await woken;
    }
    if (this.#error !== undefined) throw this.#error;
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    return rows.length > 0 ? rows : undefined;
  }

  get #isFull(): boolean {
    return this.#rows.length >= this.#fetchSize || this.#bytes >= FETCH_BYTES;
  }

  get #settled(): boolean {
    return this.#done || this.#error !== undefined;
  }
}
