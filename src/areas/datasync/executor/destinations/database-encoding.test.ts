import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../pipeline/contracts.ts';
import { encodeRows, utcTime } from './database-encoding.ts';
import { MYSQL_DIALECT } from './mysql/types.ts';
import { newColumn, POSTGRES_DIALECT } from './postgresql/types.ts';

const text = { field: 'text', column: newColumn('text', 'text'), key: false };
const encoded = (rows: readonly Row[], dialect = POSTGRES_DIALECT) =>
  Buffer.concat([...encodeRows(rows, [text], dialect)]).toString();

/** As the servers read it. */
function decoded(line: string): string | null {
  if (line === '\\N') return null;
  const meant: Record<string, string> = { t: '\t', n: '\n', r: '\r', '0': '\0', '\\': '\\' };
  return line.replace(/\\(.)/gs, (_, letter: string) => meant[letter] ?? letter);
}

describe('rows as bulk loads take them', () => {
  it('keeps any text apart from its neighbours, and whole', () => {
    const rows = fc.array(
      fc.option(fc.string({ unit: fc.constantFrom('a', '\\', '\t', '\n', '\r', 'N', '.', '中', '🚢') })),
    );
    fc.assert(
      fc.property(rows, (texts) => {
        const lines = encoded(texts.map((given) => ({ text: given }))).split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.map(decoded)).toEqual(texts);
      }),
    );
  });

  it('writes what is absent as null, and NUL as each engine can', () => {
    expect(encoded([{}, { text: null }, { text: 'a\0b' }])).toBe('\\N\n\\N\na\ufffdb\n');
    expect(encoded([{ text: 'a\0b' }], MYSQL_DIALECT)).toBe('a\\0b\n');
  });

  it('comes in pieces, of whole rows', () => {
    const rows = Array.from({ length: 5000 }, (_, index) => ({ text: `row ${index} ${'中'.repeat(20)}` }));
    const pieces = [...encodeRows(rows, [text], POSTGRES_DIALECT)];
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) expect(piece.at(-1)).toBe(0x0a);
    expect(Buffer.concat(pieces).toString()).toBe(rows.map((row) => `${row.text}\n`).join(''));
  });

  it('writes times as the platform does', () => {
    const within = { min: new Date('0001-01-01'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(within), (time) => {
        expect(new Date(`${utcTime(time).replace(' ', 'T')}Z`).toISOString()).toBe(time.toISOString());
      }),
    );
    expect(POSTGRES_DIALECT.time(new Date('-000001-03-04T05:06:07.008Z'))).toBe('0002-03-04T05:06:07.008Z BC');
    expect(POSTGRES_DIALECT.time(new Date('+012345-03-04T05:06:07Z'))).toBe('12345-03-04T05:06:07.000Z');
    expect(MYSQL_DIALECT.time('2024-01-01T00:30:00+02:00')).toBe('2023-12-31 22:30:00');
    expect(MYSQL_DIALECT.time('2024-01-01T00:30:00.123456Z')).toBe('2024-01-01 00:30:00.123456');
  });
});
