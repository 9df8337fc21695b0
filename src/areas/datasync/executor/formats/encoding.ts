import { TextDecoder } from 'node:util';
import { unreadable } from './reading.ts';

/** Decodes whole pieces of text. */
export interface Decoder {
  /** The WHATWG name, such as `utf-8`. */
  readonly encoding: string;
  /** @returns undefined when bytes are not of the encoding */
  decode(bytes: Uint8Array): string | undefined;
  /** With replacement characters for what is not of the encoding. */
  decodeLoosely(bytes: Uint8Array): string;
  /** The same for pieces of a text, which may end within a character. */
  streamed(): (bytes: Uint8Array) => string;
}

/** What windows-1252 has where Latin-1 has control characters; Node 20 decodes it as Latin-1. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const C1_CONTROLS = /[\u0080-\u009f]/g;

/**
 * @param label of the WHATWG's encoding standard, such as `gbk`
 * @throws ExecutorError for one that is unknown
 */
export function decoderOf(label: string): Decoder {
  let strict: TextDecoder;
  try {
    // The mark is dropped where it is looked for, at the beginning of the file, and not of every piece.
    strict = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  } catch {
    throw unreadable(`config.encoding: ${label} is not an encoding; give a label such as utf-8, gbk or utf-16le`);
  }
  const loose = new TextDecoder(label, { ignoreBOM: true });
  const { encoding } = strict;
  const corrected = correction(encoding);
  return {
    encoding,
    decode: (bytes) => {
      // The converter behind the decoder maps this byte to private characters instead of refusing it.
      if (encoding === 'gbk' && bytes.includes(0xff)) return undefined;
      try {
        return corrected(strict.decode(bytes));
      } catch {
        return undefined;
      }
    },
    decodeLoosely: (bytes) => corrected(loose.decode(bytes)),
    streamed: () => {
      const decoder = new TextDecoder(label, { ignoreBOM: true });
      return (bytes) => corrected(decoder.decode(bytes, { stream: true }));
    },
  };
}

function correction(encoding: string): (text: string) => string {
  if (encoding !== 'windows-1252') return (text) => text;
  return (text) => text.replace(C1_CONTROLS, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80] ?? control);
}

/** What a byte order mark at the beginning says of the encoding, which goes before what anybody else says. */
export function encodingOfMark(bytes: Uint8Array): { readonly encoding: string; readonly length: number } | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', length: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', length: 2 };
  return undefined;
}

/** How an encoding writes the end of a line; in all that are not UTF-16 the byte stands for nothing else. */
export class LineEnds {
  readonly #mark: Buffer;

  constructor(encoding: string, character: '\n' | '\r') {
    const code = character.charCodeAt(0);
    if (encoding === 'utf-16le') this.#mark = Buffer.from([code, 0]);
    else if (encoding === 'utf-16be') this.#mark = Buffer.from([0, code]);
    else this.#mark = Buffer.from([code]);
  }

  /** Bytes of a line end, and of every character of the encoding a multiple of them. */
  get width(): number {
    return this.#mark.length;
  }

  /** @returns the index behind the first line end at or after `from`, or -1 */
  first(bytes: Buffer, from = 0): number {
    const width = this.#mark.length;
    let at = bytes.indexOf(this.#mark, from);
    while (at >= 0 && at % width !== 0) at = bytes.indexOf(this.#mark, at + 1);
    return at < 0 ? -1 : at + width;
  }

  /** @returns the index behind the last line end, or -1 */
  last(bytes: Buffer): number {
    const width = this.#mark.length;
    let at = bytes.lastIndexOf(this.#mark);
    while (at >= 0 && at % width !== 0) at = at === 0 ? -1 : bytes.lastIndexOf(this.#mark, at - 1);
    return at < 0 ? -1 : at + width;
  }
}
