import type { NewRun } from '../../src/engine/model.ts';
import { enqueue } from '../../src/engine/runs.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/terms.ts';
import type { RegisterRequest } from '../../src/protocol/worker.ts';
import type { Store } from '../../src/store/store.ts';

/** A run of the test kind `noop`, ready to be leased. */
export function newRun(change: Partial<NewRun> = {}): NewRun {
  return {
    jobId: null,
    area: 'scheduler',
    kind: 'noop',
    name: 'test run',
    spec: {},
    trigger: 'manual',
    fireAt: null,
    runAt: null,
    priority: 'normal',
    tags: [],
    retryCount: 0,
    retryDelaySeconds: 0,
    timeoutSeconds: null,
    concurrency: null,
    watched: false,
    createdBy: null,
    ...change,
  };
}

export function enqueueAll(store: Store, runs: readonly NewRun[]): Promise<number[]> {
  return store.transaction((tx) => enqueue(tx, runs));
}

export async function enqueueOne(store: Store, change: Partial<NewRun> = {}): Promise<number> {
  const [id] = await enqueueAll(store, [newRun(change)]);
  if (id === undefined) throw new Error('nothing was enqueued');
  return id;
}

export function registration(change: Partial<RegisterRequest> = {}): RegisterRequest {
  return {
    worker_id: 'worker-001',
    name: 'worker-001',
    tags: [],
    kinds: ['noop'],
    max_tasks: 10,
    hostname: 'test',
    version: '0.0.0',
    protocol: PROTOCOL_VERSION,
    ...change,
  };
}

/** What a heartbeat would do after the lease's time, without waiting for it. */
export async function lapse(store: Store, sessionId: number): Promise<void> {
  await store.query("UPDATE longshore.worker_sessions SET lease_until = now() - interval '1 second' WHERE id = $1", [
    sessionId,
  ]);
}
