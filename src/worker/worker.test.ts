import { once } from 'node:events';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { enqueueAll, enqueueOne, lapse, newRun } from '../../test/support/runs.ts';
import { promoter } from '../engine/daemons/promoter.ts';
import { rescuer } from '../engine/daemons/rescuer.ts';
import { PostgresPort } from '../engine/postgres-port.ts';
import { logsAfter } from '../engine/queries/log.ts';
import { runsByIds } from '../engine/queries/run_read.ts';
import { cancelRun, getRun, pauseRun } from '../engine/runs.ts';
import type { RunState } from '../engine/states.ts';
import { Bus } from '../events/bus.ts';
import { type Executor, ExecutorError, type RunContext } from '../protocol/executor.ts';
import { appendChunk, createBlob, finishBlob } from '../store/blobs.ts';
import { Listener } from '../store/listener.ts';
import type { Store } from '../store/store.ts';
import { heartbeats } from './heartbeat.ts';
import { Worker, type WorkerOptions } from './worker.ts';

/** An executor whose body each test writes. */
class Scripted implements Executor {
  readonly kind = 'noop';
  readonly pausable = true;
  body: (context: RunContext) => Promise<void> = async () => undefined;
  async run(_spec: unknown, context: RunContext) {
    await this.body(context);
    return {};
  }
}

/** Ends as a well-behaved executor does: when its signal aborts. */
const untilAborted = async ({ signal }: RunContext) => {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
};

