import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storableJson } from './json.ts';

describe('storableJson', () => {
  it('drops NUL and replaces lone surrogates, in values and in keys', () => {
    expect(JSON.parse(storableJson({ 'a\0': ['x\0y', '\ud800'], b: '中文 🚢' }))).toEqual({
      a: ['xy', '\ufffd'],
      b: '中文 🚢',
    });
  });

  it('keeps a text that only looks escaped', () => {
    expect(JSON.parse(storableJson('\\u0000'))).toBe('\\u0000');
  });

  it('is JSON without NUL and lone surrogates, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = storableJson(value);
        expect(() => JSON.parse(text)).not.toThrow();
        expect(text).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d[89a-f])/i);
      }),
    );
  });

  it('writes what has no JSON as null', () => {
    expect(storableJson(undefined)).toBe('null');
  });
});
