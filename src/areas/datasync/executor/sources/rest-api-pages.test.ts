import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readingText } from '../../../../../test/conformance/source.ts';
import { RestServer } from '../../../../../test/support/rest-server.ts';
import type { RestConfig } from '../spec/rest.ts';
import {
  CURSOR,
  drain,
  LINK,
  OFFSET,
  PAGE,
  type Pagination,
  paged,
  RestStage,
  refused,
  upTo,
} from './rest-api.fixture.ts';

const stage = new RestStage();
beforeEach(() => stage.start());
afterEach(() => stage.close());

describe('pages', () => {
  it("are counted from 1 with the contract's own example", async () => {
    stage.hold(250);
    stage.server.auth = { type: 'bearer', token: 'xxx' };
    const config: RestConfig = {
      base_url: `${stage.server.url}/offset`,
      auth: { type: 'bearer', token: 'xxx' },
      endpoints: [
        {
          path: '/customers',
          method: 'GET',
          pagination: { type: 'offset', page_param: 'page', limit_param: 'limit', limit: 100 },
        },
      ],
    };
    expect((await drain(stage.source({ path: '' }, { config }))).ids).toEqual(upTo(250));
    expect(stage.server.seen.map(({ url }) => url)).toEqual([
      '/offset/customers?page=1&limit=100',
      '/offset/customers?page=2&limit=100',
      '/offset/customers?page=3&limit=100',
    ]);
  });

  it('are in positions as what can be kept, and nothing of their records', async () => {
    stage.hold(25);
    const { batches } = await drain(stage.source(paged(OFFSET), { batchSize: 10 }));
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
    stage.hold(25);
    expect((await drain(stage.source(paged(pagination)))).ids).toEqual(upTo(25));
    expect(stage.asked(parameter)).toEqual(values);
    expect(stage.asked('limit')).toEqual(['10', '10', '10']);
  });

  it('may begin at another number', async () => {
    stage.hold(25);
    const { ids } = await drain(stage.source(paged({ ...PAGE, type: 'page', start_page: 2 })));
    expect(ids).toEqual(upTo(15, 11));
  });

  it('end with an empty one, or a 404, when the last was full', async () => {
    stage.hold(20);
    expect((await drain(stage.source(paged(OFFSET)))).ids).toEqual(upTo(20));
    stage.server.manners = { pastEnd: { status: 404, body: { detail: 'Invalid page.' } } };
    expect((await drain(stage.source(paged(PAGE)))).ids).toEqual(upTo(20));
    expect(stage.asked('offset')).toEqual(['0', '10', '20', undefined, undefined, undefined]);
  });

  it('end when the server says that they are all', async () => {
    stage.hold(7);
    stage.server.manners = { envelope: (records, { total }) => ({ items: records, meta: { total } }) };
    expect((await drain(stage.source(paged(PAGE)))).ids).toEqual(upTo(7));
    expect(stage.server.seen).toHaveLength(1);
  });

  it('are as large as the server wants, and none is missed for that', async () => {
    stage.hold(25);
    stage.server.manners = { largestPage: 4 };
    for (const pagination of [OFFSET, PAGE]) {
      expect((await drain(stage.source(paged(pagination)))).ids).toEqual(upTo(25));
    }
    stage.server.manners = { largestPage: 4, pastEnd: { status: 400 } };
    stage.hold(8);
    expect((await drain(stage.source(paged(OFFSET)))).ids).toEqual(upTo(8));
  });

  it('that are missing though the server has told more are an error', async () => {
    stage.hold(30);
    stage.server.manners = { countHeader: true };
    stage.server.order('pass', { status: 404, body: 'gone' });
    await expect(drain(stage.source(paged(PAGE)))).rejects.toMatchObject(refused('answered 404 Not Found: gone'));
  });

  it('of a POST are asked for in its body, also deep within', async () => {
    stage.hold(25);
    const search = { ...paged(PAGE), method: 'POST', body: { query: { active: true } } } as const;
    expect((await drain(stage.source(search))).ids).toEqual(upTo(25));
    expect(JSON.parse(stage.server.seen[1]?.body ?? '')).toEqual({ query: { active: true }, page: 2, limit: 10 });
    const graphql = { type: 'cursor', cursor_param: '/variables/after', limit_param: '/variables/first' } as const;
    stage.server.order({ body: { data: [{ id: 1 }], cursor: 'x' } }, { body: { data: [{ id: 2 }] } });
    const nested = { path: '/graphql', method: 'POST', body: { query: '{…}', variables: { a: 1 } } } as const;
    expect((await drain(stage.source({ ...nested, pagination: graphql }))).ids).toEqual([1, 2]);
    expect(JSON.parse(stage.server.seen.at(-1)?.body ?? '')).toEqual({
      query: '{…}',
      variables: { a: 1, first: 100, after: 'x' },
    });
  });

  it('are asked for with the parameters and headers of their endpoint', async () => {
    stage.hold(3);
    const config: RestConfig = {
      base_url: `${stage.server.url}/all/?v=1&lang=zh`,
      headers: { 'X-A': 'all', 'X-B': 'all' },
      endpoints: [{ path: 'customers?lang=en', params: { 名: '中 文' }, headers: { 'x-b': 'own' } }],
    };
    expect((await drain(stage.source({ path: '' }, { config }))).ids).toEqual([1, 2, 3]);
    expect(stage.server.seen[0]).toMatchObject({
      path: '/all/customers',
      query: { v: '1', lang: 'en', 名: '中 文' },
      headers: { 'x-a': 'all', 'x-b': 'own' },
    });
  });

  it('of several endpoints come one after the other', async () => {
    stage.hold(15);
    stage.server.datasets.set('orders', { count: 12, record: (index) => ({ id: `order ${index}` }) });
    const config: RestConfig = {
      base_url: stage.server.url,
      endpoints: [paged(OFFSET), { path: '/ndjson/orders' }],
    };
    const whole = await drain(stage.source({ path: '' }, { config, batchSize: 4 }));
    expect(whole.ids).toEqual([...upTo(15), ...Array.from({ length: 12 }, (_, index) => `order ${index}`)]);
    expect(whole.batches.flatMap(({ ordinals }) => ordinals)).toEqual(upTo(27, 0));
    for (const [index, { position }] of whole.batches.entries()) {
      const rest = await drain(stage.source({ path: '' }, { config, batchSize: 4 }), position);
      expect(rest.ids).toEqual(whole.batches.slice(index + 1).flatMap(({ rows }) => rows.map(({ id }) => id)));
    }
  });
});

