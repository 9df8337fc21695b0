/** The thread that renews a worker session's lease: what the main thread does cannot keep it from beating. */
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { PostgresPort } from '../engine/postgres-port.ts';
import { createLogger, type LogLevel } from '../kernel/logger.ts';
import type { HeartbeatAnswer, RunRef, SystemInfo, WorkerPort } from '../protocol/worker.ts';
import { Listener } from '../store/listener.ts';
import { Store } from '../store/store.ts';
import { type HeartbeatSession, heartbeats } from '../worker/heartbeat.ts';
import { HttpPort } from '../worker/http-port.ts';

export type PortAddress =
  | { readonly type: 'postgres'; readonly url: string }
  | { readonly type: 'http'; readonly server: string; readonly token: string; readonly workerId: string };

export interface HeartbeatThreadData extends HeartbeatSession {
  readonly address: PortAddress;
  readonly logLevel: LogLevel;
}

export type ToThread = { readonly type: 'held'; readonly held: RunRef[] } | { readonly type: 'stop' };
export type FromThread =
  | { readonly type: 'ask' }
  | { readonly type: 'answer'; readonly answer: HeartbeatAnswer }
  | { readonly type: 'lost' };

/** A main thread that does not answer in this time is busy: its last word counts. */
const ASK_MS = 300;

function openPort(address: PortAddress): WorkerPort {
  if (address.type === 'http') return new HttpPort(address);
  const store = new Store({ url: address.url, poolSize: 1, logger, applicationName: 'longshore heartbeat' });
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
const { address, logLevel, ...session } = workerData as HeartbeatThreadData;
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

await heartbeats({
  ...session,
  port: openPort(address),
  logger,
  signal: stopping.signal,
  systemInfo,
  held: askHeld,
  onAnswer: (answer) => main.postMessage({ type: 'answer', answer } satisfies FromThread),
  onLost: () => main.postMessage({ type: 'lost' } satisfies FromThread),
});
process.exit(0);
