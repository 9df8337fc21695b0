/**
 * Registers what must not outlive this process however it ends, short of SIGKILL. It runs while the process exits, so
 * it cannot wait for anything.
 * @returns a function that takes it back, once it is done in order
 */
export function atExit(cleanup: () => void): () => void {
  process.once('exit', cleanup);
  return () => process.off('exit', cleanup);
}

/** For commands: a signal ends them as `process.exit` would, so that what was registered runs. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
}
