import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/serving.ts';
import { type SyncRunView, SyncStage } from '../support/sync-stage.ts';

/*
 * The data-sync contract's chapters on jobs and on errors, endpoint by endpoint and example by example: a real server, a
 * real worker process, a real paginated service to read from. Its other chapters have files of their own beside this.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const TOKEN = 'xxx';
const CUSTOMERS = 250;
let stage: SyncStage;

beforeAll(async () => {
  stage = await SyncStage.start();
  stage.rest.auth = { type: 'bearer', token: TOKEN };
  stage.rest.manners = { countHeader: true };
  stage.rest.datasets.set('customers', {
    count: CUSTOMERS,
    record: (index) => ({ customer_id: `cust_${index}`, customer_name: `Customer ${index}`, city: '上海 🏮' }),
  });
});

/** The request body of `POST /jobs` as the contract has it; only `base_url` is that of a service which is there. */
function example(change: object = {}) {
  return {
    name: 'Customer Data Sync',
    connector: {
      type: 'rest_api',
      config: {
        base_url: `${stage.rest.url}/offset`,
        auth: {
          type: 'bearer',
          token: TOKEN,
        },
        endpoints: [
          {
            path: '/customers',
            method: 'GET',
            pagination: {
              type: 'offset',
              page_param: 'page',
              limit_param: 'limit',
              limit: 100,
            },
          },
        ],
      },
    },
    schedule: {
      type: 'cron',
      expression: '0 */6 * * *',
    },
    transformations: [
      {
        type: 'field_mapping',
        config: {
          mappings: {
            customer_id: 'id',
            customer_name: 'name',
          },
        },
      },
    ],
    destination: {
      type: 'database',
      table: 'customers',
      mode: 'upsert',
      key_columns: ['id'],
    },
    ...change,
  };
}

let named = 0;
/** A job like the example, with a name and a table of its own. */
function another(change: object = {}) {
  named += 1;
  const destination = { ...example().destination, table: `customers_${named}` };
  return example({ name: `job ${named}`, schedule: { type: 'manual' }, destination, ...change });
}

/** A job that stands in the middle of a run: two pages are read, and the third does not come. */
async function underWay(change: object = {}): Promise<string> {
  const job = await stage.create(another({ batch_size: 100, ...change }));
  const asked = stage.rest.seen.length;
  stage.rest.order('pass', 'pass', 'hang');
  await stage.start(job);
  await stage.until(job, (run) => run.status === 'running' && run.records_processed === 200);
  // Stopped any earlier, it would leave its third page's answer to whoever asks next.
  await stage.rest.asked(asked + 3);
  return job;
}

/** Lets a run be that hangs at its third page. */
async function rest(job: string): Promise<void> {
  await stage.control(job, 'cancel');
  await stage.until(job, (run) => run.finished_at !== null);
}

const get = (path: string) => stage.server.call('GET', `/v1/sync${path}`);
const post = (path: string, body?: unknown) => stage.server.call('POST', `/v1/sync${path}`, { body });

function failure(code: string, field?: string) {
  const details = field === undefined ? [] : [expect.objectContaining({ field, message: expect.any(String) })];
  return { error: { code, message: expect.any(String), details, request_id: expect.stringMatching(/^req_/) } };
}

