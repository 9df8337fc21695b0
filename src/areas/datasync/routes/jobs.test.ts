import { describe, expect, it } from 'vitest';
import { startTestServer } from '../../../../test/support/api-server.ts';

const server = await startTestServer();

/** The contract's own example. */
const customers = {
  name: 'Customer Data Sync',
  connector: {
    type: 'rest_api',
    config: {
      base_url: 'https://api.example.com',
      auth: { type: 'bearer', token: 'the-token' },
      endpoints: [
        {
          path: '/customers',
          method: 'GET',
          pagination: { type: 'offset', page_param: 'page', limit_param: 'limit', limit: 100 },
        },
      ],
    },
  },
  schedule: { type: 'cron', expression: '0 */6 * * *' },
  transformations: [{ type: 'field_mapping', config: { mappings: { customer_id: 'id', customer_name: 'name' } } }],
  destination: { type: 'database', table: 'customers', mode: 'upsert', key_columns: ['id'] },
};

let count = 0;
function named(change: object = {}) {
  count += 1;
  return { ...customers, name: `job ${count}`, ...change };
}

async function created(change: object = {}): Promise<string> {
  const answer = await server.call('POST', '/v1/sync/jobs', { body: named(change) });
  expect(answer.body).toMatchObject({ status: 'pending' });
  return answer.body.id;
}

function details(body: { error: { details: { field: string; message: string }[] } }) {
  return body.error.details.map(({ field }) => field);
}

