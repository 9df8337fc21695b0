import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeSource } from '../../../../../../test/conformance/source.ts';
import type { Json } from '../../../../../protocol/executor.ts';
import { ENGINES, type Engine, type EngineSetup, needs } from './engines.fixture.ts';
import { readsFrom } from './reading.fixture.ts';
import { splitByKey } from './split.ts';

const counting = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);
/** As it comes back after a crash. */
const stored = (json: Json | undefined): Json => JSON.parse(JSON.stringify(json ?? null)) as Json;
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

function conformance(setup: EngineSetup): void {
  describeSource(`database: ${setup.name}${setup.missing ? ` (needs ${setup.missing})` : ''}`, async () => {
    const engine = await setup.open();
    const { open } = readsFrom(engine.login);
    await engine.run('CREATE TABLE records (id bigint PRIMARY KEY, name varchar(100), version int)');
    return {
      incremental: true,
      tells: 'total',
      fill: async (records) => {
        const values = records.map(({ id, name, version }) => `(${id}, ${quoted(name)}, ${version})`);
        await engine.run('DELETE FROM records');
        if (values.length > 0) await engine.run(`INSERT INTO records VALUES ${values.join(',')}`);
      },
      open: (options) => open({ table: 'records', cursor_column: 'version', fetch_size: 5 }, options),
    };
  });
}

