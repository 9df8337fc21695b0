import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { afterFile } from '../support/cleanup.ts';
import type { TestRecord } from '../support/rest-server.ts';
import { eventually, temporaryFolder } from '../support/serving.ts';
import { SyncStage } from '../support/sync-stage.ts';
import { noMariadb, TemporaryMariadb } from '../support/temporary-mariadb.ts';
import { TemporaryPostgres } from '../support/temporary-postgres.ts';

/*
 * Syncs as users have them: paused and cancelled in the middle, with sources that change their shape or write late, and
 * with texts of any script, through every kind of place that records can be in.
 */

type Connection = Record<string, unknown>;
type Rows = readonly Record<string, unknown>[];

/** A database that syncs write to or read from. */
interface Place {
  readonly connection: Connection;
  query(sql: string): Promise<Rows>;
}

let stage: SyncStage;
let exports: string;
const places = new Map<'PostgreSQL' | 'MariaDB', Place>();

beforeAll(async () => {
  exports = await temporaryFolder('exports');
  stage = await SyncStage.start({ LONGSHORE_EXPORT_DIR: exports });
  const postgres = await TemporaryPostgres.create();
  afterFile(() => postgres.remove());
  await postgres.start();
  places.set('PostgreSQL', {
    connection: {
      ...{ engine: 'postgresql', host: '127.0.0.1', port: postgres.port, database: 'postgres' },
      ...{ username: 'postgres', schema: 'public' },
    },
    query: (sql) => postgres.administer(sql),
  });
  if (noMariadb) return;
  const mariadb = await TemporaryMariadb.create();
  afterFile(() => mariadb.remove());
  const database = await mariadb.createDatabase();
  places.set('MariaDB', {
    connection: { engine: 'mariadb', host: '127.0.0.1', port: mariadb.port, database, username: 'root' },
    query: (sql) => mariadb.administer(sql, database),
  });
});

// What a test that failed has ordered must not come upon the next one.
beforeEach(() => stage.rest.calm());

const ENGINES = ['PostgreSQL', 'MariaDB'] as const;
type EngineName = (typeof ENGINES)[number];

function placeOf(name: EngineName, context: TestContext): Place {
  const place = places.get(name);
  return place ?? context.skip(noMariadb ?? `${name} is not there`);
}

function login({ connection: { schema: _, ...login } }: Place): Connection {
  return login;
}

/** A table of the place as a destination. */
function into({ connection: { schema, ...login } }: Place, table: string, how: object = {}) {
  return { type: 'database', connection: login, ...(schema === undefined ? {} : { schema }), table, ...how };
}

let names = 0;
const fresh = (what: string) => {
  names += 1;
  return `${what}_${names}`;
};

/** A source of `records`, ten a page, and the connector that reads it. */
function serve(records: readonly TestRecord[], endpoint: object = {}) {
  const name = fresh('records');
  stage.rest.datasets.set(name, { count: records.length, record: (index) => records[index] ?? {} });
  const pagination = { type: 'offset', limit: 10 };
  const config = { base_url: `${stage.rest.url}/offset`, endpoints: [{ path: `/${name}`, pagination, ...endpoint }] };
  return {
    connector: { type: 'rest_api', config },
    change(now: readonly TestRecord[]) {
      stage.rest.datasets.set(name, { count: now.length, record: (index) => now[index] ?? {} });
    },
  };
}

function job(connector: object, destination: object, more: object = {}): Promise<string> {
  return stage.create({ name: fresh('job'), connector, destination, batch_size: 10, retry_count: 0, ...more });
}

const numbered = (count: number): TestRecord[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: `第 ${id} 行 🚢` }));

async function ids({ query }: Place, table: string): Promise<number[]> {
  return (await query(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));
}

