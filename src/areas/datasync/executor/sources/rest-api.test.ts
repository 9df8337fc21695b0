import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSource, readingText, type SourceRecord } from '../../../../../test/conformance/source.ts';
import { RestServer, type TestRecord } from '../../../../../test/support/rest-server.ts';
import { createOutbound } from '../../../../connections/outbound.ts';
import { AttemptAborted, type Json } from '../../../../protocol/executor.ts';
import type { Batch, Source } from '../pipeline/contracts.ts';
import type { RestConfig } from '../spec/rest.ts';
import { type RestSourceOptions, restSource } from './rest-api.ts';

type Endpoint = RestConfig['endpoints'][number];
type Pagination = NonNullable<Endpoint['pagination']>;

const outbound = createOutbound({ allowPrivate: true });
const never = new AbortController().signal;
let server: RestServer;
let log: string[];
let open: Source[];

beforeEach(async () => {
  server = await RestServer.start();
  log = [];
  open = [];
});
afterEach(async () => {
  for (const source of open) await source.close();
  await server.close();
});

const AT_ONCE = { 'retry-after': '0' };
const customer = (index: number): TestRecord => ({ id: index + 1, name: `客户 ${index + 1} 🚢` });

function hold(count: number, record = customer): void {
  server.datasets.set('customers', { count, record });
}

function source(endpoint: Partial<Endpoint> & Pick<Endpoint, 'path'>, change: Partial<RestSourceOptions> = {}): Source {
  const config: RestConfig = { base_url: server.url, max_retries: 3, endpoints: [endpoint] };
  const made = restSource({
    config,
    outbound,
    batchSize: 100,
    incremental: false,
    signal: never,
    log: (level, message) => log.push(`${level} ${message}`),
    ...change,
  });
  open.push(made);
  return made;
}

const OFFSET: Pagination = { type: 'offset', limit: 10 };
const PAGE: Pagination = { type: 'page', limit: 10 };
const CURSOR: Pagination = { type: 'cursor', limit_param: 'limit', limit: 10 };
const LINK: Pagination = { type: 'link', limit_param: 'limit', limit: 10 };
const paged = (pagination: Pagination) => ({ path: `/${pagination.type}/customers`, pagination });

interface Run {
  readonly batches: Batch[];
  readonly ids: unknown[];
  readonly cursor: Json | undefined;
}

async function drain(from: Source, position?: Json, cursor?: Json): Promise<Run> {
  const batches: Batch[] = [];
  const reading = from.read({ position, cursor });
  for (;;) {
    const next = await reading.next();
    if (next.done) return { batches, ids: batches.flatMap(({ rows }) => rows.map(({ id }) => id)), cursor: next.value };
    batches.push(next.value);
  }
}

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);
const asked = (name: string) => server.seen.map(({ query }) => query[name]);
const refused = (message: string | RegExp) => ({
  retryable: false,
  message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
});

for (const [pagination, form] of [OFFSET, PAGE, CURSOR, LINK].flatMap((each) => [
  [each, 'rows'] as const,
  [each, 'text'] as const,
])) {
  describeSource(`rest_api, pagination by ${pagination.type}, ${form}`, async () => {
    let records: readonly SourceRecord[] = [];
    const service = await RestServer.start();
    service.manners = {
      countHeader: true,
      envelope: (page, { next }) => ({ data: page, next_cursor: next }),
    };
    return {
      incremental: true,
      tells: 'total',
      fill: async (given) => {
        records = given;
        service.datasets.set('customers', { count: given.length, record: (index) => ({ ...records[index] }) });
      },
      open: (options) => {
        const config = { base_url: service.url, endpoints: [{ ...paged(pagination), cursor_field: 'version' }] };
        const made = restSource({ config, outbound, log: () => {}, ...options });
        return form === 'text' ? readingText(made) : made;
      },
    };
  });
}

