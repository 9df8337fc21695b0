import type { Locale } from 'antd/es/locale/index';
import i18next from 'i18next';
import { useSyncExternalStore } from 'react';
import { initReactI18next } from 'react-i18next';
import type { Translation } from './en.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Translation };
  }
}

export const LANGUAGES = { en: 'English', 'zh-CN': '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = 'longshore.language';
const antdLocales = new Map<Language, Locale>();

/** What somebody chose before, else the first of the browser's languages that there is, else English. */
export function preferredLanguage(stored: string | null, wanted: readonly string[]): Language {
  if (stored === 'en' || stored === 'zh-CN') return stored;
  for (const tag of wanted) {
    if (/^zh\b/i.test(tag)) return 'zh-CN';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

/** Texts and antd's own words travel together, and only those of the language that is spoken. */
async function load(language: Language): Promise<void> {
  if (antdLocales.has(language)) return;
  const [texts, locale] =
    language === 'zh-CN'
      ? await Promise.all([import('./zh-CN.ts').then((m) => m.zhCN), import('antd/es/locale/zh_CN')])
      : await Promise.all([import('./en.ts').then((m) => m.en), import('antd/es/locale/en_US')]);
  i18next.addResourceBundle(language, 'translation', texts);
  antdLocales.set(language, locale.default);
}

/** Speaks `language` from now on, and at the next visit. */
export async function changeLanguage(language: Language): Promise<void> {
  // First: who goes to another page while the texts are on their way has chosen all the same.
  localStorage.setItem(STORED, language);
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Must have resolved before anything is rendered. */
export async function startI18n(): Promise<void> {
  const language = preferredLanguage(localStorage.getItem(STORED), navigator.languages);
  await i18next.use(initReactI18next).init({ lng: language, resources: {}, interpolation: { escapeValue: false } });
  await load(language);
  document.documentElement.lang = language;
}

const subscribe = (listener: () => void) => {
  i18next.on('languageChanged', listener);
  return () => i18next.off('languageChanged', listener);
};
const current = (): Language => (i18next.language === 'zh-CN' ? 'zh-CN' : 'en');

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, current);
}

/** All texts in the present language, for names that are looked up as they come. */
export function useTexts(): Translation {
  return i18next.getResourceBundle(useLanguage(), 'translation');
}

/** @returns antd's locale of the present language */
export function useAntdLocale(): Locale | undefined {
  return antdLocales.get(useLanguage());
}
