#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { describeFailure, exitCodeOf } from '../cli/failure.ts';
import { runProgram } from '../cli/program.ts';

// `longshore task list | head`: the reader has seen enough, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_CODES.ok.code);
});

try {
  await runProgram(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = EXIT_CODES.usage.code;
  else {
    process.exitCode = exitCodeOf(error);
    process.stderr.write(`${describeFailure(error)}\n`);
  }
}
