import { Worker as Thread } from 'node:worker_threads';
import type { Logger, LogLevel } from '../kernel/logger.ts';
import { DeadMan, type EndScript } from '../sandbox/dead-man.ts';
import { type HeartbeatHandlers, type HeartbeatSession, LAST_MARGIN_SECONDS } from '../worker/heartbeat.ts';
import type { FromThread, HeartbeatThreadData, PortAddress, ToThread } from './heartbeat-thread.ts';

/**
 * From source (tests, development) the thread needs a loader for TypeScript. Node 20 applies what `--import` registers
 * only after a thread's entry has been loaded, so the entry is a line of JavaScript that registers it.
 */
function sourceEntry(): URL {
  const entry = JSON.stringify(new URL('./heartbeat-thread.ts', import.meta.url));
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const code = `import { register } from ${loader}; register(); await import(${entry});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

const ENTRY = import.meta.url.endsWith('.ts') ? sourceEntry() : new URL('./heartbeat-thread.js', import.meta.url);

/**
 * Starts the thread that keeps a session's lease.
 * @param endScript what ends the worker's runs when the lease is about to end and nobody here can; armed on return
 * @returns a function that ends it
 */
export function startHeartbeatThread(
  address: PortAddress,
  logger: Logger,
  session: HeartbeatSession,
  handlers: HeartbeatHandlers,
  endScript: EndScript | undefined,
): () => Promise<void> {
  // Until the thread has one of its own: runs may be leased before it has started.
  const deadMan = endScript && new DeadMan(endScript);
  deadMan?.arm(session.leaseSeconds - LAST_MARGIN_SECONDS);
  const workerData: HeartbeatThreadData = { ...session, address, logLevel: logger.level as LogLevel, endScript };
  const thread = new Thread(ENTRY, {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 48 },
  });
  let stopped = false;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  const send = (message: ToThread) => thread.postMessage(message);
  thread.on('message', (message: FromThread) => {
    if (stopped) return;
    if (message.type === 'ask') void handlers.held().then((held) => send({ type: 'held', held }));
    else if (message.type === 'answer') {
      void deadMan?.close();
      handlers.onAnswer(message.answer);
    } else handlers.onLost();
  });
  thread.on('error', (error) => logger.error({ err: error }, 'the heartbeat thread failed'));
  // Whatever ended it: without a heartbeat the lease ends too.
  void exited.then(() => {
    if (!stopped) handlers.onLost();
  });
  return async () => {
    stopped = true;
    send({ type: 'stop' });
    await Promise.all([exited, deadMan?.close()]);
  };
}
