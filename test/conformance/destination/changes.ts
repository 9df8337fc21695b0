import { describe, expect, it } from 'vitest';
import { type DestinationStage, people } from './stage.ts';

export function describeChanges(stage: DestinationStage): void {
  describe('changes', () => {
    it('tells what was created and updated, and of nothing while a table is first filled', async () => {
      const first = await stage.sync([people(3), [{ id: 1, name: 'again' }]]);
      expect(first.sum(({ changes, changesOmitted }) => changes.length + changesOmitted)).toBe(0);
      const second = await stage.sync([
        [
          { id: 1, name: '中文' },
          { id: 2, name: 'name 2' },
          { id: 4, name: 'four' },
        ],
      ]);
      expect(second.outcomes[0]?.changes).toEqual([
        { operation: 'update', record_id: '1', changes: { name: { old: 'again', new: '中文' } } },
        { operation: 'create', record_id: '4' },
      ]);
    });

    it('tells of so many, and counts the rest', async () => {
      await stage.sync([people(1)]);
      const run = await stage.sync([people(9000, 2), people(9000, 9002)]);
      expect(run.sum(({ changes }) => changes.length)).toBe(10_000);
      expect(run.sum(({ changesOmitted }) => changesOmitted)).toBe(8000);
    });

    it('tells of nothing where the job asks for none', async () => {
      await stage.sync([people(1)]);
      const run = await stage.sync([people(3)], { changeEvents: false });
      expect(run.outcomes[0]).toMatchObject({ written: 2, changes: [], changesOmitted: 0 });
    });
  });
}
