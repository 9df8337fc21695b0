import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { publishSync, type SyncEvent } from '../../src/areas/datasync/sync-events.ts';
import { startServer } from '../../src/bin/server.ts';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { afterFile } from '../support/cleanup.ts';
import { silent } from '../support/database.ts';
import { eventually } from '../support/serving.ts';
import { SocketClient, type SocketMessage } from '../support/socket-client.ts';

/*
 * Nothing is missed without being told of: what `since` brings again, and what becomes of a client that does not keep
 * up. Each test has a job of its own.
 */

let server: TestServer;
let job = 0;

beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(() => {
  job += 1;
});

const connect = (url = server.url) => SocketClient.open(url, `?token=${server.adminToken}`);
const publish = (event: SyncEvent) => server.store.transaction((tx) => publishSync(tx, event));
const mine = () => ({ job_id: `job_${job}` });

/** @param size of each record, in bytes at least */
function records(from: number, count: number, size = 0, jobId = job): SyncEvent {
  const changes = Array.from({ length: count }, (_, index) => ({
    operation: 'update' as const,
    record_id: String(from + index),
    changes: { text: { old: null, new: 'x'.repeat(size) } },
  }));
  return { type: 'record_changes', job_id: jobId, run_id: 1, table: 't', changes };
}

const idsOf = (messages: readonly SocketMessage[]) =>
  messages.filter(({ type }) => type === 'record_change').map(({ payload }) => Number(payload.record_id));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

async function receive(client: SocketClient, count: number): Promise<SocketMessage[]> {
  const received: SocketMessage[] = [];
  while (received.length < count) received.push(await client.next('record_change'));
  return received;
}

describe('since', () => {
  test('brings what came after a seq, also within one event, of its job and types alone; then goes on live', async () => {
    const first = await connect();
    await first.subscribe('record_changes', mine());
    await publish(records(0, 10));
    const seen = await receive(first, 4);
    await first.close();
    await publish(records(10, 5));
    await publish(records(999, 1, 0, job + 1000));
    await publish({ type: 'sync_progress', job_id: job, run_id: 1, records_processed: 1, records_total: 2 });
    const second = await connect();
    await second.subscribe('record_changes', mine(), seen.at(-1)?.seq);
    expect((await second.next('replayed')).payload).toEqual({ channel: 'record_changes', messages: 11 });
    expect(idsOf(second.messages)).toEqual(upTo(15).slice(4));
    await publish(records(15, 1));
    expect(idsOf(await receive(second, 1))).toEqual([15]);
    await second.close();
  });

  test('takes the seq of an acknowledgement: all that came since it', async () => {
    const first = await connect();
    const { seq } = await first.subscribe('record_changes', mine());
    await first.close();
    await publish(records(0, 3));
    const second = await connect();
    await second.subscribe('record_changes', mine(), seq);
    await second.next('replayed');
    expect(idsOf(second.messages)).toEqual(upTo(3));
    await second.close();
  });

  test('at another server, over pages, while more is written all the time: each once, in order', async () => {
    const other = await startServer({ config: { ...server.config, port: 0 }, logger: silent });
    afterFile(() => other.stop());
    const client = await connect();
    const { seq } = await client.subscribe('record_changes', mine());
    let written = 0;
    const write = async () => {
      await publish(records(written, 3));
      written += 3;
    };
    while (written < 600) await write();
    const later = await Promise.all([connect(other.url), connect(other.url), connect()]);
    // Each begins its replay at another moment of the writing.
    for (const one of later) {
      one.say({ type: 'subscribe', payload: { channel: 'record_changes', filters: mine(), since: seq } });
      for (let i = 0; i < 40; i += 1) await write();
    }
    for (const one of later) {
      await receive(one, written);
      expect(idsOf(one.messages)).toEqual(upTo(written));
      // Told behind the last record, where all of them came by the replay.
      await eventually(async () => one.of('replayed').length > 0 || undefined);
      expect(one.of('replayed')).toHaveLength(1);
      await one.close();
    }
    await client.close();
  });

  test('also brings what took an earlier number and committed later, and tells who was there of it once', async () => {
    const client = await connect();
    await client.subscribe('record_changes', mine());
    await server.store.transaction(async (tx) => {
      await publishSync(tx, records(0, 1));
      await publish(records(1, 1));
      const [seen] = await receive(client, 1);
      expect(idsOf([seen])).toEqual([1]);
      const gone = await connect();
      await gone.subscribe('record_changes', mine(), seen.seq);
      await gone.next('replayed');
      expect(idsOf(gone.messages)).toEqual([]);
      await gone.close();
    });
    expect(idsOf(await receive(client, 1))).toEqual([0]);
    const [later] = client.of('record_change');
    const back = await connect();
    await back.subscribe('record_changes', mine(), later.seq);
    await back.next('replayed');
    expect(idsOf(back.messages)).toEqual([0]);
    await client.settled();
    expect(idsOf(client.messages)).toEqual([1, 0]);
    await back.close();
    await client.close();
  });

  test('says so when what it asks for is no longer kept, and brings the rest', async () => {
    const client = await connect();
    const { seq } = await client.subscribe('record_changes', mine());
    await publish(records(0, 1));
    const [gone] = await receive(client, 1);
    await publish(records(1, 1));
    const [kept] = await receive(client, 1);
    await server.store.query('DELETE FROM longshore.events WHERE seq < $1', [Math.floor(kept.seq / 10_000)]);
    await client.subscribe('record_changes', mine(), seq);
    expect((await client.next('replay_incomplete')).payload).toEqual({
      channel: 'record_changes',
      oldest_seq: expect.any(Number),
    });
    expect(idsOf(await receive(client, 1))).toEqual([1]);
    expect(client.of('replay_incomplete')[0].payload.oldest_seq).toBeGreaterThan(gone.seq);
    await client.next('replayed');
    await client.subscribe('record_changes', mine(), kept.seq);
    expect((await client.next('replayed')).payload.messages).toBe(0);
    expect(client.of('replay_incomplete')).toHaveLength(1);
    // Given out by nobody: by a database that was put back to an earlier time, perhaps.
    await client.subscribe('record_changes', mine(), kept.seq * 1000);
    await client.next('replay_incomplete');
    await client.next('replayed');
    await publish(records(2, 1));
    expect(idsOf(await receive(client, 1))).toEqual([2]);
    await client.close();
  });
});