describe('pages', () => {
  it("are counted from 1 with the contract's own example", async () => {
    hold(250);
    server.auth = { type: 'bearer', token: 'xxx' };
    const config: RestConfig = {
      base_url: `${server.url}/offset`,
      auth: { type: 'bearer', token: 'xxx' },
      endpoints: [
        {
          path: '/customers',
          method: 'GET',
          pagination: { type: 'offset', page_param: 'page', limit_param: 'limit', limit: 100 },
        },
      ],
    };
    expect((await drain(source({ path: '' }, { config }))).ids).toEqual(upTo(250));
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/offset/customers?page=1&limit=100',
      '/offset/customers?page=2&limit=100',
      '/offset/customers?page=3&limit=100',
    ]);
  });

  it('are in positions as what can be kept, and nothing of their records', async () => {
    hold(25);
    const { batches } = await drain(source(paged(OFFSET), { batchSize: 10 }));
    for (const { position } of batches) {
      const { page } = position as { page: object | null };
      const values = Object.values(Object.getOwnPropertyDescriptors(page ?? {})).map((property) => property.value);
      expect(values.every((value) => value === null || ['string', 'number', 'boolean'].includes(typeof value))).toBe(
        true,
      );
      expect(position).toEqual(JSON.parse(JSON.stringify(position)));
    }
    expect(batches[0]?.position).toMatchObject({ page: { digest: expect.any(String) } });
  });

  it.each([
    [OFFSET, 'offset', ['0', '10', '20']],
    [PAGE, 'page', ['1', '2', '3']],
    [CURSOR, 'cursor', [undefined, '10', '20']],
    [LINK, 'after', [undefined, '10', '20']],
  ] as const)('by %j ask for nothing in vain', async (pagination, parameter, values) => {
    hold(25);
    expect((await drain(source(paged(pagination)))).ids).toEqual(upTo(25));
    expect(asked(parameter)).toEqual(values);
    expect(asked('limit')).toEqual(['10', '10', '10']);
  });

  it('may begin at another number', async () => {
    hold(25);
    const { ids } = await drain(source(paged({ ...PAGE, type: 'page', start_page: 2 })));
    expect(ids).toEqual(upTo(15, 11));
  });

  it('end with an empty one, or a 404, when the last was full', async () => {
    hold(20);
    expect((await drain(source(paged(OFFSET)))).ids).toEqual(upTo(20));
    server.manners = { pastEnd: { status: 404, body: { detail: 'Invalid page.' } } };
    expect((await drain(source(paged(PAGE)))).ids).toEqual(upTo(20));
    expect(asked('offset')).toEqual(['0', '10', '20', undefined, undefined, undefined]);
  });

  it('end when the server says that they are all', async () => {
    hold(7);
    server.manners = { envelope: (records, { total }) => ({ items: records, meta: { total } }) };
    expect((await drain(source(paged(PAGE)))).ids).toEqual(upTo(7));
    expect(server.seen).toHaveLength(1);
  });

  it('are as large as the server wants, and none is missed for that', async () => {
    hold(25);
    server.manners = { largestPage: 4 };
    for (const pagination of [OFFSET, PAGE]) {
      expect((await drain(source(paged(pagination)))).ids).toEqual(upTo(25));
    }
    server.manners = { largestPage: 4, pastEnd: { status: 400 } };
    hold(8);
    expect((await drain(source(paged(OFFSET)))).ids).toEqual(upTo(8));
  });

  it('that are missing though the server has told more are an error', async () => {
    hold(30);
    server.manners = { countHeader: true };
    server.order('pass', { status: 404, body: 'gone' });
    await expect(drain(source(paged(PAGE)))).rejects.toMatchObject(refused('answered 404 Not Found: gone'));
  });

  it('of a POST are asked for in its body, also deep within', async () => {
    hold(25);
    const search = { ...paged(PAGE), method: 'POST', body: { query: { active: true } } } as const;
    expect((await drain(source(search))).ids).toEqual(upTo(25));
    expect(JSON.parse(server.seen[1]?.body ?? '')).toEqual({ query: { active: true }, page: 2, limit: 10 });
    const graphql = { type: 'cursor', cursor_param: '/variables/after', limit_param: '/variables/first' } as const;
    server.order({ body: { data: [{ id: 1 }], cursor: 'x' } }, { body: { data: [{ id: 2 }] } });
    const nested = { path: '/graphql', method: 'POST', body: { query: '{…}', variables: { a: 1 } } } as const;
    expect((await drain(source({ ...nested, pagination: graphql }))).ids).toEqual([1, 2]);
    expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toEqual({
      query: '{…}',
      variables: { a: 1, first: 100, after: 'x' },
    });
  });

  it('are asked for with the parameters and headers of their endpoint', async () => {
    hold(3);
    const config: RestConfig = {
      base_url: `${server.url}/all/?v=1&lang=zh`,
      headers: { 'X-A': 'all', 'X-B': 'all' },
      endpoints: [{ path: 'customers?lang=en', params: { 名: '中 文' }, headers: { 'x-b': 'own' } }],
    };
    expect((await drain(source({ path: '' }, { config }))).ids).toEqual([1, 2, 3]);
    expect(server.seen[0]).toMatchObject({
      path: '/all/customers',
      query: { v: '1', lang: 'en', 名: '中 文' },
      headers: { 'x-a': 'all', 'x-b': 'own' },
    });
  });

  it('of several endpoints come one after the other', async () => {
    hold(15);
    server.datasets.set('orders', { count: 12, record: (index) => ({ id: `order ${index}` }) });
    const config: RestConfig = {
      base_url: server.url,
      endpoints: [paged(OFFSET), { path: '/ndjson/orders' }],
    };
    const whole = await drain(source({ path: '' }, { config, batchSize: 4 }));
    expect(whole.ids).toEqual([...upTo(15), ...Array.from({ length: 12 }, (_, index) => `order ${index}`)]);
    expect(whole.batches.flatMap(({ ordinals }) => ordinals)).toEqual(upTo(27, 0));
    for (const [index, { position }] of whole.batches.entries()) {
      const rest = await drain(source({ path: '' }, { config, batchSize: 4 }), position);
      expect(rest.ids).toEqual(whole.batches.slice(index + 1).flatMap(({ rows }) => rows.map(({ id }) => id)));
    }
  });
});

