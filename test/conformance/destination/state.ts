import { describe, expect, it } from 'vitest';
import { type DestinationStage, people } from './stage.ts';

export function describeState(stage: DestinationStage): void {
  describe('state', () => {
    it('remembers what was committed, with the rows', async () => {
      const run = stage.attempt();
      expect(await run.open()).toBeUndefined();
      await run.write([...people(2), { name: 'no key' }]);
      await run.destination.close();
      const next = stage.attempt();
      const kept = { run_id: run.state.run_id, position: 3, read: 3, written: 2, rejected: 1, complete: false };
      expect(await next.open()).toEqual({ ...kept, cursor: null, definition: 'd' });
    });

    it('moves on past batches of which nothing is written', async () => {
      const run = stage.attempt();
      await run.open();
      await run.write([]);
      await run.destination.write({
        rows: [],
        ordinals: [],
        state: { ...run.state, read: 7, position: { page: 7 } },
        beforeCommit: async () => {},
      });
      await run.destination.close();
      expect(await stage.attempt().open()).toMatchObject({ position: { page: 7 }, read: 7 });
    });

    it('commits nothing when what was found cannot be told', async () => {
      await stage.sync([people(1)]);
      const run = stage.attempt();
      await run.open();
      const failure = new Error('the server is away');
      await expect(run.write(people(3), async () => Promise.reject(failure))).rejects.toBe(failure);
      await run.destination.close();
      expect(await stage.ids()).toEqual([1]);
    });

    it('refuses an attempt when a later one has been here', async () => {
      const runId = stage.sharedRun;
      await stage.attempt({ runId, epoch: 3 }).open();
      await expect(stage.attempt({ runId, epoch: 2 }).open()).rejects.toMatchObject({ retryable: false });
      await expect(stage.attempt({ runId: runId - 1, epoch: 9 }).open()).rejects.toMatchObject({ retryable: false });
      await expect(stage.attempt({ runId, epoch: 3 }).open()).resolves.toBeUndefined();
      await expect(stage.attempt({ runId: runId + 1 }).open()).resolves.toBeUndefined();
    });

    it('stops an attempt that was overtaken, at its next write and at its end', async () => {
      await stage.sync([people(1)]);
      const stale = stage.attempt();
      await stale.open();
      const later = stage.attempt();
      await later.open();
      await expect(stale.write(people(5, 50))).rejects.toMatchObject({ retryable: false, message: /taken over/ });
      await expect(stale.finish()).rejects.toMatchObject({ retryable: false });
      await later.write(people(2));
      expect(await stage.ids()).toEqual([1, 2]);
    });

    it('begins anew after a reset, and keeps off attempts from before it', async () => {
      const before = stage.attempt({ jobKey: stage.jobKey });
      await before.open();
      await before.write(people(2));
      const after = stage.attempt({ jobKey: `job_${stage.number}:1` });
      expect(await after.open()).toBeUndefined();
      await expect(before.write(people(2))).rejects.toMatchObject({ retryable: false });
      await expect(stage.attempt({ jobKey: stage.jobKey, runId: before.state.run_id }).open()).rejects.toMatchObject({
        retryable: false,
      });
    });

    it('forgets loads that happened once, a day after they were complete', async () => {
      const { table, under } = stage;
      const jobs = ['load_old:0', 'once_old', 'load_new:0', stage.jobKey];
      for (const jobKey of jobs) await stage.sync([people(1)], { jobKey, table: `${table}_once` });
      await stage.attempt({ jobKey: 'load_broken:0' }).open();
      await under.run(`UPDATE _longshore_sync SET at = '2020-01-01' WHERE job NOT LIKE 'load_new%'`);
      await stage.sync([people(1)], { jobKey: 'load_last:0', table: `${table}_once` });
      const left = (await under.run('SELECT job FROM _longshore_sync')).map(({ job }) => job);
      expect(left).toEqual(expect.arrayContaining(['load_new:0', 'load_broken:0', 'load_last:0', stage.jobKey]));
      expect(left).not.toContain('load_old:0');
      expect(left).not.toContain('once_old');
    });

    it('lets several jobs write to one schema at once', async () => {
      const { table } = stage;
      const jobs = [1, 2, 3, 4].map((job) =>
        stage.sync([people(50), people(50, 51)], {
          table: `${table}_${job}`,
          jobKey: `many_${stage.number}_${job}:0`,
        }),
      );
      await Promise.all(jobs);
      for (const job of [1, 2, 3, 4]) expect(await stage.under.rows(`${table}_${job}`)).toHaveLength(100);
    });
  });
}
