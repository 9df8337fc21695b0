function clean(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/**
 * A value as JSON text that PostgreSQL's jsonb takes, and the worker's protocol likewise: both refuse NUL and lone
 * surrogates, and one such character in one log line must not hold up a whole batch. They are dropped and replaced.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  // In JSON text all of them are escapes; and looking for those costs next to nothing.
  return /\\u(?:0000|d[89a-f])/.test(text) ? cleanJson(value) : text;
}

function cleanJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'string') return clean(part);
    if (part !== null && typeof part === 'object' && !Array.isArray(part)) {
      const dirty = Object.keys(part).some((key) => clean(key) !== key);
      if (dirty) return Object.fromEntries(Object.entries(part).map(([key, inner]) => [clean(key), inner]));
    }
    return part;
  });
}
