import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sleep } from '../kernel/clock.ts';
import type { LineReader } from './line-reader.ts';
import type { Pipe } from './pipes.ts';

/** What is in a pipe when its last writer is gone is there to be read; the time is for a machine under load. */
const QUIET_MS = 250;
/** For a process outside of the tree that was handed the pipe and goes on writing. */
const LONGEST_DRAIN_MS = 3000;

/** One stream of a command's output: what is written to `writeFd` is read here. */
export class Output {
  readonly writeFd: number;
  readonly #socket: Socket;
  readonly #reader: LineReader;
  readonly #ended: Promise<boolean>;
  #bytesRead = 0;
  #writerOpen = true;
  #finished: Promise<void> | undefined;

  /** Takes over both ends of `pipe`. */
  constructor(pipe: Pipe, reader: LineReader) {
    this.writeFd = pipe.writeFd;
    this.#reader = reader;
    this.#socket = new Socket({ fd: pipe.readFd, readable: true, writable: false });
    this.#socket.on('data', (bytes: Buffer) => {
      this.#bytesRead += bytes.length;
      reader.push(bytes);
    });
    this.#ended = once(this.#socket, 'end').then(
      () => true,
      () => true,
    );
  }

  /** To be called as soon as the child has its copy: then the pipe ends with the tree. */
  closeWriter(): void {
    if (this.#writerOpen) closeSync(this.writeFd);
    this.#writerOpen = false;
  }

  /**
   * Ends with everything read that was written; or, while somebody outside of the tree still holds the pipe, when
   * nothing has come for a while.
   */
  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<void> {
    this.closeWriter();
    const waiting = new AbortController();
    const deadline = performance.now() + LONGEST_DRAIN_MS;
    for (let before = -1; before !== this.#bytesRead && performance.now() < deadline; ) {
      before = this.#bytesRead;
      if (await Promise.race([this.#ended, sleep(QUIET_MS, waiting.signal)])) break;
      // The timer may have been late, and what is to be read have waited behind it: one look at the pipe.
      await nextTurn();
    }
    waiting.abort();
    this.#socket.destroy();
    this.#reader.flush();
  }
}
