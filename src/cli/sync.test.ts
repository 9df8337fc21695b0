import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { afterFile } from '../../test/support/cleanup.ts';
import { Longshore } from '../../test/support/longshore.ts';
import { RestServer } from '../../test/support/rest-server.ts';
import { eventually, temporaryFolder } from '../../test/support/serving.ts';
import { announceServer } from './remote/local.ts';
import { ensureLocalKey } from './remote/local-key.ts';

/*
 * Data sync from the command line as users work with it: processes of their own, against a real server, a real worker
 * and a real REST service.
 */

let folder: string;
let server: TestServer;
let service: RestServer;
let command: Longshore;
let worker: ChildProcess;

const longshore: Longshore['run'] = (words, options) => command.run(words, options);

/** Runs a command that must succeed, and gives what it printed, parsed. */
async function json(...words: string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { code, stdout, stderr } = await longshore([...words, '-o', 'json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function jobYaml(name: string, more = ''): string {
  return `sync_job:
  name: ${name}
  connector:
    type: rest_api
    config:
      base_url: ${service.url}
      endpoints:
        - { path: /page/ports, pagination: { type: page, limit: 100 } }
  transformations:
    - { type: field_mapping, config: { mappings: { code: id } } }
    - { type: validation, config: { rules: [{ field: tonnes, rule: min, value: 0 }] } }
  destination: { type: database, table: ${name}, mode: upsert, key_columns: [id] }
${more}`;
}

beforeAll(async () => {
  folder = await temporaryFolder('cli-sync');
  server = await startTestServer();
  service = await RestServer.start();
  afterFile(() => service.close());
  service.datasets.set('ports', {
    count: 250,
    record: (n) => ({ code: `P${n}`, name: `港口 ${n} 🚢`, tonnes: n === 7 ? -1 : n }),
  });
  await ensureLocalKey(server.store, server.config.dataDir);
  await announceServer(server.config.dataDir, server.url);
  command = await Longshore.build({ XDG_CONFIG_HOME: folder, LONGSHORE_DATA_DIR: server.config.dataDir });
  worker = command.start(['worker', 'start', '--id', 'sync-worker', '--log-level', 'error', '--drain', '0']);
});

afterAll(async () => {
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
});

it('makes a job from a file, previews, runs and follows it, and says what it did', async () => {
  const file = path.join(folder, 'ports.yaml');
  await writeFile(file, jobYaml('ports'));
  const made = await json('job', 'create', '-f', file);
  expect(made).toMatchObject({ id: expect.stringMatching(/^job_\d+$/), status: 'pending' });
  expect((await longshore(['job', 'create', '-f', file])).code).toBe(6);
  expect((await longshore(['job', 'logs', 'ports', '--follow'])).code).toBe(5);

  const preview = await longshore(['job', 'preview', 'ports', '--limit', '9']);
  expect(preview.stdout).toMatch(
    /Before\n[\s\S]*code[\s\S]*P0[\s\S]*After\n[\s\S]*港口 8 🚢[\s\S]*Refused\nRECORD[\s\S]*tonnes/,
  );

  const run = await longshore(['job', 'start', 'ports', '--follow']);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/ {2}info {5}250 records read, 249 written, 1 refused\n$/);
  expect(run.stderr).toMatch(/^ports completed after [\d.]+ s: 250 records read, 249 written, 1 refused\.\n$/);
  expect(await server.store.query('SELECT name FROM data.ports WHERE id = $1', ['P42'])).toEqual([
    { name: '港口 42 🚢' },
  ]);

  expect(await json('job', 'list', '--search', 'port')).toMatchObject([{ name: 'ports', status: 'completed' }]);
  expect(await json('job', 'list', '--status', 'running')).toEqual([]);
  expect(await json('job', 'runs', made.id)).toContainEqual(expect.objectContaining({ trigger: 'manual', attempt: 1 }));
  const logs = await longshore(['job', 'logs', 'ports', '--level', 'warning']);
  expect(logs.stdout).toMatch(/^\S+Z {2}warning {2}record 7 refused: .*\n$/);
});

it('shows what was refused, and takes it again once the job is mended', async () => {
  // It is put aside when that is reported, a moment after the run has ended.
  const refused = await eventually(async () => {
    const listed = await json('job', 'quarantine', 'ports');
    return listed.length > 0 ? listed : undefined;
  });
  expect(refused).toMatchObject([{ record: 7, redriven_by: null }]);
  const mended = path.join(folder, 'mended.json');
  const mappings = { mappings: { code: 'id' } };
  await writeFile(mended, JSON.stringify({ transformations: [{ type: 'field_mapping', config: mappings }] }));
  await json('job', 'update', 'ports', '-f', mended);
  expect(await json('job', 'redrive', 'ports')).toMatchObject({ records: 1 });
  expect((await longshore(['job', 'redrive', 'ports'])).code).toBe(6);
  expect((await longshore(['job', 'redrive', 'ports', '--ids', 'x'])).code).toBe(2);
});

it('refuses what is not possible in the present state, and ends as the run ends', async () => {
  const file = path.join(folder, 'slow.yaml');
  await writeFile(file, jobYaml('slow', '  retry_count: 0\n'));
  await json('apply', '-f', file);
  expect((await longshore(['job', 'pause', 'slow'])).code).toBe(6);
  const seen = service.seen.length;
  service.order('hang');
  const following = longshore(['job', 'start', 'slow', '--wait']);
  await service.asked(seen + 1);
  expect((await longshore(['job', 'start', 'slow'])).code).toBe(6);
  expect((await longshore(['job', 'delete', 'slow'])).code).toBe(6);
  await json('job', 'cancel', 'slow');
  const { code, stderr } = await following;
  expect([code, stderr]).toEqual([1, expect.stringMatching(/Run run_\d+ of slow ended as cancelled/)]);
  expect(await json('job', 'reset', 'slow')).toMatchObject({ reset: true });
  expect(await json('job', 'delete', 'slow')).toMatchObject({ deleted: true });
  expect((await longshore(['job', 'show', 'slow'])).code).toBe(5);
});

it('applies sync jobs and webhooks, and changes nothing the second time', async () => {
  const file = path.join(folder, 'sync.yaml');
  const text = (expression: string) =>
    `${jobYaml('applied', `  schedule: { type: cron, expression: '${expression}' }\n`)}---
webhook:
  name: arrivals
  source: arrivals
`;
  await writeFile(file, text('0 3 * * *'));
  const first = await longshore(['apply', '-f', file, '-o', 'json']);
  const made = JSON.parse(first.stdout);
  expect(made).toMatchObject([
    { kind: 'sync_job', name: 'applied', action: 'created' },
    { kind: 'webhook', name: 'arrivals', action: 'created', secret: expect.stringMatching(/^whsec_/) },
  ]);
  expect(first.stderr).toContain(made[1].secret);
  const again = await json('apply', '-f', file);
  expect(again.map(({ action }: { action: string }) => action)).toEqual(['unchanged', 'unchanged']);
  await writeFile(file, text('0 4 * * *'));
  expect(await json('apply', '-f', file)).toMatchObject([{ action: 'updated', changed: ['schedule'] }, {}]);
  await writeFile(file, text('0 4 * * *').replace('source: arrivals', 'source: elsewhere'));
  const refused = await longshore(['apply', '-f', file]);
  expect([refused.code, refused.stderr]).toEqual([
    6,
    expect.stringMatching(/document 2 \(webhook arrivals\): A webhook cannot be changed \(source\)/),
  ]);
});

it('sends lines and files to a dataset, and says which were not taken', async () => {
  const file = path.join(folder, 'cargo.ndjson.gz');
  const records = Array.from({ length: 50 }, (_, n) => JSON.stringify({ id: `${n}`, data: { tonnes: n, 名: '钢' } }));
  await writeFile(file, gzipSync(`${records.join('\n')}\n`));
  expect(await json('push', file, '--source', 'cargo', '--wait')).toMatchObject({ status: 'completed', accepted: 50 });
  const bad = path.join(folder, 'bad.ndjson');
  await writeFile(bad, `${records[0]}\nnothing\n`);
  const partly = await longshore(['push', bad, '--source', 'cargo']);
  expect([partly.code, partly.stdout]).toEqual([
    1,
    expect.stringMatching(/^1 record sent into dataset cargo \(req_\d+\)\.\n$/),
  ]);
  expect(partly.stderr).toMatch(/^line 2: .*\n1 record was not taken\.\n$/);
  expect((await longshore(['push', bad, '--source', 'cargo', '--mode', 'append'])).code).toBe(2);
  const csv = path.join(folder, 'ships.csv');
  await writeFile(csv, 'id,name\n1,Evergreen\n2,中远\n');
  const pushed = await longshore([
    'push',
    csv,
    '--source',
    'ships',
    '--mode',
    'upsert',
    '--key-column',
    'id',
    '--wait',
  ]);
  expect([pushed.code, pushed.stdout]).toEqual([
    0,
    expect.stringMatching(/^2 records of ships\.csv loaded into dataset ships \(file_\d+\)\.\n$/),
  ]);
  expect((await longshore(['push', csv, '--source', 'ships', '--mode', 'upsert'])).code).toBe(2);
  expect((await longshore(['push', path.join(folder, 'none.csv'), '--source', 'ships'])).code).toBe(2);
});

it('loads again what could not be loaded, and nothing else', async () => {
  const lines = path.join(folder, 'again.ndjson');
  await writeFile(lines, '{"id":"1","data":{}}\n');
  const { request_id: id, run_id: run } = await json('push', lines, '--source', 'again', '--append', '--wait');
  const refused = await longshore(['dataset', 'retry', id]);
  expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining('has not failed: it is completed')]);
  // As if its worker had never told how it ended.
  await server.store.query(`UPDATE longshore.runs SET state = 'dead', output = NULL WHERE id = $1`, [run.slice(4)]);
  const again = await longshore(['dataset', 'retry', id, '--wait']);
  expect([again.code, again.stdout]).toEqual([0, `${id} is loaded.\n`]);
  expect(await server.store.query('SELECT _id FROM data.again')).toHaveLength(1);
  expect((await longshore(['dataset', 'retry', 'again'])).code).toBe(2);
  const broken = path.join(folder, 'broken.csv');
  await writeFile(broken, '"a"b,c\n1,2\n');
  const failed = await longshore(['push', broken, '--source', 'again', '--wait']);
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringMatching(/"longshore dataset retry file_\d+" loads it/),
  ]);
});

it('lists, shows and downloads datasets', async () => {
  // It is listed when its load has been reported, and then counted.
  const datasets = await eventually(async () => {
    const listed = await json('dataset', 'list', '--search', 'ships');
    return (listed[0]?.records_count ?? null) === null ? undefined : listed;
  });
  expect(datasets).toMatchObject([{ name: 'ships', records_count: 2 }]);
  expect(await json('dataset', 'show', 'ships')).toMatchObject({ id: datasets[0].id });
  const target = path.join(folder, 'out.csv');
  expect(await json('dataset', 'download', 'ships', '--to', target)).toMatchObject({ file: target });
  expect((await readFile(target, 'utf8')).split(/\r?\n/).sort()).toEqual(['', '1,Evergreen', '2,中远', 'id,name']);
  expect((await longshore(['dataset', 'download', 'ships', '--to', target])).code).toBe(6);
  const lines = await longshore(['dataset', 'download', datasets[0].id, '--to', '-', '--format', 'ndjson']);
  expect(
    lines.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name),
  ).toEqual(expect.arrayContaining(['Evergreen', '中远']));
  expect((await longshore(['dataset', 'show', 'nothing'])).code).toBe(5);
});
