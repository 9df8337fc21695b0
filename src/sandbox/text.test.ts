import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, LineSplitter, LONGEST_LINE_BYTES, TextCleaner } from './text.ts';

/** Cuts `bytes` at the given fractions of its length. */
function cut(bytes: Buffer, at: number[]): Buffer[] {
  const places = at.map((fraction) => Math.floor(fraction * bytes.length)).sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

function cleaned(pieces: Uint8Array[]): string {
  const cleaner = new TextCleaner();
  return pieces.map((piece) => cleaner.push(piece)).join('') + cleaner.flush();
}

function linesOf(pieces: string[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.push(piece);
  splitter.flush();
  return lines;
}

describe('cleanText', () => {
  it('removes colours, titles, bells and NULs, and keeps tabs, newlines and every script', () => {
    expect(cleanText('\u001b[1;31mred\u001b[0m\tok\r\n\u001b]0;title\u0007中文 🚢\u0000\u0008\u009b end')).toBe(
      'red\tok\n中文 🚢 end',
    );
  });
});

describe('TextCleaner', () => {
  it('gives the same wherever the bytes are cut', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[31m', '\u001b]8;;link\u0007', '\u001b', '\r\n', '中', '🚢', '\u001b]open'),
    );
    fc.assert(
      fc.property(fc.array(piece), cuts, (pieces, at) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(cleaned(cut(bytes, at))).toBe(cleanText(bytes.toString()));
      }),
    );
  });

  it('replaces what is not UTF-8 instead of failing', () => {
    expect(cleaned([Buffer.from([0x61, 0xff, 0x62, 0xe4, 0xb8])])).toBe('a\ufffdb\ufffd');
  });

  it('does not hold an endless sequence back', () => {
    const cleaner = new TextCleaner();
    expect(cleaner.push(Buffer.from(`\u001b]${'x'.repeat(5000)}`)).length).toBeGreaterThan(3000);
  });
});

describe('LineSplitter', () => {
  it('keeps empty lines and a last line without end', () => {
    expect(linesOf(['a\n\nb', 'c\nd'])).toEqual(['a', '', 'bc', 'd']);
    expect(linesOf(['a\n'])).toEqual(['a']);
  });

  it('cuts long lines between characters, none longer than the limit, nothing lost', () => {
    const letters = fc.array(fc.constantFrom('a', 'é', '中', '🚢'), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(letters, fc.double({ min: 0, max: 1, noNaN: true }), (some, at) => {
        const all = Array.from({ length: 30_000 }, (_, index) => some[index % some.length] ?? '');
        const place = Math.floor(at * all.length);
        const lines = linesOf([all.slice(0, place).join(''), all.slice(place).join('')]);
        // Not toBe: nobody wants to read the difference.
        expect(lines.join('') === all.join('')).toBe(true);
        for (const piece of lines) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(LONGEST_LINE_BYTES);
      }),
      { numRuns: 50 },
    );
  });
});
