import { backoffMs, sleep } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { Executor } from '../protocol/executor.ts';
import { PROTOCOL_VERSION } from '../protocol/terms.ts';
import type { Commands, HeartbeatAnswer, LeasedRun, WorkerPort } from '../protocol/worker.ts';
import { Attempt } from './attempt.ts';
import type { HeartbeatHandlers, HeartbeatSession } from './heartbeat.ts';
import { Reports } from './reports.ts';
import { Slots } from './slots.ts';
import { Updates } from './updates.ts';

export interface WorkerIdentity {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly maxTasks: number;
  readonly hostname: string;
  readonly version: string;
}

export interface WorkerOptions {
  readonly identity: WorkerIdentity;
  readonly port: WorkerPort;
  readonly executors: readonly Executor[];
  readonly logger: Logger;
  readonly logCapBytes: number;
  /** What its executors give runs between SIGTERM and SIGKILL; untold, the server reckons with the most there is. */
  readonly killGraceSeconds?: number | undefined;
  /** Keeps the session's lease, on a thread of its own in the product. @returns a function that ends it */
  startHeartbeat(session: HeartbeatSession, handlers: HeartbeatHandlers): () => Promise<void>;
}

const LEASE_WAIT_MS = 20_000;
const LEASE_MOST = 1000;
/**
 * How often a worker asks for runs that it holds without knowing: a lease can be committed after its caller has given
 * it up, so doing this only after failures is not enough.
 */
const RECONCILE_MS = 30_000;
/** Outcomes that may wait for the server before leasing pauses: what is done must not outrun what is recorded. */
const UNSENT_MOST = 2000;

export type WorkerState = 'starting' | 'online' | 'draining' | 'reconnecting' | 'stopped';

/** What one session of the worker holds; a lapsed session's things are dropped with it. */
interface Session {
  readonly id: number;
  readonly slots: Slots;
  readonly updates: Updates;
  readonly reports: Reports;
  readonly lost: AbortController;
  /** When to ask next (monotonic ms) whether the engine thinks that we hold runs we never heard of. */
  reconcileAt: number;
}

/** A call may hang on a connection that died in silence; a session that is lost does not wait for it. */
async function unlessLost<T>(session: Session, call: Promise<T>): Promise<T> {
  const { signal } = session.lost;
  let onLost = () => {};
  const lost = new Promise<never>((_, reject) => {
    onLost = () => reject(new Error('the worker session is lost'));
    signal.addEventListener('abort', onLost);
    if (signal.aborted) onLost();
  });
  try {
    return await Promise.race([call, lost]);
  } finally {
    signal.removeEventListener('abort', onLost);
    call.catch(() => undefined);
  }
}

/**
 * Leases runs as long as it has free slots, executes them, and reports. When its lease cannot be renewed it kills
 * what it runs and joins anew. `stop` drains: nothing new is leased, what runs may end within the patience, the rest
 * goes back to its queue unspent.
 */
