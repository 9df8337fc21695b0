import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSource, readingText, type SourceRecord } from '../../../../../test/conformance/source.ts';
import { RestServer } from '../../../../../test/support/rest-server.ts';
import { AttemptAborted, type Json } from '../../../../protocol/executor.ts';
import type { RestConfig } from '../spec/rest.ts';
import {
  CURSOR,
  customer,
  drain,
  type Endpoint,
  LINK,
  OFFSET,
  outbound,
  PAGE,
  type Pagination,
  paged,
  RestStage,
  refused,
  upTo,
} from './rest-api.fixture.ts';
import { restSource } from './rest-api.ts';

const stage = new RestStage();
beforeEach(() => stage.start());
afterEach(() => stage.close());

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

describe('what a server sends instead of records', () => {
  const answers = async (answer: Parameters<RestServer['order']>[0], endpoint: Partial<Endpoint> = {}) => {
    stage.server.order(answer);
    return await drain(stage.source({ path: '/all/customers', ...endpoint }));
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
    stage.server.auth = { type: 'bearer', token: 'right' };
    const config: RestConfig = {
      base_url: stage.server.url,
      auth: { type: 'bearer', token: 'wrong-but-secret' },
      endpoints: [{ path: '/all/customers' }],
    };
    const run = drain(stage.source({ path: '' }, { config }));
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
    stage.hold(3);
    await expect(drain(stage.source({ path: '/ndjson/customers', ...cursor }))).rejects.toMatchObject(
      refused('use pagination.type link'),
    );
  });
});

describe('a total', () => {
  const total = (endpoint: Partial<Endpoint>, position?: Json) =>
    stage
      .source({ path: '/offset/customers', pagination: OFFSET, ...endpoint })
      .total?.({ position, cursor: undefined });

  it('is told by the header, by total_path or where totals usually stand', async () => {
    stage.hold(25);
    expect(await total({})).toBeUndefined();
    stage.server.manners = { countHeader: true };
    expect(await total({})).toBe(25);
    stage.server.manners = { envelope: (data, { total }) => ({ data, page: { all: String(total) }, total: 7 }) };
    expect(await total({ total_path: '/page/all' })).toBe(25);
    expect(await total({})).toBe(7);
  });

  it('costs no request more', async () => {
    stage.hold(25);
    stage.server.manners = { countHeader: true };
    const from = stage.source(paged(OFFSET));
    await from.total?.({ position: undefined, cursor: undefined });
    expect((await drain(from)).ids).toEqual(upTo(25));
    expect(stage.asked('offset')).toEqual(['0', '10', '20']);
  });

  it('is not known where records are left out here', async () => {
    stage.hold(25);
    stage.server.manners = { countHeader: true };
    const since = { position: undefined, cursor: { 'GET /offset/customers id': 5 } };
    const left = stage.source({ ...paged(OFFSET), cursor_field: 'id' }, { incremental: true });
    expect(await left.total?.(since)).toBeUndefined();
    const told = stage.source({ ...paged(OFFSET), cursor_field: 'id', cursor_param: 'since' }, { incremental: true });
    expect(await told.total?.(since)).toBe(25);
  });
});

describe('an attempt', () => {
  it('hands on what it has read when the server wants a long pause; the next goes on there', async () => {
    stage.hold(35);
    stage.server.order('pass', 'pass', { status: 429, headers: { 'retry-after': '3600' } });
    const reading = stage.source(paged(OFFSET)).read({ position: undefined, cursor: undefined });
    const first = await reading.next();
    if (first.done) throw new Error('nothing came');
    expect(first.value.rows).toHaveLength(20);
    await expect(reading.next()).rejects.toMatchObject({ retryable: true, retryAfterMs: 3_600_000 });
    const rest = await drain(stage.source(paged(OFFSET)), first.value.position);
    expect(rest.ids).toEqual(upTo(15, 21));
    expect(stage.asked('offset').slice(3)).toEqual(['20', '30']);
  });

  it('outlives failures on the way', async () => {
    stage.hold(35);
    const busy = { status: 503, headers: { 'retry-after': '0' } };
    stage.server.order('pass', busy, 'cut', 'pass', busy, 'cut-body', 'pass');
    expect((await drain(stage.source(paged(OFFSET)))).ids).toEqual(upTo(35));
  });

  it('reads on while its batch is being written', async () => {
    stage.hold(100);
    const reading = stage.source(paged(OFFSET), { batchSize: 10 }).read({ position: undefined, cursor: undefined });
    await reading.next();
    // Nobody asks for the next batch; its page is asked for all the same, and no more than that.
    await stage.server.asked(2);
    expect((await reading.next()).value).toMatchObject({ rows: upTo(10, 11).map((id) => customer(id - 1)) });
    await reading.return(undefined);
    expect(stage.server.seen.length).toBeLessThanOrEqual(4);
  });

  it('ends at once when it is cancelled, whatever is on the way', async () => {
    stage.hold(100);
    const abort = new AbortController();
    stage.server.order('pass', 'hang');
    const run = drain(stage.source(paged(OFFSET), { signal: abort.signal }));
    await stage.server.asked(2);
    abort.abort(new AttemptAborted('cancel'));
    await expect(run).rejects.toMatchObject({ name: 'AttemptAborted', reason: 'cancel' });
  });

  it('refuses a position that is none', async () => {
    await expect(drain(stage.source(paged(OFFSET)), { what: 'ever' })).rejects.toMatchObject(refused('reset the job'));
  });

  it('keeps to the rate limit', async () => {
    stage.hold(30);
    const config: RestConfig = { base_url: stage.server.url, rate_limit: 50, endpoints: [paged(OFFSET)] };
    const startedAt = performance.now();
    await drain(stage.source({ path: '' }, { config }));
    // Four requests: three distances of 20 ms. How much longer it takes says nothing.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(58);
  });
});

/** Bytes that are in use once what is not has been collected. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

it('holds no more of 200,000 records than of 20,000', async () => {
  stage.hold(200_000, (index) => ({ ...customer(index), note: `${index} `.repeat(20) }));
  const thousand: Pagination = { type: 'offset', limit: 1000 };
  const heap: number[] = [];
  let count = 0;
  for await (const { rows } of stage.source(paged(thousand), { batchSize: 5000 }).read({
    position: undefined,
    cursor: undefined,
  })) {
    count += rows.length;
    if (count % 20_000 === 0) heap.push(heapInUse());
    // What the server remembers of requests is not what is measured.
    stage.server.seen.length = 0;
  }
  expect(count).toBe(200_000);
  const [early = 0] = heap;
  // The records would be 60 MB; what differs is what happens to be read ahead.
  expect((heap.at(-1) ?? 0) - early).toBeLessThan(20 * 1024 * 1024);
});