for (const setup of ENGINES) {
  if (!setup.missing) conformance(setup);

  describe(`reading from ${setup.name}`, () => {
    let engine: Engine;
    let number = 0;
    let table = '';
    beforeAll(async () => {
      if (!setup.missing) engine = await setup.open();
    });
    beforeEach((context) => {
      needs(setup, context);
      number += 1;
      table = `t${number}`;
    });
    const reader = () => readsFrom(engine.login);
    /** `id` from 1, `changed` one second on every fourth row. */
    const fill = async (count: number, from = 1, name = table) => {
      const values = counting(count, from).map((id) => {
        const second = String(Math.floor(id / 4) % 60).padStart(2, '0');
        return `(${id}, 'row ${id}', '2024-05-06 07:08:${second}.123456')`;
      });
      await engine.run(`INSERT INTO ${engine.quote(name)} VALUES ${values.join(',')}`);
    };
    const create = async (count: number, name = table) => {
      const q = engine.quote(name);
      await engine.run(`CREATE TABLE ${q} (id bigint PRIMARY KEY, name varchar(50), changed ${engine.types.time})`);
      await fill(count, 1, name);
    };
    const ids = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => id);

    it('loses no tie when a run ends among rows of one time, to the microsecond', async () => {
      await create(10);
      const config = { table, cursor_column: 'changed' };
      const first = await reader().read(config);
      expect(ids(first.rows)).toEqual(counting(10));
      // 11 has the time of 10; a cursor in milliseconds would read 8 to 10 again.
      await fill(4, 11);
      const second = await reader().read(config, { cursor: stored(first.cursor) });
      expect(ids(second.rows)).toEqual([11, 12, 13, 14]);
      const third = await reader().read(config, { cursor: stored(second.cursor) });
      expect(third).toMatchObject({ rows: [], cursor: undefined });
    });

    it('finds what was committed late with a lookback, and not without', async () => {
      await create(20);
      await engine.run(`DELETE FROM ${table} WHERE id = 9`);
      const config = { table, cursor_column: 'changed' };
      const { cursor } = await reader().read(config);
      await fill(1, 9);
      expect((await reader().read(config, { cursor: stored(cursor) })).rows).toEqual([]);
      const late = await reader().read({ ...config, lookback: 3 }, { cursor: stored(cursor) });
      // 9 was changed in second 2, the last row in second 5.
      expect(ids(late.rows)).toEqual(counting(13, 8));
      expect(late.cursor).toEqual(cursor);
    });

    it('goes on in an incremental run behind the tie at which it was broken off', async () => {
      await create(30);
      const config = { table, cursor_column: 'changed' };
      const whole = await reader().read(config, {}, { batchSize: 6 });
      for (const [index, { position }] of whole.batches.entries()) {
        const rest = await reader().read(config, { position: stored(position) }, { batchSize: 6 });
        expect(rest.batches.flatMap(({ rows }) => rows)).toEqual(whole.rows.slice(6 * (index + 1)));
        expect(rest.cursor).toEqual(whole.cursor);
      }
    });

    it('says that rows without a cursor are passed by', async () => {
      await create(3);
      await engine.run(`ALTER TABLE ${table} ADD COLUMN seen int; UPDATE ${table} SET seen = 1 WHERE id > 1`);
      const { rows, warnings } = await reader().read({ table, cursor_column: 'seen' });
      expect(ids(rows)).toEqual([2, 3]);
      expect(warnings).toEqual([expect.stringContaining('without a value in cursor_column seen')]);
    });

    it('goes on behind a key of several columns, with nulls, wherever it was broken off', async () => {
      await engine.run(`CREATE TABLE ${table} (a int, b varchar(10), c int)`);
      const some = ['NULL', '1', '2', '3'];
      const values = some.flatMap((a) =>
        ['NULL', "'x'", "'y'"].flatMap((b) => ['NULL', '1', '2'].map((c) => [a, b, c])),
      );
      await engine.run(`INSERT INTO ${table} VALUES ${values.map((row) => `(${row.join(',')})`).join(',')}`);
      const config = { table, key_columns: ['a', 'b', 'c'] };
      const whole = await reader().read(config, {}, { batchSize: 1 });
      expect(new Set(whole.rows.map((row) => JSON.stringify(row))).size).toBe(values.length);
      for (const [index, { position }] of whole.batches.entries()) {
        const { rows } = await reader().read(config, { position: stored(position) });
        expect(rows).toEqual(whole.rows.slice(index + 1));
      }
    });

    it('keeps rows of one key in one batch', async () => {
      await create(30);
      const config = { table, key_columns: ['changed'], fetch_size: 2 };
      const { batches, rows } = await reader().read(config, {}, { batchSize: 5 });
      expect(rows).toHaveLength(30);
      const last = batches.map(({ rows: some }) => String(some.at(-1)?.changed));
      const first = batches.map(({ rows: some }) => String(some[0]?.changed));
      for (const [index, time] of last.slice(0, -1).entries()) expect(first[index + 1]).not.toBe(time);
    });

    it('goes on without a key where the rows are the same, and fails where they are not', async () => {
      await create(40);
      const query = `SELECT name, id FROM ${table} ORDER BY id DESC`;
      const whole = await reader().read({ query });
      expect(ids(whole.rows)).toEqual(counting(40).reverse());
      const position = stored(whole.batches[1]?.position);
      const rest = await reader().read({ query }, { position }, { batchSize: 7 });
      expect(rest.rows).toEqual(whole.rows.slice(20));
      expect(rest.batches[0]?.ordinals[0]).toBe(20);
      await engine.run(`UPDATE ${table} SET name = 'other' WHERE id = 35`);
      await expect(reader().read({ query }, { position })).rejects.toMatchObject({
        retryable: false,
        message: expect.stringContaining('key_columns'),
      });
    });

    it('reads a query behind the key that is named, and only the columns that are', async () => {
      await create(25);
      const query = `SELECT t.*, id * 2 AS twice FROM ${table} t -- all of them`;
      const config = { query, key_columns: ['id'], columns: ['twice', 'name'] };
      const { batches, rows } = await reader().read(config);
      expect(rows[4]).toEqual({ twice: 10, name: 'row 5' });
      const rest = await reader().read(config, { position: stored(batches[0]?.position) });
      expect(rest.rows).toEqual(rows.slice(10));
    });

    it('takes names that try to be SQL for names', async () => {
      const name = `x"; DROP TABLE ${table}; -- \`'`;
      await create(3);
      const [q, c] = [engine.quote(name), engine.quote('a`b"c; --')];
      await engine.run(`CREATE TABLE ${q} (${c} varchar(50) PRIMARY KEY, v int)`);
      const keys = ["' OR 1=1 --", '"; --', '中文 🚢', 'back\\slash', "it''s", '?'];
      await engine.run(`INSERT INTO ${q} VALUES ${keys.map((key) => `(${escaped(key, setup.name)}, 1)`).join(',')}`);
      const { batches, rows } = await reader().read({ table: name }, {}, { batchSize: 1 });
      expect(new Set(rows.map((row) => row['a`b"c; --']))).toEqual(new Set(keys));
      for (const [index, { position }] of batches.entries()) {
        const rest = await reader().read({ table: name }, { position: stored(position) });
        expect(rest.rows).toEqual(rows.slice(index + 1));
      }
      expect((await reader().read({ table })).rows).toHaveLength(3);
    });

    it('refuses what cannot be read, with the field and what there is', async () => {
      await create(1);
      const { read } = reader();
      const refused = (message: string) => ({ retryable: false, message: expect.stringContaining(message) });
      await expect(read({ table: 'no such' })).rejects.toMatchObject(refused('no such'));
      await expect(read({ table, columns: ['nope'] })).rejects.toMatchObject(
        refused(`columns: table ${table} has no column nope; it has id, name, changed`),
      );
      await expect(read({ table, key_columns: ['nope'] })).rejects.toMatchObject(refused('key_columns: '));
      await expect(read({ table, cursor_column: 'nope' })).rejects.toMatchObject(refused('cursor_column: '));
      await expect(read({ table }, {}, { incremental: true })).rejects.toMatchObject(refused('cursor_column'));
      await expect(read({})).rejects.toMatchObject(refused('table or query'));
      await expect(read({ query: `SELECT 1 AS a; DROP TABLE ${table}` })).rejects.toMatchObject(refused('statements'));
      await expect(read({ query: 'SELECT 1 AS a, 2 AS a' })).rejects.toMatchObject({ retryable: false });
      await expect(read({ query: 'SELECT nope FROM nowhere' })).rejects.toMatchObject({ retryable: false });
      const position = { columns: ['other'], after: [1], read: 1 };
      await expect(read({ table }, { position })).rejects.toMatchObject(refused('the position'));
      expect((await read({ table })).rows).toHaveLength(1);
    });

    it('writes nothing, whatever a query calls', async () => {
      await create(2);
      const writing =
        setup.name === 'postgresql'
          ? `WITH gone AS (DELETE FROM ${table} RETURNING id) SELECT * FROM gone`
          : `SELECT f_${table}() AS gone`;
      if (setup.name !== 'postgresql') {
        await engine.run(
          `CREATE FUNCTION f_${table}() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM ${table}; RETURN 1; END`,
        );
      }
      await expect(reader().read({ query: writing })).rejects.toMatchObject({ retryable: false });
      expect((await reader().read({ table })).rows).toHaveLength(2);
    });

    it('sees one snapshot, whatever is written meanwhile', async () => {
      await create(40);
      const source = reader().open({ table, fetch_size: 5 });
      const reading = source.read({ position: undefined, cursor: undefined });
      await source.total?.({ position: undefined, cursor: undefined });
      await engine.run(`DELETE FROM ${table} WHERE id > 20`);
      let rows = 0;
      for await (const batch of reading) rows += batch.rows.length;
      await source.close();
      expect(rows).toBe(40);
    });

    it('fails so that it is tried again when its connection is ended', async () => {
      await create(3000);
      // Sessions of the tests before that the server is still about to end would count too.
      while ((await engine.killReaders()) > 0);
      // More than lies in buffers on the way.
      const query = `SELECT id, REPEAT('x', 10000) AS wide FROM ${table}`;
      const source = reader().open({ query, key_columns: ['id'], fetch_size: 10 });
      const reading = source.read({ position: undefined, cursor: undefined });
      await reading.next();
      expect(await engine.killReaders()).toBe(1);
      const rest = async () => {
        for (let next = await reading.next(); !next.done; next = await reading.next());
      };
      await expect(rest()).rejects.toMatchObject({ name: 'ExecutorError', retryable: true });
      await source.close();
    });

    it('ends at once when it is cancelled, and so does the server', async () => {
      const abort = new AbortController();
      const source = reader().open({ query: engine.slow, key_columns: ['id'] }, { signal: abort.signal });
      const reading = source.read({ position: undefined, cursor: undefined }).next();
      const ended = expect(reading).rejects.toThrow('cancelled');
      while ((await engine.sleepers()) === 0);
      abort.abort(new Error('cancelled'));
      await ended;
      await source.close();
      while ((await engine.sleepers()) > 0);
    });

    it('cuts a table into ranges that hold all of it once', async () => {
      await create(100);
      await engine.run(`DELETE FROM ${table} WHERE id BETWEEN 10 AND 40`);
      const { login } = engine;
      const options = { config: { table }, login, guard: { allowPrivate: true }, log: () => {} };
      const signal = new AbortController().signal;
      const ranges = await splitByKey({ ...options, signal }, 3);
      expect(ranges).toEqual([
        { column: 'id', to: '35' },
        { column: 'id', from: '35', to: '69' },
        { column: 'id', from: '69' },
      ]);
      const parts = [];
      for (const range of ranges) parts.push(ids((await reader().read({ table }, {}, { range })).rows));
      expect(parts.flat()).toEqual([...counting(9), ...counting(60, 41)]);
      const refused = (config: object) => splitByKey({ ...options, config, signal }, 3);
      await expect(refused({ table, key_columns: ['name'] })).rejects.toThrow(
        /^partitions: .* the key is name \(text\)/,
      );
      await expect(refused({ query: `SELECT * FROM ${table}` })).rejects.toThrow(/^partitions: .* there is no key/);
      await engine.run(`DELETE FROM ${table}`);
      expect(await splitByKey({ ...options, signal }, 3)).toEqual([{ column: 'id' }]);
    });

    it('reads another key without nulls where there is no primary one', async () => {
      await engine.run(`CREATE TABLE ${table} (a int UNIQUE, b int NOT NULL, UNIQUE (b))`);
      await engine.run(`INSERT INTO ${table} VALUES (1, 3), (2, 2), (NULL, 1)`);
      const { rows, batches } = await reader().read({ table });
      expect(rows.map(({ b }) => b)).toEqual([1, 2, 3]);
      expect(batches[0]?.position).toMatchObject({ columns: ['b'] });
    });
  });
}

/** As a literal of the engine's. */
function escaped(text: string, engine: string): string {
  return quoted(engine === 'mariadb' ? text.replaceAll('\\', '\\\\') : text);
}
