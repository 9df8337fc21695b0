import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Budget, BudgetError } from '../budget.ts';
import { PatternError } from './parse.ts';
import { Pattern } from './pattern.ts';

const test1 = (pattern: string, text: string) => new Pattern(pattern).test(text, new Budget());
const replace = (pattern: string, text: string, by: string) => new Pattern(pattern).replaceAll(text, by, new Budget());

/** Patterns that mean the same here and in JavaScript: of few letters, so that they match often. */
const { source } = fc.letrec<{ source: string }>((tie) => ({
  source: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[a-c]', '\\d', '\\w', '\\s', '\\.', '1', '中', '😀', '\\p{L}'),
    fc.tuple(tie('source'), tie('source')).map((parts) => parts.join('')),
    fc.tuple(tie('source'), tie('source')).map((parts) => `(?:${parts.join('|')})`),
    fc
      .tuple(tie('source'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,1}', '{2,}'))
      .map(([inner, times]) => `(${inner})${times}`),
  ),
}));
const anchored = fc.tuple(fc.constantFrom('', '^'), source, fc.constantFrom('', '$')).map((parts) => parts.join(''));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', '1', ' ', '.', '中', '😀', '\n'), maxLength: 12 });

describe('a pattern', () => {
  test('matches what JavaScript matches', () => {
    fc.assert(
      fc.property(anchored, text, (pattern, given) => {
        expect(test1(pattern, given)).toBe(new RegExp(pattern, 'u').test(given));
      }),
      { numRuns: 3000 },
    );
  });

  test('goes on being right once its states are forgotten', () => {
    const pattern = '(?:a|b)*a(?:a|b){12}c';
    const compiled = new Pattern(pattern);
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 300, maxLength: 400 });
    fc.assert(
      fc.property(letters, (given) => {
        for (const end of ['', 'c']) {
          expect(compiled.test(given + end, new Budget())).toBe(new RegExp(pattern).test(given + end));
        }
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['a+', 'caat a', '-', 'c-t -'],
    ['a|ab', 'ab', '-', '-'],
    ['^a', 'aaa', '-', '-aa'],
    ['a$', 'aaa', '-', 'aa-'],
    ['x*', 'abc', '-', 'abc'],
    ['\\s+', ' a  b ', '', 'ab'],
    ['😀', 'a😀b', '$&', 'a$&b'],
    ['[^\\d]', '+86 (10) 5', '', '86105'],
  ])('%s in %j becomes %j: %j', (pattern, given, by, wanted) => {
    expect(replace(pattern, given, by)).toBe(wanted);
  });

  test('replaces what JavaScript replaces where the longest match is the only one', () => {
    fc.assert(
      fc.property(fc.constantFrom('[ab]+', 'a{2}', '\\d', 'a(?:bc)?', '中+', '\\s\\w*'), text, (pattern, given) => {
        expect(replace(pattern, given, '_')).toBe(given.replaceAll(new RegExp(pattern, 'gu'), '_'));
      }),
    );
  });

  test.each([
    ['(a+)+$', 'a'],
    ['^(a|a)*$', 'a'],
    ['(.*a){20}$', 'a'],
    ['^a*a*a*a*a*a*a*a*a*a*$', 'a'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  ])('%s takes a text of 100,000 characters in its stride', (pattern, unit) => {
    expect(test1(pattern, `${unit.repeat(100_000)}!`)).toBe(false);
  });

  test('what would take long to replace is refused', () => {
    expect(() => replace('a*b', `${'a'.repeat(50_000)}cb`, '')).toThrow(BudgetError);
  });

  test('what grows too large is refused', () => {
    expect(() => replace('a', 'a'.repeat(1000), 'b'.repeat(10_000))).toThrow('more than 1000000 characters');
  });
});

describe('a pattern that is not known here is refused with its place', () => {
  test.each([
    ['(?=a)', 'position 1: of groups with (? only (?:…)'],
    ['(?<n>a)', 'only (?:…) is known'],
    ['a(?!b)', 'position 2'],
    ['(a)\\1', '\\1 is not known'],
    ['\\bword', '\\b is not known'],
    ['a*?', 'lazy and possessive repeats'],
    ['a**', 'a repeat cannot be repeated'],
    ['*a', '* has nothing before it'],
    ['a{', '{ needs a number'],
    ['a{3,2}', 'the lower number comes first'],
    ['a{1,5000}', 'at most 1000 repeats'],
    ['(a{900}){900}', 'it is too large'],
    ['[a', 'this [ is never closed'],
    ['[z-a]', 'the lower end of a range'],
    ['[\\d-z]', 'a range goes between characters'],
    ['(a', 'this ( is never closed'],
    ['a)', 'there is no ( for this'],
    ['a\\', 'cannot end with \\'],
    ['^*', 'an anchor cannot be repeated'],
    ['\\p{Klingon}', 'there is no property'],
    ['\\u{110000}', 'number of a character'],
    ['('.repeat(60), 'nested more than 50 deep'],
    ['a'.repeat(1001), 'at most 1000 characters'],
  ])('%s', (pattern, message) => {
    expect(() => new Pattern(pattern)).toThrow(PatternError);
    expect(() => new Pattern(pattern)).toThrow(message);
  });

  test('whatever the text, nothing else is thrown', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab1()[]{}*+?|^$.\\-,dpu:!<')), maxLength: 15 }),
        text,
        (pattern, given) => {
          try {
            test1(pattern, given);
          } catch (error) {
            expect(error).toBeInstanceOf(PatternError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
