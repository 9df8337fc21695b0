import { describe, expect, it } from 'vitest';
import { afterFile } from '../support/cleanup.ts';
import { failure } from '../support/intake.ts';
import { eventually } from '../support/serving.ts';
import { SocketClient } from '../support/socket-client.ts';
import { SyncStage } from '../support/sync-stage.ts';
import { TemporaryPostgres } from '../support/temporary-postgres.ts';

const stage = await SyncStage.start();
const { server } = stage;
const { store } = server.database;

const source = await TemporaryPostgres.create();
afterFile(() => source.remove());
await source.start();
const url = new URL(await source.createDatabase('shop'));
const login = {
  engine: 'postgresql',
  host: url.hostname,
  port: Number(url.port),
  database: 'shop',
  username: decodeURIComponent(url.username),
};

let count = 0;
/** A job that has synced one row, which then was changed on both sides and synced again. */
async function conflict(): Promise<{ table: string; job: string; conflict: { id: string } }> {
  count += 1;
  const table = `prices_${count}`;
  await source.administer(`CREATE TABLE ${table} (id int PRIMARY KEY, price int, note text)`, 'shop');
  await source.administer(`INSERT INTO ${table} VALUES (1, 10, 'as it was')`, 'shop');
  const job = await stage.create({
    name: table,
    connector: { type: 'database', config: { ...login, schema: 'public', table } },
    destination: { type: 'database', table, mode: 'upsert', key_columns: ['id'] },
    conflict: { strategy: 'manual' },
  });
  await synced(job);
  await source.administer(`UPDATE ${table} SET price = 20`, 'shop');
  await store.query(`UPDATE data.${table} SET price = 30`);
  await synced(job);
  const { body } = await server.call('GET', `/v1/sync/conflicts?job_id=${job}&status=pending`);
  expect(body.items).toHaveLength(1);
  return { table, job, conflict: body.items[0] };
}

async function synced(job: string): Promise<void> {
  await stage.complete(job);
  await settled();
}

/** Until all that runs have told is written. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const [row] = await store.query<{ n: number }>(
      `SELECT (SELECT count(*) FROM longshore.reports)
         + (SELECT count(*) FROM longshore.runs WHERE finished_at IS NULL AND kind IN ('data_sync', 'file_load')) AS n`,
    );
    return row?.n === 0 ? true : undefined;
  });
}

async function resolve(id: string, body: object) {
  const answer = await server.call('POST', `/v1/sync/conflicts/${id}/resolve`, { body });
  expect(answer.status).toBe(202);
  await settled();
}

async function priceOf(table: string): Promise<number | undefined> {
  const [row] = await store.query<{ price: number }>(`SELECT price FROM data.${table}`);
  return row?.price;
}

describe('a conflict that waits for somebody', () => {
  it('shows what both sides have made of the row, and leaves the destination as it is', async () => {
    const { table, conflict: found } = await conflict();
    expect(found).toMatchObject({
      id: expect.stringMatching(/^conf_\d+$/),
      conflict_type: 'version',
      base: { price: 10 },
      source: { price: 20 },
      target: { price: 30 },
      status: 'pending',
    });
    expect(await priceOf(table)).toBe(30);
  });

  it('is told as it is found, and shown by itself and in the list', async () => {
    const client = await SocketClient.open(server.url, `?token=${server.adminToken}`);
    await client.subscribe('conflicts');
    const { job, conflict: found } = await conflict();
    // One of a former test may still be told first.
    const told = await eventually(async () => client.of('conflict_detected').find(({ job_id }) => job_id === job));
    expect(told).toMatchObject({
      type: 'conflict_detected',
      payload: {
        conflict_id: found.id,
        record_id: '1',
        conflict_type: 'version',
        resolution_required: true,
      },
      job_id: job,
    });
    await client.close();
    const shown = await server.call('GET', `/v1/sync/conflicts/${found.id}`);
    expect([shown.status, shown.body]).toEqual([200, found]);
    const path = `/v1/sync/conflicts?job_id=${job}`;
    expect((await server.call('GET', `${path}&status=resolved`)).body.items).toEqual([]);
    expect((await server.call('GET', `${path}&page=2&per_page=1`)).body).toEqual({
      items: [],
      total: 1,
      page: 2,
      per_page: 1,
    });
  });

  it('is refused with the field, and to who may only read', async () => {
    const { conflict: found } = await conflict();
    const answerTo = (body: object, token = server.adminToken, id = found.id) =>
      server.call('POST', `/v1/sync/conflicts/${id}/resolve`, { body, token });
    for (const [body, field] of [
      [{}, 'resolution'],
      [{ resolution: 'both' }, 'resolution'],
      [{ resolution: 'values' }, 'values'],
      [{ resolution: 'source', values: { price: 1 } }, 'values'],
      [{ resolution: 'source', why: 'so' }, 'why'],
    ] as const) {
      const answer = await answerTo(body);
      expect([answer.status, answer.body], field).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    expect((await answerTo({ resolution: 'source' }, await server.apiKey('sync:read'))).status).toBe(403);
    for (const id of ['conf_999999999', 'conf_x', '1']) {
      expect((await answerTo({ resolution: 'source' }, server.adminToken, id)).body).toEqual(failure('NOT_FOUND'));
      expect((await server.call('GET', `/v1/sync/conflicts/${id}`)).body).toEqual(failure('NOT_FOUND'));
    }
    expect((await server.call('GET', '/v1/sync/conflicts?status=old')).body).toEqual(
      failure('VALIDATION_ERROR', 'status'),
    );
    expect((await server.call('GET', `/v1/sync/conflicts/${found.id}`)).body.status).toBe('pending');
  });

  it.each([
    ['source', {}, 20],
    ['target', {}, 30],
    ['values', { values: { price: 25 } }, 25],
    ['values', { values: { price: 10 } }, 10],
  ])('resolved by %s %j is written, and stays so at the next sync', async (resolution, more, price) => {
    const { table, job, conflict: found } = await conflict();
    await resolve(found.id, { resolution, ...more });
    expect(await priceOf(table)).toBe(price);
    await synced(job);
    expect(await priceOf(table)).toBe(price);
    const { body } = await server.call('GET', `/v1/sync/conflicts?job_id=${job}`);
    expect(body.items).toMatchObject([{ id: found.id, status: 'resolved' }]);
    const again = await server.call('POST', `/v1/sync/conflicts/${found.id}/resolve`, {
      body: { resolution: 'source' },
    });
    expect(again.status).toBe(409);
  });
});
