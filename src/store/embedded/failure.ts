import { statfs } from 'node:fs/promises';
import { AppError, UsageError } from '../../kernel/errors.ts';

/** One segment of the write-ahead log: with less than this, the server cannot go on. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;

async function freeBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** The line that says why: the last PANIC or FATAL, else the last ERROR, else the last line at all. */
export function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const worst = lines.findLast((line) => /PANIC:|FATAL:/.test(line)) ?? lines.findLast((line) => /error:/i.test(line));
  return (worst ?? lines.at(-1) ?? 'it said nothing').trim();
}

/**
 * Turns a failure into what an operator can act on.
 * @param what that failed, such as `PostgreSQL did not start`
 * @param output what the program said, or the error of ours
 */
export async function explainFailure(what: string, directory: string, output: unknown): Promise<Error> {
  if (output instanceof UsageError || output instanceof AppError) return output;
  const text = output instanceof Error ? output.message : String(output);
  const free = await freeBytes(directory);
  // A full disk also swallows the log line that would say so.
  if (/No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/.test(text) || (free ?? Infinity) < LEAST_FREE_BYTES) {
    const megabytes = free === undefined ? 'an unknown amount' : `${(free / 1024 / 1024).toFixed(1)} MB`;
    return new UsageError(
      `LONGSHORE_DATA_DIR: the disk of ${directory} has no room (${megabytes} free): ${what}. Free some space, or name a folder elsewhere.`,
    );
  }
  if (/EACCES|EPERM|Permission denied/.test(text)) {
    return new UsageError(
      `LONGSHORE_DATA_DIR: ${directory} holds files of another user (${reasonIn(text)}): start as that user, or give them to this one with chown -R.`,
    );
  }
  const nameless = /could not look up effective user ID (\d+)/.exec(text)?.[1];
  if (nameless !== undefined) {
    return new UsageError(
      `DATABASE_URL: is not set, and the embedded PostgreSQL only works for a user with a name, which user id ${nameless} has not on this system. Give it a line in /etc/passwd, start as another user, or set DATABASE_URL.`,
    );
  }
  return new AppError('unavailable', `${what}: ${reasonIn(text)}`, { cause: output });
}
