/**
 * About how many bytes a batch takes at most, as text: it ends where it has so many, however few records they are.
 * Records may have a mebibyte each, and a worker holds some batches, with what is made of them.
 */
export const BATCH_BYTES = 8 * 1024 * 1024;

/** What a value takes that is no text: near enough, for the sum over many. */
const PLAIN_BYTES = 8;

/** About how many bytes a value takes. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || value instanceof Date) return PLAIN_BYTES;
  if (value instanceof Uint8Array) return value.byteLength;
  let size = PLAIN_BYTES;
  for (const inner of Object.values(value)) size += sizeOf(inner);
  return size;
}

/** About how many bytes some values take together. */
export function sizeOfAll(values: readonly unknown[]): number {
  let size = 0;
  for (let at = 0; at < values.length; at += 1) size += sizeOf(values[at]);
  return size;
}
