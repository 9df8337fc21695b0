import { describe, expect, it } from 'vitest';
import { openJson } from './formats/json-reader.ts';
import { openText } from './formats/open-file.ts';
import { chunks } from './formats/read-all.fixture.ts';
import type { FileBatch, FileReader, ReadRequest } from './formats/reading.ts';
import { ENGINES, needs } from './sources/database/engines.fixture.ts';
import { readsFrom } from './sources/database/reading.fixture.ts';
import { PendingRecords } from './sources/rest-api-batches.ts';

/*
 * Batches end by their bytes too: records may be large.
 */

const MIB = 1024 * 1024;
const COUNT = 80;
const LARGE = 'x'.repeat(500_000);
const ids = Array.from({ length: COUNT }, (_, id) => id);
const json = ids.map((id) => JSON.stringify({ id, text: LARGE }));
const ENDED_EARLY = [17, 34, 51, 68, 80];

type Open = (from: number) => Promise<FileReader>;

async function all(batches: AsyncGenerator<FileBatch, void> | undefined): Promise<FileBatch[]> {
  const read: FileBatch[] = [];
  for await (const batch of batches ?? []) read.push(batch);
  return read;
}

const request = (from: number): ReadRequest => ({ options: {}, from, batchSize: 10_000 });
const csv = `id,text\n${ids.map((id) => `${id},${LARGE}\n`).join('')}`;
const FILES: [string, Open][] = [
  ['ndjson', (from) => openText('ndjson', chunks(Buffer.from(`${json.join('\n')}\n`), 65_536), request(from))],
  ['csv', (from) => openText('csv', chunks(Buffer.from(csv), 65_536), request(from))],
  ['json', (from) => openJson(chunks(Buffer.from(`[${json.join()}]`), 65_536), request(from))],
];

describe('batches of large records', () => {
  it.each(FILES)('end early, and go on right behind: %s', async (_name, open) => {
    const reader = await open(0);
    const batches = await all(reader.batches);
    await reader.close();
    expect(batches.map(({ next }) => next)).toEqual(ENDED_EARLY);
    expect(batches.flatMap(({ ordinals }) => ordinals)).toEqual(ids);
    expect(batches.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(ids);
    const rest = await open(batches[0]?.next ?? 0);
    expect((await all(rest.batches)).flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(ids.slice(17));
    await rest.close();
  });

  it.each(FILES.slice(0, 2))('end early as text too: %s', async (_name, open) => {
    const reader = await open(0);
    const batches = await all(reader.textBatches);
    await reader.close();
    const sizes = batches.map(({ text }) => Buffer.concat([...(text?.chunks ?? [])]).length);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * MIB);
    expect(batches.flatMap(({ ordinals }) => ordinals)).toEqual(ids);
    expect(batches.flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(ids);
  });

  it('end early where they come from a REST service', () => {
    const pending = new PendingRecords(10_000, 0);
    const ends: number[] = [];
    for (const id of ids) {
      pending.add({ id, nested: [{ text: LARGE }] });
      if (!pending.full) continue;
      pending.take();
      ends.push(pending.next);
    }
    expect(ends).toEqual(ENDED_EARLY.slice(0, -1));
  });

  for (const setup of ENGINES) {
    it(`end early where they come from ${setup.name}`, async (context) => {
      needs(setup, context);
      const engine = await setup.open();
      const { read } = readsFrom(engine.login);
      for (const [table, key] of [
        ['large', 'PRIMARY KEY'],
        ['loose', ''],
      ] as const) {
        await engine.run(`CREATE TABLE ${table} (id int ${key}, t ${setup.name === 'mariadb' ? 'longtext' : 'text'})`);
        await engine.run(`INSERT INTO ${table} VALUES ${ids.map((id) => `(${id}, repeat('x', 500000))`).join()}`);
        const { batches, rows } = await read({ table }, {}, { batchSize: 10_000 });
        expect(batches.map(({ ordinals }) => (ordinals.at(-1) ?? 0) + 1)).toEqual(ENDED_EARLY);
        expect(rows.map(({ id }) => id)).toEqual(ids);
        const rest = await read({ table }, { position: batches[0]?.position }, { batchSize: 10_000 });
        expect(rest.rows.map(({ id }) => id)).toEqual(ids.slice(17));
      }
    });
  }
});
