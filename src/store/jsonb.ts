function clean(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '').toWellFormed() : text.toWellFormed();
}

/**
 * A value as text for a jsonb parameter. PostgreSQL refuses NUL and lone surrogates inside jsonb, and one such
 * character in one log line must not hold up a whole batch: they are dropped and replaced here.
 */
export function toJsonb(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'string') return clean(part);
    if (part !== null && typeof part === 'object' && !Array.isArray(part)) {
      const dirty = Object.keys(part).some((key) => clean(key) !== key);
      if (dirty) return Object.fromEntries(Object.entries(part).map(([key, inner]) => [clean(key), inner]));
    }
    return part;
  });
  return text ?? 'null';
}
