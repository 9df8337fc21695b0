import { appendFile, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startIntake } from '../../../test/support/intake.ts';
import { eventually } from '../../../test/support/serving.ts';

/*
 * A run may commit all that it was to do and be gone before it can say so. It has failed then, as far as anybody knows;
 * the next run of a job that appends must not append all of it again.
 */

const ROWS = 100;
const { server, exportDir, countOf } = await startIntake();
let made = 0;

interface Appending {
  readonly job: string;
  rows(): Promise<number>;
}

async function appending(fields: object = {}): Promise<Appending> {
  const body = new FormData();
  const lines = Array.from({ length: ROWS }, (_, id) => `{"id":${id}}\n`);
  body.append('file', new Blob(lines), 'numbers.ndjson');
  body.append('options', '{"load":false}');
  const headers = { Authorization: `Bearer ${server.adminToken}` };
  const uploaded = await fetch(`${server.url}/v1/sync/push/file`, { method: 'POST', headers, body });
  const { file_id } = (await uploaded.json()) as { file_id: string };
  made += 1;
  const table = `taken_${made}`;
  const answer = await server.call('POST', '/v1/sync/jobs', {
    body: {
      name: `taken over ${made}`,
      connector: { type: 'file', config: { file_id, format: 'ndjson' } },
      destination: { type: 'database', table, mode: 'append' },
      retry_count: 0,
      ...fields,
    },
  });
  expect(answer.status).toBe(201);
  return { job: answer.body.id, rows: () => countOf(`data.${table}`) };
}

/** Starts a job. @returns the number of its run, which has ended well */
async function completed(job: string): Promise<number> {
  const { body } = await server.call('POST', `/v1/sync/jobs/${job}/start`);
  await eventually(async () => {
    const { body: found } = await server.call('GET', `/v1/sync/jobs/${job}`);
    if (found.finished_at === null) return undefined;
    expect(found).toMatchObject({ status: 'completed', records_processed: expect.any(Number) });
    return found;
  });
  return Number(String(body.run_id).replace('run_', ''));
}

/** As if what the last worker of a run had to say had never come. */
async function lose(runs: readonly number[], state: 'failed' | 'dead' | 'cancelled'): Promise<void> {
  await server.store.query(
    `UPDATE longshore.runs SET state = $2, output = NULL, error = 'its worker was lost' WHERE id = ANY ($1::bigint[])`,
    [[...runs], state],
  );
}

function partsOf(run: number): Promise<{ id: number; number: number }[]> {
  return server.store.query(
    `SELECT id, (spec #>> '{partition,number}')::int AS number FROM longshore.runs WHERE parent_id = $1 ORDER BY id`,
    [run],
  );
}

test.each(['failed', 'dead', 'cancelled'] as const)(
  'a job appends once what a run has committed that is known as %s',
  async (state) => {
    const { job, rows } = await appending();
    const first = await completed(job);
    await lose([first], state);
    const second = await completed(job);
    expect(await rows()).toBe(ROWS);
    const { body: runs } = await server.call('GET', `/v1/sync/jobs/${job}/runs`);
    expect(runs.items[0]).toMatchObject({
      records_processed: 0,
      result: { records_read: 0, records_written: 0, taken_over_from: { run_id: `run_${first}`, records_read: ROWS } },
    });
    // Nor does the run after it, should that one's report be lost too.
    await lose([second], 'failed');
    await completed(job);
    expect(await rows()).toBe(ROWS);
    // All is known now: the next one does what a full refresh that appends is to do.
    await completed(job);
    expect(await rows()).toBe(2 * ROWS);
  },
);

test('a job that adds to a file does so once, and leaves what others add to it', async () => {
  const { job } = await appending({ destination: { type: 'file', path: 'taken.ndjson', mode: 'append' } });
  const file = path.join(exportDir, 'taken.ndjson');
  const lines = async () => (await readFile(file, 'utf8')).split('\n').length - 1;
  await lose([await completed(job)], 'dead');
  await completed(job);
  expect(await lines()).toBe(ROWS);
  await appendFile(file, '{"id":"by hand"}\n');
  await completed(job);
  expect(await lines()).toBe(2 * ROWS + 1);
});

test('a job that makes a file anew does so, whatever became of the run before', async () => {
  const { job } = await appending({ destination: { type: 'file', path: 'made.ndjson' } });
  const file = path.join(exportDir, 'made.ndjson');
  await lose([await completed(job)], 'dead');
  await rm(file);
  await completed(job);
  expect((await readFile(file, 'utf8')).split('\n').length - 1).toBe(ROWS);
});

test('what was refused counts against a dataset, though only a later run could tell of it', async () => {
  const rules = [{ field: 'id', rule: 'max', value: ROWS - 2 }];
  const { job } = await appending({
    destination: { type: 'dataset', name: 'taken set', mode: 'append' },
    transformations: [{ type: 'validation', config: { rules } }],
  });
  const told = (runs: readonly number[]) =>
    eventually(async () => {
      const sql = 'SELECT run_id FROM longshore.dataset_refusals WHERE run_id = ANY ($1::bigint[])';
      return (await server.store.query(sql, [[...runs]])).length === runs.length ? true : undefined;
    });
  const first = await completed(job);
  await told([first]);
  await lose([first], 'dead');
  await server.store.query('DELETE FROM longshore.dataset_refusals');
  await told([first, await completed(job)]);
});

test('a job that was reset appends all again', async () => {
  const { job, rows } = await appending();
  await lose([await completed(job)], 'dead');
  expect((await server.call('POST', `/v1/sync/jobs/${job}/reset`)).status).toBe(204);
  await completed(job);
  expect(await rows()).toBe(2 * ROWS);
});

test('a divided job appends once what a part has committed that is known as failed', async () => {
  const { job, rows } = await appending({ partitions: 4 });
  let run = await completed(job);
  expect(await rows()).toBe(ROWS);
  // The second time, the part that took over is lost in its turn.
  for (const lost of [3, 3]) {
    const part = (await partsOf(run)).find(({ number }) => number === lost);
    await lose([part?.id ?? 0, run], 'failed');
    run = await completed(job);
    expect((await partsOf(run)).map(({ number }) => number)).toEqual([lost]);
    expect(await rows()).toBe(ROWS);
  }
  const { body: found } = await server.call('GET', `/v1/sync/jobs/${job}`);
  expect(found).toMatchObject({ records_processed: 0, progress: 100 });
  await completed(job);
  expect(await rows()).toBe(2 * ROWS);
});
