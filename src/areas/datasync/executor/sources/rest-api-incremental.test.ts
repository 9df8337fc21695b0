import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../../../protocol/executor.ts';
import type { RestConfig } from '../spec/rest.ts';
import { drain, OFFSET, paged, RestStage, refused } from './rest-api.fixture.ts';

const stage = new RestStage();
beforeEach(() => stage.start());
afterEach(() => stage.close());

describe('an incremental run', () => {
  const since = { path: '/offset/customers', pagination: OFFSET, cursor_field: 'id', cursor_param: 'since' };
  /** The cursor of an endpoint whose highest value one record has. */
  const reached = (value: Json) => ({ value, seen: [expect.any(String)] });

  it('asks the server for what is new, and leaves out what is not', async () => {
    stage.hold(25);
    const first = await drain(stage.source(since, { incremental: true }));
    expect(first.cursor).toEqual({ 'GET /offset/customers id': reached(25) });
    expect(stage.asked('since')).toEqual([undefined, undefined, undefined]);
    stage.hold(28);
    const second = await drain(stage.source(since, { incremental: true }), undefined, first.cursor);
    expect(stage.asked('since').slice(3)).toEqual(['25', '25', '25']);
    expect(second.ids).toEqual([26, 27, 28]);
    expect(second.batches.flatMap(({ ordinals }) => ordinals)).toEqual([0, 1, 2]);
    expect(second.cursor).toEqual({ 'GET /offset/customers id': reached(28) });
  });

  it('keeps what it had reached when it goes on, and when there is nothing', async () => {
    stage.hold(25, (index) => ({ id: 25 - index }));
    const { batches } = await drain(stage.source(since, { incremental: true, batchSize: 10 }));
    const rest = await drain(stage.source(since, { incremental: true }), batches[1]?.position);
    expect(rest.ids).toEqual([5, 4, 3, 2, 1]);
    expect(rest.cursor).toEqual({ 'GET /offset/customers id': reached(25) });
    stage.hold(0);
    expect((await drain(stage.source(since, { incremental: true }), undefined, rest.cursor)).cursor).toEqual(
      rest.cursor,
    );
  });

  it('keeps the cursors of endpoints apart', async () => {
    stage.hold(5);
    stage.server.datasets.set('orders', { count: 3, record: (index) => ({ id: index, at: `2024-01-0${index + 1}` }) });
    const endpoints = [
      { path: '/all/customers', cursor_field: 'id' },
      { path: '/all/orders', cursor_field: '/at' },
      { path: '/all/customers', cursor_field: 'id', params: { kind: 'b' } },
      { path: '/all/orders' },
    ];
    const config: RestConfig = { base_url: stage.server.url, endpoints };
    expect((await drain(stage.source({ path: '' }, { config, incremental: true }))).cursor).toEqual({
      'GET /all/customers id': reached(5),
      'GET /all/orders /at': reached('2024-01-03'),
      'GET /all/customers id #2': reached(5),
    });
  });

  it('says so when too many records share the highest value to tell them when they come again', async () => {
    stage.hold(10_001, (index) => ({ id: index, day: '2024-01-01' }));
    const logs: string[] = [];
    const config: RestConfig = {
      base_url: stage.server.url,
      endpoints: [{ path: '/all/customers', cursor_field: 'day' }],
    };
    const log = (level: string, message: string) => void logs.push(`${level}: ${message}`);
    const first = await drain(stage.source({ path: '' }, { config, incremental: true, log }));
    expect(logs).toEqual([expect.stringMatching(/^warning: GET \/all\/customers day: .*upsert/)]);
    const again = await drain(stage.source({ path: '' }, { config, incremental: true }), undefined, first.cursor);
    expect(again.ids).toHaveLength(10_001);
  });

  it('needs a cursor field', async () => {
    await expect(drain(stage.source(paged(OFFSET), { incremental: true }))).rejects.toMatchObject(
      refused('cursor_field'),
    );
  });
});