describe("the contract's own job", () => {
  let job: string;

  test('201 for its request, with its answer', async () => {
    const answer = await post('/jobs', example());
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^job_\d+$/),
      name: 'Customer Data Sync',
      status: 'pending',
      created_at: expect.stringMatching(ISO),
    });
    job = answer.body.id;
    const { next_run_at } = await stage.job(job);
    expect(next_run_at).toMatch(/T(00|06|12|18):00:00Z$/);
  });

  test('runs, and its customers are in `customers`', async () => {
    const started = await stage.control(job, 'start');
    expect([started.status, started.body]).toEqual([
      202,
      { id: job, run_id: expect.stringMatching(/^run_\d+$/), status: 'pending' },
    ]);
    const run = await stage.until(job, ({ finished_at }) => finished_at !== null);
    expect(run).toMatchObject({ status: 'completed', result: { records_read: CUSTOMERS, records_written: CUSTOMERS } });
    const rows = await stage.query<{ id: string; name: string; city: string }>('SELECT * FROM data.customers');
    const wanted = Array.from({ length: CUSTOMERS }, (_, index) => ({
      id: `cust_${index}`,
      name: `Customer ${index}`,
      city: '上海 🏮',
    }));
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(rows.sort(byId)).toEqual(wanted.sort(byId));
    const asked = stage.rest.seen.map(({ url, headers }) => [url, headers.authorization]);
    expect(asked).toEqual([1, 2, 3].map((page) => [`/offset/customers?page=${page}&limit=100`, `Bearer ${TOKEN}`]));
  });

  test('is done once more when its cron says so, and changes what has changed', async () => {
    await stage.query("UPDATE data.customers SET name = 'somebody else' WHERE id = 'cust_7'");
    const changed = await stage.server.call('PUT', `/v1/sync/jobs/${job}`, {
      body: { schedule: { type: 'cron', expression: '* * * * * *' } },
    });
    expect([changed.status, changed.body.schedule]).toEqual([
      200,
      { type: 'cron', expression: '* * * * * *', timezone: 'UTC' },
    ]);
    const done = ({ trigger, finished_at }: SyncRunView) => trigger === 'schedule' && finished_at !== null;
    // The oldest: it may have fired again by now.
    const run = await eventually(async () => (await stage.runs(job)).filter(done).at(-1));
    expect(run).toMatchObject({ status: 'completed', result: { records_read: CUSTOMERS, records_written: 1 } });
    const [row] = await stage.query(
      "SELECT name, (SELECT count(*) FROM data.customers) AS all FROM data.customers WHERE id = 'cust_7'",
    );
    expect(row).toEqual({ name: 'Customer 7', all: CUSTOMERS });
    // Whatever fires in between must not be in the way of the other tests.
    await stage.server.call('PUT', `/v1/sync/jobs/${job}`, { body: { schedule: { type: 'manual' } } });
    await stage.until(job, ({ finished_at }) => finished_at !== null);
  });
});

describe('GET /jobs', () => {
  test('200 with what the contract shows of a job that runs', async () => {
    const job = await underWay();
    const answer = await get('/jobs?status=running&connector_type=rest_api&page=1&per_page=20');
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        items: [
          expect.objectContaining({
            id: job,
            name: expect.any(String),
            connector_type: 'rest_api',
            status: 'running',
            progress: 80,
            records_processed: 200,
            records_total: CUSTOMERS,
            started_at: expect.stringMatching(ISO),
            eta: expect.stringMatching(ISO),
          }),
        ],
        total: 1,
        page: 1,
        per_page: 20,
      },
    ]);
    await rest(job);
  });

  test('200 with 20 a page unless told; a page past the end is empty', async () => {
    const all = (await get('/jobs')).body;
    expect(all).toMatchObject({ page: 1, per_page: 20, total: all.items.length });
    expect((await get('/jobs?page=7&per_page=100')).body).toEqual({
      items: [],
      total: all.total,
      page: 7,
      per_page: 100,
    });
    for (const status of ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled']) {
      const { items } = (await get(`/jobs?status=${status}`)).body;
      expect(items.every((item: { status: string }) => item.status === status)).toBe(true);
    }
    expect((await get('/jobs?connector_type=file')).body.items).toEqual([]);
  });

  test.each(['page=0', 'page=-1', 'page=x', 'per_page=101', 'per_page=0', 'status=asleep', 'connector_type=ftp'])(
    '400 for %s',
    async (query) => {
      const answer = await get(`/jobs?${query}`);
      expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', query.split('=')[0])]);
    },
  );
});