export class Worker implements Service {
  readonly name = 'worker';
  readonly #options: WorkerOptions;
  readonly #executors: ReadonlyMap<string, Executor>;
  readonly #stopping = new AbortController();
  readonly #killed = new AbortController();
  #session: Session | undefined;
  #settings = { max_tasks: 1, enabled: true };
  #state: WorkerState = 'starting';
  #loop: Promise<void> | undefined;
  #slotFreed: () => void = () => undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#executors = new Map(options.executors.map((executor) => [executor.kind, executor]));
  }

  get state(): WorkerState {
    return this.#state;
  }

  get running(): number {
    return this.#session?.slots.size ?? 0;
  }

  get maxTasks(): number {
    return this.#settings.max_tasks;
  }

  async start(): Promise<void> {
    this.#loop ??= this.#run();
  }

  /** @param patienceMs how long running runs may take to end by themselves */
  async stop(patienceMs = 0): Promise<void> {
    if (this.#state !== 'stopped') this.#state = 'draining';
    const patience = setTimeout(() => this.#killed.abort(), patienceMs);
    this.#stopping.abort();
    this.#slotFreed();
    await this.#loop;
    clearTimeout(patience);
    this.#state = 'stopped';
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#runSession();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#options.logger.warn({ err: error, failures }, 'cannot join; will be tried again');
      }
      if (this.#stopping.signal.aborted) return;
      this.#state = 'reconnecting';
      await sleep(100 + backoffMs(failures, 250, 5000), this.#stopping.signal);
    }
  }

  async #runSession(): Promise<void> {
    const { port, identity, logger, killGraceSeconds } = this.#options;
    const answer = await port.register({
      worker_id: identity.id,
      name: identity.name,
      tags: [...identity.tags],
      kinds: [...this.#executors.keys()],
      max_tasks: identity.maxTasks,
      hostname: identity.hostname,
      version: identity.version,
      protocol: PROTOCOL_VERSION,
      ...(killGraceSeconds === undefined ? {} : { kill_grace_seconds: killGraceSeconds }),
    });
    const session = this.#openSession(answer.session_id);
    this.#settings = answer.settings;
    const stopHeartbeat = this.#options.startHeartbeat(
      { sessionId: session.id, leaseSeconds: answer.lease_seconds, heartbeatSeconds: answer.heartbeat_seconds },
      {
        held: async () => session.slots.refs,
        onAnswer: (heartbeat) => this.#onHeartbeat(session, heartbeat),
        onLost: () => session.lost.abort(),
      },
    );
    this.#state = 'online';
    logger.info({ session: session.id, max_tasks: answer.settings.max_tasks }, 'online');
    const watching = this.#watch(session);
    try {
      await this.#leaseUntilOver(session);
      await this.#windUp(session);
    } finally {
      session.lost.abort();
      session.updates.end();
      session.reports.end();
      this.#session = undefined;
      await Promise.all([stopHeartbeat(), watching]);
    }
  }

  #openSession(id: number): Session {
    const { port, logger } = this.#options;
    const session: Session = {
      id,
      slots: new Slots({
        onEnd: (outcome) => {
          if (outcome) session.reports.add(outcome);
          this.#slotFreed();
        },
      }),
      lost: new AbortController(),
      reconcileAt: 0,
      reports: new Reports({ port, sessionId: id, logger }),
      updates: new Updates({
        port,
        sessionId: id,
        logger,
        onStale: (refs) => this.#obey(session, { cancel: [], pause: [], fenced: [...refs] }),
      }),
    };
    session.lost.signal.addEventListener('abort', () => {
      if (this.#state === 'online') this.#state = 'reconnecting';
      session.slots.abortAll('lost');
      session.updates.end();
      session.reports.end();
      this.#slotFreed();
    });
    this.#session = session;
    return session;
  }

  #onHeartbeat(session: Session, answer: HeartbeatAnswer): void {
    const before = this.#settings;
    this.#settings = answer.settings;
    if (!before.enabled && answer.settings.enabled) this.#slotFreed();
    if (before.max_tasks < answer.settings.max_tasks) this.#slotFreed();
    this.#obey(session, answer.commands);
  }

  #obey(session: Session, commands: Commands): void {
    for (const ref of commands.cancel) session.slots.abort(ref, 'cancel');
    for (const ref of commands.pause) session.slots.abort(ref, 'pause');
    for (const ref of commands.fenced) session.slots.abort(ref, 'lost');
  }

  async #watch(session: Session): Promise<void> {
    const { port, logger } = this.#options;
    const { signal } = session.lost;
    while (!signal.aborted) {
      try {
        const commands = await unlessLost(session, port.watch(session.id, signal));
        this.#obey(session, commands);
        // The same commands come again until they are carried out.
        if (commands.cancel.length + commands.pause.length > 0) await sleep(200, signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.debug({ err: error }, 'watching for commands failed; the heartbeat carries them meanwhile');
        await sleep(1000, signal);
      }
    }
  }

  async #leaseUntilOver(session: Session): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, session.lost.signal]);
    let failures = 0;
    while (!signal.aborted) {
      session.slots.limit = this.#settings.max_tasks;
      const wanted = this.#settings.enabled ? session.slots.wanted : 0;
      if (session.reports.unsent.length > UNSENT_MOST) {
        await session.reports.flushed();
        continue;
      }
      if (wanted === 0) {
        await this.#nextSlot(1000);
        continue;
      }
      try {
        if (performance.now() >= session.reconcileAt) await this.#reconcile(session);
        const request = { session_id: session.id, limit: Math.min(wanted, LEASE_MOST), wait_ms: LEASE_WAIT_MS };
        const leased = await unlessLost(session, this.#options.port.lease(request, signal));
        for (const run of leased) this.#begin(session, run);
        failures = 0;
      } catch (error) {
        session.reconcileAt = 0;
        if (signal.aborted) return;
        failures += 1;
        this.#options.logger.warn({ err: error, failures }, 'leasing failed; will be tried again');
        await sleep(50 + backoffMs(failures, 200, 3000), signal);
      }
    }
  }

  /** Runs whose lease was committed although we never heard of it go back at once instead of waiting for nobody. */
  async #reconcile(session: Session): Promise<void> {
    // What has ended but is not reported yet is still held on the server's side; given back, it would run again.
    const held = [...session.slots.refs, ...session.reports.unsent.map(({ id, epoch }) => ({ id, epoch }))];
    await unlessLost(session, this.#options.port.reconcile({ session_id: session.id, held }));
    session.reconcileAt = performance.now() + RECONCILE_MS;
  }

  #begin(session: Session, run: LeasedRun): void {
    const { logger, logCapBytes, port } = this.#options;
    const executor = this.#executors.get(run.kind);
    if (!executor) {
      // A lease names only our kinds; this is a fault, and the run must not hang.
      const error = `this worker has no executor for ${run.kind}`;
      const ref = { id: run.id, epoch: run.epoch };
      session.reports.add({ ...ref, status: 'failed', retryable: true, error, log_bytes: 0 });
      return;
    }
    const attempt = new Attempt({
      run,
      executor,
      updates: session.updates,
      blobChunk: (blobId, seq) => port.blobChunk(session.id, blobId, seq),
      logCapBytes,
      logger,
    });
    if (session.lost.signal.aborted) attempt.abort('lost');
    if (this.#killed.signal.aborted) attempt.abort('drain');
    session.slots.add(attempt);
  }

  async #nextSlot(mostMs: number): Promise<void> {
    const over = new AbortController();
    const freed = new Promise<void>((resolve) => {
      this.#slotFreed = resolve;
    });
    await Promise.race([freed, sleep(mostMs, over.signal)]);
    over.abort();
  }

  /** Lets what runs end, within patience, then gives the rest back; a lost session's attempts are waited for. */
  async #windUp(session: Session): Promise<void> {
    const drain = () => session.slots.abortAll('drain');
    session.slots.returnWaiting();
    this.#killed.signal.addEventListener('abort', drain);
    if (this.#killed.signal.aborted) drain();
    while (session.slots.size > 0) await this.#nextSlot(1000);
    this.#killed.signal.removeEventListener('abort', drain);
    if (session.lost.signal.aborted) return;
    await session.reports.flushed();
    await this.#options.port
      .leave(session.id)
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error }, 'could not say goodbye; the lease will lapse'),
      );
  }
}
