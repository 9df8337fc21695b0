import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DatabaseDestinationOptions,
  openDatabaseDestination,
} from '../../src/areas/datasync/executor/destinations/database.ts';
import type {
  Destination,
  Row,
  SyncState,
  WriteBatch,
  WriteOutcome,
} from '../../src/areas/datasync/executor/pipeline/contracts.ts';
import type { DatabaseLogin, UrlLogin } from '../../src/connections/drivers/login.ts';
import { ExecutorError } from '../../src/protocol/executor.ts';

/** A database to write to, on a real server. */
export interface DestinationUnderTest {
  readonly login: DatabaseLogin | UrlLogin;
  /** The same by way of a port of this machine, from which it goes on to `address`. */
  loginThrough(port: number): DatabaseLogin | UrlLogin;
  readonly address: NetConnectOpts;
  readonly schema: string | undefined;
  /** Runs statements one after the other. @returns the last one's rows */
  run(sql: string): Promise<Record<string, unknown>[]>;
  quote(name: string): string;
  /** All rows of a table as JSON would have them, times as RFC 3339 in UTC. */
  rows(table: string, orderBy?: string): Promise<Record<string, unknown>[]>;
  /** Column names with their types, in words of the contracts. */
  types(table: string): Promise<Record<string, string>>;
  tables(): Promise<string[]>;
  /** Ends the sessions of everybody who writes. */
  killWriters(): Promise<number>;
  /** Whether names that differ in case are different. */
  readonly caseful: boolean;
}

type Options = Partial<Omit<DatabaseDestinationOptions, 'login' | 'connect' | 'schema'>>;