describe('a client that does not read', () => {
  /** More than its socket's and the system's buffers hold, and our own. */
  const BATCHES = 40;
  const OF_ONE = 500;
  const SIZE = 1500;

  test('hinders nobody, is told to catch up, and then has all; progress it misses is counted', async () => {
    const slow = await connect();
    const live = await connect();
    for (const client of [slow, live]) {
      await client.subscribe('record_changes', mine());
      await client.subscribe('sync_updates', mine());
    }
    slow.ws.pause();
    for (let batch = 0; batch < BATCHES; batch += 1) {
      await publish(records(batch * OF_ONE, OF_ONE, SIZE));
      await publish({
        type: 'sync_progress',
        job_id: job,
        run_id: 1,
        records_processed: batch,
        records_total: BATCHES,
      });
      await live.next('sync_progress');
    }
    expect(idsOf(live.messages)).toEqual(upTo(BATCHES * OF_ONE));
    expect(live.of('catch_up')).toEqual([]);

    slow.ws.resume();
    const { payload } = await slow.next('catch_up');
    // Told whenever all that waited was taken, which may have been more than once.
    const dropped = slow.of('progress_dropped').reduce((sum, message) => sum + message.payload.dropped, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(slow.of('sync_progress').length + dropped).toBe(BATCHES);
    const had = idsOf(slow.messages).length;
    expect(had).toBeLessThan(BATCHES * OF_ONE);
    expect(payload).toEqual({
      channel: 'record_changes',
      filters: mine(),
      from_seq: expect.any(Number),
      dropped: BATCHES * OF_ONE - had,
    });
    await publish(records(BATCHES * OF_ONE, 1));
    await live.next('record_change');
    await slow.settled();
    expect(idsOf(slow.messages)).toHaveLength(had);

    await slow.subscribe('record_changes', mine(), payload.from_seq);
    await slow.next('replayed');
    expect(idsOf(slow.messages)).toEqual(upTo(BATCHES * OF_ONE + 1));
    await publish(records(BATCHES * OF_ONE + 1, 1));
    await receive(slow, 1);
    expect(idsOf(slow.messages)).toEqual(upTo(BATCHES * OF_ONE + 2));
    await slow.close();
    await live.close();
  });

  test('is replayed all the same, whole, whenever it reads', async () => {
    const seq = (await (await connect()).subscribe('record_changes', mine())).seq;
    for (let batch = 0; batch < BATCHES; batch += 1) await publish(records(batch * OF_ONE, OF_ONE, SIZE));
    const slow = await connect();
    await slow.subscribe('logs', mine());
    slow.ws.pause();
    slow.say({ type: 'subscribe', payload: { channel: 'record_changes', filters: mine(), since: seq } });
    slow.say({ type: 'ping' });
    // Heard, and answered behind what waits for it.
    const live = await connect();
    await live.settled();
    slow.ws.resume();
    await receive(slow, BATCHES * OF_ONE);
    await slow.next('replayed');
    expect(idsOf(slow.messages)).toEqual(upTo(BATCHES * OF_ONE));
    expect(slow.of('catch_up')).toEqual([]);
    await slow.close();
    await live.close();
  });
});
