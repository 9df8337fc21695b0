import { describe, expect, it } from 'vitest';
import { type DestinationStage, idsOf, people } from './stage.ts';

export function describeModes(stage: DestinationStage): void {
  describe('modes', () => {
    it('appends rows each time', async () => {
      await stage.sync([people(3), people(2, 4)], { mode: 'append', keyColumns: [] });
      await stage.sync([people(3)], { mode: 'append', keyColumns: [] });
      expect(await stage.ids()).toEqual([1, 1, 2, 2, 3, 3, 4, 5]);
    });

    it('upserts rows by their key', async () => {
      const first = await stage.sync([people(5), people(5, 6)]);
      expect(first.sum(({ written }) => written)).toBe(10);
      const second = await stage.sync([[...people(4), { id: 5, name: 'changed' }, { id: 11, name: 'new' }]]);
      expect(second.sum(({ written }) => written)).toBe(2);
      const rows = await stage.rows();
      expect(idsOf(rows)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(rows[4]).toEqual({ id: 5, name: 'changed' });
    });

    it('takes the last of equal keys, in a batch and between batches of a first load', async () => {
      const last = { id: 1, name: 'last' };
      await stage.sync([
        [
          { id: 1, name: 'first' },
          { id: 2, name: 'two' },
          { id: 1n, name: 'second' },
        ],
        [last, { id: 3, name: 'three' }],
        [{ id: 4, name: 'four' }],
      ]);
      expect(await stage.rows()).toEqual([
        last,
        { id: 2, name: 'two' },
        { id: 3, name: 'three' },
        { id: 4, name: 'four' },
      ]);
    });

    it('tells keys apart that differ only in case, accents or spaces', async () => {
      const rows = ['a', 'A', 'á', 'a ', '中', '🚢'].map((id) => ({ id, n: 1 }));
      await stage.sync([rows]);
      await stage.sync([rows.map(({ id }) => ({ id, n: 2 }))]);
      const found = await stage.rows();
      expect(found.map(({ id }) => String(id)).sort()).toEqual(rows.map(({ id }) => id).sort());
      expect(found.every(({ n }) => n === 2)).toBe(true);
    });

    it('leaves fields alone that a row does not have', async () => {
      await stage.sync([
        [
          { id: 1, a: 'a', b: 'b' },
          { id: 2, a: 'a', b: 'b' },
        ],
      ]);
      const run = await stage.sync([
        [
          { id: 1, a: 'new' },
          { id: 2, b: null },
          { id: 3, a: 'three' },
          { id: 1, c: 1 },
        ],
      ]);
      expect(run.outcomes[0]?.written).toBe(3);
      expect(await stage.rows()).toEqual([
        { id: 1, a: 'new', b: 'b', c: 1 },
        { id: 2, a: 'a', b: null, c: null },
        { id: 3, a: 'three', b: null, c: null },
      ]);
    });

    it('upserts by several columns', async () => {
      const rows = [
        { tenant: 'x', id: 1, n: 1 },
        { tenant: 'y', id: 1, n: 2 },
      ];
      await stage.sync([rows], { keyColumns: ['tenant', 'id'] });
      await stage.sync([[{ tenant: 'y', id: 1, n: 3 }]], { keyColumns: ['tenant', 'id'] });
      expect((await stage.rows('n')).map(({ n }) => n)).toEqual([1, 3]);
    });

    it('makes a unique index where a table has none for its key', async () => {
      const { table } = stage;
      await stage.under.run(`CREATE TABLE ${table} (id int, name varchar(20)); INSERT INTO ${table} VALUES (1, 'one')`);
      await stage.sync([[{ id: 1, name: 'changed' }]]);
      expect(await stage.rows()).toEqual([{ id: 1, name: 'changed' }]);
    });

    it('refuses to upsert into a table whose keys are not unique', async () => {
      const { table } = stage;
      await stage.under.run(
        `CREATE TABLE ${table} (id int, name varchar(20)); INSERT INTO ${table} VALUES (1, 'a'), (1, 'b')`,
      );
      await expect(stage.attempt().open()).rejects.toMatchObject({ retryable: false, message: /duplicates/ });
    });

    it('refuses a key column that a table does not have', async () => {
      await stage.under.run(`CREATE TABLE ${stage.table} (name varchar(20))`);
      await expect(stage.attempt().open()).rejects.toMatchObject({ retryable: false, message: /"id".*key_columns/ });
    });
  });
}
