/**
 * Parts of a file that HTTP answers (RFC 9110, section 14). Each part names what the file was when it was planned, as
 * `If-Range`, so a file that changes meanwhile is noticed and not mixed with what it was.
 */
import type { OutboundStream } from '../../../../connections/outbound.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { unreadable } from '../formats/reading.ts';

type Answer = Pick<OutboundStream, 'status' | 'headers' | 'url'>;

export const CHANGED =
  'the file behind the URL has changed since the run began; reset the job to read it from the beginning';
/** A file may change twice within one second, which this is not fine enough to tell. */
const SETTLED_MS = 1000;

function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : String(value);
}

/** What tells a content of the URL from every other one, byte by byte; weak tags only promise the same meaning. */
function strongVersion(answer: Answer): string | undefined {
  const etag = headerOf(answer, 'etag');
  return etag !== undefined && !etag.startsWith('W/') ? etag : headerOf(answer, 'last-modified');
}

/** Whether a question for all of a file, as a range, was answered that there is nothing. */
export function isEmpty(answer: Answer): boolean {
  if (answer.status === 416) return /^bytes \*\/0$/i.test(headerOf(answer, 'content-range') ?? '');
  return answer.status === 200 && headerOf(answer, 'content-length') === '0';
}

function notDivisible(answer: Answer, why: string, retryable = false): ExecutorError {
  const { host } = new URL(answer.url);
  return new ExecutorError(
    `partitions: a file behind a URL is read by ranges, but ${host} ${why}; upload the file and name its file_id, or leave partitions out`,
    { retryable },
  );
}

/** `bytes 0-99/100`, as numbers; undefined where it says less. */
function rangeOf(answer: Answer): { readonly from: number; readonly to: number; readonly size: number } | undefined {
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(headerOf(answer, 'content-range') ?? '');
  return found ? { from: Number(found[1]), to: Number(found[2]) + 1, size: Number(found[3]) } : undefined;
}

/**
 * Whether what has answered a question for all of a file will answer questions for parts of it.
 * @throws ExecutorError naming `partitions`
 */
export function firstRange(answer: Answer): { readonly size: number; readonly version: string } {
  if (answer.status !== 206) throw notDivisible(answer, 'does not answer them (Range)');
  const encoding = headerOf(answer, 'content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw notDivisible(answer, `packs what it sends (Content-Encoding: ${encoding})`);
  const range = rangeOf(answer);
  if (range?.from !== 0 || range.to !== range.size) throw notDivisible(answer, 'does not say how large the file is');
  const version = strongVersion(answer);
  if (version === undefined) throw notDivisible(answer, 'does not tell when the file changes (ETag or Last-Modified)');
  const settled = /^"/.test(version) || hasSettled(answer, version);
  if (!settled) throw notDivisible(answer, 'has only Last-Modified to tell it by, of just now: wait a second', true);
  return { size: range.size, version };
}

function hasSettled(answer: Answer, modified: string): boolean {
  const told = Date.parse(headerOf(answer, 'date') ?? '');
  const now = Number.isNaN(told) ? Date.now() : told;
  return now - Date.parse(modified) >= SETTLED_MS;
}

/**
 * Looks whether an answer is the part that was asked for, of the file that was planned.
 * @throws ExecutorError
 */
export function laterRange(answer: Answer, wanted: { from: number; to: number; version: string | null }): void {
  if (answer.status === 412 || answer.status === 416 || strongVersion(answer) !== wanted.version) {
    throw unreadable(CHANGED);
  }
  const range = rangeOf(answer);
  if (answer.status === 206 && range?.from === wanted.from && range.to === wanted.to) return;
  throw notDivisible(answer, 'answered something else than the range that it was asked for', true);
}

/**
 * So many bytes of an input, after some that are passed over.
 * @throws ExecutorError when it ends before
 */
export async function* exactly(
  input: AsyncIterable<Uint8Array>,
  count: number,
  passOver = 0,
): AsyncGenerator<Uint8Array, void> {
  let [over, left] = [passOver, count];
  if (left === 0) return;
  for await (const given of input) {
    const bytes = given.subarray(Math.min(over, given.length)).subarray(0, left);
    over -= Math.min(over, given.length);
    left -= bytes.length;
    if (bytes.length > 0) yield bytes;
    if (left === 0) return;
  }
  throw new ExecutorError(`the file broke off: ${left} bytes of it are missing`);
}
