import { type ChildProcess, execFile, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { childEnvironment } from '../../../../sandbox/environment.ts';
import type { Row, Value } from '../pipeline/contracts.ts';
import { sizeOfAll } from '../pipeline/value-size.ts';
import type { ConfinedFormat, FromParser, Opened, ToParser } from './confined-protocol.ts';
import { BatchBuilder, type FileBatch, type FileReader, type ReadRequest, unreadable } from './reading.ts';

export interface ConfinedLimits {
  /** Of the file, and of what it is unpacked to. */
  readonly maxBytes: number;
  /** MiB of the parser's heap. Its process as a whole may take half as much again. */
  readonly memoryMb: number;
  /** Milliseconds without a word from the parser, after which it is taken to be caught in a loop. */
  readonly silenceMs: number;
}

const MIB = 1024 * 1024;
/** Messages with rows that the parser may be ahead. */
const AHEAD = 4;
const WATCH_MS = 100;

/**
 * Reads a file in a process of its own whose memory is limited. The file is first written to the disk, since such
 * formats are read here and there.
 * @throws ExecutorError for a file that is broken, or too large
 */
export async function openConfined(
  format: ConfinedFormat,
  input: AsyncIterable<Uint8Array>,
  request: ReadRequest,
  limits: ConfinedLimits,
): Promise<FileReader> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'longshore-file-'));
  const { options, from, signal } = request;
  let parser: Parser | undefined;
  const onAbort = () => parser?.kill(signal?.reason);
  const close = async () => {
    signal?.removeEventListener('abort', onAbort);
    await parser?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const file = path.join(folder, 'input');
    await pipeline(capped(input, format, limits.maxBytes), createWriteStream(file, { mode: 0o600, flags: 'wx' }));
    signal?.throwIfAborted();
    parser = new Parser(format, limits);
    signal?.addEventListener('abort', onAbort, { once: true });
    parser.send({ type: 'start', job: { format, file, options, from, maxBytes: limits.maxBytes } });
    const opened = await parser.next();
    if (opened?.type !== 'opened') throw new Error('the parser began with something else than the columns');
    return { columns: opened.columns, total: opened.total, batches: readBatches(parser, opened, request), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* capped(input: AsyncIterable<Uint8Array>, format: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > maxBytes) {
      throw unreadable(`the ${format} file is larger than ${Math.round(maxBytes / MIB)} MiB, which is the limit`);
    }
    yield chunk;
  }
}

async function* readBatches(parser: Parser, opened: Opened, request: ReadRequest): AsyncGenerator<FileBatch, void> {
  const batch = new BatchBuilder(request, Math.min(request.from, opened.total));
  const names = opened.columns.map((column) => column.name);
  for (let asked = 0; asked < AHEAD; asked += 1) parser.send({ type: 'more' });
  for (let message = await parser.next(); message; message = await parser.next()) {
    if (message.type !== 'rows') throw new Error('the parser sent something else than rows');
    parser.send({ type: 'more' });
    for (const values of message.rows) {
      batch.add(rowOf(names, values), sizeOfAll(values));
      if (batch.full) yield batch.take();
    }
  }
  if (!batch.empty) yield batch.take();
}

function rowOf(names: readonly string[], values: readonly Value[]): Row {
  const row: Row = {};
  for (let index = 0; index < names.length; index += 1) row[names[index] as string] = values[index] ?? null;
  return row;
}

/** From source the process needs a loader for TypeScript. */
function startProcess(memoryMb: number): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts');
  const entry = new URL(fromSource ? './parse-child.ts' : './parse-child.js', import.meta.url);
  return fork(fileURLToPath(entry), {
    execArgv: [`--max-old-space-size=${memoryMb}`, ...(fromSource ? ['--import', import.meta.resolve('tsx')] : [])],
    // Keeps bigints, times and bytes as they are.
    serialization: 'advanced',
    env: childEnvironment({}),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** The process that parses, and what is known of it. */
class Parser {
  readonly #format: ConfinedFormat;
  readonly #limits: ConfinedLimits;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #messages: FromParser[] = [];
  readonly #watch: NodeJS.Timeout;
  #failure: { readonly reason: unknown } | undefined;
  #ended = false;
  #lastWord = Date.now();
  #heard: () => void = () => {};

  constructor(format: ConfinedFormat, limits: ConfinedLimits) {
    this.#format = format;
    this.#limits = limits;
    this.#child = startProcess(limits.memoryMb);
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#onExit(code, signal);
        resolve();
      });
      this.#child.once('error', (error) => {
        this.#fail(new ExecutorError(`the parser of files does not start: ${error.message}`, { cause: error }));
        if (this.#child.pid === undefined) resolve();
      });
    });
    this.#child.on('message', (message: FromParser) => this.#onMessage(message));
    this.#watch = setInterval(() => void this.#look(), WATCH_MS);
    this.#watch.unref();
  }

  send(message: ToParser): void {
    // It may have ended already: then that is what `next` tells.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** @returns undefined at the end */
  async next(): Promise<FromParser | undefined> {
    this.#lastWord = Date.now();
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message.type === 'end' ? undefined : message;
      if (this.#failure) throw this.#failure.reason;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** @param reason what `next` fails with */
  kill(reason: unknown): void {
    this.#fail(reason);
    this.#child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.kill(new Error('the parser of files was closed'));
    await this.#exited;
  }

  #onMessage(message: FromParser): void {
    this.#lastWord = Date.now();
    if (message.type === 'failed') {
      this.#fail(unreadable(`the ${this.#format} file cannot be read: ${message.message}`));
      return;
    }
    if (message.type === 'end') this.#ended = true;
    this.#messages.push(message);
    this.#heard();
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#ended = true;
    this.#heard();
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    clearInterval(this.#watch);
    if (this.#ended) return;
    // How V8 ends when its heap is full.
    if (signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || code === 134)
      this.#fail(this.#tooMuch());
    else this.#fail(new ExecutorError(`the parser of files ended unexpectedly (${signal ?? `exit code ${code}`})`));
  }

  #tooMuch(): ExecutorError {
    const { memoryMb } = this.#limits;
    return unreadable(
      `the ${this.#format} file needs more than ${memoryMb} MiB of memory to be read; split it, or convert it to csv`,
    );
  }

  /** Buffers lie outside of the heap that V8 limits. */
  async #look(): Promise<void> {
    const { memoryMb, silenceMs } = this.#limits;
    if (this.#messages.length === 0 && Date.now() - this.#lastWord > silenceMs) {
      const seconds = Math.round(silenceMs / 1000);
      this.kill(unreadable(`the ${this.#format} file cannot be read: its parser got nowhere in ${seconds} s`));
      return;
    }
    const { pid } = this.#child;
    const bytes = pid === undefined ? undefined : await residentBytes(pid);
    if (bytes === undefined || bytes <= memoryMb * 1.5 * MIB || this.#ended) return;
    this.kill(this.#tooMuch());
  }
}

const run = promisify(execFile);

/** What a process has in memory; undefined when it is gone. */
async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux') {
      const status = await readFile(`/proc/${pid}/status`, 'latin1');
      return Number(/VmRSS:\s*(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return Number(stdout.trim()) * 1024;
  } catch {
    return undefined;
  }
}
