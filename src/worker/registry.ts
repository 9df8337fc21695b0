import { UsageError } from '../kernel/errors.ts';
import type { Executor } from '../protocol/executor.ts';

/**
 * The executors that this worker offers: all, or those on the operator's allow-list.
 * @throws UsageError for a kind that there is no executor for
 */
export function allowed(executors: readonly Executor[], allowList: readonly string[] | undefined): Executor[] {
  if (!allowList) return [...executors];
  const kinds = executors.map((executor) => executor.kind);
  for (const kind of allowList) {
    if (!kinds.includes(kind))
      throw new UsageError(`--executors: there is no "${kind}"; known are ${kinds.join(', ')}.`);
  }
  return executors.filter((executor) => allowList.includes(executor.kind));
}
