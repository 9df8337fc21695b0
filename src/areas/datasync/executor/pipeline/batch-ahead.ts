import type { Json } from '../../../../protocol/executor.ts';
import type { Batch, Source, TextRecords } from './contracts.ts';

/**
 * Reads on while a batch is written. Text goes out in a moment, if nothing else is done meanwhile: reading on then would
 * keep the server waiting for what is there, so it begins when all of the text is on its way.
 */
export class BatchAhead {
  readonly #batches: ReturnType<Source['read']>;
  #next: ReturnType<BatchAhead['next']> | undefined;
  #settled = false;

  constructor(batches: ReturnType<Source['read']>) {
    this.#batches = batches;
  }

  readOn(): void {
    if (this.#next || this.#settled) return;
    this.#next = this.#batches.next();
    // It is awaited later; until then it does not count as unhandled.
    this.#next.catch(() => {});
  }

  next(): Promise<IteratorResult<Batch, Json | undefined>> {
    this.readOn();
    const next = this.#next as ReturnType<BatchAhead['next']>;
    this.#next = undefined;
    return next;
  }

  /** The same text, of which whoever takes it has the source read on when all is taken. */
  readingBehind(text: TextRecords): TextRecords {
    const { chunks } = text;
    const readOn = () => this.readOn();
    return {
      ...text,
      chunks: {
        *[Symbol.iterator]() {
          yield* chunks;
          setImmediate(readOn);
        },
      },
    };
  }

  /** Resolves when nothing is being read, and nothing more will be. */
  async settled(): Promise<void> {
    this.#settled = true;
    await this.#next?.catch(() => {});
  }
}
