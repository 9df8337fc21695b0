const ESC = String.fromCharCode(0x1b);
const BEL = String.fromCharCode(0x07);

/** Terminal sequences: colours and cursor movements (CSI), titles and links (OSC), and the two-character ones. */
const SEQUENCE = [
  `${ESC}\\[[0-?]*[ -/]*[@-~]`,
  `${ESC}\\][^${BEL}${ESC}\\n]*(?:${BEL}|${ESC}\\\\)`,
  `${ESC}[@-Z\\\\^_]`,
].join('|');

/** They go as a whole, or a colour would leave its `[31m` behind; then every control character but tab and newline. */
const REMOVED = new RegExp(`${SEQUENCE}|[^\\P{Cc}\\t\\n]`, 'gu');

/** A sequence that the next piece may complete. */
const OPEN_SEQUENCE = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*|\\][^${BEL}${ESC}\\n]*${ESC}?)?$`, 'u');
/** Longer ones are none: what looks like an endless title is text. */
const LONGEST_SEQUENCE = 1024;

/** The text without terminal sequences and control characters other than tab and newline; CRLF becomes newline. */
export function cleanText(text: string): string {
  return text.replace(REMOVED, '');
}

/** cleanText for a text that arrives in pieces, as bytes: UTF-8, what is invalid replaced by U+FFFD. */
export class TextCleaner {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held = '';

  push(bytes: Uint8Array): string {
    return this.#clean(this.#decoder.decode(bytes, { stream: true }));
  }

  /** @returns what was held back; nothing follows it */
  flush(): string {
    const rest = this.#clean(this.#decoder.decode()) + cleanText(this.#held);
    this.#held = '';
    return rest;
  }

  #clean(text: string): string {
    const pending = this.#held + text;
    const open = pending.slice(-LONGEST_SEQUENCE).match(OPEN_SEQUENCE)?.[0].length ?? 0;
    this.#held = pending.slice(pending.length - open);
    return cleanText(pending.slice(0, pending.length - open));
  }
}

/** Most bytes of UTF-8 in one line; longer ones are cut into pieces. */
export const LONGEST_LINE_BYTES = 16 * 1024;

/** Cuts a text that arrives in pieces, of whole characters, into lines of at most LONGEST_LINE_BYTES. */
export class LineSplitter {
  readonly #emit: (line: string) => void;
  #rest = '';

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#emitLine(line);
    // A line without end must not grow until there is no memory left.
    if (this.#rest.length > LONGEST_LINE_BYTES) {
      const pieces = piecesOf(this.#rest);
      this.#rest = pieces.pop() ?? '';
      for (const piece of pieces) this.#emit(piece);
    }
  }

  /** Emits a last line that has no line break. */
  flush(): void {
    if (this.#rest !== '') this.#emitLine(this.#rest);
    this.#rest = '';
  }

  #emitLine(line: string): void {
    // No character of UTF-16 takes more than three bytes of UTF-8.
    if (line.length * 3 <= LONGEST_LINE_BYTES) this.#emit(line);
    else for (const piece of piecesOf(line)) this.#emit(piece);
  }
}

function piecesOf(line: string): string[] {
  const bytes = Buffer.from(line);
  const pieces: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    let end = Math.min(start + LONGEST_LINE_BYTES, bytes.length);
    // Not within a character: bytes 10xxxxxx continue one.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return pieces.length > 0 ? pieces : [''];
}
