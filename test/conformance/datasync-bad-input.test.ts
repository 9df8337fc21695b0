import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { xlsxOf } from '../../src/areas/datasync/executor/formats/zip.fixture.ts';
import type { Fault } from '../support/rest-server.ts';
import { eventually } from '../support/serving.ts';
import { type SyncRunView, SyncStage } from '../support/sync-stage.ts';
import { noMariadb, TemporaryMariadb } from '../support/temporary-mariadb.ts';

/*
 * Whatever a source is or sends, the run ends with an error that says what and where, what was committed before stays,
 * and the server goes on: over HTTP, with a real worker. What may be pushed is in the files on pushes beside this.
 */

let stage: SyncStage;

beforeAll(async () => {
  stage = await SyncStage.start();
  stage.rest.datasets.set('customers', { count: 25, record: (index) => ({ id: index, name: `客户 ${index} 🏮` }) });
});

beforeEach(() => {
  stage.rest.calm();
  stage.rest.manners = {};
});

let tables = 0;
function fresh(): string {
  tables += 1;
  return `bad_${tables}`;
}

/** Runs a job of its own once. @returns how the run ended, and how many rows are there then */
async function outcome(connector: object): Promise<{ run: SyncRunView; rows: number }> {
  const table = fresh();
  const destination = { type: 'database', table };
  const job = { name: table, connector, destination, batch_size: 10, retry_count: 0 };
  const run = await stage.run(await stage.create(job));
  const [found] = await stage.query<{ it: string | null }>('SELECT to_regclass($1) AS it', [`data.${table}`]);
  if (found?.it === null) return { run, rows: 0 };
  const [counted] = await stage.query<{ count: number }>(`SELECT count(*) FROM data.${table}`);
  return { run, rows: counted?.count ?? 0 };
}

/** A REST service that is asked once for each page. */
function rest(path: string, endpoint: object = {}, config: object = {}) {
  const endpoints = [{ path, ...endpoint }];
  return {
    type: 'rest_api',
    config: { base_url: stage.rest.url, max_retries: 0, endpoints, ...config },
  };
}

const failed = (message: RegExp) => ({ status: 'failed', error: expect.stringMatching(message) as string });

describe('a REST service', () => {
  test('that is not there, or says nothing', async () => {
    const nowhere = await outcome(rest('/x', {}, { base_url: 'http://127.0.0.1:1' }));
    expect(nowhere.run).toMatchObject(failed(/^GET http:\/\/127\.0\.0\.1:1\/x: .*ECONNREFUSED/));
    // Patience would only make what never answers last longer.
    const impatient = { timeout_seconds: 1 };
    const nobody = await outcome(rest('/x', {}, { ...impatient, base_url: 'http://nobody.invalid' }));
    expect(nobody.run).toMatchObject(failed(/^GET http:\/\/nobody\.invalid\/x: /));
    stage.rest.order('hang');
    expect((await outcome(rest('/all/customers', {}, impatient))).run).toMatchObject(
      failed(/^GET .*\/all\/customers: .*1 s/),
    );
    stage.rest.order('cut-body');
    expect((await outcome(rest('/all/customers'))).run).toMatchObject(failed(/^GET .*\/all\/customers: /));
  });

  const html = '<html>Sign in</html>';
  test.each<[string, Fault, RegExp]>([
    [
      'a page for people',
      { headers: { 'content-type': 'text/html' }, body: html },
      /is not JSON \(content type text\/html/,
    ],
    [
      'what is no JSON though it says so',
      { headers: { 'content-type': 'application/json' }, body: html },
      /is not JSON/,
    ],
    ['what is no UTF-8', { body: Buffer.from([0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d]) }, /is not valid UTF-8/],
    ['JSON without a bottom', { body: `[${'['.repeat(100_000)}` }, /nested deeper than 200 levels/],
    ['no records', { body: { error: 'quota' } }, /has no list of records.*record_path/],
    ['nothing for us', { status: 401, body: 'who are you?' }, /401 Unauthorized; check auth: who are you\?/],
    [
      'a bomb',
      { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(60 * 1024 * 1024, ' ')) },
      /larger than 50 MB/,
    ],
  ])('that sends %s', async (_what, answer, message) => {
    stage.rest.order(answer);
    expect(await outcome(rest('/all/customers'))).toMatchObject({ run: failed(message), rows: 0 });
  });

  test.each([
    ['whose cursor comes back', 'cursor', { cyclic: true }, /was read before|page before once more/, 25],
    ['whose links come back', 'link', { cyclic: true }, /was read before|page before once more/, 25],
    ['whose pages repeat', 'page', { ignoresPages: true }, /page before once more.*check pagination/, 10],
  ])('%s', async (_what, type, manners, message, least) => {
    stage.rest.manners = manners;
    const { run, rows } = await outcome(rest(`/${type}/customers`, { pagination: { type, limit: 10 } }));
    expect(run).toMatchObject(failed(message));
    // What had come until then is there.
    expect(rows).toBeGreaterThanOrEqual(least);
    expect(run.records_processed).toBe(rows);
  });

  test('that has no end', async () => {
    stage.rest.datasets.set('endless', { count: 1_000_000_000, record: (id) => ({ id }) });
    const pagination = { type: 'page', limit: 10, max_pages: 7 };
    const { run, rows } = await outcome(rest('/page/endless', { pagination }));
    expect([run, rows]).toMatchObject([failed(/more than 7 pages; raise pagination\.max_pages/), 70]);
  });

  test.each(['http://169.254.169.254', 'http://[::ffff:169.254.169.254]', 'http://2852039166', 'http://0xA9FEA9FE'])(
    'at %s, where clouds keep their credentials, is not dialled',
    async (base_url) => {
      const { run } = await outcome(rest('/latest/meta-data', {}, { base_url }));
      expect(run).toMatchObject(failed(/not allowed to connect to .*link-local/));
    },
  );
});