describe('links', () => {
  it('to another origin are followed without credentials', async () => {
    const other = await RestServer.start();
    try {
      stage.hold(3);
      other.datasets.set('customers', { count: 2, record: (index) => ({ id: index + 4 }) });
      stage.server.auth = { type: 'api_key', in: 'query', name: 'key', value: 'secret-key' };
      const away = { link: `<${other.url}/all/customers>; rel="next"`, 'content-type': 'text/plain' };
      stage.server.order('pass', { headers: away, body: [{ id: 3.5 }] });
      const config: RestConfig = {
        base_url: stage.server.url,
        auth: { type: 'api_key', in: 'query', name: 'key', value: 'secret-key' },
        headers: { 'X-Tenant': '7' },
        endpoints: [paged({ type: 'link', limit_param: 'limit', limit: 2 })],
      };
      expect((await drain(stage.source({ path: '' }, { config }))).ids).toEqual([1, 2, 3.5, 4, 5]);
      expect(stage.server.seen[1]?.query).toEqual({ after: '2', limit: '2', key: 'secret-key' });
      expect(stage.server.seen[1]?.headers).toMatchObject({ 'x-tenant': '7' });
      expect(other.seen[0]?.query).toEqual({});
      expect(other.seen[0]?.headers).not.toHaveProperty('x-tenant');
    } finally {
      await other.close();
    }
  });

  it('are kept without the key that servers repeat in them', async () => {
    stage.hold(3);
    const link = `<${stage.server.url}/link/customers?after=1&key=secret-key>; rel=next`;
    stage.server.order({ headers: { link }, body: [{ id: 1 }] });
    const config: RestConfig = {
      base_url: stage.server.url,
      auth: { type: 'api_key', in: 'query', name: 'key', value: 'secret-key' },
      endpoints: [paged(LINK)],
    };
    const { batches, ids } = await drain(stage.source({ path: '' }, { config, batchSize: 1 }));
    expect(ids).toEqual([1, 2, 3]);
    expect(JSON.stringify(batches)).not.toContain('secret-key');
    expect(stage.server.seen[1]?.query.key).toBe('secret-key');
  });
});

