#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { describeFailure, exitCodeOf } from '../cli/failure.ts';
import { runProgram } from '../cli/program.ts';

/** `longshore task list | head`: the reader has seen enough, which is no error. What serves goes on without one. */
function withoutReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  const serves = process.listenerCount('SIGTERM') > 0;
  if (!serves) process.exit(EXIT_CODES.ok.code);
}
process.stdout.on('error', withoutReader);
process.stderr.on('error', withoutReader);

try {
  await runProgram(process.argv.slice(2));
} catch (error) {
  // Commander has explained itself already.
  if (!(error instanceof CommanderError)) process.stderr.write(`${describeFailure(error)}\n`);
  // At once, whatever is still open: a server that could not start must not linger, half of it running.
  process.exit(error instanceof CommanderError ? EXIT_CODES.usage.code : exitCodeOf(error));
}
