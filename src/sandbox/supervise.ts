import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { sleep } from '../kernel/clock.ts';
import { AttemptAborted } from '../protocol/executor.ts';
import { childEnvironment } from './environment.ts';
import { NOT_FOUND } from './launcher.ts';
import type { Limits } from './limits.ts';
import type { Output } from './output.ts';
import { openNamelessFile } from './private-files.ts';
import { signalAll } from './processes.ts';
import type { ProcessTree } from './tree.ts';

export interface Command {
  /** A program: a path, or a name that is looked for in the PATH of its environment. */
  readonly file: string;
  readonly args: readonly string[];
  /** Default: this process's. */
  readonly workingDirectory?: string | undefined;
  /** Over the allow-list of environment.ts. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What it reads on standard input; without, that is at its end from the start. */
  readonly input?: string | undefined;
  readonly limits?: Limits | undefined;
}

export interface Supervision {
  /** Ends the tree: SIGTERM, `graceMs`, SIGKILL. When its reason is that the run is `lost`: SIGKILL at once. */
  readonly signal: AbortSignal;
  readonly graceMs: number;
  /** Texts that must not appear in the output. */
  readonly secrets: readonly string[];
  /** Each line of output as it comes, clean and redacted, at most 16 KiB. */
  onLine(stream: 'stdout' | 'stderr', line: string): void;
  /** What the user should know of the run that the command itself does not say. */
  onNotice(message: string): void;
}

export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** How the command ended: with a code, or by a signal. */
export type Ended =
  | { readonly exitCode: number; readonly exitSignal: null }
  | { readonly exitCode: null; readonly exitSignal: NodeJS.Signals };

/** The command could not be started; nothing of it has run. */
export class LaunchError extends Error {
  /** Whether it is the program that is missing. */
  readonly notFound: boolean;
  constructor(message: string, options: { notFound?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'LaunchError';
    this.notFound = options.notFound ?? false;
  }
}

/** What a command leaves behind gets this long to end by itself, or `graceMs` if that is less. */
const LEFTOVER_GRACE_MS = 1000;
/** How often the user is told of processes that do not end whatever is done. */
const COMPLAIN_EVERY_MS = 30_000;

/**
 * Runs `command` in `tree`. Settles only when the whole tree is verified gone, whoever still holds a pipe.
 * @param preparation the launcher's script (see launcher.ts)
 * @param outputs ended here in any case
 * @throws LaunchError when nothing of the command has run; the signal's reason when it aborted before the command ended
 */
export async function supervise(
  tree: ProcessTree,
  command: Command,
  preparation: string,
  outputs: Outputs,
  supervision: Supervision,
): Promise<Ended> {
  const { signal, graceMs } = supervision;
  try {
    signal.throwIfAborted();
    const { exited, failure } = await start(tree, command, preparation, outputs);
    const aborted = await abortsBefore(exited, signal);
    if (aborted) await endTree(tree, isLost(signal) ? 0 : graceMs, supervision);
    else await endLeftovers(tree, supervision);
    const ended = await exited;
    await finish(outputs);
    const reason = await failure;
    if (reason === NOT_FOUND) throw new LaunchError(`there is no program ${command.file}`, { notFound: true });
    if (reason !== '') throw new LaunchError(reason);
    if (aborted) throw signal.reason;
    return ended;
  } catch (error) {
    await endTree(tree, 0, supervision);
    await finish(outputs);
    throw error;
  }
}

async function finish({ stdout, stderr }: Outputs): Promise<void> {
  await Promise.all([stdout.finish(), stderr.finish()]);
}

interface Started {
  readonly exited: Promise<Ended>;
  /** What the launcher had to report: nothing when the command was started. */
  readonly failure: Promise<string>;
}

async function start(tree: ProcessTree, command: Command, preparation: string, outputs: Outputs): Promise<Started> {
  const input = command.input === undefined ? undefined : await openNamelessFile(command.input);
  try {
    const child = spawn('/bin/sh', ['-c', preparation, 'sh', command.file, ...command.args], {
      cwd: command.workingDirectory,
      // A session of its own: no terminal, and a group that can be signalled.
      detached: true,
      env: { ...childEnvironment(command.environment ?? {}), ...tree.environment },
      stdio: [input?.fd ?? 'ignore', outputs.stdout.writeFd, outputs.stderr.writeFd, 'pipe'],
    });
    if (child.pid !== undefined) tree.started(child.pid);
    const exited = new Promise<Ended>((resolve) => {
      child.once('exit', (code, exitSignal) => {
        resolve(exitSignal === null ? { exitCode: code ?? 0, exitSignal } : { exitCode: null, exitSignal });
      });
    });
    const failure = text(child.stdio[3] as Readable);
    failure.catch(() => {});
    await once(child, 'spawn');
    return { exited, failure };
  } catch (error) {
    throw new LaunchError((error as Error).message, { cause: error });
  } finally {
    outputs.stdout.closeWriter();
    outputs.stderr.closeWriter();
    await input?.close();
  }
}

/** Resolves with whether `signal` aborted before the command ended. */
async function abortsBefore(exited: Promise<Ended>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return true;
  let onAbort = () => {};
  const aborts = new Promise<boolean>((resolve) => {
    onAbort = () => resolve(true);
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([exited.then(() => false), aborts]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Another worker is about to start a lost run again: there is no time for good manners. */
function isLost(signal: AbortSignal): boolean {
  return signal.reason instanceof AttemptAborted && signal.reason.reason === 'lost';
}

async function endLeftovers(tree: ProcessTree, supervision: Supervision): Promise<void> {
  if (await tree.release()) return;
  const left = (await tree.members()).length;
  if (left > 0)
    supervision.onNotice(`the command left ${left === 1 ? 'a process' : `${left} processes`} behind; ended`);
  await endTree(tree, Math.min(LEFTOVER_GRACE_MS, supervision.graceMs), supervision);
}

/** Resolves when no process of the tree is left, and not before. */
async function endTree(tree: ProcessTree, graceMs: number, supervision: Supervision): Promise<void> {
  if (await endsWithin(tree, graceMs, supervision.signal)) return;
  let complainAt = performance.now() + COMPLAIN_EVERY_MS;
  for (let wait = 1; ; wait = Math.min(wait * 2, 100)) {
    await tree.kill();
    if (await tree.release()) return;
    await sleep(wait);
    if (performance.now() > complainAt) {
      // In a system call that cannot be interrupted, or of a user that we may not signal.
      const left = await tree.members();
      supervision.onNotice(`still waiting for processes that SIGKILL does not end: ${left.join(', ')}`);
      complainAt += COMPLAIN_EVERY_MS;
    }
  }
}

/** Asks the tree to end. @returns whether it did, within `graceMs` and before the run was lost */
async function endsWithin(tree: ProcessTree, graceMs: number, signal: AbortSignal): Promise<boolean> {
  if (graceMs <= 0) return false;
  const deadline = performance.now() + graceMs;
  signalAll(await tree.members(), 'SIGTERM');
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    if (await tree.release()) return true;
    const left = deadline - performance.now();
    if (left <= 0 || isLost(signal)) return false;
    await sleep(Math.min(wait, left));
  }
}
