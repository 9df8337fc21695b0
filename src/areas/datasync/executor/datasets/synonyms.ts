import type { Language } from './words.ts';

/** Words that mean the same. */
export interface Synonyms {
  /** Those of a word in any case; none for a word that is not known. */
  of(word: string, language: Language): readonly string[];
}

type Dictionary = ReadonlyMap<string, readonly string[]>;

function parse(lines: string): Dictionary {
  return new Map(
    lines
      .trim()
      .split('\n')
      .map((line) => {
        const [word = '', ...others] = line.split(' ');
        return [word, others];
      }),
  );
}

let loaded: Promise<Synonyms> | undefined;

/** Read once, by the first run that asks: most never do. */
export function loadSynonyms(): Promise<Synonyms> {
  loaded ??= read();
  return loaded;
}

async function read(): Promise<Synonyms> {
  const [{ ENGLISH_SYNONYMS }, { CHINESE_SYNONYMS }] = await Promise.all([
    import('./synonyms-en.gen.ts'),
    import('./synonyms-zh.gen.ts'),
  ]);
  const dictionaries = { en: parse(ENGLISH_SYNONYMS), zh: parse(CHINESE_SYNONYMS) };
  return { of: (word, language) => dictionaries[language].get(word.toLowerCase()) ?? [] };
}
