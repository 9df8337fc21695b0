import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import type { Store } from '../../store/store.ts';
import { createJob, deleteJob, getJob, triggerJob, updateJob } from '../jobs.ts';
import type { JobDefinition, Overlap, Schedule } from '../model.ts';
import { runsList } from '../queries/run_read.ts';
import { scheduler } from './scheduler.ts';

const EVERY_HOUR: Schedule = {
  cron: '0 * * * *',
  timezone: 'UTC',
  startsAt: null,
  expiresAt: null,
  jitterSeconds: 0,
  overlap: 'skip',
  misfire: 'coalesce',
  catchupSeconds: null,
};

function definition(change: Partial<JobDefinition> = {}): JobDefinition {
  return {
    area: 'scheduler',
    kind: 'noop',
    name: 'a job',
    description: '',
    spec: { a: 1 },
    status: 'active',
    schedule: EVERY_HOUR,
    priority: 'normal',
    tags: [],
    retryCount: 0,
    retryDelaySeconds: 5,
    timeoutSeconds: null,
    maxConcurrent: null,
    pauseOnFailure: false,
    onFinish: null,
    ...change,
  };
}

describe('scheduler', () => {
  let store: Store;
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.runs');
    await store.query('DELETE FROM longshore.jobs');
    await store.query('DELETE FROM longshore.concurrency_keys');
  });

  const create = (change: Partial<JobDefinition> = {}) =>
    store.transaction((tx) => createJob(tx, definition(change), null));
  const runsOf = async (jobId: number) =>
    (await runsList(store, { area: 'scheduler', jobId }, { limit: 100, offset: 0 })).reverse();
  const states = async (jobId: number) => (await runsOf(jobId)).map((run) => run.state);

  /** Puts the next instant to the hour that began `hours` ago, as if nobody had served it. */
  async function makeDue(jobId: number, hours = 0): Promise<void> {
    await store.query(
      `UPDATE longshore.jobs SET next_fire_at = date_trunc('hour', now()) - make_interval(hours => $2) WHERE id = $1`,
      [jobId, hours],
    );
  }

  async function fire(): Promise<void> {
    const daemon = scheduler(store, silent);
    await daemon.start();
    await daemon.stop();
  }

  it('fires what is due, once, and sets the next instant', async () => {
    const id = await create();
    await makeDue(id);
    await Promise.all([fire(), fire(), fire()]);
    const [run, ...others] = await runsOf(id);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ state: 'queued', trigger: 'schedule', spec: { a: 1 }, name: 'a job' });
    const job = await getJob(store, 'scheduler', id);
    expect(job.nextFireAt?.getTime()).toBe((run?.fireAt?.getTime() ?? 0) + 3_600_000);
  });

  it('cannot make two runs for one instant, even if the next instant is set back', async () => {
    const id = await create({ schedule: { ...EVERY_HOUR, overlap: 'allow' } });
    for (let i = 0; i < 2; i += 1) {
      await makeDue(id);
      await fire();
    }
    expect(await states(id)).toEqual(['queued']);
  });

  it.each([
    ['skip', ['queued', 'skipped']],
    ['queue_one', ['queued', 'skipped']],
    ['queue_all', ['queued', 'queued']],
    ['cancel_running', ['cancelled', 'queued']],
    ['allow', ['queued', 'queued']],
  ] as [Overlap, string[]][])('overlap %s while a run waits', async (overlap, expected) => {
    const id = await create({ schedule: { ...EVERY_HOUR, overlap } });
    await makeDue(id, 1);
    await fire();
    await store.query(`UPDATE longshore.runs SET fire_at = fire_at - interval '1 year'`);
    await makeDue(id);
    await fire();
    expect(await states(id)).toEqual(expected);
  });

  it('queue_one keeps one run waiting behind the one under way', async () => {
    const id = await create({ schedule: { ...EVERY_HOUR, overlap: 'queue_one' } });
    for (const hours of [2, 1, 0]) {
      await makeDue(id, hours);
      await fire();
      if (hours === 2) await store.query(`UPDATE longshore.runs SET state = 'running', session_id = 1`);
      await store.query(`UPDATE longshore.runs SET fire_at = fire_at - interval '1 year'`);
    }
    expect(await states(id)).toEqual(['running', 'queued', 'skipped']);
  });

  it('makes one run each for missed instants when misfire is all', async () => {
    const id = await create({ schedule: { ...EVERY_HOUR, overlap: 'allow', misfire: 'all' } });
    await makeDue(id, 3);
    await fire();
    expect(await states(id)).toEqual(['queued', 'queued', 'queued', 'queued']);
  });

  it('serves long arrears over several rounds, without keeping a job that is on time waiting', async () => {
    const minutely = { ...EVERY_HOUR, cron: '* * * * *', misfire: 'all', overlap: 'allow' } as const;
    const ids = [await create({ name: 'one', schedule: minutely }), await create({ name: 'two', schedule: minutely })];
    const onTime = await create({ name: 'on time' });
    await makeDue(onTime);
    for (const id of ids) await makeDue(id, 48);
    await fire();
    const count = async () =>
      store.query<{ job: number; n: number }>(
        'SELECT job_id AS job, count(*) AS n FROM longshore.runs GROUP BY 1 ORDER BY 1',
      );
    const [one, two, other] = await count();
    expect(one?.n).toBeLessThanOrEqual(1000);
    expect(two?.n).toBeLessThanOrEqual(1000);
    expect(other).toEqual({ job: onTime, n: 1 });
    const daemon = scheduler(store, silent);
    await daemon.start();
    for (;;) {
      const [late] = await store.query('SELECT FROM longshore.jobs WHERE next_fire_at < now()');
      if (!late) break;
    }
    await daemon.stop();
    for (const { n } of (await count()).slice(0, 2)) expect(n).toBeGreaterThan(48 * 60);
  });

  it('records firings of one round that the last of them would have cancelled', async () => {
    const id = await create({ schedule: { ...EVERY_HOUR, overlap: 'cancel_running', misfire: 'all' } });
    const manual = await store.transaction((tx) => triggerJob(tx, 'scheduler', id, null));
    await makeDue(id, 2);
    await fire();
    expect(await states(id)).toEqual(expect.arrayContaining(['cancelled', 'queued', 'skipped', 'skipped']));
    expect((await runsOf(id)).find((run) => run.id === manual)?.state).toBe('cancelled');
  });

  it('does not fire a paused or disabled job, and takes up again from now when it is active', async () => {
    const id = await create({ status: 'paused' });
    expect((await getJob(store, 'scheduler', id)).nextFireAt).toBeNull();
    await store.transaction((tx) => updateJob(tx, 'scheduler', id, (job) => ({ ...job, status: 'active' })));
    expect((await getJob(store, 'scheduler', id)).nextFireAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('keeps an instant that is due when something else of the job changes', async () => {
    const id = await create();
    await makeDue(id);
    await store.transaction((tx) => updateJob(tx, 'scheduler', id, (job) => ({ ...job, name: 'renamed' })));
    await fire();
    expect(await states(id)).toEqual(['queued']);
  });

  describe('at intervals, and once', () => {
    const HOURLY: Schedule = { ...EVERY_HOUR, cron: '@every 3600', overlap: 'allow' };
    const change = (id: number, to: (job: JobDefinition) => JobDefinition) =>
      store.transaction((tx) => updateJob(tx, 'scheduler', id, to));
    const nextOf = async (id: number) => (await getJob(store, 'scheduler', id)).nextFireAt;
    const inMs = (ms: number) => new Date(Date.now() + ms);
    const once = (at: Date): Schedule => ({ ...EVERY_HOUR, cron: `@once ${at.toISOString()}` });

    it('does not drift, however late it fires', async () => {
      const id = await create({ schedule: HOURLY });
      const first = await nextOf(id);
      for (const hours of [3, 1]) {
        await store.query(
          'UPDATE longshore.jobs SET next_fire_at = next_fire_at - make_interval(hours => $2) WHERE id = $1',
          [id, hours],
        );
        await fire();
        expect(await nextOf(id)).toEqual(first);
      }
      expect((await runsOf(id)).map((run) => run.fireAt)).toEqual([new Date((first?.getTime() ?? 0) - 3_600_000)]);
    });

    it('keeps its beat when anything but the interval changes', async () => {
      const id = await create({ schedule: HOURLY });
      const first = await nextOf(id);
      await change(id, (job) => ({ ...job, schedule: { ...HOURLY, misfire: 'all', jitterSeconds: 3 } }));
      await change(id, (job) => ({ ...job, schedule: { ...HOURLY, expiresAt: inMs(10 * 3_600_000) } }));
      expect(await nextOf(id)).toEqual(first);
      await change(id, (job) => ({ ...job, schedule: { ...HOURLY, cron: '@every 7200' } }));
      expect((await nextOf(id))?.getTime()).toBeGreaterThan((first?.getTime() ?? 0) + 3_000_000);
    });

    it('fires once, and can still be changed afterwards', async () => {
      const id = await create({ schedule: once(inMs(60_000)) });
      await store.query(
        `UPDATE longshore.jobs SET next_fire_at = at, cron = '@once ' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
         FROM (SELECT date_trunc('second', now()) AS at) passed WHERE id = $1`,
        [id],
      );
      await fire();
      await fire();
      expect(await states(id)).toEqual(['queued']);
      expect(await nextOf(id)).toBeNull();
      await change(id, (job) => ({ ...job, name: 'renamed', status: 'paused' }));
      await change(id, (job) => ({ ...job, status: 'active' }));
      expect(await nextOf(id)).toBeNull();
    });

    it('refuses a time that has passed when it is written, and names the field', async () => {
      const refused = { code: 'validation', details: [{ field: 'schedule' }] };
      await expect(create({ schedule: once(inMs(-60_000)) })).rejects.toMatchObject(refused);
      const id = await create({ schedule: HOURLY });
      const tooLate = change(id, (job) => ({ ...job, schedule: once(inMs(-60_000)) }));
      await expect(tooLate).rejects.toMatchObject(refused);
    });
  });

  it.each([
    ['has expired', { cron: '* * * * * *', expiresAt: new Date('2020-01-01T00:00:00Z') }],
    ['was of a year that has passed', { cron: '0 0 0 1 1 * 2020' }],
  ])('lets a job be changed whose schedule %s, and refuses one that is written so', async (_what, passed) => {
    const schedule = { ...EVERY_HOUR, ...passed };
    const id = await create();
    await store.query('UPDATE longshore.jobs SET cron = $2, expires_at = $3, next_fire_at = NULL WHERE id = $1', [
      id,
      schedule.cron,
      schedule.expiresAt,
    ]);
    const change = async (to: Partial<JobDefinition>) => {
      await store.transaction((tx) => updateJob(tx, 'scheduler', id, (job) => ({ ...job, ...to })));
      return getJob(store, 'scheduler', id);
    };
    for (const status of ['paused', 'disabled', 'active'] as const) {
      const other: Schedule = { ...schedule, overlap: 'allow', jitterSeconds: 7 };
      expect(await change({ status, name: `now ${status}`, schedule: other })).toMatchObject({
        status,
        schedule: other,
        nextFireAt: null,
      });
    }
    const refused = { code: 'validation', details: [{ field: 'schedule' }] };
    await expect(change({ schedule: { ...schedule, timezone: 'Asia/Tokyo' } })).rejects.toMatchObject(refused);
    await expect(create({ name: 'new', schedule })).rejects.toMatchObject(refused);
    expect((await change({ schedule: EVERY_HOUR })).nextFireAt?.getTime()).toBeGreaterThan(Date.now());
  });

  it('goes on when one schedule can no longer be understood', async () => {
    const broken = await create({ name: 'broken' });
    const sound = await create({ name: 'sound' });
    await makeDue(broken);
    await makeDue(sound);
    await store.query(`UPDATE longshore.jobs SET cron = 'nonsense' WHERE id = $1`, [broken]);
    await fire();
    expect(await states(sound)).toEqual(['queued']);
    expect((await getJob(store, 'scheduler', broken)).nextFireAt).toBeNull();
  });

  it('refuses a taken name, and a schedule that never fires', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'conflict', details: [{ field: 'name' }] });
    const never = { ...EVERY_HOUR, cron: '0 0 31 2 *' };
    await expect(create({ name: 'never', schedule: never })).rejects.toMatchObject({
      details: [{ field: 'schedule' }],
    });
  });

  it('triggers by hand, also while paused, but not when disabled', async () => {
    const id = await create({ status: 'paused' });
    await store.transaction((tx) => triggerJob(tx, 'scheduler', id, null));
    expect(await states(id)).toEqual(['queued']);
    await store.transaction((tx) => updateJob(tx, 'scheduler', id, (job) => ({ ...job, status: 'disabled' })));
    await expect(store.transaction((tx) => triggerJob(tx, 'scheduler', id, null))).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('cancels live runs of a job that is deleted, and keeps its history', async () => {
    const id = await create();
    const runId = await store.transaction((tx) => triggerJob(tx, 'scheduler', id, null));
    await store.transaction((tx) => deleteJob(tx, 'scheduler', id));
    expect(await runsOf(id)).toMatchObject([{ id: runId, state: 'cancelled' }]);
    await expect(getJob(store, 'scheduler', id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('cancels a run that is being triggered while its job is deleted', async () => {
    const id = await create({ maxConcurrent: 1 });
    let deleting: Promise<unknown> | undefined;
    await store.transaction(async (tx) => {
      await triggerJob(tx, 'scheduler', id, null);
      let deleted = false;
      deleting = store
        .transaction((other) => deleteJob(other, 'scheduler', id))
        .then(() => {
          deleted = true;
        });
      for (let waits = false; !waits && !deleted; ) {
        const [row] = await store.query<{ waits: boolean }>(
          `SELECT EXISTS (SELECT FROM pg_stat_activity
                          WHERE datname = current_database() AND wait_event_type = 'Lock') AS waits`,
        );
        waits = row?.waits ?? false;
      }
    });
    await deleting;
    expect(await states(id)).toEqual(['cancelled']);
    expect(await store.query('SELECT FROM longshore.concurrency_keys')).toEqual([]);
  });

  it('fires a job that is being triggered by hand', async () => {
    const id = await create({ schedule: { ...EVERY_HOUR, overlap: 'allow' } });
    await makeDue(id);
    await store.transaction(async (tx) => {
      await triggerJob(tx, 'scheduler', id, null);
      await fire();
    });
    expect(await states(id)).toEqual(['queued', 'queued']);
  });

  it('serves many due schedules in few rounds', async () => {
    await store.query(
      `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds, cron,
         timezone, next_fire_at)
       SELECT 'scheduler', 'noop', 'job ' || n, '{}', 'active', 1, 0, 5, '0 * * * *', 'UTC', date_trunc('hour', now())
       FROM generate_series(1, 1200) n`,
    );
    const daemon = scheduler(store, silent);
    await daemon.start();
    for (;;) {
      const [row] = await store.query<{ n: number }>('SELECT count(*) AS n FROM longshore.runs');
      if (row?.n === 1200) break;
    }
    await daemon.stop();
  });
});