describe('a cursor', () => {
  it.each(['rows', 'text'])('may stand within the records, which come as %s', async (form) => {
    const page = (...ids: number[]) => ({ body: { items: ids.map((id) => ({ id })) } });
    stage.server.order(page(1, 2), page(3, 4), page(5));
    const made = stage.source({
      path: '/any',
      record_path: '/items',
      pagination: { type: 'cursor', cursor_path: '/items/1/id' },
    });
    const { ids } = await drain(form === 'text' ? readingText(made) : made);
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    expect(stage.server.seen.map(({ query }) => query.cursor)).toEqual([undefined, '2', '4']);
  });
});

describe('a server that leads in circles is found out', () => {
  it.each([CURSOR, LINK])('by %j, when it comes back to where it was', async (pagination) => {
    stage.hold(25);
    stage.server.manners = { cyclic: true };
    await expect(drain(stage.source(paged(pagination)))).rejects.toMatchObject(
      // The first of the two visits was made without a cursor, so its content tells.
      refused(/^page \d of GET .*(was read before|is the page before once more)/),
    );
    expect(stage.server.seen.length).toBeLessThan(8);
  });

  it('when its cursor does not move', async () => {
    const page = (id: number) => ({ body: { data: [{ id }], next_cursor: 'same' } });
    stage.server.order(page(1), page(2), page(3));
    await expect(drain(stage.source(paged(CURSOR)))).rejects.toMatchObject(
      refused('page 3 of GET /cursor/customers was read before: the server leads back to "same"'),
    );
  });

  it.each([OFFSET, PAGE])('by %j, when every page is the first', async (pagination) => {
    stage.hold(25);
    stage.server.manners = { ignoresPages: true, envelope: (data) => ({ data, request: stage.server.seen.length }) };
    await expect(drain(stage.source(paged(pagination)))).rejects.toMatchObject(
      refused(/^page 2 of GET .* is the page before once more \(10 records\)/),
    );
  });

  it('but a short page that comes again was all there is, and is taken once', async () => {
    stage.hold(7);
    stage.server.manners = { ignoresPages: true };
    const { ids, batches } = await drain(stage.source(paged(OFFSET), { batchSize: 7 }));
    expect(ids).toEqual(upTo(7));
    expect(stage.log.join()).toContain('had 7 records and not 10: taken as all there is');
    expect((await drain(stage.source(paged(OFFSET)), batches[0]?.position)).ids).toEqual([]);
  });

  it('unless the server says there is more', async () => {
    stage.hold(25);
    stage.server.manners = { ignoresPages: true, largestPage: 5, countHeader: true };
    await expect(drain(stage.source(paged(OFFSET)))).rejects.toMatchObject(refused('page 2 of GET'));
  });

  it('when its pages have no end', async () => {
    stage.hold(1_000_000);
    const few: Pagination = { type: 'page', limit: 10, max_pages: 5 };
    const run = drain(stage.source(paged(few), { batchSize: 10 }));
    await expect(run).rejects.toMatchObject(refused('GET /page/customers has more than 5 pages'));
    expect(stage.server.seen).toHaveLength(5);
  });

  it('when it promises more for ever', async () => {
    const empty = (cursor: number) => ({ body: { data: [], next_cursor: cursor } });
    stage.server.order({ body: { data: [{ id: 1 }], next_cursor: 0 } }, ...upTo(30).map(empty));
    expect((await drain(stage.source(paged(CURSOR)))).ids).toEqual([1]);
    expect(stage.server.seen).toHaveLength(21);
    expect(stage.log.join()).toContain('20 pages without records');
  });

  it('while empty pages in between are passed', async () => {
    stage.server.order(
      { body: { data: [], next_cursor: 'a' } },
      { body: { data: [{ id: 1 }], next_cursor: 'b' } },
      { body: { data: [], next_cursor: 'c' } },
      { body: { data: [{ id: 2 }], next_cursor: 'd', has_more: false } },
    );
    expect((await drain(stage.source(paged(CURSOR)))).ids).toEqual([1, 2]);
  });
});
