import { sleep } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { HeartbeatAnswer, RunRef, SystemInfo, WorkerPort } from '../protocol/worker.ts';

export interface HeartbeatSession {
  readonly sessionId: number;
  readonly leaseSeconds: number;
  readonly heartbeatSeconds: number;
}

export interface HeartbeatHandlers {
  /** What this worker holds right now. */
  held(): Promise<RunRef[]>;
  onAnswer(answer: HeartbeatAnswer): void;
  /**
   * The lease will end before it can be renewed, or has: everything that runs must be dead when it ends. Called once,
   * and the last thing that is called.
   */
  onLost(): void;
}

/** How long before the lease's end a worker that cannot renew gives up: enough to kill all of its runs. */
const MARGIN_SECONDS = 6;
/** A renewal must not wait longer than this for its answer. */
const ANSWER_SECONDS = 3;

/**
 * How long before the lease's end a dead man's switch acts: later than a worker that can still act by itself, which has
 * given up, or had its answer, by MARGIN_SECONDS less ANSWER_SECONDS before the end.
 */
export const LAST_MARGIN_SECONDS = 2;

interface HeartbeatOptions extends HeartbeatSession, HeartbeatHandlers {
  readonly port: Pick<WorkerPort, 'heartbeat'>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  systemInfo(): SystemInfo;
  /** Told at each renewal: unless it is told again within `seconds`, the lease is about to end. */
  onRenewed?(seconds: number): void;
}

/**
 * Renews the session's lease until `signal` aborts or the lease is lost. The lease is counted from before the request
 * was sent, by a clock that cannot be set, so this side always gives up before the server does.
 */
export async function heartbeats(options: HeartbeatOptions): Promise<void> {
  const { port, signal, logger, sessionId } = options;
  const usableMs = (options.leaseSeconds - MARGIN_SECONDS) * 1000;
  const renewed = (since: number) =>
    options.onRenewed?.(options.leaseSeconds - LAST_MARGIN_SECONDS - (performance.now() - since) / 1000);
  let renewedAt = performance.now();
  while (!signal.aborted) {
    const sentAt = performance.now();
    try {
      const held = await options.held();
      const request = { session_id: sessionId, held, system_info: options.systemInfo() };
      const answer = await within(ANSWER_SECONDS * 1000, port.heartbeat(request));
      if (signal.aborted) return;
      if (!answer.alive) {
        logger.warn({ session: sessionId }, 'the server has given this session up');
        options.onLost();
        return;
      }
      renewedAt = sentAt;
      renewed(sentAt);
      options.onAnswer(answer);
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ err: error, session: sessionId }, 'heartbeat failed');
    }
    if (performance.now() - renewedAt > usableMs) {
      logger.error({ session: sessionId }, 'the lease can no longer be renewed in time');
      options.onLost();
      return;
    }
    const failing = renewedAt !== sentAt;
    await sleep(failing ? 500 : options.heartbeatSeconds * 1000, signal);
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) throw new Error(`no answer within ${ms} ms`);
    return undefined as never;
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
    promise.catch(() => undefined);
  }
}
