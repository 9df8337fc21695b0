const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Signals this close to the first are the same wish. Below npm each Ctrl-C comes twice: from the terminal, and from
 * npm, which passes its own on.
 */
const ECHO_MS = 1_000;

/**
 * Hands over the wish to stop instead of letting it end the process.
 * @param onStop called with how often it was wished before: 0 at first; more means that somebody is in a hurry
 * @param now milliseconds of a clock that never goes back
 * @returns what ends the subscription
 */
export function onStopSignal(onStop: (before: number) => void, now = () => performance.now()): () => void {
  let before = 0;
  let firstAt = 0;
  const onSignal = () => {
    if (before === 0) firstAt = now();
    else if (now() - firstAt < ECHO_MS) return;
    onStop(before);
    before += 1;
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
  };
}
