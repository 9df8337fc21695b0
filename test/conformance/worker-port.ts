import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expirer } from '../../src/engine/daemons/expirer.ts';
import { rescuer } from '../../src/engine/daemons/rescuer.ts';
import { logsAfter } from '../../src/engine/queries/log.ts';
import { cancelRun, getRun, pauseRun } from '../../src/engine/runs.ts';
import type { Service } from '../../src/kernel/service.ts';
import type { LeasedRun, Outcome, WorkerPort } from '../../src/protocol/worker.ts';
import { appendChunk, BLOB_CHUNK_BYTES, createBlob, finishBlob } from '../../src/store/blobs.ts';
import type { Store } from '../../src/store/store.ts';
import { silent } from '../support/database.ts';
import { enqueueAll, enqueueOne, lapse, newRun, registration } from '../support/runs.ts';
import { eventually } from '../support/serving.ts';

export interface PortUnderTest {
  readonly store: Store;
  /** A port for the worker of this id. */
  portFor(workerId: string): WorkerPort;
}

const forever = new AbortController().signal;

function outcome(run: { id: number; epoch: number }, change: Partial<Outcome> = {}): Outcome {
  return { id: run.id, epoch: run.epoch, status: 'succeeded', retryable: false, log_bytes: 0, ...change };
}

