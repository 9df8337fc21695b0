/** Servers that ask for more are asked again tomorrow. */
const LONGEST_RETRY_AFTER_MS = 24 * 3600 * 1000;

/** Milliseconds from now that `Retry-After` asks for, as seconds or as a date; undefined when it is neither. */
export function retryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  const value = [header].flat()[0]?.trim();
  if (value === undefined || value === '') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}
