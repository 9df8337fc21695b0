import { describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-server.ts';
import { failure, record, startIntake } from '../support/intake.ts';
import { eventually } from '../support/serving.ts';

/*
 * Loads that have failed for good and are tried again by hand, over a real socket, up to the rows that a real worker
 * makes of them.
 */

const { server, newSource, pushBatch, ended, countOf } = await startIntake();

async function upload(content: string, options: object): Promise<string> {
  const body = new FormData();
  body.append('file', new Blob([content]), 'data.csv');
  body.append('options', JSON.stringify(options));
  const headers = { Authorization: `Bearer ${server.adminToken}` };
  const response = await fetch(`${server.url}/v1/sync/push/file`, { method: 'POST', headers, body });
  expect(response.status).toBe(202);
  return ((await response.json()) as { file_id: string }).file_id;
}

function loaded(id: string): Promise<Answer['body']> {
  return eventually(async () => {
    const { body } = await server.call('GET', `/v1/sync/files/${id}`);
    return body.status === 'processing' ? undefined : body;
  });
}

const retryRequest = (id: string, how = {}) => server.call('POST', `/v1/sync/push/requests/${id}/retry`, how);
const retryFile = (id: string, how = {}) => server.call('POST', `/v1/sync/files/${id}/retry`, how);

/** As if what its last worker had to say had never come. */
async function lose(runId: string): Promise<void> {
  await server.store.query(`UPDATE longshore.runs SET state = 'dead', output = NULL, error = 'lost' WHERE id = $1`, [
    Number(runId.replace('run_', '')),
  ]);
}

function setRun(runId: string, fields: string): Promise<unknown> {
  return server.store.query(`UPDATE longshore.runs SET ${fields} WHERE id = $1`, [Number(runId.replace('run_', ''))]);
}

/** A file whose load fails as long as another table hangs on its dataset's. */
async function failedFile(): Promise<{ id: string; source: string; mend(): Promise<unknown> }> {
  const source = newSource();
  await loaded(await upload('id\n1\n', { source, mode: 'upsert', key_columns: ['id'] }));
  const sql = `CREATE TABLE data."${source} child" (id bigint REFERENCES data."${source}" (id) ON DELETE CASCADE)`;
  await server.store.query(`ALTER TABLE data."${source}" ADD CONSTRAINT "${source} key" UNIQUE (id)`);
  await server.store.query(sql);
  const id = await upload('id\n2\n3\n', { source, mode: 'overwrite' });
  expect(await loaded(id)).toMatchObject({ status: 'failed', error: expect.stringContaining('child') });
  return { id, source, mend: () => server.store.query(`DROP TABLE data."${source} child"`) };
}

describe('POST /files/{id}/retry', () => {
  test('202, and its records are in the dataset once what has failed it is mended', async () => {
    const { id, source, mend } = await failedFile();
    const { body: before } = await server.call('GET', `/v1/sync/files/${id}`);
    await mend();
    const answer = await retryFile(id);
    expect([answer.status, answer.body]).toMatchObject([
      202,
      { file_id: id, status: 'processing', error: null, run_id: expect.not.stringMatching(before.run_id) },
    ]);
    expect(await loaded(id)).toMatchObject({ status: 'completed', records_count: 2, run_id: answer.body.run_id });
    expect(await countOf(`data."${source}" WHERE id IN (2, 3)`)).toBe(2);
  });

  test('202 though it fails again, and again', async () => {
    const { id } = await failedFile();
    for (let time = 0; time < 2; time += 1) {
      expect((await retryFile(id)).status).toBe(202);
      expect(await loaded(id)).toMatchObject({ status: 'failed' });
    }
  });

  test('409 for a file that is to overwrite what has come since, by a load or by a job', async () => {
    const { id, source, mend } = await failedFile();
    await mend();
    const later = await upload('id\n4\n', { source, mode: 'upsert', key_columns: ['id'] });
    const { run_id } = await loaded(later);
    const refused = async () => {
      const answer = await retryFile(id);
      expect([answer.status, answer.body]).toEqual([409, failure('CONFLICT')]);
      expect(answer.body.error.message).toContain(
        `records have come into ${source} since (${run_id}); upload it again`,
      );
    };
    await refused();
    const forget = () => server.store.query('UPDATE longshore.datasets SET run_id = NULL WHERE name = $1', [source]);
    // Known of the load itself, which may still be on its way; a job leaves its run with the dataset alone.
    await forget();
    await refused();
    await setRun(run_id, `state = 'paused', finished_at = NULL`);
    await refused();
    await setRun(run_id, `state = 'failed', finished_at = now()`);
    await refused();
    expect(await countOf(`data."${source}" WHERE id IN (1, 4)`)).toBe(2);
    // One that failed and left nothing is no reason.
    await setRun(run_id, 'progress_done = 0');
    expect((await retryFile(id)).status).toBe(202);
    await loaded(id);
    expect(await countOf(`data."${source}"`)).toBe(2);
  });

  test('a record that was refused, and loads this time, is told of no more', async () => {
    const source = newSource();
    await loaded(await upload('id,n\n1,1\n', { source, mode: 'upsert', key_columns: ['id'] }));
    await server.store.query(`ALTER TABLE data."${source}" ADD CONSTRAINT "${source} small" CHECK (n < 3 OR n = 1000)`);
    const id = await upload('id,n\n1,2\n2,3\n3,3\n', { source, mode: 'upsert', key_columns: ['id'] });
    const before = await loaded(id);
    expect(before).toMatchObject({ rejected_count: 2, errors: [{ line: 2 }, { line: 3 }] });
    await lose(before.run_id);
    await server.store.query(`ALTER TABLE data."${source}" DROP CONSTRAINT "${source} small",
      ADD CONSTRAINT "${source} low" CHECK (id < 3)`);
    expect((await retryFile(id)).body).toMatchObject({ rejected_count: 0, errors: [] });
    // The other one is refused again, and told of as it is refused now.
    const { rejected_count, errors } = await loaded(id);
    expect([rejected_count, errors]).toEqual([1, [{ line: 3, message: expect.stringContaining('low') }]]);
    expect(await countOf(`data."${source}" WHERE id = 2`)).toBe(1);
  });

  test('nor is one that was refused in a batch that was not committed', async () => {
    const source = newSource();
    const { run_id: first } = await loaded(await upload('id\n1\n', { source, mode: 'append' }));
    // Whatever is behind it in the order waits.
    await setRun(first, `state = 'paused', finished_at = NULL`);
    const id = await upload('id\n2\n3\n', { source, mode: 'append' });
    const { body: waiting } = await server.call('GET', `/v1/sync/files/${id}`);
    await server.store.query(
      `INSERT INTO longshore.sync_quarantine (run_id, ordinal, reason, raw, whole) VALUES ($1, 1, 'not now', '', false)`,
      [Number(waiting.run_id.replace('run_', ''))],
    );
    await setRun(waiting.run_id, `state = 'dead', finished_at = now()`);
    await setRun(first, `state = 'succeeded', finished_at = now()`);
    expect((await retryFile(id)).body).toMatchObject({ status: 'processing', rejected_count: 1 });
    expect(await loaded(id)).toMatchObject({ status: 'completed', rejected_count: 0, errors: [] });
    expect(await countOf(`data."${source}"`)).toBe(3);
  });

  test('a record that was refused before is still told of', async () => {
    const id = await upload('a,b\n1,2\n3\n', { source: newSource() });
    await lose((await loaded(id)).run_id);
    expect((await retryFile(id)).status).toBe(202);
    expect(await loaded(id)).toMatchObject({
      status: 'completed',
      records_count: 2,
      rejected_count: 1,
      errors: [{ line: 3 }],
    });
  });

  test('409 unless it has failed: loaded, or loaded nowhere', async () => {
    for (const options of [{ source: newSource() }, { load: false }]) {
      const id = await upload('id\n1\n', options);
      await loaded(id);
      const answer = await retryFile(id);
      expect([answer.status, answer.body]).toEqual([409, failure('CONFLICT')]);
      expect(answer.body.error.message).toContain('has not failed: it is completed');
    }
  });

  test('404 for what is no file', async () => {
    for (const id of ['file_999999', 'req_1']) expect((await retryFile(id)).status).toBe(404);
  });
});

describe('POST /push/requests/{id}/retry', () => {
  const pushed = async (options: object = {}) => {
    const source = newSource();
    const { body } = await pushBatch({ source, records: [record('a'), record('b')], options });
    return { id: body.request_id as string, source, run: (await ended(body.request_id)).run_id as string };
  };

  test('202, and appends nothing twice that was committed before', async () => {
    const { id, source, run } = await pushed({ upsert: false });
    await lose(run);
    const answer = await retryRequest(id);
    expect([answer.status, answer.body]).toMatchObject([202, { request_id: id, status: 'processing' }]);
    expect(await ended(id)).toMatchObject({ status: 'completed', accepted: 2, rejected: 0 });
    expect(await countOf(`data."${source}"`)).toBe(2);
  });

  test('202 for the first of several at one moment, 409 for the others', async () => {
    const { id, run } = await pushed();
    await lose(run);
    const answers = await Promise.all([retryRequest(id), retryRequest(id), retryRequest(id)]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 409, 409]);
  });

  test('202 once with its Idempotency-Key', async () => {
    const { id, run } = await pushed();
    await lose(run);
    const headers = { 'Idempotency-Key': `retry-${id}` };
    const first = await retryRequest(id, { headers });
    await ended(id);
    const again = await retryRequest(id, { headers });
    expect([again.status, again.body]).toEqual([202, first.body]);
  });

  test('409 when its bytes are no longer kept', async () => {
    const { id, run } = await pushed();
    await lose(run);
    await server.store.query(
      'DELETE FROM longshore.blobs WHERE id = (SELECT blob_id FROM longshore.push_requests WHERE id = $1)',
      [Number(id.replace('req_', ''))],
    );
    const answer = await retryRequest(id);
    expect(answer.status).toBe(409);
    expect(answer.body.error.message).toContain('no longer kept; send them again');
  });

  test('401, 403 and 404 for who may not, and for what is not there', async () => {
    const { id } = await pushed();
    expect((await retryRequest(id, { token: '' })).status).toBe(401);
    const reader = await server.apiKey('sync:read');
    expect((await retryRequest(id, { token: reader })).status).toBe(403);
    expect((await retryFile('file_1', { token: reader })).status).toBe(403);
    expect((await retryRequest('req_999999')).status).toBe(404);
  });
});
