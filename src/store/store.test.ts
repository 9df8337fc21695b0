import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { deferred } from '../../test/support/embedded.ts';
import { administer } from '../../test/support/server.ts';
import { isUnavailable, Store, sqlState, violatedConstraint } from './store.ts';

// Most of these tests break a connection, so it has to be the server's own and not a pooler's.
const { store, directUrl: url } = await createTestDatabase({ migrated: false });
await store.query('CREATE TABLE things (id bigint PRIMARY KEY, name text CONSTRAINT things_name_key UNIQUE)');

/** Ends the server's side of the store's connections, as a failover would. */
const breakConnections = (applicationName: string) =>
  administer(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = '${applicationName}' AND pid <> pg_backend_pid()`,
  );

describe('values', () => {
  test('int8 and numeric are numbers, a calendar day is text, a moment a Date, json parsed', async () => {
    const rows = await store.query(
      `SELECT 9007199254740991::int8 AS big, 12.5::numeric AS exact, DATE '2024-02-29' AS day,
              TIMESTAMPTZ '2024-02-29T12:00:00Z' AS moment, '{"a":[1]}'::jsonb AS document, NULL::int8 AS nothing`,
    );
    expect(rows).toEqual([
      {
        big: 9007199254740991,
        exact: 12.5,
        day: '2024-02-29',
        moment: new Date('2024-02-29T12:00:00Z'),
        document: { a: [1] },
        nothing: null,
      },
    ]);
  });

  test('parameters are values, never SQL', async () => {
    expect(await store.query('SELECT $1::text AS text', ["'; DROP TABLE things; --"])).toEqual([
      { text: "'; DROP TABLE things; --" },
    ]);
  });
});

describe('a transaction', () => {
  test('commits what its work did and returns what it returned', async () => {
    const result = await store.transaction(async (tx) => {
      await tx.query('INSERT INTO things VALUES (1, $1)', ['one']);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await store.query('SELECT name FROM things WHERE id = 1')).toEqual([{ name: 'one' }]);
  });

  test('begins with its first statement, and is one for all of them', async () => {
    const current = 'SELECT pg_current_xact_id()::text AS id';
    const ids = await store.transaction(async (tx) => [
      ...(await tx.query(current)),
      ...(
        await Promise.all([tx.query(current), tx.query('SELECT pg_current_xact_id()::text AS id, $1::int', [1])])
      ).flat(),
    ]);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(1);
    expect(await store.transaction(async () => 'nothing to do')).toBe('nothing to do');
  });

  test('fails with what a statement had failed with when its work hid it; nothing is kept', async () => {
    const insert = "INSERT INTO things VALUES (3, 'three')";
    const wrong = 'SELECT 1 / 0';
    for (const order of [
      [insert, wrong],
      [wrong, insert],
    ]) {
      const hidden = store.transaction(async (tx) => {
        for (const sql of order) await tx.query(sql).catch(() => undefined);
      });
      await expect(hidden).rejects.toThrow('division by zero');
    }
    expect(await store.query('SELECT FROM things WHERE id = 3')).toEqual([]);
  });

  test('refuses a statement that comes when it is over, which would take effect by itself', async () => {
    let together: Promise<PromiseSettledResult<unknown>[]> | undefined;
    const begun = store.transaction(async (tx) => {
      const insert = tx.query("INSERT INTO things VALUES (3, 'three')");
      together = Promise.allSettled([insert, tx.query("INSERT INTO things VALUES (4, 'four')")]);
      throw new Error('changed its mind');
    });
    await expect(begun).rejects.toThrow('changed its mind');
    const over = { reason: { message: expect.stringContaining('transaction is over') } };
    expect(await together).toMatchObject([{ status: 'fulfilled' }, over]);
    const ended = await store.transaction(async (tx) => {
      await tx.query('SELECT 1');
      return { tx };
    });
    await expect(ended.tx.query("INSERT INTO things VALUES (4, 'four')")).rejects.toMatchObject(over.reason);
    expect(await store.query('SELECT FROM things WHERE id IN (3, 4)')).toEqual([]);
  });

  test('tells of its first statement, too, who asked for it', async () => {
    const failed = await store.transaction((tx) => tx.query('SELECT 1 / 0')).catch((error: Error) => error);
    expect((failed as Error).stack).toContain('store.test.ts');
  });

  test('fails for a first value that cannot be sent, and leaves its connection in order', async () => {
    const single = new Store({ url, poolSize: 1, logger: silent, applicationName: 'longshore test' });
    const value: { self?: object } = {};
    value.self = value;
    await expect(single.transaction((tx) => tx.query('SELECT $1::jsonb', [value]))).rejects.toThrow('circular');
    expect(await single.query('SELECT pg_current_xact_id_if_assigned() AS none')).toEqual([{ none: null }]);
    await single.close();
  });

  test('rolls back when its work throws, and passes the error on', async () => {
    const thrown = new Error('changed its mind');
    await expect(
      store.transaction(async (tx) => {
        await tx.query("INSERT INTO things VALUES (2, 'two')");
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await store.query('SELECT 1 FROM things WHERE id = 2')).toEqual([]);
  });

  test('rolls back when a statement fails, keeps its SQLSTATE and constraint, and leaves the connection usable', async () => {
    const single = new Store({ url, poolSize: 1, logger: silent, applicationName: 'longshore test single' });
    try {
      const failure = await single
        .transaction(async (tx) => {
          await tx.query("INSERT INTO things VALUES (3, 'three')");
          await tx.query("INSERT INTO things VALUES (4, 'three')");
        })
        .catch((error: unknown) => error);
      expect([sqlState(failure), violatedConstraint(failure)]).toEqual(['23505', 'things_name_key']);
      expect(isUnavailable(failure)).toBe(false);
      expect(await single.query('SELECT 1 FROM things WHERE id IN (3, 4)')).toEqual([]);
      expect(single.poolState).toEqual({ total: 1, idle: 1, waiting: 0 });
    } finally {
      await single.close();
    }
  });

  test('is not seen by others before it ends', async () => {
    await store.transaction(async (tx) => {
      await tx.query("INSERT INTO things VALUES (5, 'five')");
      expect(await store.query('SELECT 1 FROM things WHERE id = 5')).toEqual([]);
    });
    expect(await store.query('SELECT 1 AS n FROM things WHERE id = 5')).toEqual([{ n: 1 }]);
  });
});

test.each([
  ['53100', /disk of the database is full/],
  ['53200', /no memory left/],
])('what the database has run out of (%s) is `unavailable` and named', async (code, message) => {
  const attempt = store.query(`DO $$ BEGIN RAISE 'no room' USING ERRCODE = '${code}'; END $$`);
  await expect(attempt).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
    message: expect.stringMatching(message),
  });
});

describe('a broken connection', () => {
  const unavailable = { name: 'AppError', code: 'unavailable', status: 503 };

  test('in a transaction is `unavailable`; nothing is kept, and the pool replaces the connection', async () => {
    const name = 'longshore test broken tx';
    const single = new Store({ url, poolSize: 1, logger: silent, applicationName: name });
    try {
      const attempt = single.transaction(async (tx) => {
        await tx.query("INSERT INTO things VALUES (6, 'six')");
        await breakConnections(name);
        await tx.query("INSERT INTO things VALUES (7, 'seven')");
      });
      await expect(attempt).rejects.toMatchObject(unavailable);
      expect(await single.query('SELECT 1 FROM things WHERE id IN (6, 7)')).toEqual([]);
    } finally {
      await single.close();
    }
  });

  test('in a statement under way is `unavailable`', async () => {
    const name = 'longshore test broken query';
    const single = new Store({ url, poolSize: 1, logger: silent, applicationName: name });
    try {
      const [row] = await single.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const attempt = expect(single.query('SELECT pg_sleep(1000)')).rejects.toMatchObject(unavailable);
      // Ended once the statement is seen to run, so that the loss falls into it.
      await administer(
        url,
        `DO $$ BEGIN
           LOOP
             PERFORM pg_stat_clear_snapshot();
             EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${row?.pid} AND query LIKE '%pg_sleep(1000)%' AND state = 'active');
             PERFORM pg_sleep(0.01);
           END LOOP;
           PERFORM pg_terminate_backend(${row?.pid});
         END $$`,
      );
      await attempt;
      expect(await single.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    } finally {
      await single.close();
    }
  });

  test('while idle costs nothing but a warning', async () => {
    const name = 'longshore test idle';
    const warned = deferred();
    const logger = silent.child({});
    logger.warn = () => warned.resolve();
    const single = new Store({ url, poolSize: 1, logger, applicationName: name });
    try {
      await single.query('SELECT 1');
      await breakConnections(name);
      await warned.promise;
      expect(await single.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    } finally {
      await single.close();
    }
  });

  test('that cannot be made at all is `unavailable`, for statements, transactions and connections', async () => {
    // Port 1 of this machine: nobody listens there.
    const nowhere = 'postgresql://nobody:nothing@127.0.0.1:1/nowhere';
    const lost = new Store({ url: nowhere, poolSize: 1, logger: silent, applicationName: 'longshore test' });
    await expect(lost.query('SELECT 1')).rejects.toMatchObject(unavailable);
    await expect(lost.transaction((tx) => tx.query('SELECT 1'))).rejects.toMatchObject(unavailable);
    await expect(lost.connect()).rejects.toMatchObject(unavailable);
    await lost.close();
  });

  test('is told from a statement that is wrong', async () => {
    const wrong = await store.query('SELECT no_such_column').catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(pg.DatabaseError);
    expect(isUnavailable(wrong)).toBe(false);
    expect(sqlState(wrong)).toBe('42703');
  });
});

test('close may be repeated', async () => {
  const other = new Store({ url, poolSize: 1, logger: silent, applicationName: 'longshore test' });
  await other.query('SELECT 1');
  await Promise.all([other.close(), other.close()]);
  await other.close();
});
