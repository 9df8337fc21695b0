import { describe, expect, it } from 'vitest';
import { type DestinationStage, people } from './stage.ts';

export function describeRefusedRows(stage: DestinationStage): void {
  describe('refused rows', () => {
    it('refuses rows without a key', async () => {
      const run = await stage.sync([[{ id: null, name: 'null' }, { name: 'absent' }, { id: 3, name: 'three' }]]);
      expect(run.outcomes[0]).toMatchObject({ written: 1, rejects: [{ ordinal: 0 }, { ordinal: 1, field: 'id' }] });
      expect(await stage.ids()).toEqual([3]);
    });

    it('ends the run when the source has lost the key', async () => {
      await expect(stage.sync([[{ name: 'a' }, { name: 'b' }]])).rejects.toMatchObject({
        retryable: false,
        message: /key column "id"/,
      });
    });

    it.each(['append', 'upsert'] as const)('loses only the rows that the server refuses (%s)', async (mode) => {
      await stage.under.run(`CREATE TABLE ${stage.table} (id int PRIMARY KEY, name varchar(50), CHECK (id % 10 <> 3))`);
      const batch = people(40).map((row) => ({ ...row, id: Number(row.id) }));
      const run = await stage.sync([batch, people(3, 41)], { mode, schemaPolicy: 'freeze' });
      expect(run.outcomes[0]?.rejects.map(({ ordinal }) => ordinal)).toEqual([2, 12, 22, 32]);
      expect(run.outcomes[0]?.written).toBe(36);
      expect(run.state).toMatchObject({ written: 38, rejected: 5 });
      expect(await stage.ids()).toHaveLength(38);
    });

    it('refuses what a column takes no null of, or cannot hold as a key', async () => {
      await stage.under.run(`CREATE TABLE ${stage.table} (id smallint PRIMARY KEY, name varchar(5) NOT NULL)`);
      const rows = [
        { id: 1, name: null },
        { id: 40_000, name: 'x' },
        { id: 3, name: 'too long' },
        { id: 4, name: '中文中文中' },
      ];
      const run = await stage.sync([rows], { schemaPolicy: 'freeze' });
      expect(run.outcomes[0]?.rejects.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2]);
      expect(await stage.rows()).toEqual([{ id: 4, name: '中文中文中' }]);
    });

    it('tells of a unique value that another row has, and writes neither over the other', async () => {
      const { table } = stage;
      await stage.under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, email varchar(50) UNIQUE);
        INSERT INTO ${table} VALUES (1, 'a@x')`);
      const run = await stage.sync([
        [
          { id: 2, email: 'a@x' },
          { id: 3, email: 'c@x' },
        ],
      ]);
      expect(run.outcomes[0]?.rejects).toMatchObject([{ ordinal: 0, reason: /refuses it/ }]);
      expect(await stage.rows()).toEqual([
        { id: 1, email: 'a@x' },
        { id: 3, email: 'c@x' },
      ]);
    });
  });
}
