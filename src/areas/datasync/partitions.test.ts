import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../../../test/support/cleanup.ts';
import { RestServer } from '../../../test/support/rest-server.ts';
import { eventually } from '../../../test/support/serving.ts';
import { TemporaryPostgres } from '../../../test/support/temporary-postgres.ts';
import { PartitionStage, ROWS, type WantedJob } from './partitions.fixture.ts';

let stage: PartitionStage;
/** What is read: a database of its own, over TCP, as workers reach it. */
let source: TemporaryPostgres;

beforeAll(async () => {
  stage = await PartitionStage.start();
  source = await TemporaryPostgres.create();
  afterFile(() => source.remove());
  await source.start();
  await source.administer('CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, born timestamptz)');
  await source.administer(
    `INSERT INTO people SELECT i, '名 ' || i, '2020-01-01Z'::timestamptz + i * interval '1 minute'
     FROM generate_series(1, ${ROWS}) i`,
  );
});

interface Wanted {
  readonly table?: string;
  readonly mode?: 'append' | 'upsert';
  readonly config?: object;
  readonly [field: string]: unknown;
}

/** A job that reads a table of the source. */
function copying({ table = 'people', config = {}, ...fields }: Wanted = {}): WantedJob {
  const login = { host: '127.0.0.1', port: source.port, database: 'postgres', username: 'postgres' };
  return { connector: { type: 'database', config: { engine: 'postgresql', ...login, table, ...config } }, ...fields };
}

async function resultOf(job: string, run: number) {
  const { body: page } = await stage.server.call('GET', `/v1/sync/jobs/${job}/runs?per_page=100`);
  return page.items.find(({ id }: { id: string }) => id === `run_${run}`);
}

async function sameAs(target: string, table = 'people') {
  const digest = (from: string) =>
    `SELECT count(*)::int AS n, md5(string_agg(x::text, '|' ORDER BY x.id)) AS hash
     FROM (SELECT id::bigint, name, born AT TIME ZONE 'UTC' AS born FROM ${from}) x`;
  expect(await stage.query(digest(target))).toEqual(await source.administer(digest(table)));
}

