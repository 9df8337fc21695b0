import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row, Value } from '../../pipeline/contracts.ts';
import { ExpressionError } from './error.ts';
import { Expression } from './expression.ts';

const NOW = new Date('2024-03-01T12:00:00Z');

const row: Row = {
  name: ' Ana ',
  empty: '',
  age: 41,
  price: '19.90',
  big: 9_007_199_254_740_993n,
  precise: '12345678901234567890.12',
  active: true,
  nothing: null,
  tags: ['red', 'blue'],
  address: { city: '上海', lines: ['a', 'b'] },
  'order no.': 'A-1',
  'a.b': 'dotted',
  created: new Date('2024-01-31T23:30:00Z'),
  day: '2024-01-31',
  emoji: '👍🏽é',
  huge: 1e308,
  名称: '苹果',
};

function run(source: string, given: Row = row): Value {
  return new Expression(source, NOW).evaluate(given);
}

function refusal(source: string, given: Row = row): ExpressionError {
  try {
    run(source, given);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${source} was not refused`);
}

describe('values', () => {
  test.each<[string, Value]>([
    ['1', 1],
    ['1.5e3', 1500],
    ["'it''s'", "it's"],
    ['TRUE', true],
    ['null', null],
    ['name', ' Ana '],
    ['名称', '苹果'],
    ['absent', null],
    ['address.city', '上海'],
    ['address.lines[1]', 'b'],
    ['address["city"]', '上海'],
    ["address['ci' ?? 'x']", null],
    ['tags[5]', null],
    ['tags.length', null],
    ['name.length', null],
    ['["order no."]', 'A-1'],
    ["['order no.']", 'A-1'],
    ['["a.b"]', 'dotted'],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['0.1234567890123456789', '0.1234567890123456789'],
  ])('%s', (source, value) => {
    expect(run(source)).toEqual(value);
  });

  test.each([
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    'address.constructor',
    'address.__proto__',
    'tags.map',
  ])('%s is an absent field', (source) => {
    expect(run(source)).toBeNull();
    expect(run(source.replace('.', '["').replace(/(\["\w+)$/, '$1"]'))).toBeNull();
  });

  test('fields that are called like what objects inherit are read', () => {
    const given = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as Row;
    expect(run('__proto__.x + constructor', given)).toBe(3);
  });
});

describe('arithmetic', () => {
  test.each<[string, Value]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-2 - -3', 1],
    ['7 / 2', 3.5],
    ['-7 % 3', -1],
    ['age + nothing', null],
    ['price * 3', 59.7],
    ['big + 1', 9_007_199_254_740_994n],
    ['big - big', 0],
    ['9007199254740991 + 9', 9_007_199_254_741_000n],
    ['9007199254740991 * 1000', 9_007_199_254_740_991_000n],
    ['precise + 1', '12345678901234567891.12'],
    ['precise * 2', '24691357802469135780.24'],
    ["'0.1' + '0.2'", 0.3],
    ["1 / '3'", '0.33333333333333333333'],
    ['big / 2', '4503599627370496.5'],
    ['-big', -9_007_199_254_740_993n],
    ['-precise', '-12345678901234567890.12'],
  ])('%s', (source, value) => {
    expect(run(source)).toEqual(value);
  });

  test.each([
    ['age / 0', 'position 5: division by zero'],
    ["price % '0.0'", 'division by zero'],
    ["name + 'x'", 'texts are joined by concat'],
    ['tags * 2', 'takes numbers, found list'],
    ['huge * huge', 'too large'],
  ])('%s is refused for the row: %s', (source, message) => {
    expect(refusal(source).message).toContain(message);
  });

  test('agrees with JavaScript wherever that is exact', () => {
    const operand = fc.oneof(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
    );
    const operator = fc.constantFrom('+', '-', '*', '/', '%');
    fc.assert(
      fc.property(operand, operand, operator, (a, b, sign) => {
        fc.pre(!((sign === '/' || sign === '%') && b === 0));
        const wanted = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b }[sign] ?? Number.NaN;
        fc.pre(Number.isFinite(wanted));
        expect(run(`a ${sign} b`, { a, b })).toBe(wanted);
      }),
    );
  });

  test('loses nothing of whole numbers, however large, in whichever type they come', () => {
    const whole = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
    const shape = fc.constantFrom<(value: bigint) => Value>(
      (value) => value,
      (value) => value.toString(),
      (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value),
    );
    fc.assert(
      fc.property(whole, whole, shape, shape, (a, b, as, bs) => {
        const given = { a: as(a), b: bs(b) };
        for (const [sign, wanted] of [
          ['+', a + b],
          ['-', a - b],
          ['*', a * b],
        ] as const) {
          expect(BigInt(String(run(`a ${sign} b`, given)))).toBe(wanted);
        }
        expect(run('a < b', given)).toBe(a < b);
        expect(run('a >= b', given)).toBe(a >= b);
      }),
    );
  });

  test('binds as JavaScript does', () => {
    const { source } = fc.letrec<{ source: string }>((tie) => ({
      source: fc.oneof(
        { maxDepth: 5 },
        fc.nat(99).map(String),
        fc
          .tuple(tie('source'), fc.constantFrom('+', '-', '*'), tie('source'))
          .map(([a, sign, b]) => `${a} ${sign} ${b}`),
        tie('source').map((inner) => `(${inner})`),
        tie('source').map((inner) => `- ${inner}`),
      ),
    }));
    // The oracle is JavaScript itself, over digits, signs and parentheses.
    fc.assert(
      fc.property(source, (text) => {
        const wanted = Number(runInNewContext(text));
        fc.pre(Number.isSafeInteger(wanted));
        // There is no negative zero among exact numbers.
        expect(Number(run(text, {})) + 0).toBe(wanted + 0);
      }),
    );
  });
});

describe('conditions', () => {
  test.each<[string, Value]>([
    ['age = 41', true],
    ['age == 41.0 && age <> 40', true],
    ["price = 19.9 and price != '19.9'", true],
    ["'10' > '9'", true],
    ["'10' > '9a'", false],
    ['price > 9 and precise > price', true],
    ['big > 9007199254740992', true],
    ['big = 9007199254740993', true],
    ['big = 9007199254740992', false],
    ["created > '2024-01-31'", true],
    ["created = '2024-01-31T23:30:00Z'", true],
    ["created = 'soon'", false],
    ['nothing = null', true],
    ['nothing != 1', true],
    ['nothing < 1', null],
    ['not (nothing < 1)', null],
    ['nothing < 1 or true', true],
    ['nothing < 1 and false', false],
    ['nothing is null and age is not null', true],
    ['empty is null', false],
    ["'red' in tags", true],
    ["'red' in (tags)", true],
    ['age in (1, 2, 41)', true],
    ["age in ('41')", true],
    ["'b' not in ('a', 'b')", false],
    ['not age = 41', false],
    ['!active', false],
    ['! active or active', true],
    ["active ? 'yes' : 'no'", 'yes'],
    ["nothing < 1 ? 'yes' : active ? 'second' : 'third'", 'second'],
    ["if(age >= 18, 'adult', 'child')", 'adult'],
    ['nothing ?? age', 41],
    ['nothing ?? 0 > 5', false],
    ['coalesce(nothing, absent, age)', 41],
    ["tags = split('red,blue', ',')", true],
    ['address = address and address != tags', true],
    ['active = 1', false],
  ])('%s', (source, value) => {
    expect(run(source)).toEqual(value);
  });

  test.each([
    ['name < 1', 'have no order'],
    ['active < 1', 'have no order'],
    ['age and active', 'expected true or false, found number'],
    ["if('yes', 1, 2)", 'expected true or false'],
  ])('%s is refused for the row: %s', (source, message) => {
    expect(refusal(source).message).toContain(message);
  });

  test('what is not looked at cannot fail', () => {
    expect(run('age = 0 or 1 / age > 0')).toBe(true);
    expect(run('age != 41 and 1 / 0 > 0')).toBe(false);
    expect(run('if(age = 41, 1, 1 / 0)')).toBe(1);
    expect(run('age ?? 1 / 0')).toBe(41);
  });

  test('and, or and not are those of SQL, whatever is null', () => {
    const truth = fc.constantFrom(true, false, null);
    const and = (a: Value, b: Value) => (a === false || b === false ? false : a === null || b === null ? null : true);
    fc.assert(
      fc.property(truth, truth, (a, b) => {
        const not = (value: Value) => (value === null ? null : !value);
        expect(run('a and b', { a, b })).toBe(and(a, b));
        expect(run('a or b', { a, b })).toBe(not(and(not(a), not(b))));
        expect(run('not a', { a })).toBe(not(a));
      }),
    );
  });

  test('a condition holds only when it is true', () => {
    expect(new Expression('age > 1', NOW).holds(row)).toBe(true);
    expect(new Expression('nothing > 1', NOW).holds(row)).toBe(false);
    expect(() => new Expression('age', NOW).holds(row)).toThrow('must give true or false, it gives number');
  });
});

describe('functions', () => {
  test.each<[string, Value]>([
    ['lower(name)', ' ana '],
    ['upper(trim(name))', 'ANA'],
    ['length(emoji)', 3],
    ['length(tags)', 2],
    ['length(nothing)', null],
    ['substr(emoji, 0, 2)', '👍🏽'],
    ["substr('abcdef', 2)", 'cdef'],
    ["substr('abcdef', -2)", 'ef'],
    ["substr('abcdef', 1, 3)", 'bcd'],
    ["replace('a.b.c', '.', '$&')", 'a$&b$&c'],
    ["concat(trim(name), ' ', age, nothing, '!')", 'Ana 41!'],
    ["contains(name, 'An')", true],
    ["contains(tags, 'red')", true],
    ["starts_with('abc', 'ab') and ends_with('abc', 'bc')", true],
    ["split('a,b', ',')", ['a', 'b']],
    ["split('a,b', ',')[1]", 'b'],
    ["join(tags, '-')", 'red-blue'],
    ["matches('AB-12', '^[A-Z]+-\\d+$')", true],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(1.005, 2)', 1.01],
    ['round(precise, 1)', '12345678901234567890.1'],
    ['floor(-1.5)', -2],
    ['ceil(1.2)', 2],
    ['floor(precise)', 12_345_678_901_234_567_890n],
    ['abs(-big)', 9_007_199_254_740_993n],
    ['abs(-1.5)', 1.5],
    ['min(3, 1, nothing)', 1],
    ["max(split('3,20,1', ','))", '20'],
    ["to_number('12.50')", 12.5],
    ["to_number('9007199254740993')", 9_007_199_254_740_993n],
    ["to_number('x') ?? 0", 0],
    ["to_boolean('Yes')", true],
    ["to_boolean('perhaps')", null],
    ['to_text(created)', '2024-01-31T23:30:00.000Z'],
    ['to_text(tags)', '["red","blue"]'],
    ["hash('abc')", 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ["hash('c', 'ab') = hash('abc')", true],
    ['now()', NOW],
    ["to_date('31/01/2024 08:05', '%d/%m/%Y %H:%M', 'Asia/Shanghai')", new Date('2024-01-31T00:05:00Z')],
    ["to_date('2024-02-30')", null],
    ["to_date('2024-01-31 08:00', null, '+08:00')", new Date('2024-01-31T00:00:00Z')],
    ["format_date(created, '%Y年%m月%d日 %H:%M', 'Asia/Shanghai')", '2024年02月01日 07:30'],
    ["date_add(created, 1, 'month')", new Date('2024-02-29T23:30:00Z')],
    ["date_add(day, -1, 'years')", new Date('2023-01-31T00:00:00Z')],
    ["date_add(day, 36, 'hours')", new Date('2024-02-01T12:00:00Z')],
    ["date_diff(day, '2024-03-01', 'days')", 30],
    ["date_diff('2024-03-31', '2024-02-29', 'months')", -1],
    ["date_diff('2024-02-29', '2025-02-28', 'years')", 1],
    [
      "year(created, 'Asia/Shanghai') * 10000 + month(created, 'Asia/Shanghai') * 100 + day(created, 'Asia/Shanghai')",
      20_240_201,
    ],
  ])('%s', (source, value) => {
    expect(run(source)).toEqual(value);
  });

  test.each([
    ['lower(tags)', 'expected text, found list; use to_text'],
    ["round('x')", 'expected a number'],
    ['round(1.5, -1)', 'places must be a whole number'],
    ["substr('a', 'b')", 'the start must be a whole number'],
    ["year('soon')", 'expected a time'],
    ["date_add(day, 1.5, 'days')", 'the amount must be a whole number'],
    ["date_add(day, 9999, 'years')", 'beyond the year 9999'],
  ])('%s is refused for the row: %s', (source, message) => {
    expect(refusal(source).message).toContain(message);
  });
});

describe('what an author gets wrong is said when the expression is written', () => {
  test.each([
    ['', 'position 1: the expression is empty'],
    ['age >', 'position 6: expected a value, found the end'],
    ['age > 1)', 'position 8: expected an operator or the end, found ")"'],
    ['(age', 'expected ) to close the (, found the end'],
    ['1 < 2 < 3', 'position 7: comparisons cannot be chained'],
    ["name = 'Ana", "position 8: this ' is never closed"],
    ['name = "Ana"', 'text stands in single quotes'],
    ['name = ‘Ana’', 'is no quote here'],
    ['age & 1', 'write &&, or and'],
    ['{age}', 'without braces'],
    ['1st', 'a name does not begin with a digit'],
    ['lenght(name)', 'there is no function lenght; known are abs,'],
    ['constructor()', 'there is no function constructor'],
    ['lower()', 'lower is called as lower(text)'],
    ['substr(name)', 'substr is called as substr(text, start, [length])'],
    ['concat()', 'concat is called as'],
    ['if(active, 1)', 'if takes three'],
    ['name is 5', 'expected null after is'],
    ['name not 5', 'expected in after not'],
    ['in (1)', 'a field of that name is written ["in"]'],
    ['[1, 2]', 'a list is in ( )'],
    ['matches(name, name)', 'the pattern must be a text in single quotes'],
    ["matches(name, '(a')", 'pattern, position 1: this ( is never closed'],
    ["matches(name, '(a)\\1')", '\\1 is not known in a pattern'],
    ["format_date(created, '%Q')", '%Q is not known'],
    ["to_date(day, '%Y', 'Mars/Base')", 'there is no time zone the text "Mars/Base"'],
    ["date_add(day, 1, 'fortnight')", 'there is no unit the text "fortnight"'],
    ['a'.repeat(10_001), 'at most 10000 characters'],
    [`${'('.repeat(5000)}1${')'.repeat(4999)}`, 'nested more than 200 levels deep'],
    [`${'!'.repeat(9000)}true`, 'nested more than 200 levels deep'],
    [`1${'+1'.repeat(4000)}`, 'nested more than 200 levels deep'],
    [`a${'.a'.repeat(4000)}`, 'nested more than 200 levels deep'],
    [`${'1?'.repeat(3000)}1`, 'nested more than 200 levels deep'],
    ['9'.repeat(2000), 'this number is too long'],
  ])('%#: %s', (source, message) => {
    expect(refusal(source).message).toContain(message);
  });

  test('long chains of conditions are no deep ones', () => {
    const source = Array.from({ length: 1000 }, (_, index) => `a=${index}`).join(' or ');
    expect(run(source, { a: 999 })).toBe(true);
    expect(run(source, { a: -1 })).toBe(false);
  });
});

describe('bounds', () => {
  const long = 'a'.repeat(900_000);

  test.each([
    ["replace(long, 'a', 'aaaaaaaaaaaaaaaa')", { long }],
    [`replace(${'replace('.repeat(20)}'x'${", 'x', 'xxxxxxxx')".repeat(20)}, 'x', 'xxxxxxxx')`, {}],
    ['concat(long, long)', { long }],
    ["split(long, '')", { long }],
    [Array.from({ length: 100 }, () => "lower(long) = 'x'").join(' or '), { long }],
    ["join(split(long, ''), 'aaaa')", { long }],
    ['list = other', { list: Array(200_000).fill(1), other: Array(200_000).fill(1) }],
    ['to_text(list)', { list: Array(200_000).fill('x') }],
  ])('%#: a row that costs too much is refused', (source, given) => {
    expect(refusal(source, given).message).toMatch(
      /too many steps|more than 1000000 characters|more than 10000 entries|too many digits/,
    );
  });

  test('nesting that would overflow the stack is refused', () => {
    let deep: Value = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    let other: Value = 1;
    for (let level = 0; level < 100_000; level++) other = [other];
    expect(refusal('to_text(deep)', { deep }).message).toContain('nested more than 200 levels');
    expect(refusal('deep = other', { deep, other }).message).toContain('nested more than 200 levels');
  });

  test('a row begins with a full budget, whatever the one before has used', () => {
    const expression = new Expression("lower(text) = 'x'", NOW);
    for (let count = 0; count < 100; count++) expect(expression.evaluate({ text: long })).toBe(false);
  });

  test('numbers cannot grow without end', () => {
    const product = Array.from({ length: 100 }, () => 'x').join(' * ');
    expect(refusal(product, { x: 10n ** 50n }).message).toContain('too many digits');
  });

  test('reading a row leaves it as it was, and what all objects inherit too', () => {
    const given = { x: { y: 1 } };
    run('concat(to_text(x), x.y, x["__proto__"], __proto__)', given);
    expect(given).toEqual({ x: { y: 1 } });
    expect(({} as Record<string, unknown>).y).toBeUndefined();
  });
});

describe('whatever it is given, it throws nothing but its own error', () => {
  const words = [
    ...[
      'a',
      'b',
      '["c d"]',
      'a.b',
      'a[0]',
      '1',
      '2.5',
      "'x'",
      "'2024-01-01'",
      'null',
      'true',
      'false',
      '-',
      '+',
      '*',
      '/',
      '%',
    ],
    ...['=', '!=', '<', '>=', 'and', 'or', 'not', '!', 'in', 'is', '??', '?', ':', '(', ')', '[', ']', ',', '.'],
    ...[
      'if(',
      'coalesce(',
      'lower(',
      'substr(',
      'split(',
      'join(',
      'round(',
      'min(',
      'to_number(',
      'to_date(',
      'date_add(',
    ],
    ...[
      'format_date(',
      'hash(',
      'concat(',
      'replace(',
      'matches(',
      'length(',
      'to_text(',
      "'days'",
      "'%Y'",
      "'[a-z]+'",
    ],
  ];
  const value: fc.Arbitrary<Value> = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.jsonValue().map((json) => json as Value),
  );
  const record = fc.record({ a: value, b: value, 'c d': value });
  const safely = (source: string, given: Row) => {
    let expression: Expression;
    try {
      expression = new Expression(source, NOW);
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError);
      return;
    }
    try {
      expression.evaluate(given);
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError);
    }
  };

  test('for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), record, safely), { numRuns: 500 });
  });

  test('for any sequence of its words', () => {
    const source = fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => parts.join(' '));
    fc.assert(fc.property(source, record, safely), { numRuns: 3000 });
  });

  test('for any well-formed expression over any row', () => {
    const { source } = fc.letrec<{ source: string }>((tie) => {
      const inner = tie('source');
      const call = (name: string, least: number, most: number) =>
        fc.array(inner, { minLength: least, maxLength: most }).map((parts) => `${name}(${parts.join(', ')})`);
      return {
        source: fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom('a', 'b', '["c d"]', 'a.x', 'a[0]', '1', '0', '2.5', "'x'", "'10'", 'null', 'true'),
          fc
            .tuple(inner, fc.constantFrom('+', '-', '*', '/', '%', '=', '!=', '<', '>', 'and', 'or', '??', 'in'), inner)
            .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
          inner.map((of) => `(not ${of})`),
          inner.map((of) => `(- ${of})`),
          inner.map((of) => `(${of} is null)`),
          ...[
            'lower',
            'trim',
            'length',
            'abs',
            'floor',
            'to_number',
            'to_text',
            'to_boolean',
            'to_date',
            'year',
            'hash',
          ].map((name) => call(name, 1, 1)),
          ...['substr', 'round', 'contains', 'starts_with', 'split', 'join'].map((name) => call(name, 2, 2)),
          ...['concat', 'min', 'max', 'coalesce'].map((name) => call(name, 1, 4)),
          call('if', 3, 3),
          call('replace', 3, 3),
        ),
      };
    });
    fc.assert(fc.property(source, record, safely), { numRuns: 3000 });
  });
});
