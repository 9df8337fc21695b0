import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';
import { afterFile } from '../../../test/support/cleanup.ts';
import { FileServer } from '../../../test/support/file-server.ts';
import { Longshore } from '../../../test/support/longshore.ts';
import { RestServer } from '../../../test/support/rest-server.ts';
import { eventually } from '../../../test/support/serving.ts';
import { TemporaryPostgres } from '../../../test/support/temporary-postgres.ts';

const ROWS = 20_000;

interface ChildRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly state: string;
  readonly worker_id: string | null;
  readonly number: number;
}

let server: TestServer;
/** What is read: a database of its own, over TCP, as workers reach it. */
let source: TemporaryPostgres;
let longshore: Longshore;
let workers: Map<string, ChildProcessWithoutNullStreams>;
let made = 0;

async function gone(child: ChildProcessWithoutNullStreams, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

function startWorker(id: string): void {
  const child = longshore.start(
    ['worker', 'start', '--id', id, '--max-tasks', '2', '--drain', '0', '--log-level', 'warn'],
    { LONGSHORE_DATA_DIR: server.config.dataDir },
  );
  workers.set(id, child);
  afterFile(() => gone(child, 'SIGTERM'));
}

function query<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
  return server.store.query<T & Record<string, unknown>>(sql, [...values]);
}

beforeAll(async () => {
  server = await startTestServer();
  longshore = await Longshore.build({
    DATABASE_URL: server.database.url,
    LONGSHORE_DIRECT_DATABASE_URL: server.database.directUrl,
  });
  workers = new Map();
  startWorker('one');
  startWorker('two');
  source = await TemporaryPostgres.create();
  afterFile(() => source.remove());
  await source.start();
  await source.administer('CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, born timestamptz)');
  await source.administer(
    `INSERT INTO people SELECT i, '名 ' || i, '2020-01-01Z'::timestamptz + i * interval '1 minute'
     FROM generate_series(1, ${ROWS}) i`,
  );
});

function login() {
  return { engine: 'postgresql', host: '127.0.0.1', port: source.port, database: 'postgres', username: 'postgres' };
}

function file(config: object): Wanted {
  return { connector: { type: 'file', config } };
}

interface Wanted {
  readonly table?: string;
  readonly mode?: 'append' | 'upsert';
  readonly config?: object;
  readonly [field: string]: unknown;
}

function body({ table = 'people', mode = 'upsert', config = {}, ...fields }: Wanted = {}) {
  made += 1;
  return {
    name: `partitioned ${made}`,
    connector: { type: 'database', config: { ...login(), table, ...config } },
    destination: {
      type: 'database',
      table: `copy_${made}`,
      mode,
      ...(mode === 'upsert' ? { key_columns: ['id'] } : {}),
    },
    partitions: 4,
    batch_size: 20,
    change_events: false,
    ...fields,
  };
}

async function create(wanted: Wanted = {}): Promise<{ job: string; target: string }> {
  const given = body(wanted);
  const answer = await server.call('POST', '/v1/sync/jobs', { body: given });
  expect([answer.status, answer.body]).toMatchObject([201, { id: expect.any(String) }]);
  return { job: answer.body.id, target: `data.${given.destination.table}` };
}

async function control(job: string, word: string) {
  const answer = await server.call('POST', `/v1/sync/jobs/${job}/${word}`);
  return { status: answer.status, run: Number(String(answer.body.run_id).replace('run_', '')), body: answer.body };
}

async function start(job: string): Promise<number> {
  const { status, run } = await control(job, 'start');
  expect(status).toBe(202);
  return run;
}

async function jobOf(job: string) {
  return (await server.call('GET', `/v1/sync/jobs/${job}`)).body;
}

/** The job, once its latest run has ended. */
function ended(job: string) {
  return eventually(async () => {
    const found = await jobOf(job);
    return found.finished_at === null ? undefined : found;
  });
}

async function resultOf(job: string, run: number) {
  const { body: page } = await server.call('GET', `/v1/sync/jobs/${job}/runs?per_page=100`);
  return page.items.find(({ id }: { id: string }) => id === `run_${run}`);
}

function children(run: number): Promise<ChildRow[]> {
  return query<ChildRow>(
    `SELECT id, state, worker_id, (spec #>> '{partition,number}')::int AS number FROM longshore.runs
     WHERE parent_id = $1 ORDER BY id`,
    [run],
  );
}

