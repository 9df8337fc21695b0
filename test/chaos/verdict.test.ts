import { describe, expect, it } from 'vitest';
import { RUNS_TOPIC } from '../../src/engine/model.ts';
import { createTestDatabase } from '../support/database.ts';
import { enqueueOne } from '../support/runs.ts';
import type { LedgerLine, Phase } from './ledger.ts';
import type { Promises } from './load.ts';
import { type Evidence, findViolations, requeueTimes } from './verdict.ts';

const { store } = await createTestDatabase();

function line(phase: Phase, run: number, execution: string, at: number, change: Partial<LedgerLine> = {}): LedgerLine {
  return { phase, run, attempt: 1, pid: 100, execution, at, ...change };
}

function judge(change: Partial<Evidence> & { promises?: Promises }): Promise<string[]> {
  const promises = { enqueued: [], cancelled: [], unanswered: 0 };
  return findViolations({ store, promises, jobs: [], ledger: [], deaths: new Map(), survivors: [], ...change });
}

/** A run that ended behind the engine's back, as a fault would have it. */
async function endedRun(state: string, counted: boolean): Promise<number> {
  await store.query('DELETE FROM longshore.runs');
  await store.query('DELETE FROM longshore.run_rollups');
  const id = await enqueueOne(store);
  await store.query('UPDATE longshore.runs SET state = $2, finished_at = now() WHERE id = $1', [id, state]);
  if (counted) {
    await store.query(
      `INSERT INTO longshore.run_rollups (day, area, kind, outcome, shard, runs, duration_ms, wait_ms)
       VALUES ('2024-01-01', 'scheduler', 'noop', $1, 0, 1, 0, 0)`,
      [state],
    );
  }
  return id;
}

describe('the verdict', () => {
  it('finds nothing where every promise was kept', async () => {
    const id = await endedRun('succeeded', true);
    const ledger = [line('start', id, 'a', 1), line('done', id, 'a', 2), line('end', id, 'a', 3)];
    expect(await judge({ ledger, promises: { enqueued: [id], cancelled: [], unanswered: 0 } })).toEqual([]);
  });

  it('finds a run that was acknowledged and is gone', async () => {
    const id = await endedRun('cancelled', true);
    const promises = { enqueued: [id, id + 1], cancelled: [], unanswered: 0 };
    expect(await judge({ promises })).toEqual([expect.stringContaining(`run ${id + 1} was acknowledged`)]);
  });

  it('finds a run that never ends', async () => {
    await endedRun('cancelled', true);
    await store.query('DELETE FROM longshore.run_rollups');
    await store.query("UPDATE longshore.runs SET state = 'queued', finished_at = NULL");
    expect(await judge({})).toEqual([expect.stringContaining('is still queued')]);
  });

  it('finds a cancelled run that succeeded after all', async () => {
    const id = await endedRun('failed', true);
    const promises = { enqueued: [id], cancelled: [id], unanswered: 0 };
    expect(await judge({ promises })).toEqual([expect.stringContaining('acknowledged as cancelled and is failed')]);
  });

  it('finds a success without work, and one that was counted twice', async () => {
    const id = await endedRun('succeeded', true);
    await store.query('UPDATE longshore.run_rollups SET runs = 2');
    expect(await judge({ ledger: [line('start', id, 'a', 1), line('end', id, 'a', 2)] })).toEqual([
      expect.stringContaining('1 runs are succeeded, but 2 were counted'),
      expect.stringContaining('its work was never completed'),
    ]);
  });

  it('finds an end that was told twice', async () => {
    const id = await endedRun('failed', true);
    const payload = JSON.stringify({ ids: [id], state: 'failed' });
    await store.query('INSERT INTO longshore.events (topic, payload) VALUES ($1, $2), ($1, $2)', [RUNS_TOPIC, payload]);
    expect(await judge({})).toEqual([expect.stringContaining('told to have ended 2 times')]);
    await store.query('DELETE FROM longshore.events');
  });

  it('finds executions of one run that overlap, and those that met an intruder', async () => {
    const id = await endedRun('cancelled', true);
    const overlapping = [line('start', id, 'a', 1), line('start', id, 'b', 5, { pid: 200 }), line('end', id, 'a', 9)];
    expect(await judge({ ledger: overlapping, deaths: new Map([[200, 20]]) })).toEqual([
      expect.stringContaining('began 4 ms before a'),
    ]);
    const unknown = [line('start', id, 'a', 1), line('start', id, 'b', 5)];
    expect(await judge({ ledger: unknown })).toEqual([expect.stringContaining('Infinity')]);
    expect(await judge({ ledger: [line('intruder', id, 'a', 1)] })).toEqual([
      expect.stringContaining('while a process of an earlier one lived'),
    ]);
  });

  it('measures from the death of a worker to the next lease of each run that it held, lost twice counting twice', async () => {
    const id = await endedRun('succeeded', true);
    const lost = (worker_id: string, started: number, finished: number) => ({
      outcome: 'lost',
      worker_id,
      started_at: new Date(started).toISOString(),
      finished_at: new Date(finished).toISOString(),
    });
    const past = JSON.stringify([lost('worker-1', 1000, 16_000), lost('worker-2', 17_000, 33_000)]);
    await store.query('UPDATE longshore.runs SET past_attempts = $2, attempt_started_at = $3 WHERE id = $1', [
      id,
      past,
      new Date(34_000),
    ]);
    const deaths = [
      { worker: 'worker-1', at: new Date(2000) },
      { worker: 'worker-2', at: new Date(18_000) },
      { worker: 'worker-2', at: new Date(33_500) },
    ];
    expect(await requeueTimes(store, deaths)).toEqual([15_000, 16_000]);
  });
});