describe('links', () => {
  it('to another origin are followed without credentials', async () => {
    const other = await RestServer.start();
    try {
      hold(3);
      other.datasets.set('customers', { count: 2, record: (index) => ({ id: index + 4 }) });
      server.auth = { type: 'api_key', in: 'query', name: 'key', value: 'secret-key' };
      const away = { link: `<${other.url}/all/customers>; rel="next"`, 'content-type': 'text/plain' };
      server.order('pass', { headers: away, body: [{ id: 3.5 }] });
      const config: RestConfig = {
        base_url: server.url,
        auth: { type: 'api_key', in: 'query', name: 'key', value: 'secret-key' },
        headers: { 'X-Tenant': '7' },
        endpoints: [paged({ type: 'link', limit_param: 'limit', limit: 2 })],
      };
      expect((await drain(source({ path: '' }, { config }))).ids).toEqual([1, 2, 3.5, 4, 5]);
      expect(server.seen[1]?.query).toEqual({ after: '2', limit: '2', key: 'secret-key' });
      expect(server.seen[1]?.headers).toMatchObject({ 'x-tenant': '7' });
      expect(other.seen[0]?.query).toEqual({});
      expect(other.seen[0]?.headers).not.toHaveProperty('x-tenant');
    } finally {
      await other.close();
    }
  });

  it('are kept without the key that servers repeat in them', async () => {
    hold(3);
    const link = `<${server.url}/link/customers?after=1&key=secret-key>; rel=next`;
    server.order({ headers: { link }, body: [{ id: 1 }] });
    const config: RestConfig = {
      base_url: server.url,
      auth: { type: 'api_key', in: 'query', name: 'key', value: 'secret-key' },
      endpoints: [paged(LINK)],
    };
    const { batches, ids } = await drain(source({ path: '' }, { config, batchSize: 1 }));
    expect(ids).toEqual([1, 2, 3]);
    expect(JSON.stringify(batches)).not.toContain('secret-key');
    expect(server.seen[1]?.query.key).toBe('secret-key');
  });
});

describe('a cursor', () => {
  it.each(['rows', 'text'])('may stand within the records, which come as %s', async (form) => {
    const page = (...ids: number[]) => ({ body: { items: ids.map((id) => ({ id })) } });
    server.order(page(1, 2), page(3, 4), page(5));
    const made = source({
      path: '/any',
      record_path: '/items',
      pagination: { type: 'cursor', cursor_path: '/items/1/id' },
    });
    const { ids } = await drain(form === 'text' ? readingText(made) : made);
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    expect(server.seen.map(({ query }) => query.cursor)).toEqual([undefined, '2', '4']);
  });
});