/** Keeps everybody from writing to the table, once the partitions have made it and some have written. */
async function held(run: number, target: string): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: server.database.directUrl });
  await client.connect();
  await eventually(async () => {
    const [found] = await query<{ made: boolean }>('SELECT to_regclass($1) IS NOT NULL AS made', [target]);
    return found?.made ? found : undefined;
  });
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${target} IN SHARE MODE`);
  await eventually(async () => {
    const found = await children(run);
    return found.length === 4 && found.every(({ state }) => state === 'running') ? found : undefined;
  });
  return {
    async release() {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

async function sameAs(target: string, table = 'people') {
  const digest = (from: string) =>
    `SELECT count(*)::int AS n, md5(string_agg(x::text, '|' ORDER BY x.id)) AS hash
     FROM (SELECT id::bigint, name, born AT TIME ZONE 'UTC' AS born FROM ${from}) x`;
  expect(await query(digest(target))).toEqual(await source.administer(digest(table)));
}

/** Records on two lines each, with what a block must not begin behind. */
function csvOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index + 1},"名 ""${index + 1}"",\n",2020-01-01\n`);
}

async function isWholeCsv(target: string): Promise<void> {
  const [found] = await query(
    `SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids,
       bool_and(name = format(E'名 "%s",\\n', id) AND born = '2020-01-01') AS same FROM ${target}`,
  );
  expect(found).toEqual({ n: ROWS, ids: ROWS, same: true });
}

