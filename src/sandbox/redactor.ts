import { MASK } from '../protocol/secret-names.ts';
import { cleanText } from './text.ts';

/** Shorter secrets would blacken ordinary words, and hide nothing that cannot be guessed. */
const SHORTEST_SECRET = 4;

/**
 * Replaces secrets in a text that arrives in pieces, wherever the pieces are cut: the result is the same as for the
 * whole text at once. What could still turn out to be the beginning of a secret is held back until it is decided.
 *
 * It works on cleaned text (see text.ts), and cleans the secrets alike: otherwise a control character inside a secret,
 * removed afterwards, would let it through. A secret of several lines (a private key) is also looked for line by line,
 * since tools print parts of it.
 */
export class Redactor {
  readonly #secrets: readonly string[];
  readonly #pattern: RegExp | undefined;
  readonly #longest: number;
  #held = '';

  /** @param secrets those shorter than 4 characters are not masked */
  constructor(secrets: Iterable<string>) {
    const wanted = new Set<string>();
    for (const secret of secrets) {
      const cleaned = cleanText(secret);
      for (const text of [cleaned, cleaned.trim(), ...cleaned.split('\n').map((line) => line.trim())]) {
        if (text.length >= SHORTEST_SECRET) wanted.add(text);
      }
    }
    // Longest first: of two secrets that begin alike, all of the longer one must go.
    this.#secrets = [...wanted].sort((a, b) => b.length - a.length);
    this.#longest = this.#secrets[0]?.length ?? 0;
    this.#pattern = this.#longest > 0 ? new RegExp(this.#secrets.map(escapeRegExp).join('|'), 'g') : undefined;
  }

  /** @returns the text that is decided by now */
  push(text: string): string {
    if (!this.#pattern) return text;
    const pending = this.#held + text;
    let decided = '';
    let position = 0;
    for (;;) {
      const open = this.#openFrom(pending, position);
      this.#pattern.lastIndex = position;
      const match = this.#pattern.exec(pending);
      // A match at or behind an open beginning waits: the longer secret that begins there would swallow it.
      if (!match || match.index >= open) {
        decided += pending.slice(position, open);
        this.#held = pending.slice(open);
        return decided;
      }
      decided += pending.slice(position, match.index) + MASK;
      position = match.index + match[0].length;
    }
  }

  /** @returns what was held back; nothing follows it */
  flush(): string {
    const rest = this.#held;
    this.#held = '';
    return this.#pattern ? rest.replace(this.#pattern, MASK) : rest;
  }

  /** Where the last part of `text` begins that may grow into a secret; its length when there is none. */
  #openFrom(text: string, position: number): number {
    for (let index = Math.max(position, text.length - this.#longest + 1); index < text.length; index++) {
      const tail = text.length - index;
      for (const secret of this.#secrets) {
        if (secret.length > tail && secret[0] === text[index] && secret.startsWith(text.slice(index))) return index;
      }
    }
    return text.length;
  }
}

/** Masks `secrets` in a text that is there as a whole. */
export function redact(text: string, secrets: Iterable<string>): string {
  const redactor = new Redactor(secrets);
  return redactor.push(text) + redactor.flush();
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