describe('a server that leads in circles is found out', () => {
  it.each([CURSOR, LINK])('by %j, when it comes back to where it was', async (pagination) => {
    hold(25);
    server.manners = { cyclic: true };
    await expect(drain(source(paged(pagination)))).rejects.toMatchObject(
      // The first of the two visits was made without a cursor, so its content tells.
      refused(/^page \d of GET .*(was read before|is the page before once more)/),
    );
    expect(server.seen.length).toBeLessThan(8);
  });

  it('when its cursor does not move', async () => {
    const page = (id: number) => ({ body: { data: [{ id }], next_cursor: 'same' } });
    server.order(page(1), page(2), page(3));
    await expect(drain(source(paged(CURSOR)))).rejects.toMatchObject(
      refused('page 3 of GET /cursor/customers was read before: the server leads back to "same"'),
    );
  });

  it.each([OFFSET, PAGE])('by %j, when every page is the first', async (pagination) => {
    hold(25);
    server.manners = { ignoresPages: true, envelope: (data) => ({ data, request: server.seen.length }) };
    await expect(drain(source(paged(pagination)))).rejects.toMatchObject(
      refused(/^page 2 of GET .* is the page before once more \(10 records\)/),
    );
  });

  it('but a short page that comes again was all there is, and is taken once', async () => {
    hold(7);
    server.manners = { ignoresPages: true };
    const { ids, batches } = await drain(source(paged(OFFSET), { batchSize: 7 }));
    expect(ids).toEqual(upTo(7));
    expect(log.join()).toContain('had 7 records and not 10: taken as all there is');
    expect((await drain(source(paged(OFFSET)), batches[0]?.position)).ids).toEqual([]);
  });

  it('unless the server says there is more', async () => {
    hold(25);
    server.manners = { ignoresPages: true, largestPage: 5, countHeader: true };
    await expect(drain(source(paged(OFFSET)))).rejects.toMatchObject(refused('page 2 of GET'));
  });

  it('when its pages have no end', async () => {
    hold(1_000_000);
    const few: Pagination = { type: 'page', limit: 10, max_pages: 5 };
    const run = drain(source(paged(few), { batchSize: 10 }));
    await expect(run).rejects.toMatchObject(refused('GET /page/customers has more than 5 pages'));
    expect(server.seen).toHaveLength(5);
  });

  it('when it promises more for ever', async () => {
    const empty = (cursor: number) => ({ body: { data: [], next_cursor: cursor } });
    server.order({ body: { data: [{ id: 1 }], next_cursor: 0 } }, ...upTo(30).map(empty));
    expect((await drain(source(paged(CURSOR)))).ids).toEqual([1]);
    expect(server.seen).toHaveLength(21);
    expect(log.join()).toContain('20 pages without records');
  });

  it('while empty pages in between are passed', async () => {
    server.order(
      { body: { data: [], next_cursor: 'a' } },
      { body: { data: [{ id: 1 }], next_cursor: 'b' } },
      { body: { data: [], next_cursor: 'c' } },
      { body: { data: [{ id: 2 }], next_cursor: 'd', has_more: false } },
    );
    expect((await drain(source(paged(CURSOR)))).ids).toEqual([1, 2]);
  });
});

