import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sleep } from '../kernel/clock.ts';

const run = promisify(execFile);

async function inPrivateDirectory<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'longshore-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Where a command's output goes and comes out. */
export interface Output {
  /** For the child; closed here with `closeWriters` as soon as the child has them. */
  readonly stdoutFd: number;
  readonly stderrFd: number;
  closeWriters(): void;
  /** Resolves when everything was read that was written, or nothing has come for a while although a pipe is open. */
  drain(): Promise<void>;
  close(): void;
}

/** What is in a pipe when its last writer is gone is there to be read; the time is for a machine under load. */
const QUIET_MS = 250;
/** For a process outside of the tree that was handed the pipe and goes on writing. */
const LONGEST_DRAIN_MS = 3000;

/**
 * Opens real pipes. The runtime connects its children by sockets, and those cannot be opened a second time: `echo … >
 * /dev/stderr` and `tee /dev/stdout`, frequent in scripts, would fail with ENXIO. So these are FIFOs, unlinked before
 * the command starts.
 */
export async function openOutput(onBytes: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void): Promise<Output> {
  const pipes = await inPrivateDirectory(async (dir) => {
    const files = [path.join(dir, 'stdout'), path.join(dir, 'stderr')] as const;
    await run('mkfifo', ['-m', '600', ...files]);
    return [openPipe(files[0]), openPipe(files[1])] as const;
  });
  let bytesRead = 0;
  for (const [index, stream] of (['stdout', 'stderr'] as const).entries()) {
    pipes[index]?.reader.on('data', (bytes: Buffer) => {
      bytesRead += bytes.length;
      onBytes(stream, bytes);
    });
  }
  const ended = Promise.all(pipes.map((pipe) => once(pipe.reader, 'end'))).then(
    () => true,
    () => true,
  );
  const closeWriters = () => {
    for (const pipe of pipes) pipe.closeWriter();
  };
  return {
    stdoutFd: pipes[0].writeFd,
    stderrFd: pipes[1].writeFd,
    closeWriters,
    async drain() {
      const deadline = performance.now() + LONGEST_DRAIN_MS;
      for (let before = -1; before !== bytesRead && performance.now() < deadline; ) {
        before = bytesRead;
        if (await Promise.race([ended, sleep(QUIET_MS)])) return;
        // The timer may have been late, and what is to be read have waited behind it: one look at the pipes.
        await nextTurn();
      }
    },
    close() {
      closeWriters();
      for (const pipe of pipes) pipe.reader.destroy();
    },
  };
}

interface Pipe {
  readonly reader: Socket;
  readonly writeFd: number;
  closeWriter(): void;
}

function openPipe(file: string): Pipe {
  // The reader first, not waiting for a writer; then the writer need not wait either.
  const readFd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(file, constants.O_WRONLY);
  let open = true;
  return {
    reader: new Socket({ fd: readFd, readable: true, writable: false }),
    writeFd,
    closeWriter() {
      if (open) closeSync(writeFd);
      open = false;
    },
  };
}

/** A file that holds `text`, has no name any more, and vanishes with its last descriptor. To be closed by the caller. */
export async function openNamelessFile(text: string): Promise<{ fd: number; close(): Promise<void> }> {
  return inPrivateDirectory(async (dir) => {
    const file = path.join(dir, 'input');
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    const handle = await open(file, 'r');
    return { fd: handle.fd, close: () => handle.close() };
  });
}
