import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The table that every loader fills: what the rows of the bench are. */
export const COLUMNS = `id bigint, name text, email text, amount double precision, created_at timestamp with time zone,
  active boolean, category text, "城市" text`;
const NAMES = ['id', 'name', 'email', 'amount', 'created_at', 'active', 'category', '城市'] as const;
const CATEGORIES = ['book', 'food', 'toy', 'garden'];
const CITIES = ['北京', '上海', '广州', '深圳市', '成都'];
/** Rows that are written to a file at once. */
const CHUNK = 2000;

/** The row of a number from 1: a hundred bytes, the same whenever it is asked for. */
export function rowOf(id: number): Record<(typeof NAMES)[number], string | number | boolean> {
  return {
    id,
    name: `Customer number ${id}`,
    email: `customer.${id}@example.com`,
    amount: ((id * 37) % 1_000_000) / 100,
    created_at: new Date(1.7e12 + id * 61_000).toISOString(),
    active: id % 3 !== 0,
    category: CATEGORIES[id % CATEGORIES.length] ?? '',
    城市: CITIES[id % CITIES.length] ?? '',
  };
}

function* chunks(rows: number, line: (id: number) => string, header: string): Generator<string> {
  yield header;
  for (let from = 1; from <= rows; from += CHUNK) {
    let text = '';
    for (let id = from; id < from + CHUNK && id <= rows; id += 1) text += `${line(id)}\n`;
    yield text;
  }
}

/** The files that are loaded, in a folder. */
export interface Inputs {
  readonly csv: string;
  readonly ndjson: string;
  /** The same records as they are pushed. */
  readonly push: string;
}

/** Writes the files. */
export async function writeInputs(folder: string, rows: number): Promise<Inputs> {
  const write = async (name: string, line: (id: number) => string, header = '') => {
    const file = path.join(folder, name);
    await pipeline(chunks(rows, line, header), createWriteStream(file));
    return file;
  };
  return {
    csv: await write('rows.csv', (id) => Object.values(rowOf(id)).join(','), `${NAMES.join(',')}\n`),
    ndjson: await write('rows.ndjson', (id) => JSON.stringify(rowOf(id))),
    push: await write('push.ndjson', (id) => JSON.stringify({ id: String(id), data: rowOf(id) })),
  };
}