describe('creating a sync job', () => {
  it('201 with what the contract shows', async () => {
    const answer = await server.call('POST', '/v1/sync/jobs', { body: customers });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^job_\d+$/),
      name: 'Customer Data Sync',
      status: 'pending',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('400 for a reference to a secret that is not its own, as for one of the installation', async () => {
    const config = { ...customers.connector.config, headers: { $secret: 'warehouse' } };
    const answer = await server.call('POST', '/v1/sync/jobs', {
      body: named({ connector: { type: 'rest_api', config } }),
    });
    expect([answer.status, details(answer.body)]).toEqual([400, ['connector.config.headers']]);
    const id = await created();
    const changed = await server.call('PUT', `/v1/sync/jobs/${id}`, {
      body: { connector: { type: 'rest_api', config } },
    });
    expect([changed.status, details(changed.body)]).toEqual([400, ['connector.config.headers']]);
  });

  it('seals what signs the URL of a file, and refuses a login in it', async () => {
    const from = (url: string) => ({ connector: { type: 'file', config: { url } } });
    const signed = 'https://a.blob.core.windows.net/b/c.csv?sv=2024-11-04&sig=hunter2';
    const shown = 'https://a.blob.core.windows.net/b/c.csv?sv=2024-11-04&sig=***';
    const id = await created(from(signed));
    const urlOf = async () => (await server.call('GET', `/v1/sync/jobs/${id}`)).body.connector.config.url;
    const change = async (url: string) => {
      const answer = await server.call('PUT', `/v1/sync/jobs/${id}`, { body: from(url) });
      return answer.status === 400 ? details(answer.body) : answer.status;
    };
    expect(await urlOf()).toBe(shown);
    const atRest = await server.store.query('SELECT spec FROM longshore.jobs WHERE id = $1', [id.slice(4)]);
    expect(JSON.stringify(atRest)).not.toContain('hunter2');
    expect(await change(shown)).toBe(200);
    expect(await change('https://a.blob.core.windows.net/b/other.csv?sig=***')).toEqual(['connector.config.url']);
    expect(await change('https://elsewhere.example.com/b/c.csv?sv=2024-11-04&sig=***')).toEqual([
      'connector.config.url',
    ]);
    expect(await urlOf()).toBe(shown);
    expect(await change('https://me:hunter2@a.blob.core.windows.net/b/c.csv')).toEqual(['connector.config.url']);
    expect((await server.call('DELETE', `/v1/sync/jobs/${id}`)).status).toBe(204);
  });

  it('400 in the documented shape for a connector that nobody knows', async () => {
    const answer = await server.call('POST', '/v1/sync/jobs', {
      body: named({ connector: { type: 'ftp', config: {} } }),
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      error: {
        code: 'VALIDATION_ERROR',
        message: 'Invalid request parameters',
        details: [{ field: 'connector.type', message: 'Unsupported connector type' }],
        request_id: expect.stringMatching(/^req_/),
      },
    });
  });

  it.each([
    ['destination.key_columns', { destination: { type: 'database', table: 't', mode: 'upsert' } }],
    ['connector.config.endpoints.0.cursor_field', { sync_mode: 'incremental' }],
    ['destination.schema', { destination: { ...customers.destination, schema: 'longshore' } }],
    ['schedule.expression', { schedule: { type: 'cron', expression: '0 0 31 2 *' } }],
    ['schedule.timezone', { schedule: { type: 'cron', expression: '0 0 * * *', timezone: 'Mars/Olympus' } }],
    ['schedule.seconds', { schedule: { type: 'interval', seconds: 0 } }],
    ['destination.type', { destination: { type: 'tape' } }],
    [
      'connector.config.table',
      { connector: { type: 'database', config: { engine: 'mysql', host: 'h', database: 'd', username: 'u' } } },
    ],
    [
      'connector.config.base_url',
      { connector: { type: 'rest_api', config: { ...customers.connector.config, base_url: 'https://u:p@h/' } } },
    ],
    [
      'connector.config.auth.token',
      {
        connector: {
          type: 'rest_api',
          config: { ...customers.connector.config, auth: { type: 'bearer', token: '***' } },
        },
      },
    ],
    ['transformations.0.type', { transformations: [{ type: 'magic', config: {} }] }],
    ['conflict.strategy', { destination: { type: 'database', table: 't' }, conflict: { strategy: 'manual' } }],
    ['colour', { colour: 'blue' }],
  ])('400 naming %s', async (field, change) => {
    const answer = await server.call('POST', '/v1/sync/jobs', { body: named(change) });
    expect(answer.status).toBe(400);
    expect(details(answer.body)).toContain(field);
  });

  it.each([
    ['connector.type', 'is required', { connector: { config: {} } }],
    ['destination.type', 'must be one of database, file, rest_api, dataset', { destination: { type: 'tape' } }],
    ['transformations.0.type', /^must be one of field_mapping, /, { transformations: [{ type: 'eval', config: {} }] }],
    ['name', 'must not be empty', { name: '' }],
    ['destination.path', /must not have a part \.\.$/, { destination: { type: 'file', path: '../../etc/x.csv' } }],
    ['destination.path', /relative to the export folder/, { destination: { type: 'file', path: '/etc/x.csv' } }],
  ] as const)('400 with the mend: %s %s', async (field, message, change) => {
    const answer = await server.call('POST', '/v1/sync/jobs', { body: named(change) });
    const wanted = typeof message === 'string' ? message : expect.stringMatching(message);
    expect([answer.status, answer.body.error.details]).toEqual([400, [{ field, message: wanted }]]);
  });

  it('409 for a name that is taken', async () => {
    const body = named();
    await server.call('POST', '/v1/sync/jobs', { body });
    expect((await server.call('POST', '/v1/sync/jobs', { body })).status).toBe(409);
  });

  it('403 for who may only read', async () => {
    const token = await server.userToken('user');
    expect((await server.call('POST', '/v1/sync/jobs', { body: named(), token })).status).toBe(403);
  });
});

describe('a stored sync job', () => {
  it('shows its definition and never its secrets', async () => {
    const id = await created();
    const answer = await server.call('GET', `/v1/sync/jobs/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body.connector.config.auth).toEqual({ type: 'bearer', token: '***' });
    expect(answer.body).toMatchObject({
      schedule: customers.schedule,
      destination: customers.destination,
      enabled: true,
    });
    const stored = await server.store.query('SELECT spec::text FROM longshore.jobs');
    expect(JSON.stringify(stored)).not.toContain('the-token');
  });

  it('keeps the secret that is sent back masked, and gives it to no other server', async () => {
    const id = await created();
    const { connector } = (await server.call('GET', `/v1/sync/jobs/${id}`)).body;
    const kept = await server.call('PUT', `/v1/sync/jobs/${id}`, { body: { connector } });
    expect(kept.status).toBe(200);
    const moved = { ...connector, config: { ...connector.config, base_url: 'https://elsewhere.example.com' } };
    const refused = await server.call('PUT', `/v1/sync/jobs/${id}`, { body: { connector: moved } });
    expect(refused.status).toBe(400);
    expect(details(refused.body)).toEqual(['connector.config.auth.token']);
  });

  it('forgets how far it was when it reads or writes something else, and only then', async () => {
    const id = await created();
    const key = async () => {
      const [row] = await server.store.query<{ key: string }>(
        `SELECT spec ->> 'key' AS key FROM longshore.jobs WHERE id = $1`,
        [Number(id.slice(4))],
      );
      return row?.key;
    };
    const first = await key();
    await server.call('PUT', `/v1/sync/jobs/${id}`, { body: { batch_size: 5, transformations: [] } });
    expect(await key()).toBe(first);
    const destination = { ...customers.destination, table: 'others' };
    await server.call('PUT', `/v1/sync/jobs/${id}`, { body: { destination } });
    expect(await key()).toBe(first?.replace(':1', ':2'));
  });

  it('is listed by status and by connector, as the contract shows', async () => {
    const id = await created();
    const answer = await server.call('GET', '/v1/sync/jobs?status=pending&connector_type=rest_api&per_page=100');
    expect(answer.body).toMatchObject({ page: 1, per_page: 100 });
    const item = answer.body.items.find((job: { id: string }) => job.id === id);
    expect(item).toMatchObject({
      connector_type: 'rest_api',
      status: 'pending',
      progress: null,
      records_processed: 0,
      records_total: null,
      started_at: null,
      eta: null,
    });
    const none = await server.call('GET', '/v1/sync/jobs?connector_type=file');
    expect(none.body).toMatchObject({ items: [], total: 0 });
  });

  it('404 for what is no job', async () => {
    for (const id of ['job_999999', 'job_x', 'nonsense', '7']) {
      expect((await server.call('GET', `/v1/sync/jobs/${id}`)).status).toBe(404);
    }
  });
});

describe('controlling a sync job', () => {
  it('starts once, pauses, resumes, cancels, and is deleted when nothing runs', async () => {
    const id = await created();
    const path = `/v1/sync/jobs/${id}`;
    expect((await server.call('POST', `${path}/pause`)).status).toBe(409);
    const started = await server.call('POST', `${path}/start`);
    expect(started.status).toBe(202);
    expect(started.body).toMatchObject({ id, status: 'pending' });
    expect((await server.call('POST', `${path}/start`)).status).toBe(409);
    expect((await server.call('DELETE', path)).status).toBe(409);
    expect((await server.call('POST', `${path}/pause`)).body.status).toBe('paused');
    expect((await server.call('POST', `${path}/resume`)).body.status).toBe('pending');
    expect((await server.call('POST', `${path}/reset`)).status).toBe(409);
    expect((await server.call('POST', `${path}/cancel`)).body.status).toBe('cancelled');
    expect((await server.call('POST', `${path}/reset`)).status).toBe(204);
    const runs = await server.call('GET', `${path}/runs`);
    expect(runs.body.items).toMatchObject([{ job_id: id, status: 'cancelled' }]);
    expect((await server.call('GET', `${path}/logs`)).body).toEqual({ logs: [] });
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', path)).status).toBe(404);
  });

  it('409 to a redrive of nothing', async () => {
    const id = await created();
    expect((await server.call('POST', `/v1/sync/jobs/${id}/quarantine/redrive`)).status).toBe(409);
    expect((await server.call('GET', `/v1/sync/jobs/${id}/quarantine`)).body).toMatchObject({ items: [], total: 0 });
  });
});