describe('GET, PUT and DELETE /jobs/{job_id}', () => {
  test('200 with the job as it was given; its secrets are not shown', async () => {
    const body = another();
    const job = await stage.create(body);
    const answer = await get(`/jobs/${job}`);
    const { auth: _, ...config } = body.connector.config;
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        id: job,
        name: body.name,
        status: 'pending',
        connector: { type: 'rest_api', config: { ...config, auth: { type: 'bearer', token: '***' } } },
        transformations: body.transformations,
        destination: body.destination,
        schedule: { type: 'manual' },
      },
    ]);
  });

  test('200 for a change, which the next run goes by', async () => {
    const job = await stage.create(another());
    const change = { transformations: [{ type: 'filter', config: { expression: "customer_id = 'cust_3'" } }] };
    const destination = { type: 'database', table: 'chosen' };
    const answer = await stage.server.call('PUT', `/v1/sync/jobs/${job}`, { body: { ...change, destination } });
    expect([answer.status, answer.body.transformations]).toEqual([200, change.transformations]);
    await stage.complete(job);
    expect(await stage.query('SELECT customer_name FROM data.chosen')).toEqual([{ customer_name: 'Customer 3' }]);
  });

  test('204 for a deletion, 409 while it runs; what it has synced stays', async () => {
    const job = await underWay();
    const refused = await stage.server.call('DELETE', `/v1/sync/jobs/${job}`);
    expect([refused.status, refused.body]).toEqual([409, failure('CONFLICT')]);
    const { destination } = await stage.job(job);
    await rest(job);
    expect((await stage.server.call('DELETE', `/v1/sync/jobs/${job}`)).status).toBe(204);
    expect((await get(`/jobs/${job}`)).body).toEqual(failure('NOT_FOUND'));
    const [kept] = await stage.query<{ count: number }>(`SELECT count(*) FROM data.${destination.table}`);
    expect(kept?.count).toBe(200);
  });

  test('404 for a job that nobody has made, on each of its endpoints', async () => {
    const calls = [
      ...['', '/logs', '/runs', '/quarantine'].map((rest) => ['GET', rest] as const),
      ...['start', 'pause', 'resume', 'cancel', 'reset', 'preview'].map((rest) => ['POST', `/${rest}`] as const),
      ['POST', '/quarantine/redrive'] as const,
      ['DELETE', ''] as const,
    ];
    for (const [method, rest] of calls) {
      for (const id of ['job_999999999', 'job_x', '1', 'job_99999999999999999999']) {
        const answer = await stage.server.call(method, `/v1/sync/jobs/${id}${rest}`);
        expect([answer.status, answer.body], `${method} ${id}${rest}`).toEqual([404, failure('NOT_FOUND')]);
      }
    }
  });
});

describe('POST /jobs/{job_id}/start, pause, resume and cancel', () => {
  test('a run is paused at its checkpoint, and goes on from there', async () => {
    const job = await underWay();
    const before = stage.rest.seen.length;
    const paused = await stage.control(job, 'pause');
    expect([paused.status, paused.body]).toMatchObject([202, { id: job, run_id: expect.stringMatching(/^run_/) }]);
    await stage.until(job, ({ status }) => status === 'paused');
    expect((await get(`/jobs/${job}`)).body.status).toBe('paused');
    expect((await stage.control(job, 'start')).body).toEqual(failure('CONFLICT'));
    const resumed = await stage.control(job, 'resume');
    expect([resumed.status, resumed.body.id]).toEqual([202, job]);
    const run = await stage.until(job, ({ finished_at }) => finished_at !== null);
    expect(run).toMatchObject({ status: 'completed', result: { records_read: 250, records_written: 250 } });
    expect(stage.rest.seen.slice(before).map(({ query }) => query.page)).toEqual(['3']);
  });

  test('a run is cancelled, and what it has committed stays', async () => {
    const job = await underWay();
    expect((await stage.control(job, 'cancel')).status).toBe(202);
    const run = await stage.until(job, ({ finished_at }) => finished_at !== null);
    expect(run).toMatchObject({ status: 'cancelled', records_processed: 200 });
    const { destination } = await stage.job(job);
    const [kept] = await stage.query<{ count: number }>(`SELECT count(*) FROM data.${destination.table}`);
    expect(kept?.count).toBe(200);
  });

  test('409 for what is not possible as the job is', async () => {
    const job = await stage.create(another());
    for (const control of ['pause', 'resume', 'cancel'] as const) {
      const answer = await stage.control(job, control);
      expect([answer.status, answer.body], control).toEqual([409, failure('CONFLICT')]);
    }
    const running = await underWay();
    for (const control of ['start', 'resume', 'reset'] as const) {
      const answer = await stage.control(running, control);
      expect([answer.status, answer.body], control).toEqual([409, failure('CONFLICT')]);
    }
    await rest(running);
  });

  test('202 once for a start that is repeated under one Idempotency-Key', async () => {
    const job = await stage.create(another());
    const start = () =>
      stage.server.call('POST', `/v1/sync/jobs/${job}/start`, { headers: { 'Idempotency-Key': `start-${job}` } });
    const first = await start();
    await stage.until(job, ({ finished_at }) => finished_at !== null);
    expect(await start()).toMatchObject({ status: 202, body: first.body });
    expect(await stage.runs(job)).toHaveLength(1);
  });
});