describe('worker', () => {
  let store: Store;
  let listener: Listener;
  let bus: Bus;
  let port: PostgresPort;
  let executor: Scripted;
  const workers: Worker[] = [];

  beforeAll(async () => {
    const database = await createTestDatabase();
    store = database.store;
    listener = new Listener({ url: database.directUrl, logger: silent });
    port = new PostgresPort({ store, listener, logger: silent });
    bus = new Bus({ db: store, listener, logger: silent });
    await listener.start();
    await bus.start();
    return async () => {
      await bus.stop();
      await listener.stop();
    };
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
    executor = new Scripted();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop();
  });

  async function startWorker(change: Partial<WorkerOptions> = {}, maxTasks = 4): Promise<Worker> {
    const worker = new Worker({
      identity: { id: 'worker-001', name: 'worker-001', tags: [], maxTasks, hostname: 'test', version: '0.0.0' },
      port,
      executors: [executor],
      logger: silent,
      logCapBytes: 1000,
      startHeartbeat(session, handlers) {
        const stopping = new AbortController();
        const options = { ...session, ...handlers, heartbeatSeconds: 0.2 };
        const done = heartbeats({ ...options, port, logger: silent, signal: stopping.signal, systemInfo: () => ({}) });
        return async () => {
          stopping.abort();
          await done;
        };
      },
      ...change,
    });
    workers.push(worker);
    await worker.start();
    return worker;
  }

  /** Waits for the event that says a run came to one of these states. */
  async function reached(id: number, ...states: RunState[]): Promise<RunState> {
    return new Promise((resolve) => {
      let found = false;
      const look = async () => {
        if (found) return;
        const [run] = await runsByIds(store, [id]);
        if (found || !run || !states.includes(run.state)) return;
        found = true;
        unsubscribe();
        resolve(run.state);
      };
      const unsubscribe = bus.subscribe(() => void look());
      void look();
    });
  }

  function started(): Promise<RunContext> {
    return new Promise((resolve) => {
      executor.body = (context) => {
        resolve(context);
        return untilAborted(context);
      };
    });
  }

  it('runs what is queued, and logs before it reports', async () => {
    executor.body = async (context) => context.log('info', `attempt ${context.attempt}`);
    const id = await enqueueOne(store);
    await startWorker();
    expect(await reached(id, 'succeeded')).toBe('succeeded');
    const lines = await logsAfter(store, id, { epoch: 0, seq: 0 }, 10, null);
    expect(lines.map((line) => line.message)).toEqual(['attempt 1']);
  });

  it('tells an executor its epoch, and reads blobs for it', async () => {
    const blob = await createBlob(store);
    await appendChunk(store, blob, 0, Buffer.from('中文'));
    await appendChunk(store, blob, 1, Buffer.from(' 🚢'));
    await finishBlob(store, blob);
    executor.body = async (context) => {
      const pieces: Uint8Array[] = [];
      for await (const bytes of context.openBlob(blob)) pieces.push(bytes);
      context.log('info', `epoch ${context.epoch}: ${Buffer.concat(pieces).toString()}`);
      for await (const bytes of context.openBlob(blob, 1)) context.log('info', `then ${Buffer.from(bytes)}`);
    };
    const id = await enqueueOne(store);
    await startWorker();
    expect(await reached(id, 'succeeded', 'failed')).toBe('succeeded');
    const lines = await logsAfter(store, id, { epoch: 0, seq: 0 }, 10, null);
    expect(lines.map((line) => line.message)).toEqual(['epoch 1: 中文 🚢', 'then  🚢']);
  });

  it('never runs more at once than it has slots', async () => {
    let running = 0;
    let most = 0;
    executor.body = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const ids = await enqueueAll(
      store,
      Array.from({ length: 50 }, () => newRun()),
    );
    await startWorker({}, 3);
    for (const id of ids) await reached(id, 'succeeded');
    expect(most).toBe(3);
  });

  it('retries failures with their reasons kept', async () => {
    executor.body = async ({ attempt }) => {
      if (attempt < 3) throw new ExecutorError(`attempt ${attempt} failed`, { exitCode: attempt, retryAfterMs: 0 });
    };
    const id = await enqueueOne(store, { retryCount: 2 });
    await startWorker();
    const daemon = promoter(store, silent);
    await daemon.start();
    await reached(id, 'succeeded');
    await daemon.stop();
    const run = await getRun(store, 'scheduler', id);
    expect(run.pastAttempts.map((past) => [past.exit_code, past.error])).toEqual([
      [1, 'attempt 1 failed'],
      [2, 'attempt 2 failed'],
    ]);
  });

  it('ends an attempt at its timeout', async () => {
    executor.body = untilAborted;
    const id = await enqueueOne(store, { timeoutSeconds: 1 });
    await startWorker();
    await reached(id, 'failed');
    expect(await getRun(store, 'scheduler', id)).toMatchObject({ error: 'timed out after 1 s' });
  });

  it('cancels a running run', async () => {
    const start = started();
    const id = await enqueueOne(store);
    await startWorker();
    await start;
    await store.transaction((tx) => cancelRun(tx, 'scheduler', id));
    expect(await reached(id, 'cancelled')).toBe('cancelled');
  });

  it('pauses at a checkpoint', async () => {
    const saved = new Promise<void>((resolve) => {
      executor.body = async (context) => {
        await context.checkpoint({ page: 7 });
        resolve();
        await untilAborted(context);
      };
    });
    const id = await enqueueOne(store);
    await startWorker();
    await saved;
    await store.transaction((tx) => pauseRun(tx, 'scheduler', id));
    await reached(id, 'paused');
    const [row] = await store.query('SELECT checkpoint FROM longshore.runs WHERE id = $1', [id]);
    expect(row).toEqual({ checkpoint: { page: 7 } });
  });

  it('cuts the log at its cap, with a marker', async () => {
    executor.body = async (context) => {
      for (let i = 0; i < 50; i += 1) context.log('info', 'x'.repeat(36), 'stdout');
    };
    const id = await enqueueOne(store);
    await startWorker();
    await reached(id, 'succeeded');
    const lines = await logsAfter(store, id, { epoch: 0, seq: 0 }, 100, null);
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toMatchObject({ level: 'warning', message: 'the log is cut here: it has reached 1000 bytes' });
  });

  it('kills what it runs when its lease is lost, says nothing of it, and joins anew', async () => {
    const first = started();
    const id = await enqueueOne(store);
    await startWorker();
    const context = await first;
    const aborted = once(context.signal, 'abort');
    const second = started();
    const [run] = await store.query<{ session_id: number }>('SELECT session_id FROM longshore.runs WHERE id = $1', [
      id,
    ]);
    await lapse(store, run?.session_id ?? 0);
    const daemon = rescuer(store, silent);
    await daemon.start();
    await aborted;
    expect(context.signal.reason).toMatchObject({ reason: 'lost' });
    expect((await second).attempt).toBe(2);
    await daemon.stop();
    expect(await getRun(store, 'scheduler', id)).toMatchObject({ state: 'running', losses: 1 });
  });

  it('drains: what runs goes back unspent when its patience is over', async () => {
    const start = started();
    const id = await enqueueOne(store);
    const worker = await startWorker();
    await start;
    await worker.stop(0);
    expect(await getRun(store, 'scheduler', id)).toMatchObject({ state: 'queued', attempt: 0 });
  });

  it('drains: what ends in time is reported', async () => {
    const start = new Promise<() => void>((resolve) => {
      executor.body = () => new Promise((end) => resolve(end));
    });
    const id = await enqueueOne(store);
    const worker = await startWorker();
    const end = await start;
    const stopped = worker.stop(60_000);
    end();
    await stopped;
    expect((await getRun(store, 'scheduler', id)).state).toBe('succeeded');
  });

  it.each(['lease', 'report', 'update'] as const)(
    'survives a lost answer to %s: nothing is lost, nothing is doubled',
    async (call) => {
      let lost = 0;
      const faulty = new Proxy(port, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          if (name !== call) return value.bind(target);
          return async (...args: unknown[]) => {
            const answer: unknown = await value.apply(target, args);
            const empty = Array.isArray(answer) && answer.length === 0;
            if (!empty && lost < 3) {
              lost += 1;
              throw new Error('the connection broke after the commit');
            }
            return answer;
          };
        },
      });
      const executions = new Map<number, number>();
      executor.body = async ({ runId, log }) => {
        executions.set(runId, (executions.get(runId) ?? 0) + 1);
        log('info', 'once');
      };
      const ids = await enqueueAll(
        store,
        Array.from({ length: 30 }, () => newRun()),
      );
      await startWorker({ port: faulty });
      for (const id of ids) await reached(id, 'succeeded');
      expect(lost).toBeGreaterThan(0);
      expect([...executions.values()].every((count) => count === 1)).toBe(true);
      for (const id of ids) expect(await logsAfter(store, id, { epoch: 0, seq: 0 }, 10, null)).toHaveLength(1);
    },
  );
});