describe('the verdict on schedules', () => {
  /** Written past the engine, whose unique index would not let it be wrong. */
  const fired = async (...seconds: { at: number; made: number }[]) => {
    await store.query('DELETE FROM longshore.runs');
    await store.query('DROP INDEX IF EXISTS longshore.runs_job_fire');
    await store.query(
      `INSERT INTO longshore.runs (job_id, area, kind, name, trigger, state, queue, priority, rank, run_at, spec,
         retry_count, retry_delay_seconds, finished_at, fire_at, created_at)
       SELECT 1, 'scheduler', 'noop', 'fired', 'schedule', 'cancelled', 'noop', 1, now(), now(), '{}', 0, 0, now(),
         to_timestamp(at), to_timestamp(made)
       FROM unnest($1::float8[], $2::float8[]) AS fired(at, made)`,
      [seconds.map(({ at }) => at), seconds.map(({ made }) => made)],
    );
  };
  const ofSchedule = async (misfire: 'all' | 'coalesce') =>
    (await judge({ jobs: [{ id: 1, misfire }] })).filter((text) => text.startsWith('schedule'));

  it('finds an instant that was fired twice', async () => {
    await fired({ at: 10, made: 10 }, { at: 11, made: 11 }, { at: 11, made: 11 });
    expect(await ofSchedule('coalesce')).toEqual([expect.stringContaining('fired twice')]);
  });

  it('finds a missed instant where all count, and lets it pass where late ones are coalesced', async () => {
    await fired({ at: 10, made: 10 }, { at: 13, made: 13 });
    expect(await ofSchedule('all')).toEqual([expect.stringContaining('missed 2 instants')]);
    expect(await ofSchedule('coalesce')).toEqual([]);
  });

  it('finds an instant that was let go although it had come when the one before it was fired', async () => {
    await fired({ at: 10, made: 11.5 }, { at: 12, made: 12 });
    expect(await ofSchedule('coalesce')).toEqual([expect.stringContaining('was fired late itself')]);
  });
});
