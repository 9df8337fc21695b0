import { appendFile, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../test/support/api-server.ts';
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
  /** Defines it anew, but for its name and its source. */
  put(fields: object): Promise<unknown>;
  rows(): Promise<number>;
}

async function appending(fields: object = {}): Promise<Appending> {
  const form = new FormData();
  const lines = Array.from({ length: ROWS }, (_, id) => `{"id":${id}}\n`);
  form.append('file', new Blob(lines), 'numbers.ndjson');
  form.append('options', '{"load":false}');
  const headers = { Authorization: `Bearer ${server.adminToken}` };
  const uploaded = await fetch(`${server.url}/v1/sync/push/file`, { method: 'POST', headers, body: form });
  const { file_id } = (await uploaded.json()) as { file_id: string };
  made += 1;
  const table = `taken_${made}`;
  const body = {
    name: `taken over ${made}`,
    connector: { type: 'file', config: { file_id, format: 'ndjson' } },
    destination: { type: 'database', table, mode: 'append' },
    retry_count: 0,
  };
  const answer = await server.call('POST', '/v1/sync/jobs', { body: { ...body, ...fields } });
  expect(answer.status).toBe(201);
  const job = answer.body.id;
  return {
    job,
    async put(others) {
      expect((await server.call('PUT', `/v1/sync/jobs/${job}`, { body: { ...body, ...others } })).status).toBe(200);
    },
    rows: () => countOf(`data.${table}`),
  };
}

/** Starts a job. @returns the number of its run, and the job when that has ended */
async function ended(job: string): Promise<{ run: number; found: Answer['body'] }> {
  const { body } = await server.call('POST', `/v1/sync/jobs/${job}/start`);
  const found = await eventually(async () => {
    const { body: now } = await server.call('GET', `/v1/sync/jobs/${job}`);
    return now.finished_at === null ? undefined : now;
  });
  return { run: Number(String(body.run_id).replace('run_', '')), found };
}

/** @returns the number of its run, which has ended well */
async function completed(job: string): Promise<number> {
  const { run, found } = await ended(job);
  expect(found).toMatchObject({ status: 'completed', records_processed: expect.any(Number) });
  return run;
}

async function resultOf(job: string, run: number): Promise<Answer['body']> {
  const { body } = await server.call('GET', `/v1/sync/jobs/${job}/runs`);
  return body.items.find(({ id }: { id: string }) => id === `run_${run}`).result;
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

test('a divided job whose parts were all done when it was cancelled has nothing to append the next time', async () => {
  const { job, rows } = await appending({ partitions: 4 });
  const first = await completed(job);
  const [part] = await partsOf(first);
  // The cancel has come behind the last commit of that part: it has a result all the same.
  const sql = `UPDATE longshore.runs SET state = 'cancelled' WHERE id = ANY ($1::bigint[])`;
  await server.store.query(sql, [[first, part?.id]]);
  const second = await completed(job);
  expect(await rows()).toBe(ROWS);
  expect(await partsOf(second)).toEqual([]);
  expect(await resultOf(job, second)).toMatchObject({
    records_read: 0,
    records_written: 0,
    taken_over_from: { run_id: `run_${first}`, records_read: ROWS, records_written: ROWS },
  });
  await completed(job);
  expect(await rows()).toBe(2 * ROWS);
});

describe('a divided job that fails only by what all of its parts have refused', () => {
  const rules = [
    { field: 'id', rule: 'min', value: 1 },
    { field: 'id', rule: 'max', value: ROWS - 2 },
  ];
  const fields = { partitions: 4, transformations: [{ type: 'validation', config: { rules } }], max_errors: 1 };
  const TAKEN = ROWS - 2;

  test('fails again, and appends nothing, until more is allowed', async () => {
    const { job, rows, put } = await appending(fields);
    const { run: first, found } = await ended(job);
    expect(found).toMatchObject({ status: 'failed', error: expect.stringMatching(/^2 records were refused by all/) });
    const { found: again } = await ended(job);
    expect(again).toMatchObject({ status: 'failed', records_processed: 0 });
    expect(again.error).toMatch(
      `all partitions of run_${first} are in the table, and none is appended again: 2 records were refused`,
    );
    expect(again.error).toMatch(/reset the job to append all of it anew$/);
    expect(await rows()).toBe(TAKEN);
    await put({ ...fields, max_errors: 2 });
    expect(await resultOf(job, await completed(job))).toMatchObject({
      records_rejected: 0,
      taken_over_from: { run_id: `run_${first}`, records_rejected: 2 },
    });
    expect(await rows()).toBe(TAKEN);
    await completed(job);
    expect(await rows()).toBe(2 * TAKEN);
  });

  test('begins anew once it was reset', async () => {
    const { job, rows } = await appending(fields);
    await ended(job);
    expect((await server.call('POST', `/v1/sync/jobs/${job}/reset`)).status).toBe(204);
    const { run } = await ended(job);
    expect(await partsOf(run)).toHaveLength(4);
    expect(await rows()).toBe(2 * TAKEN);
  });
});