describe.each(ENGINES)('a run into %s', (name) => {
  /**
   * Waits until all before the page that is not answered is committed, and that page asked for: whoever steers the run
   * earlier leaves what was ordered for that page to the one that is asked for next.
   * @param requests how many there are then since the service was made
   */
  async function standsAt(id: string, pages: number, requests: number): Promise<void> {
    await stage.until(id, (run) => run.status === 'running' && run.records_processed === pages * 10);
    await stage.rest.asked(requests);
  }

  test('goes on from its checkpoint after each pause, and doubles nothing', async (context) => {
    const place = placeOf(name, context);
    const table = fresh('paused');
    const id = await job(serve(numbered(60)).connector, into(place, table));
    stage.rest.order('pass', 'pass', 'hang', 'pass', 'pass', 'hang');
    const asked = stage.rest.seen.length;
    await stage.start(id);
    for (const [pages, requests] of [
      [2, 3],
      [4, 6],
    ] as const) {
      await standsAt(id, pages, asked + requests);
      await stage.control(id, 'pause');
      await stage.until(id, ({ status }) => status === 'paused');
      expect(await ids(place, table)).toEqual(numbered(pages * 10).map(({ id }) => id));
      await stage.control(id, 'resume');
    }
    const run = await stage.until(id, ({ finished_at }) => finished_at !== null);
    expect(run).toMatchObject({ status: 'completed', result: { records_read: 60, records_written: 60 } });
    expect(await ids(place, table)).toEqual(numbered(60).map(({ id }) => id));
  });

  test('that is cancelled keeps what it has committed, and the next one adds only the rest', async (context) => {
    const place = placeOf(name, context);
    const table = fresh('cancelled');
    const id = await job(serve(numbered(60)).connector, into(place, table));
    stage.rest.order('pass', 'pass', 'pass', 'hang');
    const asked = stage.rest.seen.length;
    await stage.start(id);
    await standsAt(id, 3, asked + 4);
    await stage.control(id, 'cancel');
    await stage.until(id, ({ status, finished_at }) => status === 'cancelled' && finished_at !== null);
    expect(await ids(place, table)).toEqual(numbered(30).map(({ id }) => id));
    await stage.complete(id);
    expect(await ids(place, table)).toEqual(numbered(60).map(({ id }) => id));
  });

  test('that overwrites and is cancelled leaves the old rows as they were', async (context) => {
    const place = placeOf(name, context);
    const table = fresh('kept');
    const source = serve(numbered(20));
    const id = await job(source.connector, into(place, table, { mode: 'overwrite' }));
    await stage.complete(id);
    source.change(numbered(60));
    stage.rest.order('pass', 'pass', 'pass', 'hang');
    const asked = stage.rest.seen.length;
    await stage.start(id);
    await standsAt(id, 3, asked + 4);
    expect(await ids(place, table)).toHaveLength(20);
    await stage.control(id, 'cancel');
    await stage.until(id, ({ status, finished_at }) => status === 'cancelled' && finished_at !== null);
    expect(await ids(place, table)).toHaveLength(20);
    await stage.complete(id);
    expect(await ids(place, table)).toHaveLength(60);
  });
});

