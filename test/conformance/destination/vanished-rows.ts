import { describe, expect, it } from 'vitest';
import { type DestinationStage, idsOf, people } from './stage.ts';

export function describeVanishedRows(stage: DestinationStage): void {
  describe('rows that vanished', () => {
    it('deletes them after a full refresh', async () => {
      await stage.sync([people(10)]);
      const run = stage.attempt({ onMissing: 'delete' });
      await run.open();
      await run.write(people(5));
      await run.write(people(4, 6));
      expect(await run.finish()).toBe(1);
      expect(await stage.ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await stage.tablesBeside()).toEqual([]);
    });

    it('marks them, and takes the mark away when they come again', async () => {
      await stage.sync([people(10)], { onMissing: 'mark' });
      const marked = async () => idsOf((await stage.rows()).filter((row) => row._deleted_at !== null));
      expect(await marked()).toEqual([]);
      await stage.sync([people(9)], { onMissing: 'mark' });
      expect(await marked()).toEqual([10]);
      await stage.sync([people(9)], { onMissing: 'mark' });
      expect(await marked()).toEqual([10]);
      const back = await stage.sync([people(10)], { onMissing: 'mark' });
      expect(back.state.written).toBe(1);
      expect(await marked()).toEqual([]);
    });

    it('removes nothing when more are missing than is allowed', async () => {
      await stage.sync([people(10)]);
      const refused = { retryable: false, message: /3 of 10 rows.*missing_threshold/ };
      await expect(stage.sync([people(7)], { onMissing: 'delete' })).rejects.toMatchObject(refused);
      expect(await stage.rows()).toHaveLength(10);
      await stage.sync([people(7)], { onMissing: 'delete', missingThreshold: 0.3 });
      expect(await stage.rows()).toHaveLength(7);
    });

    it('removes nothing when the source is empty, records were refused, or the run was incremental', async () => {
      await stage.sync([people(10)]);
      await expect(stage.sync([], { onMissing: 'delete' })).rejects.toMatchObject({ retryable: false });
      await stage.sync([[...people(9), { id: null, name: 'ten?' }]], { onMissing: 'delete' });
      expect(stage.logged.join()).toContain('1 records of this run were refused');
      await stage.sync([people(1)], { onMissing: 'delete', fullRefresh: false });
      expect(await stage.rows()).toHaveLength(10);
    });

    it('leaves nothing beside when the end of a run is broken off behind its last commit', async () => {
      await stage.sync([people(10)]);
      const run = stage.attempt({ onMissing: 'delete' });
      await run.open();
      await run.write(people(9));
      await run.finish();
      const seen = `${stage.table}__seen_${run.state.run_id}`;
      await stage.under.run(`CREATE TABLE ${seen} (id int)`);
      const again = stage.attempt({ onMissing: 'delete', runId: run.state.run_id, epoch: 2 });
      expect(await again.open()).toMatchObject({ complete: true });
      expect(await stage.under.tables()).not.toContain(seen);
    });

    it('still knows what was seen before a run was broken off', async () => {
      await stage.sync([people(10)]);
      const options = { onMissing: 'delete', runId: stage.sharedRun } as const;
      const first = stage.attempt(options);
      await first.open();
      await first.write(people(5));
      await first.destination.close();
      const second = stage.attempt({ ...options, epoch: 2 });
      await second.open();
      await second.write(people(4, 6));
      expect(await second.finish()).toBe(1);
    });
  });
}
