import { Redactor } from './redactor.ts';
import { LineSplitter, TextCleaner } from './text.ts';

/**
 * Makes lines of a stream of bytes: clean, then redacted, then cut. In this order: a control character must not tear a
 * secret apart, nor a cut.
 */
export class LineReader {
  readonly #cleaner = new TextCleaner();
  readonly #redactor: Redactor;
  readonly #splitter: LineSplitter;

  constructor(secrets: readonly string[], emit: (line: string) => void) {
    this.#redactor = new Redactor(secrets);
    this.#splitter = new LineSplitter(emit);
  }

  push(bytes: Uint8Array): void {
    this.#splitter.push(this.#redactor.push(this.#cleaner.push(bytes)));
  }

  /** Emits what was held back; nothing follows it. */
  flush(): void {
    this.#splitter.push(this.#redactor.push(this.#cleaner.flush()) + this.#redactor.flush());
    this.#splitter.flush();
  }
}
