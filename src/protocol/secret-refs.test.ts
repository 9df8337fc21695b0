import { describe, expect, it } from 'vitest';
import { isSecretRef, maskReferences, referencesIn, refuseReferences, replaceReferences } from './secret-refs.ts';

describe('isSecretRef', () => {
  it.each([[{ $secret: 'sec_1' }], [{ $secret: 'sec_1', shown: 'https://me:***@x' }]])('knows %j', (value) => {
    expect(isSecretRef(value)).toBe(true);
  });

  it.each([
    [null],
    ['$secret'],
    [['$secret']],
    [{ $secret: 7 }],
    [{ $secret: 'sec_1', shown: 7 }],
    [{ $secret: 'sec_1', other: 'x' }],
    [{ shown: 'x' }],
  ])('is not taken in by %j', (value) => {
    expect(isSecretRef(value)).toBe(false);
  });
});

describe('references', () => {
  const spec = {
    url: { $secret: 'sec_1', shown: 'https://me:***@x' },
    list: [{ deep: { $secret: 'sec_2' } }, { $secret: 'sec_1' }],
    plain: { $secrets: 'x', number: 1, nothing: null },
  };

  it('are found wherever they are, each once', () => {
    expect([...referencesIn(spec)].sort()).toEqual(['sec_1', 'sec_2']);
    expect(referencesIn('text').size).toBe(0);
  });

  it('are replaced where there is something to replace them with', () => {
    const replaced = replaceReferences(spec, ({ $secret }) => ($secret === 'sec_2' ? { any: ['json'] } : undefined));
    expect(replaced).toEqual({ ...spec, list: [{ deep: { any: ['json'] } }, { $secret: 'sec_1' }] });
  });

  it('are replaced by null where that is the secret', () => {
    expect(replaceReferences({ a: { $secret: 's' } }, () => null)).toEqual({ a: null });
  });

  it('are shown as they say, or as the mask', () => {
    expect(maskReferences(spec)).toMatchObject({ url: 'https://me:***@x', list: [{ deep: '***' }, '***'] });
  });

  it('keep a field that is called __proto__ a field', () => {
    const value = JSON.parse('{"__proto__": {"$secret": "s"}}');
    expect(JSON.stringify(maskReferences(value))).toBe('{"__proto__":"***"}');
  });
});

describe('refuseReferences', () => {
  it.each([
    ['body', { $secret: 'sec_1' }],
    ['body', { $secret: 7, more: true }],
    ['body.a.0', { a: [{ $secret: 'sec_1' }] }],
  ])('names the field %s', (field, value) => {
    expect(() => refuseReferences(value, 'body')).toThrow(
      expect.objectContaining({ code: 'validation', details: [expect.objectContaining({ field })] }),
    );
  });

  it('names the field of a whole body, and the body itself', () => {
    expect(() => refuseReferences({ a: { b: { $secret: 'sec_1' } } })).toThrow(/^a\.b: /);
    expect(() => refuseReferences({ $secret: 'sec_1' })).toThrow(/^body: /);
  });

  it.each([[null], ['$secret'], [['$secret']], [{ secret: '$secret' }]])('lets %j pass', (value) => {
    expect(() => refuseReferences(value, 'body')).not.toThrow();
  });
});
