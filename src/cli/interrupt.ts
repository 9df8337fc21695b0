import { CliFailure } from './failure.ts';

/**
 * Runs `work` with a signal that Ctrl-C aborts.
 * @param remark what to tell the person about what goes on without them
 */
export async function interruptible<T>(remark: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  // Not only once: below npm each Ctrl-C comes twice, and the second one must not end us before the remark.
  process.on('SIGINT', interrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw new CliFailure('interrupted', remark, { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
  }
}
