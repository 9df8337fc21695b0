import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMN_TYPES, type ColumnType, type Value } from '../pipeline/contracts.ts';
import { newColumn as mysqlColumn } from './mysql/types.ts';
import { newColumn as postgresColumn } from './postgresql/types.ts';
import { joinTypes, typeOf, widenedType } from './schema.ts';
import { fits, isDateText, type TableColumn, takesAnything } from './schema-column.ts';
import { jsonText } from './schema-json.ts';

const postgres = (type: ColumnType) => postgresColumn('c', type);
const mysql = (type: ColumnType) => mysqlColumn('c', type, { keys: 0, wide: true, collation: 'utf8mb4_bin' });

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('007', '7', '1.50', '1e5', 'true', '2024-02-30', '2024-02-29', '2024-01-01T00:00:00Z', ''),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 4 }),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.string(), scalar),
);

describe('types of values', () => {
  it('names the narrowest type of a value', () => {
    const cases: [Value, ColumnType | undefined][] = [
      [true, 'boolean'],
      [-0, 'integer'],
      [2 ** 53, 'number'],
      [0.5, 'number'],
      [Number.NaN, 'number'],
      [2n ** 63n - 1n, 'integer'],
      [2n ** 63n, 'decimal'],
      ['2024-02-29', 'date'],
      ['2023-02-29', 'text'],
      ['0000-01-01', 'text'],
      ['2024-1-1', 'text'],
      [new Date(0), 'timestamp'],
      [new Date(Number.NaN), undefined],
      [new Uint8Array(), 'binary'],
      [[], 'json'],
      [{}, 'json'],
      [null, undefined],
    ];
    for (const [given, expected] of cases) expect(typeOf(given), String(given)).toBe(expected);
  });

  it('joins types the same in any order', () => {
    const type = fc.constantFrom(...COLUMN_TYPES);
    fc.assert(
      fc.property(type, type, type, (a, b, c) => {
        expect(joinTypes(a, b)).toBe(joinTypes(b, a));
        expect(joinTypes(joinTypes(a, b), c)).toBe(joinTypes(a, joinTypes(b, c)));
        expect(joinTypes(a, a)).toBe(a);
      }),
    );
  });

  it('recognises the days of the calendar', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(isDateText(date.toISOString().slice(0, 10))).toBe(true);
        },
      ),
    );
    for (const no of ['2024-13-01', '2024-00-10', '2024-04-31', '1900-02-29', '2024-02-2x', '2024/02/02']) {
      expect(isDateText(no), no).toBe(false);
    }
  });
});

describe.each([
  ['PostgreSQL', postgres],
  ['MySQL', mysql],
] as const)('columns of %s', (_, made) => {
  it('holds each value in the column that is made for it', () => {
    fc.assert(
      fc.property(value, (given) => {
        const type = typeOf(given);
        if (type === undefined) return;
        const column = made(type);
        expect(fits(fits(column, given) ? column : made(widenedType(column, given, made)), given)).toBe(true);
      }),
    );
  });

  it('widens to what holds the value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...COLUMN_TYPES), value, (type, given) => {
        const column = made(type);
        if (!fits(column, given)) expect(fits(made(widenedType(column, given, made)), given)).toBe(true);
      }),
    );
  });

  it('says of a column that takes anything only what is so', () => {
    fc.assert(
      fc.property(fc.constantFrom(...COLUMN_TYPES), value, (type, given) => {
        if (takesAnything(made(type))) expect(fits(made(type), given)).toBe(true);
      }),
    );
  });
});

describe('what fits', () => {
  const fitting = (column: TableColumn, ...values: Value[]) => values.filter((given) => fits(column, given));

  it('takes text for a number only where it is written as that number would be', () => {
    expect(fitting(postgres('integer'), '7', '007', '+7', '7.0', ' 7', '-7', '-0', '')).toEqual(['7', '-7']);
    expect(fitting(postgres('number'), '0.5', '.5', '0.50', '1e21', '1e+21', 'NaN')).toEqual(['0.5', '1e+21', 'NaN']);
    expect(fitting(postgres('decimal'), '1.50', '01.5', '1.', '1e3', '-0.5')).toEqual(['1.50', '-0.5']);
  });

  it('keeps integers within their range', () => {
    const small = { ...postgres('integer'), range: [-5n, 5n] as const };
    expect(fitting(small, 5, 6, -5n, -6n, '5', '6', 0.5)).toEqual([5, -5n, '5']);
    expect(fitting(postgres('integer'), 2 ** 63, -(2 ** 63), 1e300, 2n ** 63n)).toEqual([-(2 ** 63)]);
  });

  it('takes no bigint for a double that would be another number', () => {
    expect(fitting(postgres('number'), 2n ** 53n, 2n ** 53n + 1n)).toEqual([2n ** 53n]);
  });

  it('counts the characters of a text, not its code units', () => {
    expect(fitting({ ...postgres('text'), length: 2 }, 'ab', 'abc', '🚢🚢', '中文字', 12, 123)).toEqual([
      'ab',
      '🚢🚢',
      12,
    ]);
  });

  it('takes times in ISO 8601', () => {
    const good = ['2024-01-01T00:00:00Z', '2024-01-01 00:00:00.123456+08:00', '2024-01-01T23:59', '2024-01-01'];
    const bad = ['2024-01-01T24:00:00Z', '2024-01-01T00:60:00Z', '2024-13-01T00:00:00Z', 'yesterday', '1704067200'];
    expect(fitting(postgres('timestamp'), ...good, ...bad)).toEqual(good);
    expect(fitting(mysql('timestamp'), new Date('+012345-01-01T00:00:00Z'))).toEqual([]);
    expect(fitting(mysql('number'), Number.NaN, Number.POSITIVE_INFINITY, 1)).toEqual([1]);
  });
});

describe('JSON of columns', () => {
  it('is that of the platform wherever that is exact', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(JSON.parse(jsonText(json as Value))).toEqual(JSON.parse(JSON.stringify(json).toWellFormed()));
      }),
    );
  });

  it('spells what the platform cannot', () => {
    const odd = { big: 12345678901234567890n, at: new Date(0), bytes: new Uint8Array([1]), nan: Number.NaN };
    expect(jsonText(odd)).toBe(
      '{"big":12345678901234567890,"at":"1970-01-01T00:00:00.000Z","bytes":"AQ==","nan":"NaN"}',
    );
    expect(jsonText(['a\0', '\ud800', '\\u0000'])).toBe('["a\ufffd","\ufffd","\\\\u0000"]');
  });
});