/** @returns what a job's connector says of it */
async function upload(content: Buffer, name: string, format: string): Promise<object> {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(content)]), name);
  form.append('options', JSON.stringify({ load: false }));
  const answer = await fetch(`${server.url}/v1/sync/push/file`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminToken}` },
    body: form,
  });
  expect(answer.status).toBe(202);
  const { file_id } = (await answer.json()) as { file_id: string };
  return { file_id, format };
}

async function serve(content: Buffer): Promise<FileServer> {
  const files = await FileServer.start();
  afterFile(() => files.close());
  files.content = content;
  return files;
}

async function quarantineOf(job: string): Promise<object[]> {
  const { body: page } = await server.call('GET', `/v1/sync/jobs/${job}/quarantine`);
  return page.items.map(({ line, reason }: { line: number; reason: string }) => ({ line, reason }));
}

describe('a run that is divided into partitions', () => {
  it('copies all of a table once, on two workers of which one is killed', async () => {
    const { job, target } = await create({ mode: 'append' });
    const run = await start(job);
    const hold = await held(run, target);
    expect(new Set((await children(run)).map(({ worker_id }) => worker_id))).toEqual(new Set(['one', 'two']));
    expect(await jobOf(job)).toMatchObject({ status: 'running', records_total: ROWS });
    const victim = workers.get('one');
    if (victim) await gone(victim, 'SIGKILL');
    startWorker('three');
    await hold.release();
    const done = await ended(job);
    expect(done).toMatchObject({ status: 'completed', records_processed: ROWS, error: null });
    await sameAs(target);
    const result = await resultOf(job, run);
    expect(result.result).toMatchObject({ records_read: ROWS, records_written: ROWS, exactly_once: true });
    expect(result.result.partitions).toHaveLength(4);
    const [lost] = await query<{ n: number }>('SELECT sum(losses) AS n FROM longshore.runs WHERE parent_id = $1', [
      run,
    ]);
    expect(Number(lost?.n)).toBeGreaterThan(0);
    const states = await query<{ job: string }>(
      `SELECT job FROM data._longshore_sync WHERE job LIKE '%/%' ORDER BY job`,
    );
    expect(states.length).toBe(4);
  });

  it('is paused, and goes on, with all of its partitions', async () => {
    const { job, target } = await create();
    const run = await start(job);
    const hold = await held(run, target);
    expect((await control(job, 'pause')).body.status).toBe('paused');
    expect((await control(job, 'start')).status).toBe(409);
    // At once: some of them are still on their way to where they can pause.
    expect((await control(job, 'resume')).body.status).toBe('running');
    expect((await control(job, 'pause')).body.status).toBe('paused');
    await hold.release();
    await eventually(async () => {
      const found = await children(run);
      return found.every(({ state }) => state === 'paused' || state === 'succeeded') ? found : undefined;
    });
    expect(await jobOf(job)).toMatchObject({ status: 'paused', finished_at: null });
    expect((await control(job, 'resume')).body.status).toBe('running');
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: ROWS });
    expect(await children(run)).toHaveLength(4);
    await sameAs(target);
  });

  it('is cancelled with all of its partitions, and can be started again', async () => {
    const { job, target } = await create();
    const run = await start(job);
    const hold = await held(run, target);
    expect((await control(job, 'cancel')).body.status).toBe('cancelled');
    await hold.release();
    await eventually(async () => {
      const found = await children(run);
      return found.every(({ state }) => state === 'cancelled') ? found : undefined;
    });
    expect(await jobOf(job)).toMatchObject({ status: 'cancelled' });
    await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed' });
    await sameAs(target);
    expect((await server.call('DELETE', `/v1/sync/jobs/${job}`)).status).toBe(204);
  });

  it('fails naming the partition that does, and appends only what is left once that is mended', async () => {
    await source.administer('CREATE TABLE bad (id int PRIMARY KEY, name text, born timestamptz)');
    await source.administer(`INSERT INTO bad SELECT i, 'n' || i, '2024-02-29Z' FROM generate_series(1, 400) i`);
    const { job, target } = await create({ table: 'bad', mode: 'append', retry_count: 0, max_errors: 0 });
    await query(`CREATE TABLE ${target} (id bigint CHECK (id <> 250), name text, born timestamptz)`);
    const [owner] = await query<{ owner: string }>(
      `SELECT nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = 'data'`,
    );
    await query(`ALTER TABLE ${target} OWNER TO ${owner?.owner}`);
    const run = await start(job);
    const failed = await ended(job);
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatch(/^partition 3 of 4 \(run_\d+\) failed: 1 records were refused/);
    const parts = await children(run);
    expect(parts.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'failed', 'succeeded']);
    // As one is whose last rows were on their way when it was cancelled.
    await query("UPDATE longshore.runs SET state = 'cancelled' WHERE id = $1", [parts[0]?.id]);
    await query(`ALTER TABLE ${target} DROP CONSTRAINT ${target.replace('data.', '')}_id_check`);
    const again = await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed' });
    expect((await children(again)).map(({ number }) => number)).toEqual([3]);
    await sameAs(target, 'bad');
    // What has succeeded is appended anew the next time, all of it.
    await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 400 });
  });

  it('copes with a table that is empty, and with keys that lie far apart', async () => {
    await source.administer('CREATE TABLE sparse (id bigint PRIMARY KEY, name text, born timestamptz)');
    const { job, target } = await create({ table: 'sparse', mode: 'append' });
    let run = await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 0 });
    expect(await children(run)).toHaveLength(1);
    await source.administer(
      `INSERT INTO sparse SELECT i, 'n' || i, '2024-02-29Z'::timestamptz FROM generate_series(1, 300) i
       UNION ALL SELECT 9223372036854775807, 'last', NULL UNION ALL SELECT -9223372036854775808, 'first', NULL`,
    );
    run = await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 302 });
    expect((await children(run)).map(({ state }) => state)).toEqual(Array(4).fill('succeeded'));
    await sameAs(target, 'sparse');
  });

  it('fails, naming partitions, where the key is no integer', async () => {
    await source.administer('CREATE TABLE named (name text PRIMARY KEY)');
    const { job } = await create({ table: 'named', mode: 'append' });
    const run = await start(job);
    const failed = await ended(job);
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatch(/^partitions: .*the key is name \(text\); name one as connector\.config\.key_columns/);
    expect(await children(run)).toEqual([]);
  });

  it('reads a REST service by shares of its pages', async () => {
    const rest = await RestServer.start();
    afterFile(() => rest.close());
    rest.datasets.set('people', { count: 1010, record: (index) => ({ id: index + 1, name: `名 ${index + 1}` }) });
    const endpoints = [{ path: '/page/people', pagination: { type: 'page', limit: 25 } }];
    const connector = { type: 'rest_api', config: { base_url: rest.url, endpoints } };
    const { job, target } = await create({ mode: 'append', connector });
    const run = await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 1010 });
    expect((await children(run)).map(({ state }) => state)).toEqual(Array(4).fill('succeeded'));
    const [found] = await query(`SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM ${target}`);
    expect(found).toEqual({ n: 1010, ids: 1010 });
  });

  it.each([
    ['that was uploaded', 'four', async (content: Buffer) => await upload(content, 'people.csv', 'csv')],
    ['behind a URL', 'five', async (content: Buffer) => ({ url: `${(await serve(content)).url}/people.csv` })],
  ] as const)('reads a csv %s by blocks, each row once, though a worker is killed', async (_, next, given) => {
    const config = await given(Buffer.from(`id,name,born\n${csvOf(ROWS).join('')}`));
    const { job, target } = await create({ mode: 'append', ...file(config) });
    const run = await start(job);
    const hold = await held(run, target);
    const [victim] = (await children(run)).flatMap(({ worker_id }) => worker_id ?? []);
    const child = workers.get(victim ?? '');
    if (!child) throw new Error('no worker has a part');
    await gone(child, 'SIGKILL');
    startWorker(next);
    await hold.release();
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: ROWS, error: null });
    await isWholeCsv(target);
    const [lost] = await query<{ n: number }>('SELECT sum(losses) AS n FROM longshore.runs WHERE parent_id = $1', [
      run,
    ]);
    expect(Number(lost?.n)).toBeGreaterThan(0);
  });

  it('makes of a csv by blocks what one run makes of it, and refuses the same lines', async () => {
    const lines = csvOf(2000);
    lines[1234] = '1235,"x"y,2020-01-01\n';
    const content = Buffer.from(`id,name,born\n${lines.join('')}`);
    const config = await upload(content, 'people.csv', 'csv');
    const whole = await create({ mode: 'append', partitions: undefined, ...file(config) });
    await start(whole.job);
    expect(await ended(whole.job)).toMatchObject({ status: 'completed' });
    const { job, target } = await create({ mode: 'append', ...file(config) });
    await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed' });
    const rows = (table: string) => query(`SELECT * FROM ${table} ORDER BY id`);
    expect(await rows(target)).toEqual(await rows(whole.target));
    const [one, divided] = await Promise.all([whole.job, job].map((id) => quarantineOf(id)));
    expect(divided).toEqual(one);
    expect(divided).toEqual([expect.objectContaining({ line: 1 + 2 * 1234 + 1 })]);
  });

  it('reads a csv in GBK behind a URL by blocks', async () => {
    // Two characters: the second byte of the second one is a bar by itself.
    const line = (id: number) =>
      Buffer.concat([Buffer.from(`${id}|"`), Buffer.of(0xc3, 0xfb, 0x81, 0x7c), Buffer.from('\n"\n')]);
    const files = await serve(
      Buffer.concat([Buffer.from('id|name\n'), ...Array.from({ length: 1000 }, (_, index) => line(index))]),
    );
    const config = { url: `${files.url}/people.csv`, encoding: 'gbk', delimiter: '|' };
    const { job, target } = await create({ mode: 'append', ...file(config) });
    const run = await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 1000 });
    expect(await children(run)).toHaveLength(4);
    const name = new TextDecoder('gbk').decode(Buffer.of(0xc3, 0xfb, 0x81, 0x7c));
    const [found] = await query(
      `SELECT count(DISTINCT id)::int AS n, min(name) AS low, max(name) AS high FROM ${target}`,
    );
    expect(found).toEqual({ n: 1000, low: `${name}\n`, high: `${name}\n` });
  });

  it('reads ndjson by blocks, and says so when the file behind the URL changes meanwhile', async () => {
    const records = Array.from({ length: 1000 }, (_, id) => `{"id":${id},"name":"名 ${id}"}\n`);
    const files = await serve(Buffer.from(records.join('')));
    const config = { url: `${files.url}/people.ndjson` };
    const { job, target } = await create({ mode: 'append', retry_count: 0, ...file(config) });
    await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 1000 });
    expect(await query(`SELECT count(DISTINCT id)::int AS n FROM ${target}`)).toEqual([{ n: 1000 }]);
    // Only after the run has planned: its parts ask for what was there then.
    files.before = (request) => {
      if (request.headers['if-range'] !== undefined) files.manners = { etag: '"two"' };
      return false;
    };
    await start(job);
    const failed = await ended(job);
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatch(/partition 1 of 4 \(run_\d+\) failed: the file behind the URL has changed since/);
    // What it has committed is of another file: only who resets the job says that all is to be read anew.
    await start(job);
    expect((await ended(job)).error).toMatch(/the file behind the URL has changed since/);
    expect((await server.call('POST', `/v1/sync/jobs/${job}/reset`)).status).toBe(204);
    await start(job);
    expect(await ended(job)).toMatchObject({ status: 'completed', records_processed: 1000 });
  });

  it('fails, naming partitions, where a server answers no ranges', async () => {
    const files = await serve(Buffer.from('id,name\n1,x\n'));
    files.manners = { noRanges: true, etag: '"one"' };
    const { job } = await create({ mode: 'append', ...file({ url: `${files.url}/a.csv` }) });
    const run = await start(job);
    const failed = await ended(job);
    expect(failed).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^partitions: .*answer them \(Range\)/),
    });
    expect(await children(run)).toEqual([]);
  });

  it.each<[string, Wanted, RegExp]>([
    ['incremental', { sync_mode: 'incremental', config: { cursor_column: 'id' } }, /sync_mode full_refresh/],
    ['a query', { config: { table: undefined, query: 'SELECT 1 AS id' } }, /connector.config.table/],
    ['several keys', { config: { key_columns: ['id', 'name'] } }, /key of one column/],
    ['a json file', file({ url: 'https://example.com/a.json' }), /a json file is read by one run; .*csv and ndjson/],
    ['a packed file', file({ url: 'https://example.com/a.csv.gz?x=1' }), /a packed file is read by one run/],
    ['a file to be unpacked', file({ file_id: 'file_1', format: 'csv', compression: 'zstd' }), /a packed file/],
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
    const answer = await server.call('POST', '/v1/sync/jobs', { body: body(fields) });
    expect([answer.status, answer.body.error.details]).toEqual([
      400,
      [{ field: 'partitions', message: expect.stringMatching(message) }],
    ]);
  });
});
