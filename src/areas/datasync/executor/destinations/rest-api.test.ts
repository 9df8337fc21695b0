import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RestServer } from '../../../../../test/support/rest-server.ts';
import { createOutbound } from '../../../../connections/outbound.ts';
import { AttemptAborted } from '../../../../protocol/executor.ts';
import type { Destination, Row, SyncState, WriteBatch, WriteOutcome } from '../pipeline/contracts.ts';
import type { RestDestination } from '../spec/destinations.ts';
import { restDestination } from './rest-api.ts';

const outbound = createOutbound({ allowPrivate: true });
let server: RestServer;
let abort: AbortController;
let open: Destination[];

beforeEach(async () => {
  server = await RestServer.start();
  abort = new AbortController();
  open = [];
});
afterEach(async () => {
  for (const destination of open) await destination.close();
  await server.close();
});

const AT_ONCE = { 'retry-after': '0' };
const STATE: SyncState = {
  ...{ run_id: 7, position: null, cursor: null, read: 0, written: 0, rejected: 0, complete: false },
  definition: 'x',
};

function destination(change: Partial<RestDestination> = {}, runKey = 'run-7'): Destination {
  const spec: RestDestination = { type: 'rest_api', url: `${server.url}/sink`, batch_size: 10, ...change };
  const made = restDestination({ spec, outbound, runKey, signal: abort.signal, log: () => {} });
  open.push(made);
  return made;
}

/** Rows with these ids, which are their ordinals. */
function batch(
  ids: readonly number[],
  told: WriteOutcome[] = [],
  row: (id: number) => Row = (id) => ({ id }),
): WriteBatch {
  const beforeCommit = async (outcome: WriteOutcome) => void told.push(outcome);
  return { rows: ids.map(row), ordinals: ids, state: STATE, beforeCommit };
}

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
/** Without the hash of their content. */
const places = () => keys().map((key) => String(key).replace(/:[\w-]{16}$/, ''));
const keys = () => server.seen.map(({ headers }) => headers['idempotency-key']);
const bodies = () => server.seen.map(({ body }) => JSON.parse(body) as unknown);
const received = () => server.received.map(({ id }) => id);

describe('records are sent', () => {
  it('some at a time, as a list', async () => {
    const told: WriteOutcome[] = [];
    const under = destination();
    expect(await under.open()).toBeUndefined();
    const outcome = await under.write(batch(upTo(25), told));
    expect(outcome).toEqual({ written: 25, rejects: [], changes: [], changesOmitted: 0, conflicts: [] });
    expect(told).toEqual([outcome]);
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(3).fill('POST /sink'));
    expect(bodies()).toEqual([upTo(10), upTo(10, 10), upTo(5, 20)].map((ids) => ids.map((id) => ({ id }))));
    expect(await under.finish(STATE)).toEqual({ removed: 0 });
  });

  it('under a key, or one by one', async () => {
    await destination({ records_key: 'items' }).write(batch([1, 2]));
    await destination({ batch_size: 1, method: 'PUT' }).write(batch([1, 2]));
    await destination({ batch_size: 1, records_key: 'items' }).write(batch([1]));
    expect(bodies()).toEqual([{ items: [{ id: 1 }, { id: 2 }] }, { id: 1 }, { id: 2 }, { items: [{ id: 1 }] }]);
    expect(server.seen[1]?.method).toBe('PUT');
  });

  it('with whatever they hold', async () => {
    const row = (): Row => ({
      text: '中文 🚢',
      big: 9007199254740993n,
      at: new Date('2024-01-01T00:00:00Z'),
      bytes: new Uint8Array([1, 2, 255]),
      nested: { list: [1n, null] },
    });
    await destination().write(batch([0], [], row));
    expect(bodies()).toEqual([
      [
        {
          text: '中文 🚢',
          big: '9007199254740993',
          at: '2024-01-01T00:00:00.000Z',
          bytes: 'AQL/',
          nested: { list: [1, null] },
        },
      ],
    ]);
  });

  it('with credentials and headers', async () => {
    server.auth = { type: 'oauth2', clientId: 'me', clientSecret: 'secret' };
    const token_url = `${server.url}/oauth/token`;
    const auth = { type: 'oauth2', token_url, client_id: 'me', client_secret: 'secret' } as const;
    await destination({ auth, headers: { 'X-Tenant': '7' } }).write(batch([1]));
    expect(server.seen.at(-1)?.headers).toMatchObject({ 'x-tenant': '7', 'content-type': 'application/json' });
    expect(received()).toEqual([1]);
  });

  it('not at all when there are none', async () => {
    expect(await destination().write(batch([]))).toMatchObject({ written: 0 });
    expect(server.seen).toHaveLength(0);
  });
});

