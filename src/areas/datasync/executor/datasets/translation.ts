/** Translates one way. */
export interface TranslationEngine {
  /**
   * @returns the translations, in order
   * @throws ExecutorError; the signal's reason after an abort
   */
  translate(texts: readonly string[], source: string, target: string, signal: AbortSignal): Promise<string[]>;
}

export interface Translator {
  /**
   * @param pivot the language to go by; English for Chinese texts and Spanish for others unless told
   * @returns each text's other form, by the text
   * @throws ExecutorError; the signal's reason after an abort
   */
  backAndForth(texts: readonly string[], pivot: string | undefined, signal: AbortSignal): Promise<Map<string, string>>;
}