describe('what a server sends instead of records', () => {
  const answers = async (answer: Parameters<RestServer['order']>[0], endpoint: Partial<Endpoint> = {}) => {
    server.order(answer);
    return await drain(source({ path: '/all/customers', ...endpoint }));
  };

  it.each([
    [
      { body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } },
      'is not JSON (content type text/html), it begins: <html>Sign in</html>',
    ],
    [
      { body: Buffer.from([0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d]) },
      'the answer to GET /all/customers is not valid UTF-8',
    ],
    [{ body: `[${'{"a":'.repeat(250)}1${'}'.repeat(250)}]` }, 'nested deeper than 200 levels'],
    [{ status: 401, body: 'no' }, 'answered 401 Unauthorized; check auth: no'],
    [{ status: 403 }, 'answered 403 Forbidden; check auth: (nothing)'],
    [{ status: 404, body: 'no' }, 'answered 404 Not Found: no'],
    [{ body: { error: 'quota' } }, 'has no list of records'],
    [{ status: 304 }, 'answered 304 Not Modified'],
  ])('%j ends the run', async (answer, message) => {
    await expect(answers(answer)).rejects.toMatchObject(refused(message));
  });

  it('does not show the secrets that it repeats', async () => {
    server.auth = { type: 'bearer', token: 'right' };
    const config: RestConfig = {
      base_url: server.url,
      auth: { type: 'bearer', token: 'wrong-but-secret' },
      endpoints: [{ path: '/all/customers' }],
    };
    const run = drain(source({ path: '' }, { config }));
    await expect(run).rejects.toMatchObject(refused('"Bearer ***"'));
    await run.catch((error: Error) => expect(error.message).not.toContain('wrong-but-secret'));
  });

  it('refuses a page that is too large', async () => {
    const run = answers({ body: Buffer.alloc(50 * 1024 * 1024 + 1, 0x20) });
    await expect(run).rejects.toMatchObject(refused('is larger than 50 MB; ask for fewer records a page'));
  });

  it('puts aside what is no record, and reads on', async () => {
    const { batches, ids } = await answers({ body: [{ id: 1 }, null, [2], 'three', { id: 4 }] });
    expect(ids).toEqual([1, 4]);
    expect(batches[0]?.ordinals).toEqual([0, 4]);
    expect(batches[0]?.rejects).toEqual([
      { ordinal: 1, reason: 'the record is no object', raw: 'null' },
      { ordinal: 2, reason: 'the record is no object', raw: '[2]' },
      { ordinal: 3, reason: 'the record is no object', raw: '"three"' },
    ]);
    const lines = await answers({ body: '{"id":1}\n{"id":\n', headers: { 'content-type': 'application/x-ndjson' } });
    expect(lines.batches[0]?.rejects).toEqual([{ ordinal: 1, line: 2, reason: 'the line is no JSON', raw: '{"id":' }]);
  });

  it('keeps values as they came', async () => {
    const record = '{"id":9007199254740993,"名":"𝕏 中文","nested":{"a":[1,null]},"__proto__":{"x":1}}';
    const { batches } = await answers({ body: `[${record}]` });
    const [row] = batches[0]?.rows ?? [];
    expect(row).toMatchObject({ id: 9007199254740993n, 名: '𝕏 中文', nested: { a: [1, null] } });
    expect(Object.keys(row ?? {})).toContain('__proto__');
  });

  it('refuses cursors that are none, and NDJSON where a cursor should be', async () => {
    const cursor = { pagination: CURSOR };
    await expect(answers({ body: { data: [{ id: 1 }], next_cursor: { a: 1 } } }, cursor)).rejects.toMatchObject(
      refused('the cursor at /next_cursor is neither text nor a number'),
    );
    hold(3);
    await expect(drain(source({ path: '/ndjson/customers', ...cursor }))).rejects.toMatchObject(
      refused('use pagination.type link'),
    );
  });
});

describe('a total', () => {
  const total = (endpoint: Partial<Endpoint>, position?: Json) =>
    source({ path: '/offset/customers', pagination: OFFSET, ...endpoint }).total?.({ position, cursor: undefined });

  it('is told by the header, by total_path or where totals usually stand', async () => {
    hold(25);
    expect(await total({})).toBeUndefined();
    server.manners = { countHeader: true };
    expect(await total({})).toBe(25);
    server.manners = { envelope: (data, { total }) => ({ data, page: { all: String(total) }, total: 7 }) };
    expect(await total({ total_path: '/page/all' })).toBe(25);
    expect(await total({})).toBe(7);
  });

  it('costs no request more', async () => {
    hold(25);
    server.manners = { countHeader: true };
    const from = source(paged(OFFSET));
    await from.total?.({ position: undefined, cursor: undefined });
    expect((await drain(from)).ids).toEqual(upTo(25));
    expect(asked('offset')).toEqual(['0', '10', '20']);
  });

  it('is not known where records are left out here', async () => {
    hold(25);
    server.manners = { countHeader: true };
    const since = { position: undefined, cursor: { 'GET /offset/customers id': 5 } };
    const left = source({ ...paged(OFFSET), cursor_field: 'id' }, { incremental: true });
    expect(await left.total?.(since)).toBeUndefined();
    const told = source({ ...paged(OFFSET), cursor_field: 'id', cursor_param: 'since' }, { incremental: true });
    expect(await told.total?.(since)).toBe(25);
  });
});

