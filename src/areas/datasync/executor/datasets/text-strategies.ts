/** How a text becomes another one of the same meaning, or nearly so. Each answers undefined where it finds nothing. */
import { chooseIndexes, type Random } from './random.ts';
import type { Synonyms } from './synonyms.ts';
import { isProse, languageOf, type Piece, piecesOf, textOf, wordsOf } from './words.ts';

/** Of the words that could be changed, so many are, and at least one. */
const CHANGED = 0.3;
const DELETED = 0.15;

export function replaceSynonyms(text: string, random: Random, synonyms: Synonyms): string | undefined {
  const language = languageOf(text);
  const pieces = piecesOf(text);
  const replaceable = wordsOf(pieces).filter((index) => synonyms.of(pieces[index]?.text ?? '', language).length > 0);
  if (replaceable.length === 0) return undefined;
  const count = Math.max(1, Math.round(replaceable.length * CHANGED));
  const chosen = new Set(chooseIndexes(random, replaceable.length, count).map((index) => replaceable[index]));
  const replaced = pieces.map((piece, index): Piece => {
    if (!chosen.has(index)) return piece;
    const others = synonyms.of(piece.text, language);
    return { text: inCaseOf(piece.text, others[random.whole(others.length)] ?? piece.text), isWord: true };
  });
  return textOf(replaced);
}

/** The case of a word, for another in its place. */
function inCaseOf(model: string, word: string): string {
  if (model.length > 1 && model === model.toUpperCase() && model !== model.toLowerCase()) return word.toUpperCase();
  const first = model.charAt(0);
  return first !== first.toLowerCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

/** Two words change places. */
export function swapWords(text: string, random: Random): string | undefined {
  if (!isProse(text)) return undefined;
  const pieces = piecesOf(text);
  const words = wordsOf(pieces);
  const [first, second] = chooseIndexes(random, words.length, 2).map((index) => words[index]);
  if (first === undefined || second === undefined) return undefined;
  const [one, other] = [pieces[first], pieces[second]];
  if (!one || !other || one.text === other.text) return undefined;
  pieces[first] = other;
  pieces[second] = one;
  return textOf(pieces);
}

/** Some words go; of two words or fewer none, for nothing would be left to learn from. */
export function deleteWords(text: string, random: Random): string | undefined {
  if (!isProse(text)) return undefined;
  const pieces = piecesOf(text);
  const words = wordsOf(pieces);
  if (words.length < 3) return undefined;
  const count = Math.max(1, Math.round(words.length * DELETED));
  const gone = new Set(chooseIndexes(random, words.length, count).map((index) => words[index]));
  const kept = textOf(pieces.filter((_, index) => !gone.has(index)));
  return kept.replaceAll(/[^\S\n]{2,}/g, ' ').trim();
}
