import { expect, test } from 'vitest';
import { en } from './en.ts';
import { preferredLanguage } from './i18n.ts';
import { zhCN } from './zh-CN.ts';

function flatten(texts: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? [...flatten(value, `${path}${key}.`)]
        : [[`${path}${key}`, String(value)] as const],
    ),
  );
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').sort();

test('every text says the same things in both languages', () => {
  const chinese = flatten(zhCN);
  for (const [key, text] of flatten(en)) {
    expect(chinese.get(key), key).toBeTruthy();
    expect(placeholders(chinese.get(key) ?? ''), key).toEqual(placeholders(text));
  }
});

test.each([
  ['zh-CN', ['en-US'], 'zh-CN'],
  [null, ['de-DE', 'zh-TW', 'en'], 'zh-CN'],
  [null, ['fr', 'en-GB'], 'en'],
  ['klingon', ['fr'], 'en'],
] as const)('with %s stored and %j wanted it speaks %s', (stored, wanted, language) => {
  expect(preferredLanguage(stored, wanted)).toBe(language);
});
