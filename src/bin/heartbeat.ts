import { Worker as Thread } from 'node:worker_threads';
import type { Logger, LogLevel } from '../kernel/logger.ts';
import type { HeartbeatHandlers, HeartbeatSession } from '../worker/heartbeat.ts';
import type { FromThread, HeartbeatThreadData, PortAddress, ToThread } from './heartbeat-thread.ts';

/** From source (tests, development) the thread needs the loader that this process has. */
const fromSource = import.meta.url.endsWith('.ts');
const ENTRY = new URL(fromSource ? './heartbeat-thread.ts' : './heartbeat-thread.js', import.meta.url);

/** Starts the thread that keeps a session's lease. @returns a function that ends it */
export function startHeartbeatThread(
  address: PortAddress,
  logger: Logger,
  session: HeartbeatSession,
  handlers: HeartbeatHandlers,
): () => Promise<void> {
  const workerData: HeartbeatThreadData = { ...session, address, logLevel: logger.level as LogLevel };
  const thread = new Thread(ENTRY, {
    workerData,
    ...(fromSource ? { execArgv: ['--import', 'tsx'] } : {}),
    resourceLimits: { maxOldGenerationSizeMb: 48 },
  });
  let stopped = false;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  const send = (message: ToThread) => thread.postMessage(message);
  thread.on('message', (message: FromThread) => {
    if (stopped) return;
    if (message.type === 'ask') void handlers.held().then((held) => send({ type: 'held', held }));
    else if (message.type === 'answer') handlers.onAnswer(message.answer);
    else handlers.onLost();
  });
  thread.on('error', (error) => logger.error({ err: error }, 'the heartbeat thread failed'));
  // Whatever ended it: without a heartbeat the lease ends too.
  void exited.then(() => {
    if (!stopped) handlers.onLost();
  });
  return async () => {
    stopped = true;
    send({ type: 'stop' });
    await exited;
  };
}
