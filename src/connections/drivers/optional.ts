import { ExecutorError } from '../../protocol/executor.ts';

/**
 * Loads a driver that need not be installed.
 * @throws ExecutorError that says how to install it
 */
export async function optionalDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /MODULE_NOT_FOUND$/.test(String(error.code)))) throw error;
    throw new ExecutorError(
      `the driver ${name} is not installed on this worker: run npm install ${name} beside Longshore, and start the worker again`,
      { retryable: false, cause: error },
    );
  }
}
