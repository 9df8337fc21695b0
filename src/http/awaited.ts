import type { Writable } from 'node:stream';

/**
 * For what goes on only as long as somebody waits for it.
 * @param answer what is written to the client; its request would not do, which closes when its body has been read
 * @param closing aborts when the server shuts down. Not combined by `AbortSignal.any`, which leaves something on it for
 *   each call on Node 20.
 * @returns aborts when the answer's connection closes, or the server does; whoever holds it may abort it earlier
 */
export function whileAwaited(answer: Writable, closing: AbortSignal): AbortController {
  const awaited = new AbortController();
  const end = () => {
    closing.removeEventListener('abort', end);
    awaited.abort();
  };
  answer.once('close', end);
  // Its client may have gone before anybody asked for it.
  if (closing.aborted || answer.closed) end();
  else closing.addEventListener('abort', end);
  return awaited;
}
