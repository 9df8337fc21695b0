import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-server.ts';
import { failure, ISO, startIntake } from '../support/intake.ts';

/*
 * The data-sync contract on webhooks, over a real socket, up to the rows that a real worker
 * makes of what came.
 */

const { server, newSource, ended, rowsOf, countOf } = await startIntake();

interface Hook {
  readonly id: string;
  readonly secret: string;
}

let hooks = 0;
async function newHook(change: object = {}): Promise<Hook> {
  hooks += 1;
  const answer = await server.call('POST', '/v1/sync/webhooks', {
    body: { name: `hook ${hooks}`, source: newSource(), ...change },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

const now = () => Math.floor(Date.now() / 1000);

/** What a sender that knows the secret sends, with `change` over it. */
function deliver(
  hook: Hook,
  body: string,
  change: Record<string, string | undefined> = {},
  at = now(),
): Promise<Answer> {
  const signature = createHmac('sha256', hook.secret).update(`${at}.${body}`).digest('hex');
  const signed = { 'X-Timestamp': String(at), 'X-Signature': signature, ...change };
  const headers = Object.fromEntries(Object.entries(signed).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return server.call('POST', `/v1/sync/push/webhook/${hook.id}`, { token: '', body, headers });
}

describe('webhooks', () => {
  test('201 with an address and a secret that is shown this once; listed, read, deleted', async () => {
    const schema = { type: 'object', required: ['order'] };
    const body = { name: 'orders', source: 'orders', schema };
    const created = await server.call('POST', '/v1/sync/webhooks', { body });
    expect([created.status, created.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^wh_\w+$/),
        ...body,
        url: `${server.url}/v1/sync/push/webhook/${created.body.id}`,
        secret: expect.stringMatching(/^whsec_\w{32}$/),
        created_at: expect.stringMatching(ISO),
      },
    ]);
    const { secret, ...shown } = created.body;
    const path = `/v1/sync/webhooks/${shown.id}`;
    expect((await server.call('GET', path)).body).toEqual(shown);
    const { body: list } = await server.call('GET', '/v1/sync/webhooks');
    expect([list.items[0], list.page, list.per_page]).toEqual([shown, 1, 20]);
    const stored = await server.store.query('SELECT secret::text FROM longshore.webhooks WHERE id = $1', [shown.id]);
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect((await server.call('DELETE', path)).status).toBe(204);
    expect((await server.call('GET', path)).status).toBe(404);
    expect((await server.call('DELETE', path)).status).toBe(404);
    expect((await deliver({ id: shown.id, secret }, '{"order":1}')).status).toBe(404);
    expect(await countOf('longshore.secrets WHERE owner = $1', [`webhook:${shown.id}`])).toBe(0);
  });

  test('409 for a name that is taken; 400 for a schema that is none or that could cost too much; 403', async () => {
    await newHook({ name: 'taken' });
    const again = await server.call('POST', '/v1/sync/webhooks', { body: { name: 'taken', source: 's' } });
    expect([again.status, again.body]).toEqual([409, failure('CONFLICT')]);
    const doubled = Object.fromEntries(
      Array.from({ length: 20 }, (_, level) => [
        `s${level}`,
        { allOf: [{ $ref: `#/$defs/s${level + 1}` }, { $ref: `#/$defs/s${level + 1}` }] },
      ]),
    );
    const schemas: object[] = [
      { type: 'objekt' },
      { typo: 1 },
      { $ref: 'https://example.com/schema' },
      { $ref: '#/$defs/nothing' },
      { $ref: '#' },
      { properties: { a: { pattern: '(a)\\1' } } },
      { properties: { a: { pattern: '(' } } },
      { items: { uniqueItems: true } },
      { $defs: { ...doubled, s20: {} }, $ref: '#/$defs/s0' },
      { enum: Array.from({ length: 20_000 }, (_, index) => `value ${index}`) },
    ];
    for (const schema of schemas) {
      const body = { name: 'refused', source: 's', schema };
      const answer = await server.call('POST', '/v1/sync/webhooks', { body });
      expect([answer.status, answer.body.error.details[0].field], JSON.stringify(schema).slice(0, 100)).toEqual([
        400,
        expect.stringMatching(/^schema/),
      ]);
    }
    const token = await server.apiKey('sync:read');
    expect((await server.call('POST', '/v1/sync/webhooks', { token, body: { name: 'n', source: 's' } })).status).toBe(
      403,
    );
    expect((await server.call('GET', '/v1/sync/webhooks', { token })).status).toBe(200);
  });

  test('200 with what the contract shows for a signed delivery; it is a record of the dataset', async () => {
    const source = newSource();
    const hook = await newHook({ source });
    const answer = await deliver(hook, '{"order": 7, "名": "中文"}', { 'X-Delivery-Id': 'd-1' });
    expect([answer.status, answer.body]).toEqual([
      200,
      { received: true, webhook_id: hook.id, event_id: expect.stringMatching(/^evt_\d+$/) },
    ]);
    const { event_id } = answer.body;
    expect(await ended(event_id.replace('evt_', 'req_'))).toMatchObject({ kind: 'webhook', status: 'completed' });
    const [row] = await server.store.query(`SELECT * FROM data."${source}"`);
    expect(row).toMatchObject({ _id: event_id, order: 7, 名: '中文', _metadata: { webhook_id: hook.id, event_id } });
  });

  test('a list is a record an entry', async () => {
    const source = newSource();
    const hook = await newHook({ source });
    const { body } = await deliver(hook, '[{"name":"a"},{"name":"b"}]');
    await ended(body.event_id.replace('evt_', 'req_'));
    expect(await rowsOf(source)).toEqual([
      { _id: `${body.event_id}.1`, name: 'a' },
      { _id: `${body.event_id}.2`, name: 'b' },
    ]);
  });

  test('401, always the same, for a wrong or missing signature and for a time that is more than 5 minutes off', async () => {
    const hook = await newHook();
    const wrong = createHmac('sha256', 'another secret').update(`${now()}.{}`).digest('hex');
    const refused = await Promise.all([
      deliver(hook, '{}', { 'X-Signature': wrong }),
      deliver(hook, '{}', { 'X-Signature': undefined }),
      deliver(hook, '{}', { 'X-Signature': 'zz' }),
      deliver(hook, '{}', { 'X-Timestamp': undefined }),
      deliver(hook, '{}', { 'X-Timestamp': String(now() + 1) }),
      deliver(hook, '{}', {}, now() - 302),
      deliver(hook, '{}', {}, now() + 302),
      deliver({ ...hook, secret: 'guessed' }, '{}'),
      deliver(hook, 'no json', { 'X-Signature': wrong }),
    ]);
    const messages = new Set(refused.map(({ body }) => body.error.message));
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
    expect(messages.size).toBe(1);
    expect(await countOf('longshore.push_requests WHERE webhook_id = $1', [hook.id])).toBe(0);
  });

  test('404 for a webhook that nobody has', async () => {
    expect((await deliver({ id: 'wh_nobody', secret: 'x' }, '{}')).body).toEqual(failure('NOT_FOUND'));
  });

  test('a delivery that comes again is the first event, also at the same moment and under another signature', async () => {
    const hook = await newHook();
    const headers = { 'X-Delivery-Id': 'again' };
    const all = await Promise.all(Array.from({ length: 8 }, () => deliver(hook, '{"a":1}', headers)));
    const later = await deliver(hook, '{"a":1}', headers, now() - 100);
    const events = new Set([...all, later].map(({ body }) => body.event_id));
    expect(events.size).toBe(1);
    const other = await deliver(hook, '{"a":1}', { 'X-Delivery-Id': 'other' });
    expect(events.has(other.body.event_id)).toBe(false);
    // Without a name: the same bytes, signed at the same second.
    const at = now();
    const first = await deliver(hook, '{"a":2}', {}, at);
    const second = await deliver(hook, '{"a":2}', {}, at);
    expect(second.body).toEqual(first.body);
    expect(await countOf('longshore.push_requests WHERE webhook_id = $1', [hook.id])).toBe(3);
  });

  test('400 naming the field for a body that its schema or we refuse', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      required: ['order'],
      additionalProperties: false,
      properties: {
        order: { type: 'integer', minimum: 1 },
        code: { type: 'string', pattern: '^(a+)+$' },
        lines: { type: 'array', items: { type: 'object', required: ['sku'] } },
      },
    };
    const hook = await newHook({ schema });
    const cases: [string, string | undefined][] = [
      ['{}', 'order'],
      ['{"order":0}', 'order'],
      ['{"order":1,"more":1}', 'more'],
      ['{"order":1,"lines":[{}]}', 'lines.0.sku'],
      [`{"order":1,"code":"${'a'.repeat(50_000)}!"}`, 'code'],
      ['{"order":1,"code":"\\u0000"}', 'code'],
      ['no json', undefined],
    ];
    for (const [body, field] of cases) {
      const answer = await deliver(hook, body);
      expect([answer.status, answer.body], body.slice(0, 50)).toEqual([400, failure('VALIDATION_ERROR', field)]);
    }
    expect((await deliver(hook, `{"order":1,"code":"${'a'.repeat(5000)}"}`)).status).toBe(200);
    const free = await newHook();
    expect((await deliver(free, '"text"')).body).toEqual(failure('VALIDATION_ERROR', 'body'));
    expect((await deliver(free, '{"_id":1}')).body).toEqual(failure('VALIDATION_ERROR', '_id'));
    expect((await deliver(free, '[{},{"_id":1}]')).body).toEqual(failure('VALIDATION_ERROR', '1._id'));
    expect((await deliver(free, '{}', { 'X-Delivery-Id': 'a b' })).status).toBe(400);
  });

  test('413 for more than 1 MiB, before anything is computed of it', async () => {
    const hook = await newHook();
    expect((await deliver(hook, `{"a":"${'x'.repeat(1024 * 1024)}"}`)).status).toBe(413);
  });
});
