import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/areas/datasync/executor/pipeline/contracts.ts';
import type { AttemptOptions, DestinationStage } from './stage.ts';

export function describeConflicts(stage: DestinationStage): void {
  describe('conflicts', () => {
    const strategy = (name: NonNullable<AttemptOptions['conflict']>['strategy']) =>
      ({ conflict: { strategy: name, timestamp_column: 'at' } }) as const;
    const at = (day: number) => new Date(Date.UTC(2024, 0, day));
    const row = (change: Row = {}): Row => ({ id: 1, a: 'a', b: 'b', at: at(1), ...change });
    const stored = async () => {
      const [found] = await stage.rows();
      return { a: found?.a, b: found?.b };
    };
    /** Synced, then changed by somebody else, then synced again with something new. */
    const clash = async (name: Parameters<typeof strategy>[0], next: Row) => {
      await stage.sync([[row()]], strategy(name));
      await stage.under.run(`UPDATE ${stage.table} SET a = 'mine'`);
      return (await stage.sync([[next]], strategy(name))).outcomes[0]?.conflicts ?? [];
    };

    it('target_wins leaves the row, and tells of it once', async () => {
      const found = await clash('target_wins', row({ a: 'theirs', at: at(2) }));
      expect(found).toMatchObject([{ record_id: '1', conflict_type: 'version', resolution: 'target_wins' }]);
      expect(found[0]).toMatchObject({ base: { a: 'a' }, source: { a: 'theirs' }, target: { a: 'mine' } });
      expect(await stored()).toEqual({ a: 'mine', b: 'b' });
      const again = await stage.sync([[row({ a: 'theirs', at: at(2) })]], strategy('target_wins'));
      expect(again.outcomes[0]).toMatchObject({ conflicts: [], written: 0 });
    });

    it('timestamp takes the newer one', async () => {
      expect(await clash('timestamp', row({ a: 'theirs', at: at(2) }))).toMatchObject([{ resolution: 'source_wins' }]);
      expect(await stored()).toEqual({ a: 'theirs', b: 'b' });
    });

    it('timestamp keeps out a record that is older than what is stored', async () => {
      await stage.sync([[row({ at: at(5) })]], strategy('timestamp'));
      const run = await stage.sync([[row({ a: 'old', at: at(3) })]], strategy('timestamp'));
      expect(run.outcomes[0]).toMatchObject({
        written: 0,
        conflicts: [{ conflict_type: 'stale', resolution: 'target_wins' }],
      });
      expect(await stored()).toEqual({ a: 'a', b: 'b' });
    });

    it('timestamp takes the newest of a batch, and of equals the last', async () => {
      const batch = [row({ a: 'new', at: at(5) }), row({ a: 'old', at: at(3) })];
      const others = [row({ id: 2, a: 'first', at: at(4) }), row({ id: 2, a: 'last', at: at(4) })];
      const stamps = [1700000000000000009n, 1700000000000000001n].map((stamp, id) => ({ id: 3, a: `n${id}`, stamp }));
      await stage.sync([[...batch, ...others]], strategy('timestamp'));
      await stage.sync([stamps], { conflict: { strategy: 'timestamp', timestamp_column: 'stamp' } });
      expect((await stage.rows()).map(({ a }) => a)).toEqual(['new', 'last', 'n0']);
    });

    it('field_merge takes from each side what it changed', async () => {
      expect(await clash('field_merge', row({ b: 'theirs', at: at(2) }))).toMatchObject([{ resolution: 'merged' }]);
      expect(await stored()).toEqual({ a: 'mine', b: 'theirs' });
    });

    it('manual leaves the row, and tells of it until it is decided', async () => {
      const next = row({ a: 'theirs', at: at(2) });
      expect(await clash('manual', next)).toMatchObject([{ resolution: 'pending' }]);
      expect(await stored()).toEqual({ a: 'mine', b: 'b' });
      const again = await stage.sync([[next]], strategy('manual'));
      expect(again.outcomes[0]?.conflicts).toMatchObject([{ resolution: 'pending', base: { a: 'a' } }]);
    });

    it('is no conflict when only one side has changed', async () => {
      const { table, under } = stage;
      await stage.sync([[row()]], strategy('manual'));
      await under.run(`UPDATE ${table} SET a = 'mine'`);
      const same = await stage.sync([[row()]], strategy('manual'));
      expect(same.outcomes[0]).toMatchObject({ conflicts: [], written: 0 });
      expect(await stored()).toEqual({ a: 'mine', b: 'b' });
      await under.run(`UPDATE ${table} SET a = 'a'`);
      const changed = await stage.sync([[row({ b: 'theirs' })]], strategy('manual'));
      expect(changed.outcomes[0]).toMatchObject({ conflicts: [], written: 1 });
      expect(await stored()).toEqual({ a: 'a', b: 'theirs' });
    });

    it('source_wins overwrites what others wrote', async () => {
      expect(await clash('source_wins', row({ b: 'theirs' }))).toEqual([]);
      expect(await stored()).toEqual({ a: 'a', b: 'theirs' });
    });
  });
}
