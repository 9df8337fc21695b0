/** The thread that renews a worker session's lease: what the main thread does cannot keep it from beating. */
import { once } from 'node:events';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { createLogger, type LogLevel } from '../kernel/logger.ts';
import type { HeartbeatAnswer, RunRef, SystemInfo, WorkerPort } from '../protocol/worker.ts';
import { DeadMan, type EndScript } from '../sandbox/dead-man.ts';
import { type HeartbeatSession, heartbeats } from '../worker/heartbeat.ts';

export type PortAddress =
  | { readonly type: 'postgres'; readonly url: string }
  | { readonly type: 'http'; readonly server: string; readonly token: string; readonly workerId: string };

export interface HeartbeatThreadData extends HeartbeatSession {
  readonly address: PortAddress;
  readonly logLevel: LogLevel;
  /** What ends the worker's runs when its lease is about to end and it cannot do so itself. */
  readonly endScript?: EndScript | undefined;
}

export type ToThread = { readonly type: 'held'; readonly held: RunRef[] } | { readonly type: 'stop' };
export type FromThread =
  | { readonly type: 'ask' }
  | { readonly type: 'answer'; readonly answer: HeartbeatAnswer }
  | { readonly type: 'lost' };

/** A heartbeat that hangs must make room for the next one, on a new connection. */
const ANSWER_MS = 2500;
/** A main thread that does not answer in this time is busy: its last word counts. */
const ASK_MS = 300;

/** Each transport is loaded only where it is used: the thread should cost little to start and to keep. */
async function openPort(address: PortAddress): Promise<WorkerPort> {
  if (address.type === 'http') {
    const { HttpPort } = await import('../worker/http-port.ts');
    return new HttpPort(address);
  }
  const [{ PostgresPort }, { Listener }, { Store }] = await Promise.all([
    import('../engine/postgres-port.ts'),
    import('../store/listener.ts'),
    import('../store/store.ts'),
  ]);
  const store = new Store({
    url: address.url,
    poolSize: 1,
    answerMs: ANSWER_MS,
    logger,
    applicationName: 'longshore heartbeat',
  });
  // Never started: a heartbeat waits for no hints.
  return new PostgresPort({ store, listener: new Listener({ url: address.url, logger }), logger });
}

function systemInfo(): SystemInfo {
  const percent = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return {
    cpu_usage: percent((loadavg()[0] ?? 0) / availableParallelism()),
    memory_usage: percent(1 - freemem() / totalmem()),
  };
}

if (!parentPort) throw new Error('heartbeat-thread is started by a worker, not by hand');
const main = parentPort;
const { address, logLevel, endScript, ...session } = workerData as HeartbeatThreadData;
const logger = createLogger(logLevel, 'heartbeat');
const stopping = new AbortController();
let lastHeld: RunRef[] = [];
let heard: () => void = () => undefined;
main.on('message', (message: ToThread) => {
  if (message.type === 'stop') stopping.abort();
  else {
    lastHeld = message.held;
    heard();
  }
});

async function askHeld(): Promise<RunRef[]> {
  const answered = new Promise<void>((resolve) => {
    heard = resolve;
    setTimeout(resolve, ASK_MS);
  });
  main.postMessage({ type: 'ask' } satisfies FromThread);
  await answered;
  return lastHeld;
}

const deadMan = endScript && new DeadMan(endScript);
await heartbeats({
  ...session,
  port: await openPort(address),
  logger,
  signal: stopping.signal,
  systemInfo,
  held: askHeld,
  onAnswer: (answer) => main.postMessage({ type: 'answer', answer } satisfies FromThread),
  onLost: () => main.postMessage({ type: 'lost' } satisfies FromThread),
  onRenewed: (seconds) => deadMan?.arm(seconds),
});
if (deadMan) {
  // The lease may be lost while the main thread is stuck: the switch stays armed until that says all has ended.
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  await deadMan.close();
}
process.exit(0);