/** Cuts a connection when so many bytes have gone to the server. */
class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #left = Number.POSITIVE_INFINITY;
  #fallsSilent: (() => void) | undefined;

  constructor(address: NetConnectOpts) {
    this.#server = createServer((client) => {
      const server = connect(address);
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
      server.pipe(client);
      client.on('data', (chunk: Buffer) => {
        if (chunk.length > this.#left) {
          server.write(chunk.subarray(0, this.#left), this.#fallsSilent ?? (() => client.destroy()));
          this.#left = 0;
        } else {
          this.#left -= chunk.length;
          server.write(chunk);
        }
      });
    });
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
    return address.port;
  }

  cutAfter(bytes: number): void {
    this.#left = bytes;
    this.#fallsSilent = undefined;
  }

  /** As a network that is gone: nothing passes any more, and nobody is told. @returns a promise of that moment */
  silenceAfter(bytes: number): Promise<void> {
    this.#left = bytes;
    return new Promise((resolve) => {
      this.#fallsSilent = () => {
        for (const socket of this.#sockets) socket.unpipe().pause();
        resolve();
      };
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

const nobody = { written: 0, rejected: 0, cursor: null, complete: false, definition: 'd' };

/** One run's attempt: counts as the pipeline does. */
class Attempt {
  readonly destination: Destination;
  readonly outcomes: WriteOutcome[] = [];
  state: SyncState;

  constructor(destination: Destination, runId: number) {
    this.destination = destination;
    this.state = { ...nobody, run_id: runId, position: null, read: 0 };
  }

  async open(): Promise<SyncState | undefined> {
    const found = await this.destination.open();
    if (found?.run_id === this.state.run_id) this.state = found;
    return found;
  }

  async write(rows: readonly Row[], beforeCommit: WriteBatch['beforeCommit'] = async () => {}): Promise<WriteOutcome> {
    const ordinals = rows.map((_, index) => this.state.read + index);
    const read = this.state.read + rows.length;
    const state = { ...this.state, read, position: read };
    const outcome = await this.destination.write({ rows, ordinals, state, beforeCommit });
    this.outcomes.push(outcome);
    const rejected = state.rejected + outcome.rejects.length;
    this.state = { ...state, written: state.written + outcome.written, rejected };
    return outcome;
  }

  async finish(): Promise<number> {
    this.state = { ...this.state, position: null, complete: true };
    return (await this.destination.finish(this.state)).removed;
  }
}

const sum = (attempt: Attempt, of: (outcome: WriteOutcome) => number) =>
  attempt.outcomes.reduce((total, outcome) => total + of(outcome), 0);

/**
 * What writing to a table must do, whichever the database; run it once for each.
 * @param missing why it cannot be tested here
 */
export function describeDestination(name: string, setup: () => Promise<DestinationUnderTest>, missing?: string): void {
  describe(`destination: ${name}`, () => {
    let under: DestinationUnderTest;
    let number = 0;
    let table = '';
    let runs = 100;
    let logged: string[] = [];
    const opened: Destination[] = [];

    beforeAll(async () => {
      if (missing === undefined) under = await setup();
    });
    beforeEach((context) => {
      if (missing !== undefined) context.skip(missing);
      number += 1;
      table = `t${number}`;
      logged = [];
    });
    afterEach(async () => {
      for (const destination of opened.splice(0)) await destination.close();
    });

    const attempt = (options: Options = {}, login = under.login): Attempt => {
      runs += 1;
      const given = {
        table,
        mode: 'upsert',
        keyColumns: ['id'],
        schemaPolicy: 'evolve',
        onMissing: 'keep',
        missingThreshold: 0.2,
        conflict: { strategy: 'source_wins' },
        changeEvents: true,
        fullRefresh: true,
        jobKey: `job_${number}:0`,
        runId: runs,
        epoch: 1,
        log: (level: string, message: string) => logged.push(`${level}: ${message}`),
        ...options,
      } as const;
      const connectOptions = { applicationName: 'longshore test', allowPrivate: true };
      const destination = openDatabaseDestination({ ...given, login, connect: connectOptions, schema: under.schema });
      opened.push(destination);
      return new Attempt(destination, given.runId);
    };
    /** A run from its first to its last batch. */
    const sync = async (batches: readonly (readonly Row[])[], options: Options = {}): Promise<Attempt> => {
      const run = attempt(options);
      await run.open();
      for (const batch of batches) await run.write(batch);
      await run.finish();
      await run.destination.close();
      return run;
    };
    const people = (count: number, from = 1): Row[] =>
      Array.from({ length: count }, (_, index) => ({ id: from + index, name: `name ${from + index}` }));
    const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => id);

    describe('values', () => {
      it('keeps values of every type as they are', async () => {
        const time = new Date('2024-02-29T12:34:56.789Z');
        const rows: Row[] = [
          {
            id: 1,
            text: '中文 🚢 "quoted" \'single\' \\N \\ \t tab \n line \r end',
            yes: true,
            whole: 42,
            big: 9_223_372_036_854_775_807n,
            real: 0.1,
            day: '2024-02-29',
            time,
            json: { a: [1, 'zwei', null, { b: '中文 🚢 \\ "' }], big: 12_345_678_901_234_567_890n },
            bytes: new Uint8Array([0, 1, 9, 10, 13, 92, 255]),
          },
          {
            id: 2,
            text: '',
            yes: false,
            whole: 0,
            big: -9_223_372_036_854_775_808n,
            real: -1.5e-300,
            day: '0001-01-01',
          },
          {
            id: 3,
            text: null,
            yes: null,
            whole: null,
            big: null,
            real: null,
            day: null,
            time: null,
            json: null,
            bytes: null,
          },
        ];
        await sync([rows]);
        expect(await under.types(table)).toMatchObject({
          ...{ id: 'integer', text: 'text', yes: 'boolean', whole: 'integer', big: 'integer', real: 'number' },
          ...{ day: 'date', time: 'timestamp', json: 'json', bytes: 'binary' },
        });
        const [first, second, third] = await under.rows(table);
        expect(first).toEqual({
          ...rows[0],
          big: '9223372036854775807',
          time: time.toISOString(),
          json: { a: [1, 'zwei', null, { b: '中文 🚢 \\ "' }], big: expect.anything() },
          bytes: 'AAEJCg1c/w==',
        });
        expect(second).toMatchObject({
          text: '',
          yes: false,
          whole: 0,
          real: -1.5e-300,
          day: '0001-01-01',
          time: null,
        });
        expect(Object.values(third ?? {}).filter((value) => value !== null)).toEqual([3]);
      });

      it('survives what no database takes', async () => {
        const run = await sync([
          [
            { id: 1, text: 'a\0b', json: { 'k\0': 'x\0\ud800' }, real: 1.5, time: new Date(0) },
            { id: 2, text: 'lone \ud83d', json: [Number.NaN], real: Number.NaN, time: new Date(Number.NaN) },
            { id: 3, text: '\udc00', json: ['\\u0000'], real: Number.POSITIVE_INFINITY, time: new Date(8.64e15) },
          ],
        ]);
        expect(run.outcomes[0]).toMatchObject({ written: 3, rejects: [] });
        const rows = await under.rows(table);
        expect(String(rows[0]?.text)).toMatch(/^a[\0\ufffd]b$/);
        expect(rows[1]?.text).toBe('lone \ufffd');
        expect(rows[2]?.json).toEqual(['\\u0000']);
        expect(rows[1]?.time).toBeNull();
      });

      it('keeps decimals, of which text alone does not tell, where the source declares them', async () => {
        const columns = [
          { name: 'price', type: 'decimal' },
          { name: 'at', type: 'timestamp' },
        ] as const;
        const price = '12345678901234567890.123456789';
        await sync([[{ id: 1, price, at: '2024-05-06T07:08:09.123456+02:00' }]], { columns });
        expect(await under.types(table)).toMatchObject({ price: 'decimal', at: 'timestamp' });
        const [row] = await under.rows(table);
        expect(String(row?.price).replace(/0+$/, '')).toBe(price);
        expect(row?.at).toBe('2024-05-06T05:08:09.123Z');
      });

      it('widens what it is made of within a batch, losing nothing', async () => {
        await sync([
          [
            { id: 1, a: 1, b: true, c: '2024-01-01', d: 2 ** 53, e: 1 },
            { id: 2, a: 1.5, b: 'no', c: 'later', d: 9_007_199_254_740_993n, e: '007' },
          ],
        ]);
        expect(await under.rows(table)).toEqual([
          { id: 1, a: 1, b: 'true', c: '2024-01-01', d: '9007199254740992', e: '1' },
          { id: 2, a: 1.5, b: 'no', c: 'later', d: '9007199254740993', e: '007' },
        ]);
      });
    });

    describe('modes', () => {
      it('appends rows each time', async () => {
        await sync([people(3), people(2, 4)], { mode: 'append', keyColumns: [] });
        await sync([people(3)], { mode: 'append', keyColumns: [] });
        expect(idsOf(await under.rows(table))).toEqual([1, 1, 2, 2, 3, 3, 4, 5]);
      });

      it('upserts rows by their key', async () => {
        const first = await sync([people(5), people(5, 6)]);
        expect(sum(first, ({ written }) => written)).toBe(10);
        const second = await sync([[...people(4), { id: 5, name: 'changed' }, { id: 11, name: 'new' }]]);
        expect(sum(second, ({ written }) => written)).toBe(2);
        const rows = await under.rows(table);
        expect(idsOf(rows)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        expect(rows[4]).toEqual({ id: 5, name: 'changed' });
      });

      it('takes the last of equal keys, in a batch and between batches of a first load', async () => {
        const last = { id: 1, name: 'last' };
        await sync([
          [
            { id: 1, name: 'first' },
            { id: 2, name: 'two' },
            { id: 1n, name: 'second' },
          ],
          [last, { id: 3, name: 'three' }],
          [{ id: 4, name: 'four' }],
        ]);
        expect(await under.rows(table)).toEqual([
          last,
          { id: 2, name: 'two' },
          { id: 3, name: 'three' },
          { id: 4, name: 'four' },
        ]);
      });

      it('tells keys apart that differ only in case, accents or spaces', async () => {
        const rows = ['a', 'A', 'á', 'a ', '中', '🚢'].map((id) => ({ id, n: 1 }));
        await sync([rows]);
        await sync([rows.map(({ id }) => ({ id, n: 2 }))]);
        const found = await under.rows(table);
        expect(found.map(({ id }) => String(id)).sort()).toEqual(rows.map(({ id }) => id).sort());
        expect(found.every(({ n }) => n === 2)).toBe(true);
      });

      it('leaves fields alone that a row does not have', async () => {
        await sync([
          [
            { id: 1, a: 'a', b: 'b' },
            { id: 2, a: 'a', b: 'b' },
          ],
        ]);
        const run = await sync([
          [
            { id: 1, a: 'new' },
            { id: 2, b: null },
            { id: 3, a: 'three' },
            { id: 1, c: 1 },
          ],
        ]);
        expect(run.outcomes[0]?.written).toBe(3);
        expect(await under.rows(table)).toEqual([
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
        await sync([rows], { keyColumns: ['tenant', 'id'] });
        await sync([[{ tenant: 'y', id: 1, n: 3 }]], { keyColumns: ['tenant', 'id'] });
        expect((await under.rows(table, 'n')).map(({ n }) => n)).toEqual([1, 3]);
      });

      it('makes a unique index where a table has none for its key', async () => {
        await under.run(`CREATE TABLE ${table} (id int, name varchar(20)); INSERT INTO ${table} VALUES (1, 'one')`);
        await sync([[{ id: 1, name: 'changed' }]]);
        expect(await under.rows(table)).toEqual([{ id: 1, name: 'changed' }]);
      });

      it('refuses to upsert into a table whose keys are not unique', async () => {
        await under.run(
          `CREATE TABLE ${table} (id int, name varchar(20)); INSERT INTO ${table} VALUES (1, 'a'), (1, 'b')`,
        );
        await expect(attempt().open()).rejects.toMatchObject({ retryable: false, message: /duplicates/ });
      });

      it('refuses a key column that a table does not have', async () => {
        await under.run(`CREATE TABLE ${table} (name varchar(20))`);
        await expect(attempt().open()).rejects.toMatchObject({ retryable: false, message: /"id".*key_columns/ });
      });
    });

    describe('overwriting', () => {
      const overwrite = { mode: 'overwrite', keyColumns: [] } as const;

      it('shows the new rows with its end, all at once', async () => {
        await sync([people(3)], overwrite);
        const run = attempt(overwrite);
        await run.open();
        await run.write(people(2, 10));
        expect(idsOf(await under.rows(table))).toEqual([1, 2, 3]);
        await run.write(people(2, 12));
        await run.finish();
        expect(idsOf(await under.rows(table))).toEqual([10, 11, 12, 13]);
        expect((await under.tables()).filter((other) => other.startsWith(`${table}__`))).toEqual([]);
      });

      it('keeps the last of equal keys where there is a key', async () => {
        await sync([people(2)]);
        await sync([[{ id: 7, name: 'a' }], [{ id: 7, name: 'b' }]], { mode: 'overwrite' });
        expect(await under.rows(table)).toEqual([{ id: 7, name: 'b' }]);
      });

      it('empties a table when the source is empty', async () => {
        await sync([people(3)], overwrite);
        await sync([[]], overwrite);
        expect(await under.rows(table)).toEqual([]);
      });

      it('takes away what a run left that did not end', async () => {
        await sync([people(3)], overwrite);
        const dead = attempt(overwrite);
        await dead.open();
        await dead.write(people(1, 50));
        await dead.destination.close();
        expect((await under.tables()).filter((other) => other.startsWith(`${table}__`))).toHaveLength(1);
        await sync([people(2, 20)], overwrite);
        expect(idsOf(await under.rows(table))).toEqual([20, 21]);
        expect((await under.tables()).filter((other) => other.startsWith(`${table}__`))).toEqual([]);
      });

      it('goes on where an attempt of the same run was broken off', async () => {
        await sync([people(3)], overwrite);
        const first = attempt({ ...overwrite, runId: 9000 + number });
        await first.open();
        await first.write(people(2, 10));
        await first.destination.close();
        const second = attempt({ ...overwrite, runId: 9000 + number, epoch: 2 });
        expect(await second.open()).toMatchObject({ position: 2, read: 2 });
        await second.write(people(2, 12));
        await second.finish();
        expect(idsOf(await under.rows(table))).toEqual([10, 11, 12, 13]);
      });

      it('keeps the columns, indexes and views of the table', async () => {
        await under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, name varchar(20), extra int DEFAULT 7);
          INSERT INTO ${table} VALUES (1, 'one', 1); CREATE VIEW ${table}_view AS SELECT id, name FROM ${table}`);
        await sync([people(2, 5)], { mode: 'overwrite' });
        expect(await under.rows(`${table}_view`)).toEqual(people(2, 5));
        expect(await under.rows(table)).toEqual(people(2, 5).map((row) => ({ ...row, extra: 7 })));
        await expect(under.run(`INSERT INTO ${table} (id, name) VALUES (5, 'twice')`)).rejects.toThrow(/duplicate/i);
        await under.run(`DROP VIEW ${table}_view`);
      });

      it('exchanges rows, not tables, where foreign keys hang on the table', async () => {
        await under.run(`CREATE TABLE ${table}_parent (id int PRIMARY KEY); INSERT INTO ${table}_parent VALUES (1), (2);
          CREATE TABLE ${table} (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES ${table}_parent (id));
          INSERT INTO ${table} VALUES (1, 1)`);
        await sync([[{ id: 5, parent: 2, added: 'x' }]], { mode: 'overwrite' });
        expect(await under.rows(table)).toEqual([{ id: 5, parent: 2, added: 'x' }]);
        await expect(under.run(`INSERT INTO ${table} (id, parent) VALUES (6, 99)`)).rejects.toThrow(/foreign key/i);
      });

      it.each(['CASCADE', 'SET NULL'])('refuses where rows of another table go by ON DELETE %s', async (rule) => {
        await under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, name varchar(20));
          CREATE TABLE ${table}_child (id int PRIMARY KEY, parent int,
            FOREIGN KEY (parent) REFERENCES ${table} (id) ON DELETE ${rule});
          INSERT INTO ${table} VALUES (1, 'one'), (2, 'two'); INSERT INTO ${table}_child VALUES (10, 1), (20, 2)`);
        await expect(sync([people(2)], { mode: 'overwrite' })).rejects.toMatchObject({
          retryable: false,
          message: expect.stringMatching(new RegExp(`${table}_child.*ON DELETE ${rule}.*use mode upsert`)),
        });
        expect(await under.rows(`${table}_child`)).toMatchObject([{ parent: 1 }, { parent: 2 }]);
        expect(await under.rows(table)).toMatchObject([{ name: 'one' }, { name: 'two' }]);
      });
    });

    describe('schema', () => {
      const old = () => sync([[{ id: 1, n: 1 }]]);

      it('gives a table the columns that come', async () => {
        await old();
        await sync([[{ id: 2, n: 2, extra: { a: 1 } }]]);
        expect(await under.rows(table)).toEqual([
          { id: 1, n: 1, extra: null },
          { id: 2, n: 2, extra: { a: 1 } },
        ]);
      });

      it('widens columns: integer, number, text', async () => {
        await old();
        await sync([[{ id: 2, n: 2.5 }]]);
        expect((await under.types(table)).n).toBe('number');
        await sync([[{ id: 3, n: 'three' }]]);
        expect((await under.types(table)).n).toBe('text');
        expect((await under.rows(table)).map(({ n }) => n)).toEqual(['1', '2.5', 'three']);
      });

      it('makes decimals of integers that a double would change', async () => {
        await sync([[{ id: 1, n: 9_007_199_254_740_993n }]]);
        await sync([[{ id: 2, n: 0.5 }]]);
        expect((await under.types(table)).n).toBe('decimal');
        expect(String((await under.rows(table))[0]?.n)).toMatch(/^9007199254740993(\.0+)?$/);
      });

      it('widens a key in the middle of a run that looks for missing rows', async () => {
        await sync([people(3)]);
        const run = await sync([people(3), [{ id: 'four', name: 'name 4' }]], { onMissing: 'delete' });
        expect(run.state.rejected).toBe(0);
        expect(
          idsOf(await under.rows(table))
            .map(String)
            .sort(),
        ).toEqual(['1', '2', '3', 'four']);
      });

      it('has columns for fields that never had a value', async () => {
        await sync([[{ id: 1, empty: null }]]);
        expect(await under.types(table)).toMatchObject({ id: 'integer', empty: 'text' });
      });

      it('freeze leaves out what the table does not have, and says so once', async () => {
        await old();
        await sync([[{ id: 2, n: 2, extra: 1 }], [{ id: 3, n: 'text', extra: 1 }]], { schemaPolicy: 'freeze' });
        expect(await under.rows(table)).toEqual([
          { id: 1, n: 1 },
          { id: 2, n: 2 },
          { id: 3, n: null },
        ]);
        expect(logged.filter((line) => line.includes('"extra"'))).toHaveLength(1);
      });

      it('discard_value makes null of what does not fit', async () => {
        await old();
        const run = await sync([[{ id: 2, n: 'text' }]], { schemaPolicy: 'discard_value' });
        expect(run.outcomes[0]).toMatchObject({ written: 1, rejects: [] });
        expect((await under.rows(table))[1]).toEqual({ id: 2, n: null });
      });

      it('discard_row refuses rows that do not fit', async () => {
        await old();
        const rows = [
          { id: 2, n: 2 },
          { id: 3, n: 'text' },
          { id: 4, n: 4, extra: 1 },
          { id: 5, n: 5, extra: null },
        ];
        const run = await sync([rows], { schemaPolicy: 'discard_row' });
        expect(run.outcomes[0]?.rejects).toMatchObject([
          { ordinal: 1, field: 'n' },
          { ordinal: 2, field: 'extra' },
        ]);
        expect(idsOf(await under.rows(table))).toEqual([1, 2, 5]);
      });

      it('fail ends the run, writing nothing', async () => {
        await old();
        const refused = { retryable: false, message: /schema_policy/ };
        await expect(sync([[{ id: 2, n: 'text' }]], { schemaPolicy: 'fail' })).rejects.toMatchObject(refused);
        await expect(sync([[{ id: 2, n: 2, extra: 1 }]], { schemaPolicy: 'fail' })).rejects.toMatchObject(refused);
        expect(idsOf(await under.rows(table))).toEqual([1]);
      });
    });

    describe('refused rows', () => {
      it('refuses rows without a key', async () => {
        const run = await sync([[{ id: null, name: 'null' }, { name: 'absent' }, { id: 3, name: 'three' }]]);
        expect(run.outcomes[0]).toMatchObject({ written: 1, rejects: [{ ordinal: 0 }, { ordinal: 1, field: 'id' }] });
        expect(idsOf(await under.rows(table))).toEqual([3]);
      });

      it('ends the run when the source has lost the key', async () => {
        await expect(sync([[{ name: 'a' }, { name: 'b' }]])).rejects.toMatchObject({
          retryable: false,
          message: /key column "id"/,
        });
      });

      it.each(['append', 'upsert'] as const)('loses only the rows that the server refuses (%s)', async (mode) => {
        await under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, name varchar(50), CHECK (id % 10 <> 3))`);
        const batch = people(40).map((row) => ({ ...row, id: Number(row.id) }));
        const run = await sync([batch, people(3, 41)], { mode, schemaPolicy: 'freeze' });
        expect(run.outcomes[0]?.rejects.map(({ ordinal }) => ordinal)).toEqual([2, 12, 22, 32]);
        expect(run.outcomes[0]?.written).toBe(36);
        expect(run.state).toMatchObject({ written: 38, rejected: 5 });
        expect(idsOf(await under.rows(table))).toHaveLength(38);
      });

      it('refuses what a column takes no null of, or cannot hold as a key', async () => {
        await under.run(`CREATE TABLE ${table} (id smallint PRIMARY KEY, name varchar(5) NOT NULL)`);
        const rows = [
          { id: 1, name: null },
          { id: 40_000, name: 'x' },
          { id: 3, name: 'too long' },
          { id: 4, name: '中文中文中' },
        ];
        const run = await sync([rows], { schemaPolicy: 'freeze' });
        expect(run.outcomes[0]?.rejects.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2]);
        expect(await under.rows(table)).toEqual([{ id: 4, name: '中文中文中' }]);
      });

      it('tells of a unique value that another row has, and writes neither over the other', async () => {
        await under.run(`CREATE TABLE ${table} (id int PRIMARY KEY, email varchar(50) UNIQUE);
          INSERT INTO ${table} VALUES (1, 'a@x')`);
        const run = await sync([
          [
            { id: 2, email: 'a@x' },
            { id: 3, email: 'c@x' },
          ],
        ]);
        expect(run.outcomes[0]?.rejects).toMatchObject([{ ordinal: 0, reason: /refuses it/ }]);
        expect(await under.rows(table)).toEqual([
          { id: 1, email: 'a@x' },
          { id: 3, email: 'c@x' },
        ]);
      });
    });

    describe('rows that vanished', () => {
      it('deletes them after a full refresh', async () => {
        await sync([people(10)]);
        const run = attempt({ onMissing: 'delete' });
        await run.open();
        await run.write(people(5));
        await run.write(people(4, 6));
        expect(await run.finish()).toBe(1);
        expect(idsOf(await under.rows(table))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect((await under.tables()).filter((other) => other.startsWith(`${table}__`))).toEqual([]);
      });

      it('marks them, and takes the mark away when they come again', async () => {
        await sync([people(10)], { onMissing: 'mark' });
        const marked = async () => idsOf((await under.rows(table)).filter((row) => row._deleted_at !== null));
        expect(await marked()).toEqual([]);
        await sync([people(9)], { onMissing: 'mark' });
        expect(await marked()).toEqual([10]);
        await sync([people(9)], { onMissing: 'mark' });
        expect(await marked()).toEqual([10]);
        const back = await sync([people(10)], { onMissing: 'mark' });
        expect(back.state.written).toBe(1);
        expect(await marked()).toEqual([]);
      });

      it('removes nothing when more are missing than is allowed', async () => {
        await sync([people(10)]);
        const refused = { retryable: false, message: /3 of 10 rows.*missing_threshold/ };
        await expect(sync([people(7)], { onMissing: 'delete' })).rejects.toMatchObject(refused);
        expect(await under.rows(table)).toHaveLength(10);
        await sync([people(7)], { onMissing: 'delete', missingThreshold: 0.3 });
        expect(await under.rows(table)).toHaveLength(7);
      });

      it('removes nothing when the source is empty, records were refused, or the run was incremental', async () => {
        await sync([people(10)]);
        await expect(sync([], { onMissing: 'delete' })).rejects.toMatchObject({ retryable: false });
        await sync([[...people(9), { id: null, name: 'ten?' }]], { onMissing: 'delete' });
        expect(logged.join()).toContain('1 records of this run were refused');
        await sync([people(1)], { onMissing: 'delete', fullRefresh: false });
        expect(await under.rows(table)).toHaveLength(10);
      });

      it('leaves nothing beside when the end of a run is broken off behind its last commit', async () => {
        await sync([people(10)]);
        const run = attempt({ onMissing: 'delete' });
        await run.open();
        await run.write(people(9));
        await run.finish();
        const seen = `${table}__seen_${run.state.run_id}`;
        await under.run(`CREATE TABLE ${seen} (id int)`);
        const again = attempt({ onMissing: 'delete', runId: run.state.run_id, epoch: 2 });
        expect(await again.open()).toMatchObject({ complete: true });
        expect(await under.tables()).not.toContain(seen);
      });

      it('still knows what was seen before a run was broken off', async () => {
        await sync([people(10)]);
        const options = { onMissing: 'delete', runId: 9000 + number } as const;
        const first = attempt(options);
        await first.open();
        await first.write(people(5));
        await first.destination.close();
        const second = attempt({ ...options, epoch: 2 });
        await second.open();
        await second.write(people(4, 6));
        expect(await second.finish()).toBe(1);
      });
    });

    describe('conflicts', () => {
      const strategy = (name: NonNullable<Options['conflict']>['strategy']) =>
        ({ conflict: { strategy: name, timestamp_column: 'at' } }) as const;
      const at = (day: number) => new Date(Date.UTC(2024, 0, day));
      const row = (change: Row = {}): Row => ({ id: 1, a: 'a', b: 'b', at: at(1), ...change });
      const stored = async () => {
        const [found] = await under.rows(table);
        return { a: found?.a, b: found?.b };
      };
      /** Synced, then changed by somebody else, then synced again with something new. */
      const clash = async (name: Parameters<typeof strategy>[0], next: Row) => {
        await sync([[row()]], strategy(name));
        await under.run(`UPDATE ${table} SET a = 'mine'`);
        return (await sync([[next]], strategy(name))).outcomes[0]?.conflicts ?? [];
      };

      it('target_wins leaves the row, and tells of it once', async () => {
        const found = await clash('target_wins', row({ a: 'theirs', at: at(2) }));
        expect(found).toMatchObject([{ record_id: '1', conflict_type: 'version', resolution: 'target_wins' }]);
        expect(found[0]).toMatchObject({ base: { a: 'a' }, source: { a: 'theirs' }, target: { a: 'mine' } });
        expect(await stored()).toEqual({ a: 'mine', b: 'b' });
        const again = await sync([[row({ a: 'theirs', at: at(2) })]], strategy('target_wins'));
        expect(again.outcomes[0]).toMatchObject({ conflicts: [], written: 0 });
      });

      it('timestamp takes the newer one', async () => {
        expect(await clash('timestamp', row({ a: 'theirs', at: at(2) }))).toMatchObject([
          { resolution: 'source_wins' },
        ]);
        expect(await stored()).toEqual({ a: 'theirs', b: 'b' });
      });

      it('timestamp keeps out a record that is older than what is stored', async () => {
        await sync([[row({ at: at(5) })]], strategy('timestamp'));
        const run = await sync([[row({ a: 'old', at: at(3) })]], strategy('timestamp'));
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
        await sync([[...batch, ...others]], strategy('timestamp'));
        await sync([stamps], { conflict: { strategy: 'timestamp', timestamp_column: 'stamp' } });
        expect((await under.rows(table)).map(({ a }) => a)).toEqual(['new', 'last', 'n0']);
      });

      it('field_merge takes from each side what it changed', async () => {
        expect(await clash('field_merge', row({ b: 'theirs', at: at(2) }))).toMatchObject([{ resolution: 'merged' }]);
        expect(await stored()).toEqual({ a: 'mine', b: 'theirs' });
      });

      it('manual leaves the row, and tells of it until it is decided', async () => {
        const next = row({ a: 'theirs', at: at(2) });
        expect(await clash('manual', next)).toMatchObject([{ resolution: 'pending' }]);
        expect(await stored()).toEqual({ a: 'mine', b: 'b' });
        const again = await sync([[next]], strategy('manual'));
        expect(again.outcomes[0]?.conflicts).toMatchObject([{ resolution: 'pending', base: { a: 'a' } }]);
      });

      it('is no conflict when only one side has changed', async () => {
        await sync([[row()]], strategy('manual'));
        await under.run(`UPDATE ${table} SET a = 'mine'`);
        const same = await sync([[row()]], strategy('manual'));
        expect(same.outcomes[0]).toMatchObject({ conflicts: [], written: 0 });
        expect(await stored()).toEqual({ a: 'mine', b: 'b' });
        await under.run(`UPDATE ${table} SET a = 'a'`);
        const changed = await sync([[row({ b: 'theirs' })]], strategy('manual'));
        expect(changed.outcomes[0]).toMatchObject({ conflicts: [], written: 1 });
        expect(await stored()).toEqual({ a: 'a', b: 'theirs' });
      });

      it('source_wins overwrites what others wrote', async () => {
        expect(await clash('source_wins', row({ b: 'theirs' }))).toEqual([]);
        expect(await stored()).toEqual({ a: 'a', b: 'theirs' });
      });
    });

    describe('changes', () => {
      it('tells what was created and updated, and of nothing while a table is first filled', async () => {
        const first = await sync([people(3), [{ id: 1, name: 'again' }]]);
        expect(sum(first, ({ changes, changesOmitted }) => changes.length + changesOmitted)).toBe(0);
        const second = await sync([
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
        await sync([people(1)]);
        const run = await sync([people(9000, 2), people(9000, 9002)]);
        expect(sum(run, ({ changes }) => changes.length)).toBe(10_000);
        expect(sum(run, ({ changesOmitted }) => changesOmitted)).toBe(8000);
      });

      it('tells of nothing where the job asks for none', async () => {
        await sync([people(1)]);
        const run = await sync([people(3)], { changeEvents: false });
        expect(run.outcomes[0]).toMatchObject({ written: 2, changes: [], changesOmitted: 0 });
      });
    });

    describe('names', () => {
      it('takes names for names, whatever they look like', async () => {
        table = `odd "${number}"; DROP TABLE x; -- \` 中文`;
        const field = `f"ield'); \`--\\ 🚢`.replace('🚢', '舟');
        await sync([[{ id: 1, [field]: 'a', select: 1 }]], { onMissing: 'mark' });
        await sync([[{ id: 1, [field]: 'b', select: 1 }]], { conflict: { strategy: 'manual' } });
        await sync([[{ id: 1, [field]: 'c', select: 2 }, { id: 2 }]], { conflict: { strategy: 'manual' } });
        await sync([[{ id: 1, [field]: 'd', select: 2 }]], { mode: 'overwrite' });
        expect(await under.rows(table)).toMatchObject([{ id: 1, [field]: 'd', select: 2 }]);
      });

      it('says which name is too long, and does not cut it', async () => {
        const long = 'n'.repeat(70);
        await expect(sync([[{ id: 1, [long]: 1 }]])).rejects.toMatchObject({ retryable: false, message: /nnn.*70/ });
        await expect(attempt({ table: long }).open()).rejects.toMatchObject({ retryable: false, message: /nnn.*70/ });
      });

      it('does not confuse names that differ in case', async () => {
        const rows = [[{ id: 1, name: 'a', Name: 'b' }]];
        if (under.caseful) {
          await sync(rows);
          expect(await under.rows(table)).toEqual([{ id: 1, name: 'a', Name: 'b' }]);
        } else {
          await expect(sync(rows)).rejects.toMatchObject({ retryable: false, message: /"name" and "Name"/ });
        }
      });

      it('keeps off the names that the sync itself uses', async () => {
        await sync([[{ id: 1, _longshore_base: 'x', _deleted_at: 'y' }]], { onMissing: 'mark' });
        expect(await under.rows(table)).toEqual([{ id: 1, _deleted_at: null }]);
        await expect(attempt({ table: '_longshore_sync' }).open()).rejects.toBeInstanceOf(ExecutorError);
      });
    });

    describe('state', () => {
      it('remembers what was committed, with the rows', async () => {
        const run = attempt();
        expect(await run.open()).toBeUndefined();
        await run.write([...people(2), { name: 'no key' }]);
        await run.destination.close();
        const next = attempt();
        const kept = { run_id: run.state.run_id, position: 3, read: 3, written: 2, rejected: 1, complete: false };
        expect(await next.open()).toEqual({ ...kept, cursor: null, definition: 'd' });
      });

      it('moves on past batches of which nothing is written', async () => {
        const run = attempt();
        await run.open();
        await run.write([]);
        await run.destination.write({
          rows: [],
          ordinals: [],
          state: { ...run.state, read: 7, position: { page: 7 } },
          beforeCommit: async () => {},
        });
        await run.destination.close();
        expect(await attempt().open()).toMatchObject({ position: { page: 7 }, read: 7 });
      });

      it('commits nothing when what was found cannot be told', async () => {
        await sync([people(1)]);
        const run = attempt();
        await run.open();
        const failure = new Error('the server is away');
        await expect(run.write(people(3), async () => Promise.reject(failure))).rejects.toBe(failure);
        await run.destination.close();
        expect(idsOf(await under.rows(table))).toEqual([1]);
      });

      it('refuses an attempt when a later one has been here', async () => {
        const runId = 9000 + number;
        await attempt({ runId, epoch: 3 }).open();
        await expect(attempt({ runId, epoch: 2 }).open()).rejects.toMatchObject({ retryable: false });
        await expect(attempt({ runId: runId - 1, epoch: 9 }).open()).rejects.toMatchObject({ retryable: false });
        await expect(attempt({ runId, epoch: 3 }).open()).resolves.toBeUndefined();
        await expect(attempt({ runId: runId + 1 }).open()).resolves.toBeUndefined();
      });

      it('stops an attempt that was overtaken, at its next write and at its end', async () => {
        await sync([people(1)]);
        const stale = attempt();
        await stale.open();
        const later = attempt();
        await later.open();
        await expect(stale.write(people(5, 50))).rejects.toMatchObject({ retryable: false, message: /taken over/ });
        await expect(stale.finish()).rejects.toMatchObject({ retryable: false });
        await later.write(people(2));
        expect(idsOf(await under.rows(table))).toEqual([1, 2]);
      });

      it('begins anew after a reset, and keeps off attempts from before it', async () => {
        const before = attempt({ jobKey: `job_${number}:0` });
        await before.open();
        await before.write(people(2));
        const after = attempt({ jobKey: `job_${number}:1` });
        expect(await after.open()).toBeUndefined();
        await expect(before.write(people(2))).rejects.toMatchObject({ retryable: false });
        await expect(attempt({ jobKey: `job_${number}:0`, runId: before.state.run_id }).open()).rejects.toMatchObject({
          retryable: false,
        });
      });

      it('forgets loads that happened once, a day after they were complete', async () => {
        const jobs = ['load_old:0', 'once_old', 'load_new:0', `job_${number}:0`];
        for (const jobKey of jobs) await sync([people(1)], { jobKey, table: `${table}_once` });
        await attempt({ jobKey: 'load_broken:0' }).open();
        await under.run(`UPDATE _longshore_sync SET at = '2020-01-01' WHERE job NOT LIKE 'load_new%'`);
        await sync([people(1)], { jobKey: 'load_last:0', table: `${table}_once` });
        const left = (await under.run('SELECT job FROM _longshore_sync')).map(({ job }) => job);
        expect(left).toEqual(expect.arrayContaining(['load_new:0', 'load_broken:0', 'load_last:0', `job_${number}:0`]));
        expect(left).not.toContain('load_old:0');
        expect(left).not.toContain('once_old');
      });

      it('lets several jobs write to one schema at once', async () => {
        const jobs = [1, 2, 3, 4].map((job) =>
          sync([people(50), people(50, 51)], { table: `${table}_${job}`, jobKey: `many_${number}_${job}:0` }),
        );
        await Promise.all(jobs);
        for (const job of [1, 2, 3, 4]) expect(await under.rows(`${table}_${job}`)).toHaveLength(100);
      });
    });

    describe('lost connections', () => {
      it('loses and doubles nothing, wherever in a run the connection is cut', async () => {
        const proxy = new CuttingProxy(under.address);
        const login = under.loginThrough(await proxy.listen());
        try {
          for (const mode of ['append', 'upsert', 'overwrite'] as const) {
            await cutEverywhere(proxy, login, mode);
          }
        } finally {
          proxy.close();
        }
      });

      /** Runs that die and are started again, each a little further on, until one gets through. */
      const cutEverywhere = async (
        proxy: CuttingProxy,
        login: DatabaseLogin | UrlLogin,
        mode: 'append' | 'upsert' | 'overwrite',
      ) => {
        const target = `${table}_${mode}`;
        const all = people(120).map((row) => ({ ...row, filler: 'x'.repeat(50) }));
        const runId = 9000 + number;
        let cuts = 0;
        for (let bytes = 300, epoch = 1; ; bytes += 180, epoch++) {
          const options = { table: target, mode, runId, epoch, jobKey: `cut_${number}_${mode}:0` };
          const run = attempt({ ...options, keyColumns: mode === 'append' ? [] : ['id'], onMissing: 'delete' }, login);
          proxy.cutAfter(bytes);
          try {
            const found = await run.open();
            if (!found?.complete) {
              for (let from = run.state.read; from < all.length; from += 40)
                await run.write(all.slice(from, from + 40));
              await run.finish();
            }
            await run.destination.close();
            break;
          } catch (error) {
            cuts += 1;
            expect(error, String(error)).toMatchObject({ retryable: true });
            await run.destination.close();
          }
        }
        proxy.cutAfter(Number.POSITIVE_INFINITY);
        expect(cuts).toBeGreaterThan(10);
        expect(await under.rows(target)).toEqual(all);
        expect((await under.tables()).filter((other) => other.startsWith(`${target}__`))).toEqual([]);
      };

      it('can be tried again when the server ends the session amid a transaction', async () => {
        await sync([people(3)]);
        const run = attempt();
        await run.open();
        const killed = run.write(people(9), async () => {
          expect(await under.killWriters()).toBeGreaterThan(0);
        });
        await expect(killed).rejects.toMatchObject({ retryable: true });
        expect(idsOf(await under.rows(table))).toEqual([1, 2, 3]);
      });

      it('ends at once when the run is cancelled while it waits for the server', async () => {
        await sync([people(3)]);
        const cancel = new AbortController();
        const holder = attempt({ jobKey: `holder_${number}:0` });
        await holder.open();
        const reason = new Error('cancelled');
        await holder.write([{ id: 1, name: 'held' }], async () => {
          const run = attempt({ signal: cancel.signal });
          await run.open();
          const waiting = run.write([{ id: 1, name: 'waiting' }]);
          setImmediate(() => cancel.abort(reason));
          await expect(waiting).rejects.toBe(reason);
        });
        expect((await under.rows(table))[0]).toEqual({ id: 1, name: 'held' });
      });

      it('ends when the run is cancelled, wherever the server falls silent', async () => {
        const proxy = new CuttingProxy(under.address);
        const login = under.loginThrough(await proxy.listen());
        const through = async (run: Attempt) => {
          await run.open();
          await run.write(people(9));
          await run.destination.close();
        };
        try {
          for (let bytes = 40, ended = false; !ended; bytes += 120) {
            const cancel = new AbortController();
            const run = attempt({ signal: cancel.signal }, login);
            const silent = proxy.silenceAfter(bytes).then(() => false);
            const way = through(run).then(
              () => true,
              () => false,
            );
            ended = await Promise.race([silent, way]);
            cancel.abort(new Error('cancelled'));
            await way;
            await run.destination.close();
          }
        } finally {
          proxy.close();
        }
        expect(idsOf(await under.rows(table))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      });
    });
  });
}