describe.each(ENGINES)('a run out of %s', (name) => {
  test('goes on behind the last key that was taken after each pause, and sends nothing twice', async (context) => {
    const place = placeOf(name, context);
    const table = fresh('taken_from');
    await place.query(`CREATE TABLE ${table} (id integer PRIMARY KEY, name varchar(100))`);
    const rows = numbered(60).map(({ id, name }) => `(${id}, '${name}')`);
    await place.query(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
    const before = stage.rest.received.length;
    const received = () => stage.rest.received.slice(before);
    const connector = { type: 'database', config: { ...login(place), table } };
    const id = await job(connector, { type: 'rest_api', url: `${stage.rest.url}/sink`, batch_size: 10 });
    stage.rest.order('pass', 'pass', 'hang', 'pass', 'hang');
    const asked = stage.rest.seen.length;
    await stage.start(id);
    for (const [requests, records] of [
      [3, 20],
      [5, 30],
    ] as const) {
      await stage.rest.asked(asked + requests);
      await stage.control(id, 'pause');
      await stage.until(id, ({ status }) => status === 'paused');
      expect(received()).toEqual(numbered(records));
      await stage.control(id, 'resume');
    }
    const run = await stage.until(id, ({ finished_at }) => finished_at !== null);
    expect(run).toMatchObject({ status: 'completed', result: { records_read: 60, records_written: 60 } });
    expect(received()).toEqual(numbered(60));
  });
});

describe.each(ENGINES)('a source that changes its shape, into %s', (name) => {
  const before: TestRecord[] = [1, 2].map((id) => ({ id, name: `n${id}`, size: id * 10 }));
  /** One more field; a size that is no number in one record. */
  const after: TestRecord[] = [
    { id: 2, name: 'n2', size: 'very large', colour: '红' },
    { id: 3, name: 'n3', size: 30, colour: '绿' },
  ];

  async function changed(place: Place, policy: string, now = after) {
    const table = fresh(policy);
    const source = serve(before);
    const how = { mode: 'upsert', key_columns: ['id'], schema_policy: policy };
    const id = await job(source.connector, into(place, table, how));
    await stage.complete(id);
    source.change(now);
    const run = await stage.run(id);
    const rows = await place.query(`SELECT * FROM ${table} ORDER BY id`);
    const plain = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)])),
    );
    return { id, run, rows: plain };
  }
  const first = { id: '1', name: 'n1', size: '10' };

  test('evolve: the table gets the column, and its type', async (context) => {
    const { run, rows } = await changed(placeOf(name, context), 'evolve');
    expect(run.status).toBe('completed');
    expect(rows).toEqual([
      { ...first, colour: null },
      { id: '2', name: 'n2', size: 'very large', colour: '红' },
      { id: '3', name: 'n3', size: '30', colour: '绿' },
    ]);
  });

  test('freeze: what the table does not have is left out, and said', async (context) => {
    const { id, run, rows } = await changed(placeOf(name, context), 'freeze');
    expect(run.status).toBe('completed');
    expect(rows.map((row) => Object.keys(row))).toEqual(rows.map(() => ['id', 'name', 'size']));
    expect(rows).toContainEqual({ id: '3', name: 'n3', size: '30' });
    const { logs } = (await stage.server.call('GET', `/v1/sync/jobs/${id}/logs?level=warning`)).body;
    expect(JSON.stringify(logs)).toContain('colour');
  });

  test('discard_value: values that do not fit become null', async (context) => {
    const { run, rows } = await changed(placeOf(name, context), 'discard_value');
    expect(run.status).toBe('completed');
    expect(rows).toEqual([first, { id: '2', name: 'n2', size: null }, { id: '3', name: 'n3', size: '30' }]);
  });

  test('discard_row: such rows go to quarantine', async (context) => {
    const { id, run, rows } = await changed(placeOf(name, context), 'discard_row');
    expect(run).toMatchObject({ status: 'completed', result: { records_read: 2, records_rejected: 2 } });
    expect(rows).toEqual([first, { id: '2', name: 'n2', size: '20' }]);
    const total = await eventually(
      async () => (await stage.server.call('GET', `/v1/sync/jobs/${id}/quarantine`)).body.total || undefined,
    );
    expect(total).toBe(2);
  });

  test('fail: the run ends, and the table is as it was', async (context) => {
    const { run, rows } = await changed(placeOf(name, context), 'fail');
    expect([run.status, run.error]).toEqual(['failed', expect.stringMatching(/size|colour/)]);
    expect(rows).toEqual([first, { id: '2', name: 'n2', size: '20' }]);
  });

  test.for(['evolve', 'freeze', 'discard_value', 'discard_row', 'fail'])(
    'a key that is lost ends the run under %s',
    async (policy, context) => {
      const { run, rows } = await changed(placeOf(name, context), policy, [{ name: 'nobody', size: 1 }]);
      expect([run.status, run.error]).toEqual(['failed', expect.stringContaining('key column "id"')]);
      expect(rows).toHaveLength(2);
    },
  );
});

