import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { inPrivateDirectory } from './private-files.ts';

const run = promisify(execFile);

/** The two ends of a pipe, as descriptors that children do not inherit unless they are given them. */
export interface Pipe {
  /** Does not block. */
  readonly readFd: number;
  readonly writeFd: number;
}

/** Making a pipe takes a child process, which makes this many with hardly more effort. An even number. */
const BATCH = 8;

/**
 * Real pipes, made in batches. The runtime can make none, it connects its children by sockets; and those cannot be
 * opened a second time: `echo … > /dev/stderr` and `tee /dev/stdout`, frequent in scripts, would fail with ENXIO. So
 * these are FIFOs, opened at both ends and unlinked at once.
 */
export class PipeStock {
  #pipes: Pipe[] = [];
  #delivery: Promise<void> | undefined;

  /** @returns two pipes that are the caller's, to be closed at both ends */
  async takeTwo(): Promise<[Pipe, Pipe]> {
    for (;;) {
      const [first, second] = this.#pipes.splice(0, 2);
      if (first && second) return [first, second];
      this.#delivery ??= this.#deliver().finally(() => {
        this.#delivery = undefined;
      });
      await this.#delivery;
    }
  }

  close(): void {
    for (const pipe of this.#pipes.splice(0)) closePipe(pipe);
  }

  async #deliver(): Promise<void> {
    await inPrivateDirectory(async (dir) => {
      const files = Array.from({ length: BATCH }, (_, index) => path.join(dir, String(index)));
      await run('mkfifo', ['-m', '600', ...files]);
      for (const file of files) this.#pipes.push(openPipe(file));
    });
  }
}

function openPipe(file: string): Pipe {
  // The reader first, not waiting for a writer; then the writer need not wait either.
  const readFd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readFd, writeFd: openSync(file, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}

export function closePipe(pipe: Pipe): void {
  closeSync(pipe.readFd);
  closeSync(pipe.writeFd);
}
