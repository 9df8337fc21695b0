import { beforeAll, describe, expect, it } from 'vitest';
import { LaneStage, LOOKED_AT } from './text-lane.fixture.ts';

/** Enough for several blocks, of which some are plain and some are not. */
const RECORDS = 12_000;
const HEADER = 'id,amount,at,day,active,name\n';

function record(index: number): string {
  const amount =
    index % 13 === 0 ? '' : `${index % 7 === 0 ? '-' : ''}${index}.${String(index % 1000).padStart(3, '0')}`;
  const zone = ['Z', '', '+08:00', '-03:30'][index % 4];
  const at = `20${String(10 + (index % 50))}-02-28${index % 2 === 0 ? 'T' : ' '}23:5${index % 10}:0${index % 10}.${index % 1000}${zone}`;
  const day = `19${String(10 + (index % 90))}-12-31`;
  const name = ['plain', '"say ""hi"", \\N"', '中文 😀', '"two\nlines\tand a tab"', '', '""', 'back\\slash'][index % 7];
  return `${index},${amount},${at},${day},${index % 3 === 0 ? 'TRUE' : 'false'},${name}\n`;
}

const plain = HEADER + Array.from({ length: RECORDS }, (_, index) => record(index)).join('');

/** The same with a line of its own somewhere behind the first blocks. */
function withLine(line: string): string {
  const at = plain.indexOf(`\n${RECORDS - 500},`) + 1;
  return plain.slice(0, at) + line + plain.slice(at);
}

let stage: LaneStage;
beforeAll(async () => {
  stage = await LaneStage.create({} as never);
});

const CSV = { type: 'file', config: { file_id: 'file_1', format: 'csv' } };

async function load(table: string, file: string, mode: string, transformations: object[]) {
  return await stage.load({ table, mode, connector: CSV, file, transformations });
}

describe('records that go as text', () => {
  it.each([
    ['plain ones', plain],
    ['a value that widens its column', withLine('1000001.5,1,2024-01-01,2024-01-01,true,x\n')],
    ['an integer too large for its column', withLine('99999999999999999999,1,,,true,x\n')],
    ['a zone far from Greenwich', withLine('1000001,1,2024-01-01T00:00:00+14:59,,true,x\n')],
    ['a key that is there already', withLine(record(5).replace('plain', 'other'))],
    ['two records of one key', withLine('1000001,1,,,true,first\n1000001,,,,true,last\n')],
    ['a record without its key', withLine(',1,,,true,x\n')],
    ['a record that is none', withLine('1000001,1\n')],
  ])('make the table that they make one by one: %s', async (name, file) => {
    for (const mode of ['upsert', 'append', 'overwrite']) {
      const table = `${mode} ${name}`;
      for (const round of ['empty', 'full']) {
        const asText = await load(`${table} text`, file, mode, []);
        const asRows = await load(`${table} rows`, file, mode, LOOKED_AT);
        // Which of the first changes are told of goes by batches too, where there are too many.
        if (asText.omitted > 0) asText.emitted = asRows.emitted = [];
        expect(asText, `${mode} into a table that is ${round}`).toEqual(asRows);
        expect(await stage.contents(`${table} text`)).toEqual(await stage.contents(`${table} rows`));
      }
    }
  });

  it('leave alone what is the same, and tell of what is not', async () => {
    const changed = plain.replace('\n11000,', '\n11000,9').replace('\n11001,', '\n2011001,');
    for (const [table, transformations] of [
      ['changes text', []],
      ['changes rows', LOOKED_AT],
    ] as const) {
      await load(table, plain, 'upsert', [...transformations]);
      const { output, emitted } = await load(table, changed, 'upsert', [...transformations]);
      expect(output).toMatchObject({ records_read: RECORDS, records_written: 2 });
      expect(emitted.filter((row) => row.startsWith('changes '))).toHaveLength(2);
    }
    expect(await stage.contents('changes text')).toEqual(await stage.contents('changes rows'));
  });

  it('go into columns of other types only where they are the same there', async () => {
    for (const table of ['others text', 'others rows']) {
      await stage.client.query(`CREATE TABLE data."${table}" (id integer PRIMARY KEY, amount numeric, at timestamp,
        day text, active text, name varchar(20))`);
    }
    const asText = await load('others text', plain, 'upsert', []);
    const asRows = await load('others rows', plain, 'upsert', LOOKED_AT);
    expect(asText).toEqual(asRows);
    expect(await stage.contents('others text')).toEqual(await stage.contents('others rows'));
  });
});