describe('GET /jobs/{job_id}/logs', () => {
  let job: string;
  const logs = async (query = '') => (await get(`/jobs/${job}/logs${query}`)).body.logs;

  beforeAll(async () => {
    job = await stage.create(another());
    stage.rest.order({ status: 503, headers: { 'retry-after': '0' } });
    await stage.complete(job);
  });

  test('200 with lines as the contract shows them, oldest first', async () => {
    const lines: { timestamp: string; level: string; message: string }[] = await logs();
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) {
      expect(line).toEqual({
        timestamp: expect.stringMatching(ISO),
        level: expect.stringMatching(/^(debug|info|warning|error)$/),
        message: expect.any(String),
        metadata: expect.objectContaining({}),
      });
    }
    const times = lines.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(JSON.stringify(lines)).not.toContain(`"${TOKEN}"`);
  });

  test('200 with those of a level and above, of a time, and so many', async () => {
    const all = await logs();
    const warnings = await logs('?level=warning');
    expect(warnings).toEqual(all.filter(({ level }: { level: string }) => level === 'warning' || level === 'error'));
    expect(JSON.stringify(warnings)).toContain('503');
    expect(await logs('?level=error')).toEqual([]);
    expect(await logs('?limit=1')).toEqual(all.slice(-1));
    expect(await logs(`?since=${all.at(-1).timestamp}`)).toContainEqual(all.at(-1));
    expect(await logs('?since=2090-01-01T00:00:00Z')).toEqual([]);
    expect(await logs('?until=2020-01-01T00:00:00Z')).toEqual([]);
  });

  test.each(['level=loud', 'since=yesterday', 'until=x', 'limit=0', 'limit=x'])('400 for %s', async (query) => {
    const answer = await get(`/jobs/${job}/logs?${query}`);
    expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', query.split('=')[0])]);
  });
});

describe('what the README adds to jobs', () => {
  test('GET /jobs/{id}/runs: the newest first, by pages', async () => {
    const job = await stage.create(another());
    const [first, second] = [await stage.complete(job), await stage.complete(job)];
    const answer = await get(`/jobs/${job}/runs?per_page=1`);
    expect(answer.body).toMatchObject({ total: 2, page: 1, per_page: 1, items: [{ id: second.id, job_id: job }] });
    expect((await get(`/jobs/${job}/runs?per_page=1&page=2`)).body.items).toMatchObject([{ id: first.id }]);
  });

  test('POST /jobs/{id}/preview: the first rows before and after, and nothing is written', async () => {
    const body = another();
    const job = await stage.create(body);
    const answer = await post(`/jobs/${job}/preview`, { limit: 2 });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        before: [0, 1].map((n) => ({ customer_id: `cust_${n}`, customer_name: `Customer ${n}`, city: '上海 🏮' })),
        after: [0, 1].map((n) => ({ id: `cust_${n}`, name: `Customer ${n}`, city: '上海 🏮' })),
        rejected: [],
      },
    ]);
    const [found] = await stage.query('SELECT to_regclass($1) AS it', [`data.${body.destination.table}`]);
    expect(found).toEqual({ it: null });
  });

  test('POST /jobs/{id}/reset: the next run begins from the start', async () => {
    const destination = { type: 'database', table: 'reset', mode: 'append' };
    const job = await underWay({ destination });
    await rest(job);
    expect((await stage.control(job, 'reset')).status).toBe(204);
    await stage.complete(job);
    const [row] = await stage.query<{ count: number }>('SELECT count(*) FROM data.reset');
    expect(row?.count).toBe(200 + CUSTOMERS);
  });

  test('GET /jobs/{id}/quarantine and POST …/redrive: what was refused is taken again once the job is mended', async () => {
    const refusing = [
      { type: 'validation', config: { rules: [{ field: 'customer_id', rule: 'pattern', value: '^cust_\\d\\d+$' }] } },
      ...example().transformations,
    ];
    const job = await stage.create(another({ transformations: refusing }));
    expect(await stage.complete(job)).toMatchObject({ result: { records_written: 240, records_rejected: 10 } });
    const { table } = (await stage.job(job)).destination;
    // What a run tells of is worked off beside it, and may be there a moment after its end.
    const refused = await eventually(async () => {
      const { body } = await get(`/jobs/${job}/quarantine`);
      return body.total === 0 ? undefined : body;
    });
    expect(refused).toMatchObject({ total: 10, page: 1, per_page: 20 });
    expect(refused.items).toContainEqual({
      id: expect.any(Number),
      run_id: expect.stringMatching(/^run_/),
      record: 3,
      line: null,
      field: 'customer_id',
      reason: expect.any(String),
      raw: JSON.stringify({ customer_id: 'cust_3', customer_name: 'Customer 3', city: '上海 🏮' }),
      can_be_redriven: true,
      redriven_by: null,
      created_at: expect.stringMatching(ISO),
    });
    const { transformations } = example();
    await stage.server.call('PUT', `/v1/sync/jobs/${job}`, { body: { transformations } });
    const redrive = await post(`/jobs/${job}/quarantine/redrive`);
    expect([redrive.status, redrive.body]).toEqual([202, { run_id: expect.stringMatching(/^run_/), records: 10 }]);
    await stage.until(job, ({ id, finished_at }) => id === redrive.body.run_id && finished_at !== null);
    const [row] = await stage.query<{ count: number }>(`SELECT count(*) FROM data.${table}`);
    expect(row?.count).toBe(CUSTOMERS);
    expect((await post(`/jobs/${job}/quarantine/redrive`)).body).toEqual(failure('CONFLICT'));
  });

  test('schedules of every kind are shown as they were given', async () => {
    const schedules = [
      { type: 'cron', expression: '0 9 * * 1-5', timezone: 'Asia/Shanghai' },
      { type: 'interval', seconds: 3600 },
      { type: 'once', at: '2090-01-01T00:00:00.000Z' },
      { type: 'manual' },
    ];
    for (const schedule of schedules) {
      const job = await stage.create(another({ schedule }));
      expect((await stage.job(job)).schedule).toEqual(schedule);
    }
  });
});

