import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RestServer } from '../../../../test/support/rest-server.ts';
import { createOutbound } from '../../../connections/outbound.ts';
import { LaneStage, LOOKED_AT, type Load } from './text-lane.fixture.ts';

/** Enough for several blocks, of which some are plain and some are not. */
const RECORDS = 8000;

function record(index: number): Record<string, unknown> {
  return {
    id: index,
    amount: index % 13 === 0 ? null : ((index % 7 === 0 ? -1 : 1) * (index * 1000 + (index % 1000))) / 1000,
    at: `20${String(10 + (index % 50))}-02-28T23:5${index % 10}:0${index % 10}.${100 + (index % 900)}Z`,
    day: `19${String(10 + (index % 90))}-12-31`,
    active: index % 3 === 0,
    name: ['plain', 'say "hi", \\N', '中文 😀', 'two\nlines\tand a tab', '', '\\.', null][index % 7],
    tags: index % 2 === 0 ? ['a', { b: 1.5, c: '\\ "q"' }] : {},
    note: 'long enough that there are several blocks of them',
  };
}

const plain = Array.from({ length: RECORDS }, (_, index) => record(index));

/** The same with a record of its own somewhere behind the first blocks. */
const withRecord = <T>(...odd: T[]) => [...plain.slice(0, RECORDS - 500), ...odd, ...plain.slice(RECORDS - 500)];

let stage: LaneStage;
let server: RestServer;
beforeAll(async () => {
  stage = await LaneStage.create(createOutbound({ allowPrivate: true }));
  server = await RestServer.start();
});
afterAll(() => server.close());

type From = Pick<Load, 'connector'> & Partial<Load>;
const NDJSON = { type: 'file', config: { file_id: 'file_1', format: 'ndjson' } };

/** The ways by which records come. */
const WAYS: Readonly<Record<string, (records: readonly unknown[]) => From>> = {
  ndjson: (records) => ({
    connector: NDJSON,
    file: records.map((each) => `${JSON.stringify(each)}\n`).join(''),
  }),
  push: (records) => ({
    connector: NDJSON,
    pushed: true,
    key: '_id',
    file: records.map((data) => `${JSON.stringify(isRecord(data) ? { id: data.id ?? 'none', data } : {})}\n`).join(''),
  }),
  rest: (records) => {
    server.datasets.set('rows', { count: records.length, record: (index) => records[index] as never });
    server.manners = { envelope: (page, { total }) => ({ meta: { total }, items: page }), largestPage: 700 };
    const endpoint = { path: '/page/rows', record_path: '/items', pagination: { type: 'page', limit: 700 } };
    return { connector: { type: 'rest_api', config: { base_url: server.url, endpoints: [endpoint] } } };
  },
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const { amount: _, ...withoutAmount } = record(3);

describe.each(Object.entries(WAYS))('JSON that goes as text (%s)', (way, from) => {
  it.each([
    ['plain ones', plain],
    ['a value that widens its column', withRecord({ ...record(1_000_001), id: 1_000_001.5 })],
    ['an integer too large for its column', withRecord({ ...record(1_000_001), id: 1e30 })],
    ['a member that is missing', withRecord({ ...withoutAmount, name: 'without' })],
    ['a member that is null', withRecord({ ...record(3), amount: null })],
    ['a member without any value', plain.map((each) => ({ ...each, name: null }))],
    [
      'a member without a value for long',
      withRecord(record(3)).map((each, at) => ({ ...each, name: at < 7000 ? null : 5 })),
    ],
    ['another member', withRecord({ ...record(3), other: 'x' })],
    ['another order', withRecord(Object.fromEntries(Object.entries(record(3)).reverse()))],
    ['two records of one key', withRecord({ ...record(1_000_001), name: 'first' }, record(1_000_001))],
    ['a record without its key', withRecord({ ...record(3), id: null })],
    ['a record that is none', withRecord([3])],
    ['a text that is no day', withRecord({ ...record(3), day: 'yesterday' })],
  ])('makes the table that its rows make: %s', async (name, records) => {
    for (const mode of ['upsert', 'append']) {
      const table = `${way} ${mode} ${name}`;
      for (const round of ['empty', 'full']) {
        const asText = await stage.load({ ...from(records), table: `${table} text`, mode });
        const asRows = await stage.load({ ...from(records), table: `${table} rows`, mode, transformations: LOOKED_AT });
        // Which of the first changes are told of goes by batches too, where there are too many.
        if (asText.omitted > 0) asText.emitted = asRows.emitted = [];
        expect(asText, `${mode} into a table that is ${round}`).toEqual(asRows);
        expect(await stage.contents(`${table} text`)).toEqual(await stage.contents(`${table} rows`));
      }
    }
  });

  it('goes on right behind what was committed', async () => {
    const load = { ...from(plain), mode: 'append' };
    await stage.load({ ...load, table: `${way} whole` });
    server.order(...Array.from({ length: 9 }, () => 'pass' as const), { status: 400 });
    const { output } = await stage.load({ ...load, table: `${way} broken`, breaks: true });
    server.calm();
    expect(output).toMatchObject({ records_read: RECORDS, records_written: RECORDS });
    expect(await stage.contents(`${way} broken`)).toEqual(await stage.contents(`${way} whole`));
  });

  it.each(['freeze', 'discard_value', 'discard_row'])(
    'makes the table that its rows make, under %s',
    async (policy) => {
      const records = withRecord({ ...record(1_000_001), other: 'x' }, { ...record(1_000_002), day: 'yesterday' });
      const table = `${way} ${policy}`;
      for (const round of ['empty', 'full']) {
        const load = { ...from(records), mode: 'upsert', policy };
        const asText = await stage.load({ ...load, table: `${table} text` });
        const asRows = await stage.load({ ...load, table: `${table} rows`, transformations: LOOKED_AT });
        expect(asText, `into a table that is ${round}`).toEqual(asRows);
        expect(await stage.contents(`${table} text`)).toEqual(await stage.contents(`${table} rows`));
      }
    },
  );

  it('goes into columns of other types only where it is the same there', async () => {
    for (const table of [`${way} others text`, `${way} others rows`]) {
      await stage.client.query(`CREATE TABLE data."${table}" (id numeric PRIMARY KEY, amount double precision,
        at timestamptz, day date, active text, name varchar, tags json, _id text UNIQUE)`);
    }
    const load = { ...from(plain), mode: 'upsert' };
    const asText = await stage.load({ ...load, table: `${way} others text` });
    const asRows = await stage.load({ ...load, table: `${way} others rows`, transformations: LOOKED_AT });
    expect(asText).toEqual(asRows);
    expect(await stage.contents(`${way} others text`)).toEqual(await stage.contents(`${way} others rows`));
  });
});
