import type { Outbound } from '../../../connections/outbound.ts';
import type { Executor } from '../../../protocol/executor.ts';
import { httpExecutor } from './http.ts';
import type { ProcessTools } from './process.ts';
import { pythonExecutor } from './python.ts';
import { shellExecutor } from './shell.ts';

/** The kinds that the task scheduler brings. Whoever made the sandbox and the way out closes them. */
export function schedulerExecutors(tools: ProcessTools & { readonly outbound: Outbound }): Executor[] {
  return [shellExecutor(tools), httpExecutor(tools), pythonExecutor(tools)];
}