describe('an incremental sync', () => {
  const at = (second: number) => `2024-05-01T10:00:${String(second).padStart(2, '0')}Z`;
  const event = (id: number, second: number): TestRecord => ({ id, at: at(second), text: `事件 ${id} 🏮` });

  test.for(['append', 'upsert'])(
    'from REST by %s: ties with the last record are neither lost nor doubled',
    async (mode, context) => {
      const place = placeOf('PostgreSQL', context);
      const table = fresh('tied');
      const early = [event(1, 1), event(2, 2), event(3, 2)];
      const source = serve(early, { cursor_field: 'at' });
      const how = { mode, ...(mode === 'upsert' ? { key_columns: ['id'] } : {}) };
      const id = await job(source.connector, into(place, table, how), { sync_mode: 'incremental' });
      await stage.complete(id);
      source.change([...early, event(4, 2), event(5, 3)]);
      await stage.complete(id);
      expect(await ids(place, table)).toEqual([1, 2, 3, 4, 5]);
      await stage.complete(id);
      source.change([...early, event(4, 2), event(5, 3), event(6, 3), event(7, 3)]);
      await stage.complete(id);
      expect(await ids(place, table)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    },
  );

  test.for(ENGINES)(
    'from a table of %s: ties are read on by their key, late rows within the lookback',
    async (name, context) => {
      const place = placeOf(name, context);
      const [from, to] = [fresh('events'), fresh('copied')];
      const type = name === 'MariaDB' ? 'datetime(6)' : 'timestamptz';
      await place.query(`CREATE TABLE ${from} (id bigint PRIMARY KEY, at ${type})`);
      const add = (id: number, second: number) =>
        place.query(`INSERT INTO ${from} VALUES (${id}, '${at(second).replace('T', ' ').replace('Z', '')}')`);
      await add(10, 1);
      await add(20, 5);
      const read = (more: object) => ({
        type: 'database',
        config: { ...login(place), table: from, cursor_column: 'at', ...more },
      });
      const appended = await job(read({}), into(place, to), { sync_mode: 'incremental' });
      const upserted = await job(
        read({ lookback: 60 }),
        into(place, `${to}_upserted`, { mode: 'upsert', key_columns: ['id'] }),
        {
          sync_mode: 'incremental',
        },
      );
      for (const id of [appended, upserted]) await stage.complete(id);
      // The same instant, and a key behind the last: new. An earlier instant: committed late.
      await add(30, 5);
      await add(15, 3);
      for (const id of [appended, upserted]) await stage.complete(id);
      expect(await ids(place, to)).toEqual([10, 20, 30]);
      expect(await ids(place, `${to}_upserted`)).toEqual([10, 15, 20, 30]);
    },
  );
});

describe('texts of any script', () => {
  const TEXTS = [
    '你好，世界',
    '𠮷野家 𝒜 👩‍👩‍👧‍👦 🏳️‍🌈 é é',
    'שלום עולם ‏ عربى',
    '\'; DROP TABLE "x"; -- \\ \t "quoted", comma',
    'line\nbreak\r\nand return',
    '  spaces around  ',
    '= 1 + 1',
    'null',
    '',
  ];
  const records: TestRecord[] = TEXTS.map((text, id) => ({ id, 文本: text, 'a "strange" name': `${text}.` }));

  test.for(['csv', 'ndjson', 'parquet'])(
    'go through REST, PostgreSQL, MariaDB, a %s file and PostgreSQL again',
    async (format, context) => {
      const postgres = placeOf('PostgreSQL', context);
      const mariadb = placeOf('MariaDB', context);
      const table = fresh('客户');
      await stage.complete(await job(serve(records).connector, into(postgres, table)));
      const read = (place: Place) => ({ type: 'database', config: { ...login(place), table } });
      await stage.complete(await job(read(postgres), into(mariadb, table)));
      const file = `${fresh('文件 🏮')}.${format}`;
      await stage.complete(
        await job(read(mariadb), { type: 'file', path: file, ...(format === 'csv' ? { escape_formulas: false } : {}) }),
      );
      const fileId = await upload(file);
      const config = { file_id: fileId, ...(format === 'csv' ? { null_values: [randomUUID()] } : {}) };
      const again = `${table}_again`;
      await stage.complete(await job({ type: 'file', config }, into(postgres, again)));
      const found = await postgres.query(`SELECT * FROM "${again}" ORDER BY id`);
      expect(found.map((row) => ({ ...row, id: Number(row.id) }))).toEqual(records);
    },
  );

  async function upload(name: string): Promise<string> {
    const form = new FormData();
    form.set('file', new Blob([await readFile(path.join(exports, name))]), name);
    form.set('options', JSON.stringify({ load: false }));
    const response = await fetch(`${stage.server.url}/v1/sync/push/file`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.server.adminToken}` },
      body: form,
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { file_id: string }).file_id;
  }
});
