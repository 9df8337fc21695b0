import { createSigner } from 'fast-jwt';
import { beforeAll, describe, expect, test } from 'vitest';
import { publishSync, type SyncEvent } from '../../src/areas/datasync/sync-events.ts';
import { deriveKey, loadMasterKey } from '../../src/auth/master-key.ts';
import { startServer } from '../../src/bin/server.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { afterFile } from '../support/cleanup.ts';
import { silent } from '../support/database.ts';
import { PlayedWorker } from '../support/http-worker.ts';
import { enqueueOne } from '../support/runs.ts';
import { eventually } from '../support/serving.ts';
import { SocketClient } from '../support/socket-client.ts';

/*
 * The WebSocket of the data-sync area, by its contract: what is told, to whom, and to whom no more. What it brings
 * again is in datasync-ws-replay.test.ts, how it fares with many clients in datasync-ws-many.test.ts.
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

const connect = (query = `?token=${server.adminToken}`, headers: Record<string, string> = {}) =>
  SocketClient.open(server.url, query, headers);
const publish = (event: SyncEvent, at = server) => at.store.transaction((tx) => publishSync(tx, event));

function progress(jobId: number, done: number, total: number | null = 20_000): SyncEvent {
  return { type: 'sync_progress', job_id: jobId, run_id: 7, records_processed: done, records_total: total };
}

function changes(jobId: number, ...operations: ('create' | 'update' | 'delete')[]): SyncEvent {
  const rows = operations.map((operation, index) => ({
    operation,
    record_id: `cust_${index}`,
    ...(operation === 'update' ? { changes: { name: { old: 'John', new: 'John Doe' } } } : {}),
  }));
  return { type: 'record_changes', job_id: jobId, run_id: 7, table: 'customers', changes: rows };
}

describe('the messages of the contract', () => {
  test('sync_progress, for its subscribe request as it stands there', async () => {
    const client = await connect();
    client.say({
      type: 'subscribe',
      payload: {
        channel: 'sync_updates',
        filters: { job_id: 'job_123', event_types: ['record_created', 'record_updated', 'sync_progress'] },
      },
    });
    expect(await client.next()).toEqual({
      type: 'subscribed',
      payload: {
        channel: 'sync_updates',
        filters: { job_id: 'job_123', event_types: ['record_created', 'record_updated', 'sync_progress'] },
      },
      timestamp: expect.stringMatching(ISO),
      seq: expect.any(Number),
    });
    await publish(progress(123, 15_100));
    expect(await client.next()).toEqual({
      type: 'sync_progress',
      payload: { job_id: 'job_123', progress: 75.5, records_processed: 15_100, records_total: 20_000 },
      timestamp: expect.stringMatching(ISO),
      seq: expect.any(Number),
      job_id: 'job_123',
      run_id: 'run_7',
    });
    await publish(changes(123, 'update', 'delete', 'create'));
    expect(await client.next()).toMatchObject({
      type: 'record_change',
      payload: {
        operation: 'update',
        table: 'customers',
        record_id: 'cust_0',
        changes: { name: { old: 'John', new: 'John Doe' } },
      },
    });
    expect((await client.next()).payload).toEqual({
      operation: 'create',
      table: 'customers',
      record_id: 'cust_2',
      changes: {},
    });
    await client.close();
  });

  test('record_change, for its subscribe request to the letter, until its unsubscribe request', async () => {
    const client = await connect();
    client.say(`{
      "type": "subscribe",
      "payload": {
        "channel": "sync_updates",
        "filters": {
          "job_id": "job_123",
          "event_types": ["record_created", "record_updated"]
        }
      }
    }`);
    expect((await client.next()).type).toBe('subscribed');
    await publish(progress(123, 15_000));
    await publish(changes(123, 'update'));
    expect(await client.next()).toEqual({
      type: 'record_change',
      payload: {
        operation: 'update',
        table: 'customers',
        record_id: 'cust_0',
        changes: { name: { old: 'John', new: 'John Doe' } },
      },
      timestamp: expect.stringMatching(ISO),
      seq: expect.any(Number),
      job_id: 'job_123',
      run_id: 'run_7',
    });
    client.say(`{
      "type": "unsubscribe",
      "payload": {
        "channel": "sync_updates"
      }
    }`);
    expect(await client.next()).toMatchObject({
      type: 'unsubscribed',
      payload: { channel: 'sync_updates', subscriptions: 1 },
    });
    await publish(changes(123, 'update'));
    await client.settled();
    expect(client.of('record_change')).toHaveLength(1);
    await client.close();
  });

  test('progress without a total is null, not a guess', async () => {
    const client = await connect();
    await client.subscribe('sync_updates', { job_id: 'job_5' });
    await publish(progress(5, 10, null));
    expect((await client.next()).payload).toEqual({
      job_id: 'job_5',
      progress: null,
      records_processed: 10,
      records_total: null,
    });
    await client.close();
  });

  test('record_change on its own channel, each with a seq that rises; conflict_detected on its', async () => {
    const client = await connect();
    await client.subscribe('record_changes');
    await client.subscribe('conflicts');
    await publish(changes(1, 'create', 'update', 'delete'));
    const told = [await client.next(), await client.next(), await client.next()];
    expect(told.map(({ payload }) => payload.operation)).toEqual(['create', 'update', 'delete']);
    const seqs = told.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(3);
    await publish({
      type: 'conflicts_detected',
      job_id: 1,
      run_id: 7,
      conflicts: [{ conflict_id: 123, record_id: 'rec_456', conflict_type: 'version', resolution_required: true }],
    });
    expect(await client.next()).toMatchObject({
      type: 'conflict_detected',
      payload: {
        conflict_id: 'conf_123',
        record_id: 'rec_456',
        conflict_type: 'version',
        resolution_required: true,
      },
    });
    await publish({ type: 'changes_omitted', job_id: 1, run_id: 7, count: 40 });
    expect(await client.next()).toMatchObject({ type: 'changes_omitted', payload: { job_id: 'job_1', count: 40 } });
    await client.close();
  });

  test('the states of runs and their log lines, from a worker that carries one out', async () => {
    const client = await connect();
    await client.subscribe('sync_updates', { job_id: 'job_900' });
    await client.subscribe('logs', { job_id: 'job_900' });
    const runId = await enqueueOne(server.store, { area: 'datasync', kind: 'data_sync', jobId: 900 });
    const other = await enqueueOne(server.store, { area: 'scheduler', kind: 'shell', jobId: 900 });
    const worker = await PlayedWorker.join(server, 'ws-worker', ['data_sync', 'shell']);
    for (const run of [await worker.lease(), await worker.lease()]) {
      await worker.log(run, 1, [
        { level: 'info', message: `读了 of ${run.id}` },
        { level: 'warning', message: 'refused' },
      ]);
      await worker.report(run, { status: 'succeeded' });
    }
    const log = await client.next('log');
    expect(log.payload).toEqual({
      job_id: 'job_900',
      timestamp: expect.stringMatching(ISO),
      level: 'info',
      message: `读了 of ${runId}`,
      metadata: { run_id: `run_${runId}`, stream: 'stdout' },
    });
    expect((await client.next()).payload).toMatchObject({ level: 'warning', message: 'refused' });
    expect((await client.next('sync_completed')).payload).toEqual({
      job_id: 'job_900',
      run_id: `run_${runId}`,
      status: 'completed',
      duration_ms: expect.any(Number),
    });
    // The scheduler's run of the same number of job is another area's.
    await publish(progress(900, 1));
    await client.next('sync_progress');
    expect(client.messages.filter(({ run_id }) => run_id === `run_${other}`)).toEqual([]);
    await client.close();
  });

  test('what an executor reports of its beginning', async () => {
    const client = await connect();
    await client.subscribe('sync_updates', { event_types: ['sync_started'] });
    const runId = await enqueueOne(server.store, { area: 'datasync', kind: 'data_sync', jobId: 901 });
    const worker = await PlayedWorker.join(server, 'ws-worker-2', ['data_sync']);
    const run = await worker.lease();
    await server.call('POST', '/api/workers/ws-worker-2/update', {
      body: {
        session_id: worker.sessionId,
        logs: [],
        updates: [{ id: run.id, epoch: run.epoch, emitted: [{ seq: 1, type: 'started', rows: [{}] }] }],
      },
    });
    expect(await client.next()).toMatchObject({
      type: 'sync_started',
      payload: { job_id: 'job_901', run_id: `run_${runId}`, status: 'running' },
    });
    await worker.report(run, { status: 'succeeded' });
    await client.close();
  });
});

describe('subscriptions', () => {
  test('are told only of what they ask for; a client with several is told once', async () => {
    const client = await connect();
    const marker = progress(99, 1);
    await client.subscribe('sync_updates', { job_id: 'job_99' });
    await client.subscribe('record_changes', { event_types: ['record_deleted'] });
    await client.subscribe('record_changes', { job_id: 'job_2' });
    await publish(progress(98, 1));
    await publish(changes(1, 'create', 'delete'));
    await publish(changes(2, 'create', 'delete'));
    await publish(marker);
    await client.next('sync_progress');
    const told = client.of('record_change').map(({ job_id, payload }) => `${job_id} ${payload.operation}`);
    expect(told).toEqual(['job_1 delete', 'job_2 create', 'job_2 delete']);
    expect(client.of('sync_progress')).toHaveLength(1);
    await client.close();
  });

  test('a second one on the same channel and job replaces the first; unsubscribing ends them', async () => {
    const client = await connect();
    await client.subscribe('record_changes', { event_types: ['record_created'] });
    await client.subscribe('record_changes', { event_types: ['record_updated'] });
    await client.subscribe('record_changes', { job_id: 'job_3' });
    await publish(changes(1, 'create', 'update'));
    expect((await client.next()).payload.operation).toBe('update');
    client.say({ type: 'unsubscribe', payload: { channel: 'record_changes', filters: { job_id: 'job_3' } } });
    expect((await client.next()).payload).toEqual({ channel: 'record_changes', subscriptions: 1 });
    client.say({ type: 'unsubscribe', payload: { channel: 'record_changes' } });
    expect(await client.next()).toEqual({
      type: 'unsubscribed',
      payload: { channel: 'record_changes', subscriptions: 1 },
      timestamp: expect.stringMatching(ISO),
    });
    await client.subscribe('sync_updates', { job_id: 'job_4' });
    await publish(changes(3, 'create', 'update'));
    await publish(progress(4, 1));
    expect((await client.next()).type).toBe('sync_progress');
    await client.close();
  });

  test('101 are one too many', async () => {
    const client = await connect();
    for (let job = 1; job <= 101; job += 1) {
      client.say({ type: 'subscribe', payload: { channel: 'logs', filters: { job_id: `job_${job}` } } });
    }
    expect((await client.next('error')).payload).toMatchObject({ code: 'CONFLICT', field: null });
    expect(client.of('subscribed')).toHaveLength(100);
    await client.close();
  });
});

describe('what is malformed is answered with the field, and the socket stays', () => {
  test.each<[string, unknown, string | null]>([
    ['no JSON', '{"type":', 'message'],
    ['no object', '[1]', 'message'],
    ['binary data', Buffer.from('{"type":"ping"}'), null],
    ['no type', {}, 'type'],
    ['an unknown type', { type: 'publish' }, 'type'],
    ['an unknown field', { type: 'ping', id: 1 }, 'id'],
    ['no payload', { type: 'subscribe' }, 'payload.channel'],
    ['a payload that is none', { type: 'subscribe', payload: 7 }, 'payload'],
    ['an unknown channel', { type: 'subscribe', payload: { channel: 'secrets' } }, 'payload.channel'],
    [
      'an unknown filter',
      { type: 'subscribe', payload: { channel: 'logs', filters: { level: 'info' } } },
      'payload.filters.level',
    ],
    [
      'an id that is none',
      { type: 'subscribe', payload: { channel: 'logs', filters: { job_id: '7' } } },
      'payload.filters.job_id',
    ],
    [
      'an unknown event type',
      { type: 'subscribe', payload: { channel: 'sync_updates', filters: { event_types: ['x'] } } },
      'payload.filters.event_types.0',
    ],
    [
      "another channel's event type",
      { type: 'subscribe', payload: { channel: 'logs', filters: { event_types: ['record_created'] } } },
      'payload.filters.event_types',
    ],
    ['a since that is none', { type: 'subscribe', payload: { channel: 'logs', since: '1' } }, 'payload.since'],
  ])('%s', async (_what, message, field) => {
    const client = await connect();
    client.say(message);
    const answer = await client.next();
    expect(answer).toMatchObject({ type: 'error', payload: { code: 'VALIDATION_ERROR', field } });
    expect(answer.payload.message).toEqual(expect.any(String));
    await client.settled();
    await client.close();
  });

  test('a message of more than 64 KiB ends it', async () => {
    const client = await connect();
    client.say(JSON.stringify({ type: 'ping', payload: { x: 'a'.repeat(64 * 1024) } }));
    expect((await client.closed).code).toBe(1009);
  });
});

describe('who may listen', () => {
  test('401 without a credential, with one that is none, or with a cookie alone; 403 without the permission', async () => {
    const body = { username: 'admin', password: server.config.adminPassword, session: 'cookie' };
    const login = await server.call('POST', '/auth/login', { token: '', body });
    const Cookie = login.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    expect(Cookie).toMatch(/^longshore_session=/);
    await expect(connect('')).rejects.toThrow('401');
    await expect(connect('?token=nonsense')).rejects.toThrow('401');
    await expect(connect('?ticket=wst_nonsense')).rejects.toThrow('401');
    await expect(connect('', { Cookie })).rejects.toThrow('401');
    await expect(connect(`?token=${await server.apiKey('worker')}`)).rejects.toThrow('403');
  });

  test('a token or a key, in the query or in a header', async () => {
    const key = await server.apiKey('sync:read');
    for (const client of [
      await connect(),
      await connect(`?token=${key}`),
      await connect('', { Authorization: `Bearer ${server.adminToken}` }),
      await connect('', { 'X-API-Key': key }),
    ]) {
      await client.settled();
      await client.close();
    }
  });

  test('a ticket, once, also at another server; not when it is too old or its holder is gone', async () => {
    const second = await startServer({ config: { ...server.config, port: 0 }, logger: silent });
    afterFile(() => second.stop());
    const ticketOf = async (token = server.adminToken): Promise<string> => {
      const answer = await server.call('POST', '/v1/sync/ws/ticket', { token });
      expect([answer.status, answer.body]).toEqual([201, { ticket: expect.any(String), expires_in: 30 }]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      return answer.body.ticket;
    };
    const ticket = await ticketOf();
    const client = await SocketClient.open(second.url, `?ticket=${ticket}`);
    await client.settled();
    await client.close();
    await expect(connect(`?ticket=${ticket}`)).rejects.toThrow('401');

    const old = await ticketOf();
    await server.store.query("UPDATE longshore.ws_tickets SET expires_at = now() - interval '1 second'");
    await expect(connect(`?ticket=${old}`)).rejects.toThrow('401');

    const created = await server.call('POST', '/v1/sync/api-keys', { body: { name: 't', permissions: ['sync:read'] } });
    const orphan = await ticketOf(created.body.key);
    await server.call('DELETE', `/v1/sync/api-keys/${created.body.id}`);
    await expect(connect(`?ticket=${orphan}`)).rejects.toThrow('401');
    const stored = await server.store.query('SELECT * FROM longshore.ws_tickets');
    expect(JSON.stringify(stored)).not.toContain('wst_');
  });

  test('a plain request is refused with what to do, and so is a POST', async () => {
    const answer = await server.call('GET', '/v1/sync/ws');
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect((await server.call('POST', '/v1/sync/ws')).status).toBe(405);
  });

  test('1008 when the key is revoked, on whichever server; others of the same user stay', async () => {
    const second = await startServer({ config: { ...server.config, port: 0 }, logger: silent });
    afterFile(() => second.stop());
    const created = await server.call('POST', '/v1/sync/api-keys', { body: { name: 'r', permissions: ['sync:read'] } });
    const query = `?token=${created.body.key}`;
    const revoked = [await connect(query), await SocketClient.open(second.url, query)];
    const stays = await connect();
    await server.call('DELETE', `/v1/sync/api-keys/${created.body.id}`);
    for (const client of revoked) expect((await client.closed).code).toBe(1008);
    await stays.settled();
    await stays.close();
  });

  test('1008 when the sign-in is revoked, also for who came with a ticket of it', async () => {
    const body = { username: 'admin', password: server.config.adminPassword };
    const login = await server.call('POST', '/auth/login', { token: '', body });
    const token = login.body.data.access_token;
    const ticket = (await server.call('POST', '/v1/sync/ws/ticket', { token })).body.ticket;
    const clients = [await connect(`?token=${token}`), await connect(`?ticket=${ticket}`)];
    await server.call('POST', '/v1/sync/auth/revoke', { token: '', body: { token } });
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1008 });
  });

  test('1008 when the role loses the permission', async () => {
    const client = await connect(`?token=${await server.userToken('operator')}`);
    await server.store.query(`INSERT INTO longshore.roles (name, permissions) VALUES ('mute', '{scheduler_view}')`);
    await server.store.query("UPDATE longshore.users SET role = 'mute' WHERE role = 'operator'");
    expect(await client.closed).toEqual({ code: 1008, reason: 'This needs the permission sync:read' });
  });

  test('1008 when the token expires', async () => {
    const masterKey = await loadMasterKey(server.config, silent);
    const [, claims = ''] = server.adminToken.split('.');
    const { sub, role, sid } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const sign = createSigner({
      key: deriveKey(masterKey, 'access token v1'),
      algorithm: 'HS256',
      iss: 'longshore',
      aud: 'longshore-api',
      expiresIn: 3_000,
      header: { alg: 'HS256', typ: 'at+jwt' },
    });
    // On a busy machine one may be too old before it is seen.
    const client = await eventually(() => connect(`?token=${sign({ sub, role, sid })}`));
    expect(await client.closed).toEqual({ code: 1008, reason: 'The token has expired' });
  });
});

describe('limits', () => {
  test('1008 after a thousand messages in a minute, over all sockets of an identity', async () => {
    const query = `?token=${await server.apiKey('sync:read')}`;
    const [first, second] = [await connect(query), await connect(query)];
    for (let i = 0; i < 999; i += 1) first.say({ type: 'ping' });
    // A protocol ping counts too.
    first.ws.ping();
    await first.settled().catch(() => undefined);
    expect(await first.closed).toEqual({ code: 1008, reason: 'Too many messages' });
    expect(first.of('pong')).toHaveLength(999);
    second.say({ type: 'ping' });
    expect((await second.closed).code).toBe(1008);
  });

  test('429 for the thousand-and-first socket of an identity; a place is free again when one closes', async () => {
    const query = `?token=${await server.apiKey('sync:read')}`;
    const clients: SocketClient[] = [];
    for (let i = 0; i < 1000; i += 1) clients.push(await connect(query));
    await expect(connect(query)).rejects.toThrow('429');
    await (await connect()).close();
    await clients.pop()?.close();
    await (await connect(query)).settled();
    for (const client of clients) client.ws.terminate();
  });
});

describe('the server', () => {
  test('says 1001 when it stops, at once; tokens stand in no line of its log', async () => {
    const lines: string[] = [];
    const logger = createLogger('trace', 'test', { write: (line: string) => void lines.push(line) });
    const other = await startServer({ config: { ...server.config, port: 0 }, logger });
    const client = await SocketClient.open(other.url, `?token=${server.adminToken}`);
    await client.settled();
    await expect(SocketClient.open(other.url, `?token=${server.adminToken}x`)).rejects.toThrow('401');
    const stopped = other.stop();
    expect((await client.closed).code).toBe(1001);
    await stopped;
    expect(lines.join('')).toContain('/v1/sync/ws');
    expect(lines.join('')).not.toContain(server.adminToken);
  });

  test('does not count an open socket as a request under way', async () => {
    const client = await connect();
    await client.settled();
    const metrics = await server.call('GET', '/metrics');
    expect(metrics.body).toMatch(/^longshore_http_requests_in_flight 1$/m);
    expect(metrics.body).toMatch(/^longshore_websocket_connections [1-9]/m);
    await client.close();
  });
});
