import { describe, expect, it } from 'vitest';
import { type DestinationStage, people } from './stage.ts';

export function describeOverwriting(stage: DestinationStage): void {
  describe('overwriting', () => {
    const overwrite = { mode: 'overwrite', keyColumns: [] } as const;

    it('shows the new rows with its end, all at once', async () => {
      await stage.sync([people(3)], overwrite);
      const run = stage.attempt(overwrite);
      await run.open();
      await run.write(people(2, 10));
      expect(await stage.ids()).toEqual([1, 2, 3]);
      await run.write(people(2, 12));
      await run.finish();
      expect(await stage.ids()).toEqual([10, 11, 12, 13]);
      expect(await stage.tablesBeside()).toEqual([]);
    });

    it('keeps the last of equal keys where there is a key', async () => {
      await stage.sync([people(2)]);
      await stage.sync([[{ id: 7, name: 'a' }], [{ id: 7, name: 'b' }]], { mode: 'overwrite' });
      expect(await stage.rows()).toEqual([{ id: 7, name: 'b' }]);
    });

    it('empties a table when the source is empty', async () => {
      await stage.sync([people(3)], overwrite);
      await stage.sync([[]], overwrite);
      expect(await stage.rows()).toEqual([]);
    });

    it('takes away what a run left that did not end', async () => {
      await stage.sync([people(3)], overwrite);
      const dead = stage.attempt(overwrite);
      await dead.open();
      await dead.write(people(1, 50));
      await dead.destination.close();
      expect(await stage.tablesBeside()).toHaveLength(1);
      await stage.sync([people(2, 20)], overwrite);
      expect(await stage.ids()).toEqual([20, 21]);
      expect(await stage.tablesBeside()).toEqual([]);
    });

    it('goes on where an attempt of the same run was broken off', async () => {
      await stage.sync([people(3)], overwrite);
      const first = stage.attempt({ ...overwrite, runId: stage.sharedRun });
      await first.open();
      await first.write(people(2, 10));
      await first.destination.close();
      const second = stage.attempt({ ...overwrite, runId: stage.sharedRun, epoch: 2 });
      expect(await second.open()).toMatchObject({ position: 2, read: 2 });
      await second.write(people(2, 12));
      await second.finish();
      expect(await stage.ids()).toEqual([10, 11, 12, 13]);
    });

    it('keeps the columns, indexes and views of the table', async () => {
      const { table, under } = stage;
      await under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, name varchar(20), extra int DEFAULT 7);
        INSERT INTO ${table} VALUES (1, 'one', 1); CREATE VIEW ${table}_view AS SELECT id, name FROM ${table}`);
      await stage.sync([people(2, 5)], { mode: 'overwrite' });
      expect(await under.rows(`${table}_view`)).toEqual(people(2, 5));
      expect(await stage.rows()).toEqual(people(2, 5).map((row) => ({ ...row, extra: 7 })));
      await expect(under.run(`INSERT INTO ${table} (id, name) VALUES (5, 'twice')`)).rejects.toThrow(/duplicate/i);
      await under.run(`DROP VIEW ${table}_view`);
    });

    it('exchanges rows, not tables, where foreign keys hang on the table', async () => {
      const { table, under } = stage;
      await under.run(`CREATE TABLE ${table}_parent (id int PRIMARY KEY); INSERT INTO ${table}_parent VALUES (1), (2);
        CREATE TABLE ${table} (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES ${table}_parent (id));
        INSERT INTO ${table} VALUES (1, 1)`);
      await stage.sync([[{ id: 5, parent: 2, added: 'x' }]], { mode: 'overwrite' });
      expect(await stage.rows()).toEqual([{ id: 5, parent: 2, added: 'x' }]);
      await expect(under.run(`INSERT INTO ${table} (id, parent) VALUES (6, 99)`)).rejects.toThrow(/foreign key/i);
    });

    it.each(['CASCADE', 'SET NULL'])('refuses where rows of another table go by ON DELETE %s', async (rule) => {
      const { table, under } = stage;
      await under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, name varchar(20));
        CREATE TABLE ${table}_child (id int PRIMARY KEY, parent int,
          FOREIGN KEY (parent) REFERENCES ${table} (id) ON DELETE ${rule});
        INSERT INTO ${table} VALUES (1, 'one'), (2, 'two'); INSERT INTO ${table}_child VALUES (10, 1), (20, 2)`);
      await expect(stage.sync([people(2)], { mode: 'overwrite' })).rejects.toMatchObject({
        retryable: false,
        message: expect.stringMatching(new RegExp(`${table}_child.*ON DELETE ${rule}.*use mode upsert`)),
      });
      expect(await under.rows(`${table}_child`)).toMatchObject([{ parent: 1 }, { parent: 2 }]);
      expect(await stage.rows()).toMatchObject([{ name: 'one' }, { name: 'two' }]);
    });
  });
}
