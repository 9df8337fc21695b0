import { describe, expect, it } from 'vitest';
import { type DestinationStage, people } from './stage.ts';

export function describeSchema(stage: DestinationStage): void {
  describe('schema', () => {
    const old = () => stage.sync([[{ id: 1, n: 1 }]]);

    it('gives a table the columns that come', async () => {
      await old();
      await stage.sync([[{ id: 2, n: 2, extra: { a: 1 } }]]);
      expect(await stage.rows()).toEqual([
        { id: 1, n: 1, extra: null },
        { id: 2, n: 2, extra: { a: 1 } },
      ]);
    });

    it('widens columns: integer, number, text', async () => {
      await old();
      await stage.sync([[{ id: 2, n: 2.5 }]]);
      expect((await stage.types()).n).toBe('number');
      await stage.sync([[{ id: 3, n: 'three' }]]);
      expect((await stage.types()).n).toBe('text');
      expect((await stage.rows()).map(({ n }) => n)).toEqual(['1', '2.5', 'three']);
    });

    it('makes decimals of integers that a double would change', async () => {
      await stage.sync([[{ id: 1, n: 9_007_199_254_740_993n }]]);
      await stage.sync([[{ id: 2, n: 0.5 }]]);
      expect((await stage.types()).n).toBe('decimal');
      expect(String((await stage.rows())[0]?.n)).toMatch(/^9007199254740993(\.0+)?$/);
    });

    it('widens a key in the middle of a run that looks for missing rows', async () => {
      await stage.sync([people(3)]);
      const run = await stage.sync([people(3), [{ id: 'four', name: 'name 4' }]], { onMissing: 'delete' });
      expect(run.state.rejected).toBe(0);
      expect((await stage.ids()).map(String).sort()).toEqual(['1', '2', '3', 'four']);
    });

    it('has columns for fields that never had a value', async () => {
      await stage.sync([[{ id: 1, empty: null }]]);
      expect(await stage.types()).toMatchObject({ id: 'integer', empty: 'text' });
    });

    it('freeze leaves out what the table does not have, and says so once', async () => {
      await old();
      await stage.sync([[{ id: 2, n: 2, extra: 1 }], [{ id: 3, n: 'text', extra: 1 }]], { schemaPolicy: 'freeze' });
      expect(await stage.rows()).toEqual([
        { id: 1, n: 1 },
        { id: 2, n: 2 },
        { id: 3, n: null },
      ]);
      expect(stage.logged.filter((line) => line.includes('"extra"'))).toHaveLength(1);
    });

    it('discard_value makes null of what does not fit', async () => {
      await old();
      const run = await stage.sync([[{ id: 2, n: 'text' }]], { schemaPolicy: 'discard_value' });
      expect(run.outcomes[0]).toMatchObject({ written: 1, rejects: [] });
      expect((await stage.rows())[1]).toEqual({ id: 2, n: null });
    });

    it('discard_row refuses rows that do not fit', async () => {
      await old();
      const rows = [
        { id: 2, n: 2 },
        { id: 3, n: 'text' },
        { id: 4, n: 4, extra: 1 },
        { id: 5, n: 5, extra: null },
      ];
      const run = await stage.sync([rows], { schemaPolicy: 'discard_row' });
      expect(run.outcomes[0]?.rejects).toMatchObject([
        { ordinal: 1, field: 'n' },
        { ordinal: 2, field: 'extra' },
      ]);
      expect(await stage.ids()).toEqual([1, 2, 5]);
    });

    it('fail ends the run, writing nothing', async () => {
      await old();
      const refused = { retryable: false, message: /schema_policy/ };
      await expect(stage.sync([[{ id: 2, n: 'text' }]], { schemaPolicy: 'fail' })).rejects.toMatchObject(refused);
      await expect(stage.sync([[{ id: 2, n: 2, extra: 1 }]], { schemaPolicy: 'fail' })).rejects.toMatchObject(refused);
      expect(await stage.ids()).toEqual([1]);
    });
  });
}
