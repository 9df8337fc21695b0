import { stat } from 'node:fs/promises';
import type { Static } from 'typebox';
import { ExecutorError, type ExecutorResult, type RunContext } from '../../../protocol/executor.ts';
import { isSecretName } from '../../../protocol/secret-names.ts';
import { secretsOfUrl } from '../../../protocol/secret-urls.ts';
import type { Limits } from '../../../sandbox/limits.ts';
import type { Sandbox } from '../../../sandbox/sandbox.ts';
import { type Ended, LaunchError } from '../../../sandbox/supervise.ts';
import type { ShellSpec } from './spec.ts';

/** What executors of child processes work with. */
export interface ProcessTools {
  readonly sandbox: Sandbox;
  /** Milliseconds between SIGTERM and SIGKILL of a run that must end. */
  readonly killGraceMs: number;
}

/** What shell and python tasks have in common. */
type Surroundings = Pick<Static<typeof ShellSpec>, 'working_directory' | 'environment' | 'limits'>;

interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** Below the task's own variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a program in the sandbox, its output as the run's log.
 * @throws ExecutorError when it cannot be started, or ends with anything but 0; the reason of an abort
 */
export async function runProgram(
  { sandbox, killGraceMs }: ProcessTools,
  program: Program,
  { working_directory, environment = {}, limits }: Surroundings,
  context: RunContext,
): Promise<ExecutorResult> {
  await checkDirectory(working_directory);
  let lastError = '';
  const command = {
    file: program.file,
    args: program.args,
    input: program.input,
    workingDirectory: working_directory,
    environment: { ...runVariables(context), ...program.environment, ...environment },
    limits: limits && sandboxLimits(limits),
  };
  const supervision = {
    signal: context.signal,
    graceMs: killGraceMs,
    secrets: secretsOf(environment),
    onLine(stream: 'stdout' | 'stderr', line: string) {
      if (stream === 'stderr' && line.trim() !== '') lastError = line;
      // Much that is no error goes to stderr: progress, notices.
      context.log(stream === 'stderr' ? 'warning' : 'info', line, stream);
    },
    onNotice: (message: string) => context.log('warning', message, 'system'),
  };
  try {
    return judge(await sandbox.run(command, supervision), lastError);
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    throw new ExecutorError(`the command could not be started: ${error.message}`, {
      retryable: !error.notFound,
      cause: error,
    });
  }
}

async function checkDirectory(directory: string | undefined): Promise<void> {
  if (directory === undefined) return;
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new ExecutorError(`working_directory: there is no directory ${directory} on this worker`, { retryable: false });
}

/** What a script may want to know of its run; the idempotency key is for systems that can drop repeats. */
function runVariables(context: RunContext): Record<string, string> {
  return {
    LONGSHORE_RUN_ID: String(context.runId),
    LONGSHORE_ATTEMPT: String(context.attempt),
    LONGSHORE_IDEMPOTENCY_KEY: context.idempotencyKey,
  };
}

function sandboxLimits(limits: NonNullable<Surroundings['limits']>): Limits {
  return {
    cpuSeconds: limits.cpu_seconds,
    memoryMb: limits.memory_mb,
    openFiles: limits.open_files,
    fileSizeMb: limits.file_size_mb,
    processes: limits.processes,
  };
}

/** Switches such as AUTH_ENABLED=true: masking their values would blacken every log. */
const NO_SECRET = /^(true|false|yes|no|on|off|none|null|enabled|disabled|required|\d{1,5})$/i;

/** The values of variables with telling names, and what is secret in variables that hold URLs. */
function secretsOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => [
    ...(isSecretName(name) && !NO_SECRET.test(value) ? [value] : []),
    ...secretsOfUrl(value),
  ]);
}

/** Where a signal is what a limit of the task, or of the machine, looks like. */
const SIGNAL_HINTS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGXCPU: ': its CPU seconds were used up',
  SIGXFSZ: ': a file grew beyond its limit',
  SIGKILL: ', not by Longshore: perhaps the machine was out of memory',
};
const LONGEST_REASON = 500;

function judge(ended: Ended, lastError: string): ExecutorResult {
  if (ended.exitCode === 0) return { exitCode: 0 };
  const reason = lastError === '' ? '' : `: ${lastError.slice(0, LONGEST_REASON)}`;
  if (ended.exitSignal === null) {
    throw new ExecutorError(`the command ended with exit code ${ended.exitCode}${reason}`, {
      exitCode: ended.exitCode,
    });
  }
  throw new ExecutorError(`the command was ended by ${ended.exitSignal}${SIGNAL_HINTS[ended.exitSignal] ?? reason}`, {
    exitSignal: ended.exitSignal,
  });
}
