import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDecimals, decimalOf, decimalText, parseDecimal, plainValue, roundDecimal } from './decimal.ts';

function rounded(text: string, places: number, kind: 'half' | 'floor' | 'ceil'): string {
  const decimal = parseDecimal(text);
  if (!decimal) throw new Error(`${text} is no decimal`);
  return decimalText(roundDecimal(decimal, places, kind));
}

describe('decimals', () => {
  test.each([
    ['12', '12'],
    ['-0.50', '-0.5'],
    ['+1.', '1'],
    ['.5', '0.5'],
    ['1e3', '1000'],
    ['1.5E-3', '0.0015'],
    [' 7 ', '7'],
    ['-0', '0'],
    ['007', '7'],
  ])('%j is %s', (text, wanted) => {
    const decimal = parseDecimal(text);
    expect(decimal && decimalText(decimal)).toBe(wanted);
  });

  test.each([
    '',
    ' ',
    '.',
    '-',
    '1.2.3',
    '1,5',
    '0x10',
    'NaN',
    'Infinity',
    '1e',
    '1e99999',
    '١',
    '9'.repeat(1001),
    '--1',
  ])('%j is none', (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  test('every finite number comes back from its decimal', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const decimal = decimalOf(number);
        const plain = decimal && plainValue(decimal);
        expect(Number(plain)).toBe(number === 0 ? 0 : number);
      }),
    );
  });

  test('a plain value says exactly what the decimal does', () => {
    const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(digits, fc.nat(30), (value, scale) => {
        const decimal = { digits: value, scale };
        const back = decimalOf(plainValue(decimal));
        expect(back && compareDecimals(back, decimal)).toBe(0);
      }),
    );
  });

  test.each([
    ['2.5', 0, 'half', '3'],
    ['-2.5', 0, 'half', '-3'],
    ['2.49', 0, 'half', '2'],
    ['-1.5', 0, 'floor', '-2'],
    ['1.5', 0, 'floor', '1'],
    ['-1.5', 0, 'ceil', '-1'],
    ['1.1', 0, 'ceil', '2'],
    ['2', 0, 'ceil', '2'],
    ['1.005', 2, 'half', '1.01'],
  ] as const)('%s to %i places, %s, is %s', (text, places, kind, wanted) => {
    expect(rounded(text, places, kind)).toBe(wanted);
  });
});
