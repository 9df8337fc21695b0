import { beforeAll, describe, expect, test } from 'vitest';
import { jitter } from './jitter.ts';
import { chooseIndexes, type Random, randomOf } from './random.ts';
import { loadSynonyms, type Synonyms } from './synonyms.ts';
import { deleteWords, replaceSynonyms, swapWords } from './text-strategies.ts';
import { piecesOf, textOf } from './words.ts';

let synonyms: Synonyms;

beforeAll(async () => {
  synonyms = await loadSynonyms();
});

/** What 50 different seeds make of a text. */
function made<T>(make: (random: Random) => T): T[] {
  return Array.from({ length: 50 }, (_, seed) => make(randomOf(`seed ${seed}`)));
}

const wordsIn = (text: string) =>
  piecesOf(text)
    .filter(({ isWord }) => isWord)
    .map((piece) => piece.text);

describe('random numbers', () => {
  test('are the same for a seed, in any process', () => {
    // Written down once: another version must draw the same.
    const known = randomOf('longshore');
    expect([known.whole(1000), known.whole(1000), known.whole(1000)]).toEqual([621, 940, 226]);
    const random = randomOf('a');
    expect([random.whole(10), random.whole(10), random.whole(10)]).not.toEqual([0, 0, 0]);
  });

  test('choose different indexes, in order, all of them if need be', () => {
    for (const chosen of made((random) => chooseIndexes(random, 10, 4))) {
      expect(new Set(chosen).size).toBe(4);
      expect(chosen).toEqual([...chosen].sort((a, b) => a - b));
    }
    expect(chooseIndexes(randomOf('a'), 3, 9)).toEqual([0, 1, 2]);
  });
});

test('pieces are the text again, in any language', () => {
  for (const text of ['The cat — it sat.', '他非常节约，😀 也许 OK', '', '  two  spaces\n']) {
    expect(textOf(piecesOf(text))).toBe(text);
  }
});

describe('synonyms', () => {
  test('take the place of words, and leave all else as it is', () => {
    for (const text of made((random) => replaceSynonyms('Big car, BUY it! (quickly?) zzz', random, synonyms))) {
      expect(text).toMatch(
        /^(Big|Large) (car|auto|automobile|machine|motorcar), (BUY|PURCHASE) it! \((quickly|rapidly|speedily|chop-chop)\?\) zzz$/,
      );
      expect(text).not.toBe('Big car, BUY it! (quickly?) zzz');
    }
  });

  test('of Chinese are found between words, not within', () => {
    const text = replaceSynonyms('也许吧', randomOf('a'), synonyms);
    expect(text).toBe('或许吧');
    expect(replaceSynonyms('abc xyz', randomOf('a'), synonyms)).toBeUndefined();
  });
});

describe('words', () => {
  test('change places', () => {
    for (const text of made((random) => swapWords('one two three', random))) {
      expect(wordsIn(text ?? '').sort()).toEqual(['one', 'three', 'two']);
      expect(text).not.toBe('one two three');
    }
    for (const text of made((random) => swapWords('客户满意', random))) expect(text).toBe('满意客户');
  });

  test('go, but not all', () => {
    for (const text of made((random) => deleteWords('one two three four', random))) {
      expect(wordsIn(text ?? '')).toHaveLength(3);
      expect(text).not.toMatch(/ {2}|^ | $/);
    }
  });

  test.each(['a@b.example', 'https://example.com/a/b', '2024-01-01', '+49 30 1234', '', 'word', 'C:\\a\\b'])(
    'of %j stay where they are',
    (text) => {
      for (const made of [swapWords(text, randomOf('a')), deleteWords(text, randomOf('a'))])
        expect(made).toBeUndefined();
    },
  );
});

describe('numbers', () => {
  test('move by no more than told, and stay of their kind', () => {
    for (const value of made((random) => jitter(1000, 0.05, random))) {
      expect(Number.isInteger(value)).toBe(true);
      expect(Math.abs(Number(value) - 1000)).toBeLessThanOrEqual(50);
      expect(value).not.toBe(1000);
    }
    for (const value of made((random) => jitter('12.50', 0.1, random))) {
      if (value !== undefined) expect(value).toMatch(/^1[123]\.\d\d$/);
    }
    for (const value of made((random) => jitter(2n ** 60n, 0.1, random))) expect(typeof value).toBe('bigint');
    for (const value of made((random) => jitter(1, 0.05, random))) expect([undefined, 0, 2]).toContain(value);
  });

  test('have nothing near them at 0, and texts that are none are left', () => {
    for (const value of [0, Number.NaN, '0.00', 'seven', null, true]) {
      expect(jitter(value, 0.5, randomOf('a'))).toBeUndefined();
    }
  });
});
