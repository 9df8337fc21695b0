import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLUMN_TYPES, type ColumnType, type Value } from '../../pipeline/contracts.ts';
import { Budget, BudgetError } from '../budget.ts';
import { castTo } from './cast.ts';

const cast = (value: Value, type: ColumnType, format?: string, timezone?: string) =>
  castTo(type, format, timezone)(value, new Budget());

describe('conversions', () => {
  test.each<[Value, ColumnType, Value | undefined]>([
    ['yes', 'boolean', true],
    [0, 'boolean', false],
    [2, 'boolean', undefined],
    ['41', 'integer', 41],
    ['41.00', 'integer', 41],
    ['1e3', 'integer', 1000],
    [3.7, 'integer', undefined],
    ['9007199254740993', 'integer', 9_007_199_254_740_993n],
    [true, 'integer', 1],
    ['1.50', 'number', 1.5],
    ['1,5', 'number', undefined],
    [Number.NaN, 'number', undefined],
    ['1e999', 'number', undefined],
    ['12345678901234567890.10', 'decimal', '12345678901234567890.1'],
    [0.1, 'decimal', '0.1'],
    [1e21, 'decimal', '1000000000000000000000'],
    [41, 'text', '41'],
    [{ a: [1] }, 'text', '{"a":[1]}'],
    [new Date('2024-01-31T00:00:00Z'), 'text', '2024-01-31T00:00:00.000Z'],
    ['2024-01-31', 'date', '2024-01-31'],
    ['2024-02-30', 'date', undefined],
    ['2024-01-31T23:00:00-05:00', 'date', '2024-02-01'],
    [new Date('2024-01-31T23:00:00Z'), 'date', '2024-01-31'],
    ['2024-01-31T08:00:00+08:00', 'timestamp', new Date('2024-01-31T00:00:00Z')],
    [1_706_659_200, 'timestamp', undefined],
    ['{"a": 12345678901234567890}', 'json', { a: 12_345_678_901_234_567_890n }],
    ['{', 'json', undefined],
    [[1], 'json', [1]],
    ['aGk=', 'binary', new Uint8Array([104, 105])],
    ['not base64', 'binary', undefined],
  ])('%j as %s', (value, type, wanted) => {
    expect(cast(value, type)).toEqual(wanted);
  });

  test.each<[Value, ColumnType, string | undefined, string | undefined, Value | undefined]>([
    ['31/01/2024', 'date', '%d/%m/%Y', 'Asia/Shanghai', '2024-01-31'],
    ['2024-01-31 00:30', 'timestamp', undefined, 'Asia/Shanghai', new Date('2024-01-30T16:30:00Z')],
    [new Date('2024-01-30T16:30:00Z'), 'date', undefined, 'Asia/Shanghai', '2024-01-31'],
    [1_706_659_200, 'timestamp', 'unix', undefined, new Date('2024-01-31T00:00:00Z')],
    ['1706659200000', 'timestamp', 'unix_ms', undefined, new Date('2024-01-31T00:00:00Z')],
    [1e300, 'timestamp', 'unix', undefined, undefined],
    [new Date('2024-01-30T16:30:00Z'), 'text', '%H:%M', 'Asia/Shanghai', '00:30'],
    ['6869', 'binary', 'hex', undefined, new Uint8Array([104, 105])],
    ['中', 'binary', 'utf8', undefined, new Uint8Array([0xe4, 0xb8, 0xad])],
  ])('%j as %s, format %s, in %s', (value, type, format, timezone, wanted) => {
    expect(cast(value, type, format, timezone)).toEqual(wanted);
  });

  test.each<[ColumnType, string | undefined, string | undefined, string]>([
    ['integer', '%Y', undefined, 'integer takes no format'],
    ['timestamp', '%Q', undefined, '%Q is not known'],
    ['timestamp', undefined, 'Mars/Base', 'there is no time zone Mars/Base'],
    ['binary', 'rot13', undefined, 'one of base64, hex, utf8'],
  ])('%s with format %s in %s is refused', (type, format, timezone, message) => {
    expect(() => castTo(type, format, timezone)).toThrow(message);
  });

  test('what was converted stays as it is when it is converted again', () => {
    const value = fc.oneof(fc.double(), fc.bigInt(), fc.boolean(), fc.string(), fc.date());
    fc.assert(
      fc.property(value, fc.constantFrom(...COLUMN_TYPES), (given, type) => {
        fc.pre(type !== 'json');
        const once = cast(given, type);
        fc.pre(once !== undefined && once !== null);
        expect(cast(once ?? null, type)).toEqual(once);
      }),
    );
  });

  test('nothing but a used-up budget is thrown, whatever the value', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.bigInt(),
      fc.date({ noInvalidDate: false }),
    );
    fc.assert(
      fc.property(value, fc.constantFrom(...COLUMN_TYPES), (given, type) => {
        try {
          cast(given as Value, type);
        } catch (error) {
          expect(error).toBeInstanceOf(BudgetError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