describe('an incremental run', () => {
  const since = { path: '/offset/customers', pagination: OFFSET, cursor_field: 'id', cursor_param: 'since' };
  /** The cursor of an endpoint whose highest value one record has. */
  const reached = (value: Json) => ({ value, seen: [expect.any(String)] });

  it('asks the server for what is new, and leaves out what is not', async () => {
    hold(25);
    const first = await drain(source(since, { incremental: true }));
    expect(first.cursor).toEqual({ 'GET /offset/customers id': reached(25) });
    expect(asked('since')).toEqual([undefined, undefined, undefined]);
    hold(28);
    const second = await drain(source(since, { incremental: true }), undefined, first.cursor);
    expect(asked('since').slice(3)).toEqual(['25', '25', '25']);
    expect(second.ids).toEqual([26, 27, 28]);
    expect(second.batches.flatMap(({ ordinals }) => ordinals)).toEqual([0, 1, 2]);
    expect(second.cursor).toEqual({ 'GET /offset/customers id': reached(28) });
  });

  it('keeps what it had reached when it goes on, and when there is nothing', async () => {
    hold(25, (index) => ({ id: 25 - index }));
    const { batches } = await drain(source(since, { incremental: true, batchSize: 10 }));
    const rest = await drain(source(since, { incremental: true }), batches[1]?.position);
    expect(rest.ids).toEqual([5, 4, 3, 2, 1]);
    expect(rest.cursor).toEqual({ 'GET /offset/customers id': reached(25) });
    hold(0);
    expect((await drain(source(since, { incremental: true }), undefined, rest.cursor)).cursor).toEqual(rest.cursor);
  });

  it('keeps the cursors of endpoints apart', async () => {
    hold(5);
    server.datasets.set('orders', { count: 3, record: (index) => ({ id: index, at: `2024-01-0${index + 1}` }) });
    const endpoints = [
      { path: '/all/customers', cursor_field: 'id' },
      { path: '/all/orders', cursor_field: '/at' },
      { path: '/all/customers', cursor_field: 'id', params: { kind: 'b' } },
      { path: '/all/orders' },
    ];
    const config: RestConfig = { base_url: server.url, endpoints };
    expect((await drain(source({ path: '' }, { config, incremental: true }))).cursor).toEqual({
      'GET /all/customers id': reached(5),
      'GET /all/orders /at': reached('2024-01-03'),
      'GET /all/customers id #2': reached(5),
    });
  });

  it('says so when too many records share the highest value to tell them when they come again', async () => {
    hold(10_001, (index) => ({ id: index, day: '2024-01-01' }));
    const logs: string[] = [];
    const config: RestConfig = { base_url: server.url, endpoints: [{ path: '/all/customers', cursor_field: 'day' }] };
    const log = (level: string, message: string) => void logs.push(`${level}: ${message}`);
    const first = await drain(source({ path: '' }, { config, incremental: true, log }));
    expect(logs).toEqual([expect.stringMatching(/^warning: GET \/all\/customers day: .*upsert/)]);
    const again = await drain(source({ path: '' }, { config, incremental: true }), undefined, first.cursor);
    expect(again.ids).toHaveLength(10_001);
  });

  it('needs a cursor field', async () => {
    await expect(drain(source(paged(OFFSET), { incremental: true }))).rejects.toMatchObject(refused('cursor_field'));
  });
});

describe('an attempt', () => {
  it('hands on what it has read when the server wants a long pause; the next goes on there', async () => {
    hold(35);
    server.order('pass', 'pass', { status: 429, headers: { 'retry-after': '3600' } });
    const reading = source(paged(OFFSET)).read({ position: undefined, cursor: undefined });
    const first = await reading.next();
    if (first.done) throw new Error('nothing came');
    expect(first.value.rows).toHaveLength(20);
    await expect(reading.next()).rejects.toMatchObject({ retryable: true, retryAfterMs: 3_600_000 });
    const rest = await drain(source(paged(OFFSET)), first.value.position);
    expect(rest.ids).toEqual(upTo(15, 21));
    expect(asked('offset').slice(3)).toEqual(['20', '30']);
  });

  it('outlives failures on the way', async () => {
    hold(35);
    const busy = { status: 503, headers: AT_ONCE };
    server.order('pass', busy, 'cut', 'pass', busy, 'cut-body', 'pass');
    expect((await drain(source(paged(OFFSET)))).ids).toEqual(upTo(35));
  });

  it('reads on while its batch is being written', async () => {
    hold(100);
    const reading = source(paged(OFFSET), { batchSize: 10 }).read({ position: undefined, cursor: undefined });
    await reading.next();
    // Nobody asks for the next batch; its page is asked for all the same, and no more than that.
    await server.asked(2);
    expect((await reading.next()).value).toMatchObject({ rows: upTo(10, 11).map((id) => customer(id - 1)) });
    await reading.return(undefined);
    expect(server.seen.length).toBeLessThanOrEqual(4);
  });

  it('ends at once when it is cancelled, whatever is on the way', async () => {
    hold(100);
    const abort = new AbortController();
    server.order('pass', 'hang');
    const run = drain(source(paged(OFFSET), { signal: abort.signal }));
    await server.asked(2);
    abort.abort(new AttemptAborted('cancel'));
    await expect(run).rejects.toMatchObject({ name: 'AttemptAborted', reason: 'cancel' });
  });

  it('refuses a position that is none', async () => {
    await expect(drain(source(paged(OFFSET)), { what: 'ever' })).rejects.toMatchObject(refused('reset the job'));
  });

  it('keeps to the rate limit', async () => {
    hold(30);
    const config: RestConfig = { base_url: server.url, rate_limit: 50, endpoints: [paged(OFFSET)] };
    const startedAt = performance.now();
    await drain(source({ path: '' }, { config }));
    // Four requests: three distances of 20 ms. How much longer it takes says nothing.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(58);
  });
});