/** What every implementation of WorkerPort must do; run it once for each. */
export function workerPortConformance(name: string, open: () => Promise<PortUnderTest>): void {
  describe(`worker port: ${name}`, () => {
    let store: Store;
    let port: WorkerPort;
    let session: number;
    let under: PortUnderTest;

    const join = async (workerId: string, change = {}) => {
      const joined = under.portFor(workerId);
      const answer = await joined.register(registration({ worker_id: workerId, name: workerId, ...change }));
      return { port: joined, session: answer.session_id };
    };
    const lease = (limit = 10, wait = 0): Promise<LeasedRun[]> =>
      port.lease({ session_id: session, limit, wait_ms: wait }, forever);
    const leaseOne = async (): Promise<LeasedRun> => {
      const [run] = await lease(1);
      if (!run) throw new Error('nothing to lease');
      return run;
    };
    const report = (...outcomes: Outcome[]) => port.report({ session_id: session, outcomes });
    const heartbeat = (held: { id: number; epoch: number }[] = []) => port.heartbeat({ session_id: session, held });

    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    beforeEach(async () => {
      await store.query('DELETE FROM longshore.runs');
      await store.query('DELETE FROM longshore.workers');
      ({ port, session } = await join('worker-001'));
    });

    it('refuses a worker of another major protocol', async () => {
      const other = under.portFor('worker-009');
      await expect(other.register(registration({ worker_id: 'worker-009', protocol: '9.0' }))).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    it('leases a run once, with its spec', async () => {
      const id = await enqueueOne(store, { spec: { text: '中文 🚢' } });
      const [run] = await lease();
      expect(run).toMatchObject({ id, epoch: 1, attempt: 1, kind: 'noop', spec: { text: '中文 🚢' } });
      expect(await lease()).toEqual([]);
    });

    it('gives two workers different runs', async () => {
      await enqueueAll(
        store,
        Array.from({ length: 20 }, () => newRun()),
      );
      const other = await join('worker-002');
      const leases = await Promise.all([
        lease(10),
        other.port.lease({ session_id: other.session, limit: 10, wait_ms: 0 }, forever),
      ]);
      const ids = leases.flat().map((run) => run.id);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('orders by priority, then by age', async () => {
      const low = await enqueueOne(store, { priority: 'low' });
      const normal = await enqueueOne(store);
      const critical = await enqueueOne(store, { priority: 'critical' });
      const high = await enqueueOne(store, { priority: 'high' });
      const later = await enqueueOne(store);
      expect((await lease()).map((run) => run.id)).toEqual([critical, high, normal, later, low]);
    });

    it('lets waiting age a low priority past a fresh higher one', async () => {
      const low = await enqueueOne(store, { priority: 'low', runAt: new Date(Date.now() - 2 * 3_600_000) });
      const high = await enqueueOne(store, { priority: 'high' });
      expect((await lease()).map((run) => run.id)).toEqual([low, high]);
    });

    it('keeps runs from workers without their tags or their kind', async () => {
      const tagged = await enqueueOne(store, { tags: ['gpu', 'linux'] });
      await enqueueOne(store, { kind: 'other' });
      expect(await lease()).toEqual([]);
      const able = await join('worker-gpu', { tags: ['linux', 'gpu', 'fast'] });
      const runs = await able.port.lease({ session_id: able.session, limit: 10, wait_ms: 0 }, forever);
      expect(runs.map((run) => run.id)).toEqual([tagged]);
    });

    it('waits for work and is woken by it', async () => {
      const waiting = lease(1, 30_000);
      const id = await enqueueOne(store);
      expect((await waiting).map((run) => run.id)).toEqual([id]);
    });

    it('stops waiting when aborted', async () => {
      const stop = new AbortController();
      const waiting = port.lease({ session_id: session, limit: 1, wait_ms: 60_000 }, stop.signal);
      stop.abort();
      await waiting.catch(() => undefined);
    });

    it('records success, exit code and output', async () => {
      const id = await enqueueOne(store);
      const run = await leaseOne();
      const answer = await report(outcome(run, { exit_code: 0, output: { rows: 3 } }));
      expect(answer.stale).toEqual([]);
      expect(await getRun(store, 'scheduler', id)).toMatchObject({
        state: 'succeeded',
        exitCode: 0,
        output: { rows: 3 },
      });
    });

    it('takes a repeated report without doing it twice', async () => {
      await enqueueOne(store);
      const run = await leaseOne();
      await report(outcome(run));
      expect((await report(outcome(run, { status: 'failed' }))).stale).toEqual([{ id: run.id, epoch: run.epoch }]);
      expect((await getRun(store, 'scheduler', run.id)).state).toBe('succeeded');
    });

    it('retries what may be retried, until the attempts are spent', async () => {
      const id = await enqueueOne(store, { retryCount: 1 });
      // Far ahead, so that no server of the suite's queues it meanwhile.
      const far = { retryable: true, retry_after_ms: 3_600_000 };
      const first = { ...far, status: 'failed', error: 'first', exit_signal: 'SIGKILL' } as const;
      await report(outcome(await leaseOne(), first));
      expect(await getRun(store, 'scheduler', id)).toMatchObject({ state: 'retry_wait' });
      await store.query("UPDATE longshore.runs SET state = 'queued'");
      await report(outcome(await leaseOne(), { status: 'timed_out', retryable: true, error: 'second' }));
      const run = await getRun(store, 'scheduler', id);
      expect(run).toMatchObject({ state: 'failed', attempt: 2, error: 'second' });
      expect(run.pastAttempts).toMatchObject([
        { attempt: 1, outcome: 'failed', error: 'first', exit_signal: 'SIGKILL' },
      ]);
    });

    it('does not retry what may not be retried', async () => {
      const id = await enqueueOne(store, { retryCount: 5 });
      await report(outcome(await leaseOne(), { status: 'failed', retryable: false, error: 'no such file' }));
      expect((await getRun(store, 'scheduler', id)).state).toBe('failed');
    });

    it('retries within the delay, doubled with each failure', async () => {
      const id = await enqueueOne(store, { retryCount: 5, retryDelaySeconds: 10 });
      for (const mostSeconds of [10, 20, 40]) {
        await report(outcome(await leaseOne(), { status: 'failed', retryable: true }));
        const run = await getRun(store, 'scheduler', id);
        const [clock] = await store.query<{ now: Date }>('SELECT now() AS now');
        const waits = run.runAt.getTime() - (clock?.now.getTime() ?? 0);
        expect(waits).toBeLessThanOrEqual(mostSeconds * 1000);
        await store.query("UPDATE longshore.runs SET state = 'queued'");
      }
    });

    it('honours Retry-After', async () => {
      const id = await enqueueOne(store, { retryCount: 1 });
      await report(outcome(await leaseOne(), { status: 'failed', retryable: true, retry_after_ms: 3_600_000 }));
      const run = await getRun(store, 'scheduler', id);
      expect(run.runAt.getTime() - Date.now()).toBeGreaterThan(3_000_000);
    });

    it('takes a released run back unspent', async () => {
      const id = await enqueueOne(store);
      await report(outcome(await leaseOne(), { status: 'released' }));
      expect(await getRun(store, 'scheduler', id)).toMatchObject({ state: 'queued', attempt: 0 });
      expect(await leaseOne()).toMatchObject({ id, epoch: 2, attempt: 1 });
    });

    it('fences a session whose lease has lapsed', async () => {
      const id = await enqueueOne(store);
      const run = await leaseOne();
      await lapse(store, session);
      await rescueOnce(store);
      expect(await lease()).toEqual([]);
      expect((await heartbeat([{ id, epoch: run.epoch }])).alive).toBe(false);
      expect((await report(outcome(run))).stale).toHaveLength(1);
      const again = await join('worker-001');
      const [second] = await again.port.lease({ session_id: again.session, limit: 1, wait_ms: 0 }, forever);
      expect(second).toMatchObject({ id, epoch: 3, attempt: 2 });
      expect(await getRun(store, 'scheduler', id)).toMatchObject({ losses: 1, pastAttempts: [{ outcome: 'lost' }] });
    });

    it('gives a run up after three losses', async () => {
      const id = await enqueueOne(store, { retryCount: 5 });
      for (let loss = 1; loss <= 3; loss += 1) {
        const joined = await join(`worker-00${loss}`);
        await joined.port.lease({ session_id: joined.session, limit: 1, wait_ms: 0 }, forever);
        await lapse(store, joined.session);
        await rescueOnce(store);
      }
      expect(await getRun(store, 'scheduler', id)).toMatchObject({ state: 'dead', losses: 3 });
    });

    it.each([
      { grace: 120, secondsLate: 130, taken: false },
      { grace: 120, secondsLate: 160, taken: true },
      { grace: 0, secondsLate: 40, taken: true },
      // It may be a worker of the version before, with any grace.
      { grace: undefined, secondsLate: 3610, taken: false },
      { grace: undefined, secondsLate: 3640, taken: true },
    ])(
      'takes an overdue run from a worker that lives only when its grace is over too: $grace s, $secondsLate s late',
      async ({ grace, secondsLate, taken }) => {
        const joined = await join('worker-grace', grace === undefined ? {} : { kill_grace_seconds: grace });
        const id = await enqueueOne(store, { timeoutSeconds: 3, retryCount: 2 });
        await joined.port.lease({ session_id: joined.session, limit: 1, wait_ms: 0 }, forever);
        await overrun(store, id, secondsLate);
        expect((await getRun(store, 'scheduler', id)).state === 'running').toBe(!taken);
      },
    );

    it('does not call cancelled what a worker that lives still holds, however late it is', async () => {
      const joined = await join('worker-grace', { kill_grace_seconds: 0 });
      const id = await enqueueOne(store, { timeoutSeconds: 3 });
      const [run] = await joined.port.lease({ session_id: joined.session, limit: 1, wait_ms: 0 }, forever);
      if (!run) throw new Error('nothing to lease');
      await store.transaction((tx) => cancelRun(tx, 'scheduler', id));
      await overrun(store, id, 86_400);
      expect((await getRun(store, 'scheduler', id)).state).toBe('cancelling');
      const request = { session_id: joined.session, outcomes: [outcome(run, { status: 'cancelled' })] };
      expect((await joined.port.report(request)).stale).toEqual([]);
      expect((await getRun(store, 'scheduler', id)).state).toBe('cancelled');
    });

    it('tells of a cancellation by watch and by heartbeat, and cancels when the worker says it is gone', async () => {
      const id = await enqueueOne(store);
      const run = await leaseOne();
      const watched = port.watch(session, forever);
      const cancelled = await store.transaction((tx) => cancelRun(tx, 'scheduler', id));
      expect(cancelled.state).toBe('cancelling');
      expect((await watched).cancel).toEqual([{ id, epoch: run.epoch }]);
      expect((await heartbeat([{ id, epoch: run.epoch }])).commands.cancel).toEqual([{ id, epoch: run.epoch }]);
      await report(outcome(run, { status: 'cancelled' }));
      expect((await getRun(store, 'scheduler', id)).state).toBe('cancelled');
    });

    it('tells of a pause and goes on from the checkpoint', async () => {
      const id = await enqueueOne(store);
      const run = await leaseOne();
      await store.transaction((tx) => pauseRun(tx, 'scheduler', id));
      expect((await heartbeat()).commands.pause).toEqual([{ id, epoch: run.epoch }]);
      const update = { id, epoch: run.epoch, checkpoint: { at: 5 }, progress_done: 5, progress_total: 10 };
      await port.update({ session_id: session, logs: [], updates: [update] });
      await report(outcome(run, { status: 'paused' }));
      expect(await getRun(store, 'scheduler', id)).toMatchObject({
        state: 'paused',
        progressDone: 5,
        progressTotal: 10,
      });
      await store.query("UPDATE longshore.runs SET state = 'queued'");
      expect((await leaseOne()).checkpoint).toEqual({ at: 5 });
    });

    it('writes a repeated batch of log lines once, whatever characters are in it', async () => {
      const id = await enqueueOne(store);
      const run = await leaseOne();
      const at = new Date().toISOString();
      const line = (seq: number, message: string) =>
        ({ id, epoch: run.epoch, seq, at, level: 'info', stream: 'stdout', message }) as const;
      const batch = { session_id: session, updates: [], logs: [line(1, 'one'), line(2, 'nul \0 and \ud800 lone')] };
      await port.update(batch);
      expect((await port.update(batch)).stale).toEqual([]);
      const lines = await logsAfter(store, id, { epoch: 0, seq: 0 }, 10, null);
      expect(lines.map((each) => each.message)).toEqual(['one', 'nul  and \ufffd lone']);
    });

    it('refuses log lines, checkpoints and rows of runs that are not held', async () => {
      const id = await enqueueOne(store);
      const ref = { id, epoch: 1 };
      const at = new Date().toISOString();
      const { stale } = await port.update({
        session_id: session,
        logs: [{ ...ref, seq: 1, at, level: 'info', stream: 'stdout', message: 'stray' }],
        updates: [{ ...ref, checkpoint: 1 }],
      });
      expect(stale).toEqual([ref]);
      expect(await logsAfter(store, id, { epoch: 0, seq: 0 }, 10, null)).toEqual([]);
    });

    it('takes emitted rows once', async () => {
      const id = await enqueueOne(store);
      const run = await leaseOne();
      const updates = [{ id, epoch: run.epoch, emitted: [{ seq: 1, type: 'host', rows: [{ ip: '127.0.0.1' }] }] }];
      await port.update({ session_id: session, logs: [], updates });
      await port.update({ session_id: session, logs: [], updates });
      const reports = await store.query('SELECT type, payload FROM longshore.reports WHERE run_id = $1', [id]);
      expect(reports).toEqual([{ type: 'host', payload: [{ ip: '127.0.0.1' }] }]);
    });

    it('gives back runs whose lease answer was lost, unspent, and keeps those that are held', async () => {
      await enqueueAll(store, [newRun(), newRun()]);
      const [kept, lost] = await lease();
      if (!kept || !lost) throw new Error('two runs were expected');
      await port.reconcile({ session_id: session, held: [{ id: kept.id, epoch: kept.epoch }] });
      expect(await getRun(store, 'scheduler', lost.id)).toMatchObject({ state: 'queued', attempt: 0 });
      expect(await getRun(store, 'scheduler', kept.id)).toMatchObject({ state: 'running' });
    });

    it('gives everything back when it leaves', async () => {
      const id = await enqueueOne(store);
      await leaseOne();
      await port.leave(session);
      expect((await getRun(store, 'scheduler', id)).state).toBe('queued');
      expect((await heartbeat()).alive).toBe(false);
    });

    it('reads a blob piece by piece, to its end', async () => {
      const pieces = [randomBytes(BLOB_CHUNK_BYTES), randomBytes(3)];
      const blob = await createBlob(store);
      for (const [seq, bytes] of pieces.entries()) await appendChunk(store, blob, seq, bytes);
      await expect(port.blobChunk(session, blob, 0)).rejects.toMatchObject({ code: 'not_found' });
      await finishBlob(store, blob);
      for (const [seq, bytes] of pieces.entries()) {
        expect(bytes.equals((await port.blobChunk(session, blob, seq)) ?? Buffer.alloc(0))).toBe(true);
      }
      expect(await port.blobChunk(session, blob, 2)).toBeUndefined();
      await expect(port.blobChunk(session, blob + 1, 0)).rejects.toMatchObject({ code: 'not_found' });
      await lapse(store, session);
      await expect(port.blobChunk(session, blob, 0)).rejects.toMatchObject({ code: 'conflict' });
    });

    it.each(['left', 'lapsed'])(
      'takes back what was leased by a call that outlived its session (%s)',
      async (reason) => {
        const id = await enqueueOne(store);
        await leaseOne();
        // As a lease that commits after its session has ended: the run is held by a session that nobody renews.
        await store.query('UPDATE longshore.worker_sessions SET ended_at = now(), end_reason = $2 WHERE id = $1', [
          session,
          reason,
        ]);
        await rescueOnce(store);
        expect(await getRun(store, 'scheduler', id)).toMatchObject({
          state: 'queued',
          attempt: reason === 'left' ? 0 : 1,
          losses: reason === 'left' ? 0 : 1,
        });
      },
    );

    it('lets no run that nobody can take hold the place of one that somebody can', async () => {
      const concurrency = { key: 'database-2', limit: 1 };
      await enqueueOne(store, { concurrency, tags: ['gpu'], priority: 'critical' });
      const able = await enqueueOne(store, { concurrency, priority: 'low' });
      expect((await lease()).map((run) => run.id)).toEqual([able]);
    });

    it('leases nothing to a worker that an operator has disabled, and says so', async () => {
      await enqueueOne(store);
      await store.query('UPDATE longshore.workers SET enabled = false');
      expect(await lease()).toEqual([]);
      expect((await heartbeat()).settings.enabled).toBe(false);
    });

    it('holds no more runs of a concurrency key than its limit', async () => {
      const concurrency = { key: 'database-1', limit: 2 };
      await enqueueAll(
        store,
        Array.from({ length: 5 }, () => newRun({ concurrency })),
      );
      const first = await lease();
      expect(first).toHaveLength(2);
      const [one] = first;
      if (!one) throw new Error('a run was expected');
      await report(outcome(one));
      expect(await lease()).toHaveLength(1);
    });
  });
}

async function oneRound(daemon: Service): Promise<void> {
  await daemon.start();
  await daemon.stop();
}

/** Takes back what is held by sessions that are over, also where the suite's server has just begun to do so itself. */
async function rescueOnce(store: Store): Promise<void> {
  await oneRound(rescuer(store, silent));
  await eventually(async () => {
    const held = await store.query(
      `SELECT FROM longshore.runs r JOIN longshore.worker_sessions s ON s.id = r.session_id
       WHERE s.ended_at IS NOT NULL OR s.lease_until < now()`,
    );
    return held.length === 0 || undefined;
  });
}

/** Has a run's deadline lie that far back, and the server look for such runs. */
async function overrun(store: Store, id: number, seconds: number): Promise<void> {
  await store.query('UPDATE longshore.runs SET deadline = now() - make_interval(secs => $2) WHERE id = $1', [
    id,
    seconds,
  ]);
  await oneRound(expirer(store, silent));
  // A round of the suite's server may have had it meanwhile.
  await store.query('SELECT FROM longshore.runs WHERE id = $1 FOR UPDATE', [id]);
}