test.each(['csv', 'json', 'ndjson'])(
  'a page for people in the place of a %s file leaves what is there',
  async (format) => {
    const table = fresh();
    const url = `${stage.rest.url}/files/${table}.${format}`;
    const destination = { type: 'database', table, mode: 'overwrite' };
    const job = await stage.create({
      ...{ name: table, connector: { type: 'file', config: { url } }, destination, retry_count: 0 },
    });
    const good = { csv: 'id\n1\n2\n', json: '[{"id":1},{"id":2}]', ndjson: '{"id":1}\n{"id":2}\n' }[format];
    const page = '<!DOCTYPE html>\n<html><title>Sign in</title></html>\n';
    stage.rest.order({ body: good }, { headers: { 'content-type': 'text/html' }, body: page });
    await stage.complete(job);
    expect(await stage.run(job)).toMatchObject(failed(new RegExp(`not ${format}: it begins like an HTML page`)));
    expect(await stage.query(`SELECT id FROM data.${table} ORDER BY id`)).toEqual([{ id: 1 }, { id: 2 }]);
  },
);

describe('an uploaded file', () => {
  /** Uploads a file for jobs, and reads it by one. */
  async function read(name: string, content: Buffer<ArrayBuffer> | string) {
    const form = new FormData();
    form.set('file', new Blob([content]), name);
    form.set('options', JSON.stringify({ load: false }));
    const headers = { authorization: `Bearer ${stage.server.adminToken}` };
    const response = await fetch(`${stage.server.url}/v1/sync/push/file`, { method: 'POST', headers, body: form });
    const { file_id } = (await response.json()) as { file_id: string };
    return outcome({ type: 'file', config: { file_id } });
  }
  const MIB = 1024 * 1024;
  const far = `<row r="1"><c r="A1" t="inlineStr"><is><t>n</t></is></c></row><row r="${2 ** 40}"><c r="A${2 ** 40}"><v>1</v></c></row>`;

  test.each<[string, string, () => Buffer, RegExp]>([
    ['gzip bomb', 'bomb.csv.gz', () => gzipSync(Buffer.alloc(100 * MIB, 'x')), /250 times its size, as zip bombs do/],
    ['gzip that breaks off', 'cut.csv.gz', () => gzipSync('id\n1\n').subarray(0, -6), /gzip data is broken/],
    ['sheet with a row 2^40', 'far.xlsx', () => xlsxOf(far), /outside of what a sheet is/],
    [
      'parquet file that is none',
      'a.parquet',
      () => Buffer.from('PAR1 and then nothing'),
      /parquet file cannot be read/,
    ],
  ])('that is a %s', async (_what, name, content, message) => {
    const { run, rows } = await read(name, Buffer.from(content()));
    expect([run, rows]).toMatchObject([failed(message), 0]);
  });

  test('with a line that is no UTF-8 goes on behind it, and the line is in quarantine', async () => {
    const line = Buffer.from([...Buffer.from('1,'), 0xff, 0xfe, 0x0a]);
    const content = Buffer.concat([Buffer.from('id,name\n'), line, Buffer.from('2,乙 🏮\n')]);
    const { run, rows } = await read('a.csv', content);
    expect([run, rows]).toMatchObject([{ status: 'completed', result: { records_read: 2, records_rejected: 1 } }, 1]);
    const items = await eventually(async () => {
      const { body } = await stage.server.call('GET', `/v1/sync/jobs/${run.job_id}/quarantine`);
      return body.total === 0 ? undefined : body.items;
    });
    expect(items).toMatchObject([{ line: 2, reason: expect.stringMatching(/utf-8/i) }]);
  });
});

describe('names that try to be SQL', () => {
  const TABLE = `t"; DROP TABLE data.precious; -- \``;
  const COLUMN = `c"'\`) ; DROP TABLE data.precious; -- 名`;
  const records = [0, 1].map((id) => ({ id, [COLUMN]: `'; DROP TABLE data.precious; -- ${id}` }));

  async function sync(destination: object): Promise<SyncRunView> {
    stage.rest.datasets.set('names', { count: 2, record: (index) => records[index] ?? {} });
    const how = { table: TABLE, mode: 'upsert', key_columns: ['id', COLUMN] };
    const destinationOfAll = { type: 'database', ...how, ...destination };
    return stage.complete(
      await stage.create({ name: fresh(), connector: rest('/all/names'), destination: destinationOfAll }),
    );
  }

  test('are names, in the warehouse', async () => {
    await stage.query('CREATE TABLE data.precious (id integer)');
    await sync({});
    const quoted = `"${TABLE.replaceAll('"', '""')}"`;
    expect(await stage.query(`SELECT * FROM data.${quoted} ORDER BY id`)).toEqual(records);
    expect(await stage.query('SELECT * FROM data.precious')).toEqual([]);
  });

  // A MariaDB is made for it, which takes long on a busy machine.
  test('are names, in MariaDB', { timeout: 180_000 }, async (context) => {
    if (noMariadb) context.skip(noMariadb);
    const mariadb = await TemporaryMariadb.create();
    try {
      const database = await mariadb.createDatabase();
      await sync({
        connection: { engine: 'mariadb', host: '127.0.0.1', port: mariadb.port, database, username: 'root' },
      });
      const quoted = `\`${TABLE.replaceAll('`', '``')}\``;
      const rows = await mariadb.administer(`SELECT * FROM ${quoted} ORDER BY id`, database);
      expect(rows.map((row) => ({ ...row, id: Number(row.id) }))).toEqual(records);
    } finally {
      await mariadb.remove();
    }
  });
});
