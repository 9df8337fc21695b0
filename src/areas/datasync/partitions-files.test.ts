import { beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../../../test/support/cleanup.ts';
import { FileServer } from '../../../test/support/file-server.ts';
import { eventually } from '../../../test/support/serving.ts';
import { PartitionStage, ROWS, type WantedJob } from './partitions.fixture.ts';

let stage: PartitionStage;

beforeAll(async () => {
  stage = await PartitionStage.start();
});

function file(config: object): WantedJob {
  return { connector: { type: 'file', config } };
}

/** Records on two lines each, with what a block must not begin behind. */
function csvOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index + 1},"名 ""${index + 1}"",\n",2020-01-01\n`);
}

async function isWholeCsv(target: string): Promise<void> {
  const [found] = await stage.query(
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
  const answer = await fetch(`${stage.server.url}/v1/sync/push/file`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.server.adminToken}` },
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

/** What a job has put aside, once that is reported, a moment after its run has ended. */
function quarantineOf(job: string): Promise<object[]> {
  return eventually(async () => {
    const { body: page } = await stage.server.call('GET', `/v1/sync/jobs/${job}/quarantine`);
    if (page.items.length === 0) return undefined;
    return page.items.map(({ line, reason }: { line: number; reason: string }) => ({ line, reason }));
  });
}

describe('a run that is divided into partitions of a file', () => {
  it.each([
    ['that was uploaded', 'four', async (content: Buffer) => await upload(content, 'people.csv', 'csv')],
    ['behind a URL', 'five', async (content: Buffer) => ({ url: `${(await serve(content)).url}/people.csv` })],
  ] as const)('reads a csv %s by blocks, each row once, though a worker is killed', async (_, next, given) => {
    const config = await given(Buffer.from(`id,name,born\n${csvOf(ROWS).join('')}`));
    const { job, target } = await stage.create({ mode: 'append', ...file(config) });
    const run = await stage.start(job);
    const hold = await stage.held(run, target);
    const [victim] = (await stage.children(run)).flatMap(({ worker_id }) => worker_id ?? []);
    if (victim === undefined) throw new Error('no worker has a part');
    await stage.killWorker(victim);
    stage.startWorker(next);
    await hold.release();
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: ROWS, error: null });
    await isWholeCsv(target);
    expect(await stage.losses(run)).toBeGreaterThan(0);
  });

  it('makes of a csv by blocks what one run makes of it, and refuses the same lines', async () => {
    const lines = csvOf(2000);
    lines[1234] = '1235,"x"y,2020-01-01\n';
    const content = Buffer.from(`id,name,born\n${lines.join('')}`);
    const config = await upload(content, 'people.csv', 'csv');
    const whole = await stage.create({ mode: 'append', partitions: undefined, ...file(config) });
    await stage.start(whole.job);
    expect(await stage.ended(whole.job)).toMatchObject({ status: 'completed' });
    const { job, target } = await stage.create({ mode: 'append', ...file(config) });
    await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed' });
    const rows = (table: string) => stage.query(`SELECT * FROM ${table} ORDER BY id`);
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
    const { job, target } = await stage.create({ mode: 'append', ...file(config) });
    const run = await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 1000 });
    expect(await stage.children(run)).toHaveLength(4);
    const name = new TextDecoder('gbk').decode(Buffer.of(0xc3, 0xfb, 0x81, 0x7c));
    const [found] = await stage.query(
      `SELECT count(DISTINCT id)::int AS n, min(name) AS low, max(name) AS high FROM ${target}`,
    );
    expect(found).toEqual({ n: 1000, low: `${name}\n`, high: `${name}\n` });
  });

  it('reads ndjson by blocks, and says so when the file behind the URL changes meanwhile', async () => {
    const records = Array.from({ length: 1000 }, (_, id) => `{"id":${id},"name":"名 ${id}"}\n`);
    const files = await serve(Buffer.from(records.join('')));
    const config = { url: `${files.url}/people.ndjson` };
    const { job, target } = await stage.create({ mode: 'append', retry_count: 0, ...file(config) });
    await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 1000 });
    expect(await stage.query(`SELECT count(DISTINCT id)::int AS n FROM ${target}`)).toEqual([{ n: 1000 }]);
    // Only after the run has planned: its parts ask for what was there then.
    files.before = (request) => {
      if (request.headers['if-range'] !== undefined) files.manners = { etag: '"two"' };
      return false;
    };
    await stage.start(job);
    const failed = await stage.ended(job);
    expect(failed.status).toBe('failed');
    expect(failed.error).toMatch(/partition 1 of 4 \(run_\d+\) failed: the file behind the URL has changed since/);
    // What it has committed is of another file: only who resets the job says that all is to be read anew.
    await stage.start(job);
    expect((await stage.ended(job)).error).toMatch(/the file behind the URL has changed since/);
    expect((await stage.server.call('POST', `/v1/sync/jobs/${job}/reset`)).status).toBe(204);
    await stage.start(job);
    expect(await stage.ended(job)).toMatchObject({ status: 'completed', records_processed: 1000 });
  });

  it('fails, naming partitions, where a server answers no ranges', async () => {
    const files = await serve(Buffer.from('id,name\n1,x\n'));
    files.manners = { noRanges: true, etag: '"one"' };
    const { job } = await stage.create({ mode: 'append', ...file({ url: `${files.url}/a.csv` }) });
    const run = await stage.start(job);
    const failed = await stage.ended(job);
    expect(failed).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^partitions: .*answer them \(Range\)/),
    });
    expect(await stage.children(run)).toEqual([]);
  });

  it.each<[string, WantedJob, RegExp]>([
    ['a json file', file({ url: 'https://example.com/a.json' }), /a json file is read by one run; .*csv and ndjson/],
    ['a packed file', file({ url: 'https://example.com/a.csv.gz?x=1' }), /a packed file is read by one run/],
    ['a file to be unpacked', file({ file_id: 'file_1', format: 'csv', compression: 'zstd' }), /a packed file/],
  ])('is refused with %s', async (_, fields, message) => {
    expect(await stage.refusal(fields)).toEqual([{ field: 'partitions', message: expect.stringMatching(message) }]);
  });
});