describe('a run that is divided into partitions', () => {
  it('copies all of a table once, on two workers of which one is killed', async () => {
    const { job, target } = await stage.create(copying({ mode: 'append' }));
    const run = await stage.start(job);
    const hold = await stage.held(run, target);
    // What one of them has leased ahead and cannot begin goes back, to the other.
    await eventually(async () => {
      const workers = new Set((await stage.children(run)).map(({ worker_id }) => worker_id));
      return workers.size === 2 && workers.has('one') && workers.has('two') ? true : undefined;
    });
    expect(await stage.job(job)).toMatchObject({ status: 'running' });
    await stage.killWorker('one');
    stage.startWorker('three');
    await hold.release();
    // It is known once all partitions have begun, and one of them tells of a batch behind that.
    const records_total = await eventually(async () => (await stage.job(job)).records_total ?? undefined);
    expect(records_total).toBe(ROWS);
    const done = await stage.ended(job);
    expect(done).toMatchObject({ status: 'completed', records_processed: ROWS, error: null });
    await sameAs(target);
    const result = await resultOf(job, run);
    expect(result.result).toMatchObject({ records_read: ROWS, records_written: ROWS, exactly_once: true });
    expect(result.result.partitions).toHaveLength(4);
    expect(await stage.losses(run)).toBeGreaterThan(0);
    const states = await stage.query<{ job: string }>(
      `SELECT job FROM data._longshore_sync WHERE job LIKE '%/%' ORDER BY job`,
    );
    expect(states.length).toBe(4);
  });

  it('is paused, and goes on, with all of its partitions', async () => {
    const { job, target } = await stage.create(copying());
    const run = await stage.start(job);
    const hold = await stage.held(run, target);
    expect((await stage.control(job, 'pause')).body.status).toBe('paused');
    expect((await stage.control(job, 'start')).status).toBe(409);
    // At once: some of them are still on their way to where they can pause.
    expect((await stage.control(job, 'resume')).body.status).toBe('running');
    expect((await stage.control(job, 'pause')).body.status).toBe('paused');
    await hold.release();
    await eventually(async () => {
      const found = await stage.children(run);
      return found.every(({ state }) => state === 'paused' || state === 'succeeded') ? found : undefined;
    });
    expect(await stage.job(job)).toMatchObject({ status: 'paused', finished_at: null });
    expect((await stage.control(job, 'resume')).body.status).toBe('running');
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: ROWS });
    expect(await stage.children(run)).toHaveLength(4);
    await sameAs(target);
  });

  it('is cancelled with all of its partitions, and can be started again', async () => {
    const { job, target } = await stage.create(copying());
    const run = await stage.start(job);
    const hold = await stage.held(run, target);
    expect((await stage.control(job, 'cancel')).body.status).toBe('cancelled');
    await hold.release();
    await eventually(async () => {
      const found = await stage.children(run);
      return found.every(({ state }) => state === 'cancelled') ? found : undefined;
    });
    expect(await stage.job(job)).toMatchObject({ status: 'cancelled' });
    await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed' });
    await sameAs(target);
    expect((await stage.server.call('DELETE', `/v1/sync/jobs/${job}`)).status).toBe(204);
  });

  it('fails naming the partition that does, and appends only what is left once that is mended', async () => {
    await source.administer('CREATE TABLE bad (id int PRIMARY KEY, name text, born timestamptz)');
    await source.administer(`INSERT INTO bad SELECT i, 'n' || i, '2024-02-29Z' FROM generate_series(1, 400) i`);
    const { job, target } = await stage.create(
      copying({ table: 'bad', mode: 'append', retry_count: 0, max_errors: 0 }),
    );
    await stage.query(`CREATE TABLE ${target} (id bigint CHECK (id <> 250), name text, born timestamptz)`);
    const [owner] = await stage.query<{ owner: string }>(
      `SELECT nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = 'data'`,
    );
    await stage.query(`ALTER TABLE ${target} OWNER TO ${owner?.owner}`);
    const run = await stage.start(job);
    const failed = await stage.ended(job);
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatch(/^partition 3 of 4 \(run_\d+\) failed: 1 records were refused/);
    const parts = await stage.children(run);
    expect(parts.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'failed', 'succeeded']);
    // As one is whose last rows were on their way when it was cancelled.
    await stage.query("UPDATE longshore.runs SET state = 'cancelled' WHERE id = $1", [parts[0]?.id]);
    await stage.query(`ALTER TABLE ${target} DROP CONSTRAINT ${target.replace('data.', '')}_id_check`);
    const again = await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed' });
    expect((await stage.children(again)).map(({ number }) => number)).toEqual([3]);
    await sameAs(target, 'bad');
    // What has succeeded is appended anew the next time, all of it.
    await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 400 });
  });

  it('copes with a table that is empty, and with keys that lie far apart', async () => {
    await source.administer('CREATE TABLE sparse (id bigint PRIMARY KEY, name text, born timestamptz)');
    const { job, target } = await stage.create(copying({ table: 'sparse', mode: 'append' }));
    let run = await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 0 });
    expect(await stage.children(run)).toHaveLength(1);
    await source.administer(
      `INSERT INTO sparse SELECT i, 'n' || i, '2024-02-29Z'::timestamptz FROM generate_series(1, 300) i
       UNION ALL SELECT 9223372036854775807, 'last', NULL UNION ALL SELECT -9223372036854775808, 'first', NULL`,
    );
    run = await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 302 });
    expect((await stage.children(run)).map(({ state }) => state)).toEqual(Array(4).fill('succeeded'));
    await sameAs(target, 'sparse');
  });

  it('fails, naming partitions, where the key is no integer', async () => {
    await source.administer('CREATE TABLE named (name text PRIMARY KEY)');
    const { job } = await stage.create(copying({ table: 'named', mode: 'append' }));
    const run = await stage.start(job);
    const failed = await stage.ended(job);
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatch(/^partitions: .*the key is name \(text\); name one as connector\.config\.key_columns/);
    expect(await stage.children(run)).toEqual([]);
  });

  it('reads a REST service by shares of its pages', async () => {
    const rest = await RestServer.start();
    afterFile(() => rest.close());
    rest.datasets.set('people', { count: 1010, record: (index) => ({ id: index + 1, name: `名 ${index + 1}` }) });
    const endpoints = [{ path: '/page/people', pagination: { type: 'page', limit: 25 } }];
    const connector = { type: 'rest_api', config: { base_url: rest.url, endpoints } };
    const { job, target } = await stage.create({ connector, mode: 'append' });
    const run = await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 1010 });
    expect((await stage.children(run)).map(({ state }) => state)).toEqual(Array(4).fill('succeeded'));
    const [found] = await stage.query(`SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM ${target}`);
    expect(found).toEqual({ n: 1010, ids: 1010 });
  });

  it.each<[string, Wanted, RegExp]>([
    ['incremental', { sync_mode: 'incremental', config: { cursor_column: 'id' } }, /sync_mode full_refresh/],
    ['a query', { config: { table: undefined, query: 'SELECT 1 AS id' } }, /connector.config.table/],
    ['several keys', { config: { key_columns: ['id', 'name'] } }, /key of one column/],
    ['a dataset', { connector: { type: 'dataset', config: { dataset_id: 'ds_1' } } }, /connectors database, file and/],
    ['dedupe', { transformations: [{ type: 'dedupe', config: { fields: ['id'] } }] }, /dedupe/],
    ['a file to write', { destination: { type: 'file', path: 'a.csv' } }, /a file is written by one run/],
    ['overwriting', { destination: { type: 'database', table: 'x', mode: 'overwrite' } }, /append or upsert/],
    [
      'missing rows',
      { destination: { type: 'database', table: 'x', mode: 'upsert', key_columns: ['id'], on_missing: 'mark' } },
      /on_missing keep/,
    ],
  ])('is refused with %s', async (_, fields, message) => {
    expect(await stage.refusal(copying(fields))).toEqual([
      { field: 'partitions', message: expect.stringMatching(message) },
    ]);
  });
});
