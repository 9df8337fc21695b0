const HAN = /\p{Script=Han}/u;

/** A text as pieces that, put together, are the text again; some of them are words. */
export interface Piece {
  readonly text: string;
  readonly isWord: boolean;
}

const SEGMENTERS = {
  zh: new Intl.Segmenter('zh', { granularity: 'word' }),
  en: new Intl.Segmenter('en', { granularity: 'word' }),
};
export type Language = keyof typeof SEGMENTERS;

/** Chinese where there is any Chinese character; whatever else there is, is taken for English. */
export function languageOf(text: string): Language {
  return HAN.test(text) ? 'zh' : 'en';
}

/** What is no prose: addresses, codes and their like fall apart when their parts are moved. */
const NO_PROSE = /^\S*[@/\\_]\S*$|^[\d\s.,:+-]*$/;

export function isProse(text: string): boolean {
  return !NO_PROSE.test(text.trim());
}

export function piecesOf(text: string): Piece[] {
  const segments = SEGMENTERS[languageOf(text)].segment(text);
  return Array.from(segments, ({ segment, isWordLike }) => ({ text: segment, isWord: isWordLike === true }));
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}

/** The indexes of the words among pieces. */
export function wordsOf(pieces: readonly Piece[]): number[] {
  return pieces.flatMap(({ isWord }, index) => (isWord ? [index] : []));
}