describe('a schedule', () => {
  const scheduled = (job: string) => async () => {
    const done = (await stage.runs(job)).filter(({ trigger, finished_at }) => trigger === 'schedule' && finished_at);
    return done.length === 0 ? undefined : done;
  };

  test('of an interval starts the job again and again', async () => {
    const job = await stage.create(another({ schedule: { type: 'interval', seconds: 1 } }));
    const runs = await eventually(async () => {
      const done = await scheduled(job)();
      return done && done.length >= 2 ? done : undefined;
    });
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['completed']));
    await stage.server.call('PUT', `/v1/sync/jobs/${job}`, { body: { schedule: { type: 'manual' } } });
    expect((await stage.job(job)).next_run_at).toBeNull();
  });

  test('of a single time starts it once, then never again', async () => {
    // Far enough ahead for the job to be there by then; refused when it is not.
    const job = await eventually(() => {
      const at = new Date(Date.now() + 4000).toISOString();
      return stage.create(another({ schedule: { type: 'once', at } }));
    });
    const runs = await eventually(scheduled(job));
    expect(runs).toMatchObject([{ status: 'completed' }]);
    expect((await stage.job(job)).next_run_at).toBeNull();
  });
});

describe('errors', () => {
  test('400 for an unsupported connector, exactly as documented', async () => {
    const answer = await post('/jobs', another({ connector: { type: 'carrier_pigeon', config: {} } }));
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        error: {
          code: 'VALIDATION_ERROR',
          message: 'Invalid request parameters',
          details: [
            {
              field: 'connector.type',
              message: 'Unsupported connector type',
            },
          ],
          request_id: expect.stringMatching(/^req_/),
        },
      },
    ]);
    expect(answer.headers.get('x-request-id')).toBe(answer.body.error.request_id);
  });

  test('every code of the table that a client can cause, with its status', async () => {
    const user = await stage.server.userToken('user');
    const call = (method: string, path: string, options: object) =>
      stage.server.call(method, `/v1/sync${path}`, options);
    const answers = [
      await call('GET', '/jobs', { token: '' }),
      await call('POST', '/jobs', { token: user, body: another() }),
      await call('GET', '/jobs/job_999999999', {}),
      await call('POST', '/jobs', { body: { name: 'nothing else' } }),
      await call('POST', '/jobs', { body: example() }),
      await call('POST', '/jobs', { body: '{"name": ' }),
    ];
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([
      [401, 'UNAUTHORIZED'],
      [403, 'FORBIDDEN'],
      [404, 'NOT_FOUND'],
      [400, 'VALIDATION_ERROR'],
      [409, 'CONFLICT'],
      [400, 'VALIDATION_ERROR'],
    ]);
    for (const { body } of answers) {
      expect(body).toEqual({
        error: {
          code: expect.any(String),
          message: expect.any(String),
          details: expect.any(Array),
          request_id: expect.stringMatching(/^req_/),
        },
      });
    }
  });

  test('a job is another user’s to see only if they may read syncs', async () => {
    const key = await stage.server.apiKey('sync:read');
    const asKey = { token: '', headers: { 'X-API-Key': key } };
    expect((await stage.server.call('GET', '/v1/sync/jobs', asKey)).status).toBe(200);
    const written = await stage.server.call('POST', '/v1/sync/jobs', { ...asKey, body: another() });
    expect([written.status, written.body]).toEqual([403, failure('FORBIDDEN')]);
  });
});