/** Bytes that are in use once what is not has been collected. */
describe('shares of the pages', () => {
  const shares = (count: number, change: (index: number) => Source) =>
    Promise.all(Array.from({ length: count }, (_, index) => drain(change(index))));
  const share = (pagination: Pagination, index: number, count = 3) =>
    source(paged(pagination), { share: { index, count } });
  const idsOf = (runs: readonly Run[]) => runs.flatMap(({ ids }) => ids as number[]).toSorted((a, b) => a - b);

  for (const pagination of [OFFSET, PAGE]) {
    it.each([0, 1, 9, 10, 11, 29, 30, 31, 95, 100])(
      `by ${pagination.type} hold all of %i records once`,
      async (count) => {
        hold(count);
        const runs = await shares(3, (index) => share(pagination, index));
        expect(idsOf(runs)).toEqual(upTo(count));
      },
    );

    it(`by ${pagination.type} hold all where pages are smaller than was asked for`, async () => {
      hold(50);
      server.manners = { largestPage: 7 };
      expect(idsOf(await shares(4, (index) => share(pagination, index, 4)))).toEqual(upTo(50));
    });

    it(`by ${pagination.type} end where the server says that there is no such page`, async () => {
      hold(40);
      server.manners = { pastEnd: { status: 404, body: {} } };
      expect(idsOf(await shares(3, (index) => share(pagination, index)))).toEqual(upTo(40));
      server.manners = { pastEnd: { status: 400, body: {} }, countHeader: true };
      expect(idsOf(await shares(3, (index) => share(pagination, index)))).toEqual(upTo(40));
    });

    it(`by ${pagination.type} go on from a position`, async () => {
      hold(100);
      const { batches, ids } = await drain(source(paged(pagination), { share: { index: 1, count: 2 }, batchSize: 7 }));
      expect(ids).toHaveLength(50);
      for (const [at, { position }] of batches.entries()) {
        const rest = await drain(share(pagination, 1, 2), position);
        expect(rest.ids).toEqual(batches.slice(at + 1).flatMap(({ rows }) => rows.map(({ id }) => id)));
      }
    });
  }

  it('read only their own pages, and the first', async () => {
    hold(90);
    await drain(share(PAGE, 2));
    expect(asked('page')).toEqual(['1', '3', '6', '9', '12']);
  });

  it('read nothing twice from a server that does not know pages', async () => {
    hold(8);
    server.manners = { ignoresPages: true };
    expect(idsOf(await shares(3, (index) => share(PAGE, index)))).toEqual(upTo(8));
    hold(50);
    await expect(drain(share(PAGE, 1))).rejects.toMatchObject(refused('is the page before once more'));
  });
});

function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

it('holds no more of 200,000 records than of 20,000', async () => {
  hold(200_000, (index) => ({ ...customer(index), note: `${index} `.repeat(20) }));
  const thousand: Pagination = { type: 'offset', limit: 1000 };
  const heap: number[] = [];
  let count = 0;
  for await (const { rows } of source(paged(thousand), { batchSize: 5000 }).read({
    position: undefined,
    cursor: undefined,
  })) {
    count += rows.length;
    if (count % 20_000 === 0) heap.push(heapInUse());
    // What the server remembers of requests is not what is measured.
    server.seen.length = 0;
  }
  expect(count).toBe(200_000);
  const [early = 0] = heap;
  // The records would be 60 MB; what differs is what happens to be read ahead.
  expect((heap.at(-1) ?? 0) - early).toBeLessThan(20 * 1024 * 1024);
});
