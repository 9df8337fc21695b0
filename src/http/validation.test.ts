import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { AppError } from '../kernel/errors.ts';
import { convertText, problemsOf, refuseUnstorable } from './validation.ts';

const schema = Type.Object({
  page: Type.Integer({ default: 1 }),
  ratio: Type.Optional(Type.Number()),
  follow: Type.Optional(Type.Boolean()),
  search: Type.Optional(Type.String()),
});

function problem(work: () => void): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('nothing was refused');
}

describe('convertText', () => {
  test('takes every whole number that JavaScript can hold, and gives back the same', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(convertText(schema, { page: String(value) })).toMatchObject({ page: value === 0 ? 0 : value });
      }),
    );
  });

  test.each(['', ' 1', '1 ', '1.0', '1e3', '0x10', '+1', '９', '99999999999999999', 'NaN', 'Infinity'])(
    'leaves %j as text, for the validation to refuse',
    (page) => {
      expect(convertText(schema, { page })).toEqual({ page });
    },
  );

  test('fills in defaults, converts by type, and leaves text and what the schema does not know', () => {
    const given = { ratio: '0.5', follow: 'true', search: '7', other: '8' };
    expect(convertText(schema, given)).toEqual({ page: 1, ratio: 0.5, follow: true, search: '7', other: '8' });
    expect(convertText(schema, { follow: 'yes' })).toMatchObject({ follow: 'yes' });
  });
});

describe('problemsOf', () => {
  const typeFault = (instancePath: string, type: string) => ({
    keyword: 'type',
    instancePath,
    schemaPath: '#/x',
    params: { type },
    message: '',
  });

  test('says what branches of a union say, not that the union fits nowhere', () => {
    const union = { keyword: 'anyOf', instancePath: '/a', schemaPath: '#/a', params: {}, message: '' };
    const faults = [typeFault('/a', 'string'), typeFault('/a', 'null'), union];
    expect(problemsOf(faults, 'body')).toEqual([{ field: 'a', message: 'must be text' }]);
  });

  test('says what is wrong within a value that might have been null, not that it is none', () => {
    const faults = [typeFault('', 'null'), typeFault('/limit', 'integer')];
    expect(problemsOf(faults, 'body')).toEqual([{ field: 'limit', message: 'must be a whole number' }]);
    expect(problemsOf([typeFault('/a', 'null'), typeFault('/ab', 'string')], 'body')).toHaveLength(2);
  });

  test('looks at a few of a hundred thousand faults, and names twenty', () => {
    let looks = 0;
    const faults = Array.from({ length: 100_000 }, (_, index) => ({
      ...typeFault('', 'string'),
      get instancePath() {
        looks += 1;
        return `/tags/${index}`;
      },
    }));
    const problems = problemsOf(faults, 'body');
    expect(problems).toHaveLength(20);
    expect(problems[0]).toEqual({ field: 'tags.0', message: 'must be text' });
    expect(looks).toBeLessThan(faults.length);
  });
});

describe('refuseUnstorable', () => {
  test('lets through whatever PostgreSQL can keep', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u0000') && !/\\ud[89a-f]/.test(JSON.stringify(value)));
        expect(() => refuseUnstorable(value)).not.toThrow();
      }),
    );
  });

  test('names the field of a NUL and of half a surrogate pair', () => {
    expect(problem(() => refuseUnstorable({ a: [{ b: 'x\0' }] })).details).toEqual([
      { field: 'a.0.b', message: 'must not contain NUL characters' },
    ]);
    expect(problem(() => refuseUnstorable({ a: '\ud800' })).details[0]?.field).toBe('a');
    expect(() => refuseUnstorable({ a: '😀' })).not.toThrow();
    expect(problem(() => refuseUnstorable({ 'k\0': 1 })).code).toBe('validation');
  });

  test('refuses nesting that would overflow a stack', () => {
    const deep = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(problem(() => refuseUnstorable(deep)).details).toEqual([{ field: 'a', message: 'is nested too deeply' }]);
  });
});