describe('a repeat', () => {
  it('has the key that it had, and is taken once', async () => {
    server.order('pass', { status: 503, headers: AT_ONCE }, 'cut', 'pass');
    await destination().write(batch(upTo(20)));
    expect(places()).toEqual(['run-7:0.0+10', 'run-7:10.0+10', 'run-7:10.0+10', 'run-7:10.0+10']);
    // As another attempt would after a crash before its checkpoint.
    await destination().write(batch(upTo(20)));
    expect(received()).toEqual(upTo(20));
  });

  it('of an answer that was lost is taken once', async () => {
    // The request took effect, and its answer never came.
    server.order('cut-body');
    await destination().write(batch([1, 2]));
    expect(server.seen).toHaveLength(2);
    expect(received()).toEqual([1, 2]);
  });

  it('is none when the records have changed meanwhile', async () => {
    await destination().write(batch([1, 2]));
    await destination().write(batch([1, 2], [], (id) => ({ id, name: 'new' })));
    expect(new Set(places()).size).toBe(1);
    expect(new Set(keys()).size).toBe(2);
    expect(server.received).toHaveLength(4);
  });

  it('of what the service is still taking (409) stays whole, and is taken once', async () => {
    server.order({ status: 409, headers: AT_ONCE }, { status: 409, headers: AT_ONCE });
    expect(await destination().write(batch(upTo(10)))).toMatchObject({ written: 10, rejects: [] });
    expect(keys()).toHaveLength(3);
    expect(new Set(keys()).size).toBe(1);
    expect(received()).toEqual(upTo(10));
  });

  it('of what the service goes on taking (409) is left to another attempt', async () => {
    server.order({ status: 409, headers: AT_ONCE }, { status: 409, headers: AT_ONCE });
    await expect(destination({ max_retries: 1 }).write(batch(upTo(10)))).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining('answered 409 Conflict'),
    });
    expect(new Set(keys()).size).toBe(1);
    expect(received()).toEqual([]);
  });

  it('is none when the batches are cut elsewhere, or the run is another', async () => {
    await destination().write(batch(upTo(10)));
    await destination().write(batch(upTo(5)));
    await destination({}, 'run-8').write(batch(upTo(10)));
    expect(new Set(keys()).size).toBe(3);
  });

  it('is none when a transformation has made several rows of one record', async () => {
    const rows = upTo(25).map((part) => ({ part }));
    const ordinals = rows.map(() => 7);
    await destination().write({ ...batch([]), rows, ordinals });
    expect(places()).toEqual(['run-7:7.0+10', 'run-7:7.10+10', 'run-7:7.20+5']);
    expect(server.received).toHaveLength(25);
  });
});

describe('a record that the service refuses', () => {
  it.each([400, 413, 422])('with %i is put aside alone', async (status) => {
    const bad = new Set([3, 4, 17]);
    server.refuses = ({ id }) => (bad.has(Number(id)) ? { status, body: { error: `${id} is no good` } } : undefined);
    const told: WriteOutcome[] = [];
    const { written, rejects } = await destination().write(batch(upTo(25), told));
    expect(written).toBe(22);
    expect(rejects).toHaveLength(3);
    expect(rejects[2]).toEqual({
      ordinal: 17,
      reason: expect.stringMatching(new RegExp(`^the service refused it: ${status} .*: .*17 is no good`)),
      raw: '{"id":17}',
    });
    expect(told[0]?.rejects).toEqual(rejects);
    expect(received().sort((a, b) => Number(a) - Number(b))).toEqual(upTo(25).filter((id) => !bad.has(id)));
    expect(new Set(keys()).size).toBe(server.seen.length);
  });

  it('within an answer of 200 is put aside too', async () => {
    const errors = [
      { index: 1, id: 'x', code: 'BAD', message: 'no such thing' },
      { index: 99 },
      'what?',
      { index: -1 },
    ];
    server.order({ body: { accepted: 9, errors } });
    const { written, rejects } = await destination().write(batch(upTo(10)));
    expect(written).toBe(9);
    expect(rejects).toEqual([{ ordinal: 1, reason: 'the service refused it: no such thing', raw: '{"id":1}' }]);
  });

  it('may be every one', async () => {
    server.refuses = () => ({ status: 422 });
    expect(await destination({ batch_size: 1 }).write(batch([1, 2]))).toMatchObject({ written: 0 });
  });
});

describe('a service that refuses', () => {
  it.each([
    [401, 'answered 401 Unauthorized; check destination.auth: no'],
    [403, 'answered 403 Forbidden; check destination.auth: no'],
    [404, 'answered 404 Not Found: no'],
    [415, 'answered 415 Unsupported Media Type: no'],
  ])('with %i ends the run', async (status, message) => {
    server.order({ status, body: 'no' });
    await expect(destination().write(batch([1]))).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining(message),
    });
  });

  it('and has moved is not followed: a redirected POST would lose its records', async () => {
    server.order({ status: 301, headers: { location: '/new' } });
    await expect(destination().write(batch([1]))).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('301 Moved Permanently to /new; set destination.url to it'),
    });
    expect(server.seen).toHaveLength(1);
  });

  it('for long ends the attempt until then, and what was not told of is not committed', async () => {
    const told: WriteOutcome[] = [];
    server.order('pass', { status: 429, headers: { 'retry-after': '600' } });
    await expect(destination().write(batch(upTo(20), told))).rejects.toMatchObject({
      retryable: true,
      retryAfterMs: 600_000,
    });
    expect(told).toEqual([]);
  });

  it('to answer is left when the run is cancelled', async () => {
    server.order('hang');
    const writing = destination().write(batch([1]));
    await server.asked(1);
    abort.abort(new AttemptAborted('cancel'));
    await expect(writing).rejects.toMatchObject({ reason: 'cancel' });
  });
});
