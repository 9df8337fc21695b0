import { lstat, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { ExecutorError } from '../../../../protocol/executor.ts';

/** What stands beside an exported file while it is written begins with this. */
const OWN_PREFIX = '.longshore-';
/** File systems allow 255; ours need some beside the name. */
const LONGEST_NAME = 200;

/** Where an export goes, and what stands beside it. */
export interface ExportPaths {
  readonly folder: string;
  readonly target: string;
  /** What is known of the file and of who writes it. */
  readonly state: string;
  /** Rows of a file that is written at the end. */
  readonly rows: string;
  /** A file before it takes its name. */
  readonly fresh: string;
}

/**
 * Finds the place of `given` below the export folder, and makes the folders on the way. No way leads out: neither by
 * `..`, nor over a symbolic link.
 * @throws ExecutorError naming `destination.path`
 */
export async function exportPaths(exportDir: string, given: string): Promise<ExportPaths> {
  const problem = problemOfPath(given);
  if (problem !== undefined) throw refused(given, problem);
  const parts = given.split('/');
  const name = parts.pop() ?? '';
  await mkdir(exportDir, { recursive: true });
  let folder = await realpath(exportDir);
  for (const part of parts) {
    folder = path.join(folder, part);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await lstat(folder)).isDirectory()) throw refused(given, `${part} is no folder, or a link to one`);
  }
  const target = path.join(folder, name);
  const found = await lstat(target).catch(() => undefined);
  if (found && !found.isFile()) throw refused(given, 'what stands there is no file, or a link to one');
  const beside = (extension: string) => path.join(folder, `${OWN_PREFIX}${name}.${extension}`);
  return { folder, target, state: beside('state'), rows: beside('rows'), fresh: beside('new') };
}

/** What keeps a path from being one below the export folder, as far as it alone can tell. */
export function problemOfPath(given: string): string | undefined {
  for (const part of given.split('/')) {
    const problem = problemOf(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOf(part: string): string | undefined {
  if (part === '') return 'give a path relative to the export folder, without empty parts';
  if (part === '.' || part === '..') return `it must not have a part ${part}`;
  if (/[\p{Cc}\\]/u.test(part)) return 'it has characters that names of files should not have';
  if (part.startsWith(OWN_PREFIX)) return `names that begin with ${OWN_PREFIX} are taken`;
  return Buffer.byteLength(part) > LONGEST_NAME
    ? `${part.slice(0, 20)}… is longer than ${LONGEST_NAME} bytes`
    : undefined;
}

function refused(given: string, problem: string): ExecutorError {
  return new ExecutorError(`destination.path: ${given} is refused: ${problem}`, { retryable: false });
}
