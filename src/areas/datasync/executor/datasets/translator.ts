/**
 * Translating a text and back again gives another of the same meaning. The operator provides the translator: a service
 * that speaks as LibreTranslate does, or Apertium on the worker's machine.
 */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { Outbound } from '../../../../connections/outbound.ts';
import { environment } from '../../../../kernel/config.ts';
import { apertium } from './apertium.ts';
import { libreTranslate } from './libre-translate.ts';
import type { TranslationEngine, Translator } from './translation.ts';
import { languageOf } from './words.ts';

/** What to say where there is none. */
export const NO_TRANSLATOR =
  'back_translation needs a translator: set LONGSHORE_TRANSLATOR_URL to a LibreTranslate service for servers and workers, or install Apertium (apertium, and a pair such as apertium-eng-spa)';

const PIVOTS = { zh: 'en', en: 'es' } as const;

export interface TranslatorSettings {
  /** Of a service that answers as LibreTranslate does, such as `http://127.0.0.1:5000`. */
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
}

/** Whether a worker with these settings, on this machine, would find a translator. */
export async function hasTranslator({ url }: TranslatorSettings): Promise<boolean> {
  return url !== undefined || (await findApertium()) !== undefined;
}

/** @returns undefined where there is neither a service nor Apertium */
export async function openTranslator(
  { url, apiKey }: TranslatorSettings,
  outbound: Outbound,
): Promise<Translator | undefined> {
  if (url !== undefined) return translatorOf(libreTranslate({ url, apiKey, outbound }));
  const program = await findApertium();
  return program === undefined ? undefined : translatorOf(apertium(program));
}

async function findApertium(): Promise<string | undefined> {
  for (const folder of (environment().PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, 'apertium');
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && runs) return file;
  }
  return undefined;
}

function translatorOf(engine: TranslationEngine): Translator {
  return {
    async backAndForth(texts, pivot, signal) {
      const forms = new Map<string, string>();
      for (const language of ['zh', 'en'] as const) {
        const own = texts.filter((text) => languageOf(text) === language);
        if (own.length === 0) continue;
        const by = pivot ?? PIVOTS[language];
        const there = await engine.translate(own, language, by, signal);
        const back = await engine.translate(there, by, language, signal);
        own.forEach((text, index) => {
          forms.set(text, back[index] ?? text);
        });
      }
      return forms;
    },
  };
}
