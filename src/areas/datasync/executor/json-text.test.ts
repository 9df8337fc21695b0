import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonTooDeep, parseJson } from './json-text.ts';

describe('JSON of strangers', () => {
  it('is what JSON.parse makes of it', () => {
    const asNumber = (_name: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseJson(text), asNumber)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('keeps integers exactly that a number cannot hold', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.string(), (big, text) => {
        const parsed = parseJson(
          `{"n":${big},"list":[ ${big} ,"${big}"],"text":${JSON.stringify(`${text}\\"${big}`)}}`,
        );
        const exact = Number.isSafeInteger(Number(big)) ? Number(big) : big;
        expect(parsed).toEqual({ n: exact, list: [exact, String(big)], text: `${text}\\"${big}` });
      }),
    );
    expect(parseJson('9007199254740993')).toBe(9007199254740993n);
  });

  it('leaves fractions, powers and exact integers numbers', () => {
    const text = '[9007199254740991, 12345678901234567890.5, 1e400, 1.5e300, -0]';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each(['{12345678901234567890: 1}', '[012345678901234567890]', '[-]', '{"a":1', '[1]]', '"\\', ''])(
    'refuses %s as JSON.parse does',
    (text) => {
      expect(() => JSON.parse(text)).toThrow(SyntaxError);
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  it('refuses what is nested too deep, before building it', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseJson(nested(200))).toHaveLength(1);
    expect(() => parseJson(nested(201))).toThrow(JsonTooDeep);
    expect(() => parseJson('[{"a":'.repeat(5_000_000))).toThrow(JsonTooDeep);
    expect(parseJson(JSON.stringify('['.repeat(1000)))).toHaveLength(1000);
  });

  it('has no members but its own', () => {
    const parsed = parseJson('{"__proto__": {"polluted": 12345678901234567890}}');
    expect(Object.hasOwn(parsed as object, '__proto__')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
