import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Static } from 'typebox';
import { type Executor, ExecutorError } from '../../../protocol/executor.ts';
import { LaunchError } from '../../../sandbox/supervise.ts';
import { specParser } from './parse-spec.ts';
import { type ProcessTools, runProgram } from './process.ts';
import { PythonSpec } from './spec.ts';

const parse = specParser(PythonSpec);

/** Lines are to be seen as they are printed, and a worker without a locale is to print every script. */
const ENVIRONMENT = { PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' };

/** Runs a script file, or an inline script, by `python_path`, else `python3`. */
export function pythonExecutor(tools: ProcessTools): Executor {
  return {
    kind: 'python',
    pausable: false,
    async run(given, context) {
      const spec = parse(given);
      const program = { file: spec.python_path ?? 'python3', environment: ENVIRONMENT, ...(await invocation(spec)) };
      try {
        return await runProgram(tools, program, spec, context);
      } catch (error) {
        if (!(error instanceof ExecutorError && error.cause instanceof LaunchError && error.cause.notFound))
          throw error;
        throw new ExecutorError(
          `there is no Python interpreter ${program.file} on this worker; install it, or set python_path`,
          { retryable: false, cause: error },
        );
      }
    },
  };
}

async function invocation(spec: Static<typeof PythonSpec>): Promise<{ args: readonly string[]; input?: string }> {
  const { command, script, arguments: given = [] } = spec;
  // Read to its end before it runs. Nothing of it is written where it could be left behind, nor shown by ps.
  if (script !== undefined && command === undefined) return { args: ['-', ...given], input: script };
  if (command === undefined || script !== undefined) {
    throw new ExecutorError('give either command (a file on the worker) or script (the program itself)', {
      retryable: false,
    });
  }
  const file = path.resolve(spec.working_directory ?? '.', command);
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new ExecutorError(`command: there is no file ${file} on this worker`, { retryable: false });
  return { args: [file, ...given] };
}
