import { AppError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { HEARTBEAT_SECONDS, LEASE_SECONDS, PROTOCOL_VERSION } from '../protocol/terms.ts';
import type {
  Commands,
  HeartbeatAnswer,
  HeartbeatRequest,
  LeasedRun,
  LeaseRequest,
  RegisterAnswer,
  RegisterRequest,
  ReportAnswer,
  ReportRequest,
  RunRef,
  RunUpdate,
  UpdateRequest,
  WorkerPort,
} from '../protocol/worker.ts';
import { readChunk } from '../store/blobs.ts';
import type { Listener } from '../store/listener.ts';
import type { Store } from '../store/store.ts';
import { logsInsert } from './queries/log.ts';
import { runsCommands, runsFenced } from './queries/run_control.ts';
import { runsFinish } from './queries/run_finish.ts';
import { runsLease } from './queries/run_lease.ts';
import { runsGiveBack } from './queries/run_return.ts';
import { runsUpdate } from './queries/run_update.ts';
import { sessionClose, sessionIsOpen, sessionOpen, sessionRenew } from './queries/session.ts';
import { namedRuns, releaseKeys } from './runs.ts';
import { Wake } from './wake.ts';

interface PostgresPortOptions {
  readonly store: Store;
  readonly listener: Listener;
  readonly logger: Logger;
  /** Puts secrets in the place of references to them; without it, references stay and runs that hold some fail. */
  readonly resolveSpecs?: ((runs: LeasedRun[]) => Promise<LeasedRun[]>) | undefined;
}

/** Polls at least so often for work and commands, whatever hints say. */
const POLL_MS = 2000;
const WATCH_MS = 20_000;
const NO_COMMANDS: Commands = { cancel: [], pause: [], fenced: [] };

function keyOf(ref: RunRef): string {
  return `${ref.id}/${ref.epoch}`;
}

/** The worker's port straight on PostgreSQL; the HTTP routes for workers are a thin view on it. */
export class PostgresPort implements WorkerPort {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #resolveSpecs: ((runs: LeasedRun[]) => Promise<LeasedRun[]>) | undefined;
  readonly #queued: Wake;
  readonly #control: Wake;

  constructor(options: PostgresPortOptions) {
    this.#store = options.store;
    this.#logger = options.logger;
    this.#resolveSpecs = options.resolveSpecs;
    this.#queued = new Wake(options.listener, 'longshore_runs');
    this.#control = new Wake(options.listener, 'longshore_control');
  }

  async register(request: RegisterRequest, principal?: string): Promise<RegisterAnswer> {
    const [major] = PROTOCOL_VERSION.split('.');
    if (request.protocol.split('.')[0] !== major) {
      const message = `this server speaks ${PROTOCOL_VERSION}; install a worker of the same major version`;
      throw new AppError('conflict', `protocol ${request.protocol}: ${message}`, {
        details: [{ field: 'protocol', message }],
      });
    }
    const { sessionId, settings } = await this.#store.transaction(async (tx) => {
      const opened = await sessionOpen(tx, request, principal ?? null);
      if (opened) return opened;
      const message = 'a worker with another key is online under this id; stop it, or choose another id';
      throw new AppError('conflict', `worker_id: ${message}`, { details: [{ field: 'worker_id', message }] });
    });
    this.#logger.info({ worker: request.worker_id, session: sessionId }, 'worker joined');
    return { session_id: sessionId, lease_seconds: LEASE_SECONDS, heartbeat_seconds: HEARTBEAT_SECONDS, settings };
  }

  async lease(request: LeaseRequest, signal: AbortSignal): Promise<LeasedRun[]> {
    const until = Date.now() + request.wait_ms;
    while (!signal.aborted) {
      const hint = this.#queued.next;
      const runs = await runsLease(this.#store, request.session_id, request.limit);
      const left = until - Date.now();
      if (runs.length > 0) return this.#resolveSpecs?.(runs) ?? runs;
      if (left <= 0) return [];
      await this.#queued.wait(hint, Math.min(left, POLL_MS), signal);
    }
    return [];
  }

  async report(request: ReportRequest): Promise<ReportAnswer> {
    const finished = await runsFinish(this.#store, request.session_id, request.outcomes);
    await releaseKeys(this.#store, finished).catch((error: unknown) =>
      // What was reported is committed; the promoter lets the next runs through.
      this.#logger.warn({ err: error }, 'releasing concurrency keys failed; will be tried again'),
    );
    const done = new Set(finished.map(keyOf));
    return {
      stale: request.outcomes.filter((outcome) => !done.has(keyOf(outcome))).map(({ id, epoch }) => ({ id, epoch })),
    };
  }

  async update(request: UpdateRequest): Promise<ReportAnswer> {
    const wanted = new Map<string, RunRef>();
    for (const { id, epoch } of [...request.logs, ...request.updates]) wanted.set(`${id}/${epoch}`, { id, epoch });
    const held = new Set<string>();
    if (request.logs.length > 0) {
      for (const ref of await logsInsert(this.#store, request.session_id, request.logs)) held.add(keyOf(ref));
    }
    if (request.updates.length > 0) {
      const updates: readonly RunUpdate[] = request.updates;
      for (const ref of await runsUpdate(this.#store, request.session_id, updates)) held.add(keyOf(ref));
    }
    return { stale: [...wanted].filter(([key]) => !held.has(key)).map(([, ref]) => ref) };
  }

  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    const settings = await sessionRenew(this.#store, request.session_id, request.system_info);
    if (!settings) {
      return {
        alive: false,
        settings: { max_tasks: 1, enabled: false },
        commands: { ...NO_COMMANDS, fenced: request.held },
      };
    }
    const commands = await this.#commands(request.session_id);
    const fenced = request.held.length > 0 ? await runsFenced(this.#store, request.session_id, request.held) : [];
    return { alive: true, settings, commands: { ...commands, fenced } };
  }

  async reconcile(request: { session_id: number; held: RunRef[] }): Promise<void> {
    const returned = await runsGiveBack(this.#store, request.session_id, request.held);
    if (returned.length > 0) this.#logger.warn(namedRuns(returned), 'took back runs whose lease answer was lost');
    await releaseKeys(this.#store, returned);
  }

  async watch(sessionId: number, signal: AbortSignal): Promise<Commands> {
    const hint = this.#control.next;
    const now = await this.#commands(sessionId);
    if (now.cancel.length + now.pause.length > 0 || signal.aborted) return now;
    await this.#control.wait(hint, WATCH_MS, signal);
    return signal.aborted ? NO_COMMANDS : this.#commands(sessionId);
  }

  async blobChunk(sessionId: number, blobId: number, seq: number): Promise<Uint8Array | undefined> {
    if (!(await sessionIsOpen(this.#store, sessionId))) {
      throw new AppError('conflict', `session ${sessionId} is over; register the worker anew`);
    }
    return readChunk(this.#store, blobId, seq);
  }

  async leave(sessionId: number): Promise<void> {
    await this.reconcile({ session_id: sessionId, held: [] });
    await sessionClose(this.#store, sessionId);
  }

  /** Store and listener belong to the process; they outlive this port. */
  async close(): Promise<void> {}

  async #commands(sessionId: number): Promise<Commands> {
    const rows = await runsCommands(this.#store, sessionId);
    const refs = (state: string) => rows.filter((row) => row.state === state).map(({ id, epoch }) => ({ id, epoch }));
    return { cancel: refs('cancelling'), pause: refs('pausing'), fenced: [] };
  }
}
