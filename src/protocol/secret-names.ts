const TELLING = /pass(word|wd|phrase)?|secret|token|(api|access|private)[-_]?key|auth|cookie|credential|signature/i;

/**
 * Whether a header, variable or parameter of this name holds a secret, as far as its name tells. What goes by it: the
 * server masks such values in answers, executors redact them in logs, and redirects do not take them along.
 */
export function isSecretName(name: string): boolean {
  return TELLING.test(name);
}

/** What stands for a secret where it is shown. */
export const MASK = '***';
