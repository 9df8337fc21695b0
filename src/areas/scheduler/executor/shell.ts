import type { Executor } from '../../../protocol/executor.ts';
import { specParser } from './parse-spec.ts';
import { type ProcessTools, runProgram } from './process.ts';
import { ShellSpec } from './spec.ts';

const parse = specParser(ShellSpec);

/** Linux takes no single argument beyond 128 KiB; a longer command goes in as input. */
const LONGEST_ARGUMENT_BYTES = 100 * 1024;

/** Runs `command` by `sh -c`. */
export function shellExecutor(tools: ProcessTools): Executor {
  return {
    kind: 'shell',
    pausable: false,
    async run(given, context) {
      const spec = parse(given);
      return runProgram(tools, { file: '/bin/sh', ...invocation(spec.command) }, spec, context);
    },
  };
}

function invocation(command: string): { args: readonly string[]; input?: string } {
  if (Buffer.byteLength(command) <= LONGEST_ARGUMENT_BYTES) return { args: ['-c', command] };
  // Read to the end before any of it runs: as with `sh -c`, the command finds its standard input at its end.
  return { args: ['-c', 'eval "$(cat)"'], input: command };
}
