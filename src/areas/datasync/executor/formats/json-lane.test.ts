import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../destinations/schema-json.ts';
import { parseJson } from '../json-text.ts';
import type { Row, TextField, Value } from '../pipeline/contracts.ts';
import { fieldsOf, scalarIn } from './json-columns.ts';
import { type EncodedJson, JsonLane } from './json-lane.ts';
import { openNdjson } from './ndjson-reader.ts';
import { NdjsonRecords } from './ndjson-records.ts';
import type { FileBatch } from './reading.ts';

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };

/** What a server makes of a field: the text that COPY reads, as a column of the type would hold it. */
function valueIn(text: string, type: TextField['type']): Value {
  if (text === '\\N') return null;
  const plain = text.replaceAll(/\\(.)/g, (_, code: string) => ESCAPES[code] ?? code);
  if (type === 'boolean') return plain === 't';
  if (type === 'integer' || type === 'number') return Number(plain);
  return type === 'json' ? parseJson(plain) : plain;
}

function rowsOf(bytes: Uint8Array, fields: readonly TextField[]): Row[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const texts = line.split('\t');
    expect(texts).toHaveLength(fields.length);
    return Object.fromEntries(fields.map(({ name, type }, at) => [name, valueIn(texts[at] ?? '', type)]));
  });
}

/** What databases do not take within JSON is replaced when a row is written. */
function asWritten(row: Row): Row {
  const members = Object.entries(row).map(([name, value]) => {
    const isNested = typeof value === 'object' && value !== null;
    return [name, isNested ? parseJson(jsonText(value)) : value] as const;
  });
  return Object.fromEntries(members);
}

/** What every value is that is not null. */
function isOf(type: TextField['type'], value: Value): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'json') return typeof value === 'object';
  return typeof value === (type === 'text' || type === 'date' ? 'string' : type);
}

/** Holds what was taken to what its rows are. */
function expectRows({ bytes, columns, records, ends }: EncodedJson, rows: readonly Row[]): void {
  const fields = fieldsOf(columns);
  expect(rowsOf(bytes, fields)).toEqual(rows.map(asWritten));
  expect(records).toBe(rows.length);
  expect(ends).toEqual([...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1));
  for (const { name, type, also, nulls } of fields) {
    const values = rows.map((row) => row[name] as Value);
    expect(nulls).toBe(values.includes(null));
    const scalars = rows.map((_row, at) => scalarIn(bytes, ends[at - 1] ?? 0, name, columns));
    expect(scalars).toEqual(values.map((value) => (/number|string/.test(typeof value) ? value : undefined)));
    for (const value of values.filter((each) => each !== null)) {
      expect(isOf(type, value)).toBe(true);
      if (type === 'date') expect(value).toMatch(/^\d{4}-\d\d-\d\d$/);
      if (also === 'timestamp') expect(Number.isNaN(Date.parse(String(value)))).toBe(false);
    }
  }
}

function readRows(lines: string): FileBatch | undefined {
  const records = new NdjsonRecords({ from: 0, batchSize: 1000 });
  return [...records.take({ text: lines, bad: undefined }), ...records.end()][0];
}

const name = fc.oneof(
  fc.constantFrom('id', 'amount', 'at', '城市', '', 'a\tb', '7', 'data', '__proto__'),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const plainNumber = fc
  .tuple(fc.integer(), fc.nat({ max: 3 }))
  .map(([whole, places]) => (whole / 10 ** places).toString());
const number = fc.oneof(
  { arbitrary: plainNumber, weight: 20 },
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.constantFrom('0', '-0', '1.0', '0.10', '1e5', '01', '1.', '.5', '-', '+1', '123456789012345'),
);
const text = fc.oneof(
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }), weight: 5 },
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('2024-01-31', '2024-02-30', '2024-01-31T09:30:00Z', '2024-01-31 09:30', 'true', '5', '\\N', '\\.'),
);
const nested = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    '{"a":1.50,"b":[1e3,12345678901234567890]}',
    '["\\u0000\\ud800"]',
    '{}',
    '[ 1 , 2 ]',
    '[1,]',
    '[1,\n2]',
  ),
);

/** A string as some program or other would write it. */
const written = fc.tuple(text, fc.constantFrom('plain', 'plain', 'ascii', 'slashes', 'raw')).map(([value, how]) => {
  const json = JSON.stringify(value);
  if (how === 'raw') return `"${value}"`;
  if (how === 'slashes') return json.replaceAll('/', '\\/');
  const spelt = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return how === 'ascii' ? json.replaceAll(/[^ -~]/g, spelt) : json;
});
const kinds = [number, written, fc.constantFrom('true', 'false', 'true', 'false', 'nul', 'True'), nested] as const;

/** Values of one member: mostly of one kind, some null. */
const member = fc.tuple(name, fc.constantFrom(...kinds)).chain(([own, kind]) =>
  fc.record({
    name: fc.constant(own),
    values: fc.array(
      fc.oneof(
        { arbitrary: kind, weight: 60 },
        { arbitrary: fc.constant('null'), weight: 10 },
        { arbitrary: fc.oneof(...kinds), weight: 1 },
      ),
      { minLength: 3, maxLength: 3 },
    ),
  }),
);
const style = fc.constantFrom([',', ':'], [', ', ': '], [' ,\t', ' :'], [', ', ':\n  ']);
const records = fc
  .tuple(fc.uniqueArray(member, { minLength: 1, maxLength: 4, selector: (each) => each.name }), style)
  .map(([members, [comma = '', colon = '']]) =>
    [0, 1, 2].map((at) => {
      const parts = members.map((each) => `${JSON.stringify(each.name)}${colon}${each.values[at]}`);
      return `{${parts.join(comma)}}`;
    }),
  );

/** A piece that does not belong where it is, now and then. */
const slip = fc.option(fc.tuple(fc.nat(), fc.constantFrom(' ', ',', '"', '}', '{', '[', '\\', '1', '\t', '\r', '\n')), {
  freq: 4,
});

function slipped(json: string, change: readonly [number, string] | null): string {
  if (!change) return json.toWellFormed();
  const at = change[0] % (json.length + 1);
  return (json.slice(0, at) + change[1] + json.slice(at)).toWellFormed();
}

describe('JSON as text', () => {
  it('is what the rows of its lines are, or is not taken', () => {
    // One for all: it has seen other records before.
    const lane = new JsonLane('plain');
    let taken = 0;
    fc.assert(
      fc.property(records, slip, fc.constantFrom('\n', '\r\n', '\n\n', ' \n'), (lines, change, end) => {
        const json = slipped(end + lines.map((line) => line + end).join(''), change);
        const encoded = lane.encodeLines(Buffer.from(json));
        if (!encoded) return;
        taken += 1;
        const batch = readRows(json);
        expect(batch?.rejects).toEqual([]);
        expectRows(encoded, batch?.rows ?? []);
        expect(encoded.lines).toBe(json.split('\n').length - 1);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  it('is what the rows of a list are, or is not taken', () => {
    const lane = new JsonLane('plain');
    let taken = 0;
    fc.assert(
      fc.property(records, slip, fc.constantFrom(',', ' ,\n '), (list, change, comma) => {
        const json = slipped(`[${list.join(comma)} ] `, change);
        const block = Buffer.from(json);
        const encoded = lane.encodeList(block, 1);
        if (!encoded) return;
        taken += 1;
        const end = (encoded.bounds.at(-1) ?? 0) + 1;
        expectRows(encoded, parseJson(block.toString('utf8', 0, end)) as unknown as Row[]);
        encoded.bounds.slice(0, -1).forEach((from, at) => {
          const record = block.toString('utf8', from, encoded.bounds[at + 1]).replace(/,\s*$/, '');
          expect(() => parseJson(record)).not.toThrow();
        });
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  it('is what the rows of pushed records are, or is not taken', () => {
    const lane = new JsonLane('pushed');
    const plainId = fc.constantFrom('1', '"a"', '"2024-01-31"');
    const oddId = fc.oneof(fc.constantFrom('null', '12345678901234567', '1.5', '""'), written);
    const id = fc.oneof({ arbitrary: plainId, weight: 5 }, oddId);
    const other = fc.constantFrom('', '', '', ',"metadata":{"a":1}', ',"data":{}');
    let taken = 0;
    fc.assert(
      fc.property(
        records,
        fc.array(id, { minLength: 3, maxLength: 3 }),
        other,
        fc.boolean(),
        (list, ids, more, swap) => {
          const lines = list.map((data, at) => {
            const [one, two] = swap ? [`"data":${data}`, `"id":${ids[at]}`] : [`"id":${ids[at]}`, `"data":${data}`];
            return slipped(`{${one},${two}${more}}\n`, null);
          });
          const encoded = lane.encodeLines(Buffer.from(lines.join('')));
          if (!encoded) return;
          taken += 1;
          const rows = lines.map((line) => {
            const record = parseJson(line) as { id: Value; data: Row };
            return { _id: String(record.id), ...record.data };
          });
          expectRows(encoded, rows);
        },
      ),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it.each([
    ['values of all kinds', '{"a":1,"b":-0.5,"c":"x","d":true,"e":null,"f":[1,{"g":"h"}]}\n'],
    ['escapes', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u4e2d\\ud83d\\ude00"}\n'],
    ['a line without an end', '{"a":1}'],
    ['lines that are blank', '\n{"a":1}\n \n\r\n{"a":2}\r\n'],
    ['other records than before', '{"c":"x"}\n{"c":"y"}\n'],
    ['records that begin like those before', '{"a":1,"b":2}\n'],
  ])('takes %s', (_, lines) => {
    const lane = new JsonLane('plain');
    lane.encodeLines(Buffer.from('{"a":1}\n'));
    const encoded = lane.encodeLines(Buffer.from(lines));
    if (!encoded) throw new Error('it was not taken');
    expectRows(encoded, readRows(lines)?.rows ?? []);
    expect(encoded.lines).toBe(lines.split('\n').length - 1);
  });

  it.each([
    ['nothing', '\n'],
    ['an empty record', '{}\n'],
    ['other members', '{"a":1}\n{"b":1}\n'],
    ['a member less', '{"a":1,"b":2}\n{"a":1}\n'],
    ['another order', '{"a":1,"b":2}\n{"b":2,"a":1}\n'],
    ['members of one name', '{"a":1,"a":2}\n'],
    ['values of two types', '{"a":1}\n{"a":"x"}\n'],
    ['digits that a double cannot hold', '{"a":1234567890123456}\n'],
    ['a power', '{"a":1e5}\n'],
    ['minus zero', '{"a":-0}\n'],
    ['NUL', '{"a":"\\u0000"}\n'],
    ['half of a character', '{"a":"\\ud83d"}\n'],
    ['two records on a line', '{"a":1}{"a":2}\n'],
    ['a list', '[1]\n'],
    ['what is nested deep', `{"a":${'['.repeat(101)}${']'.repeat(101)}}\n`],
    ['what is no JSON within', '{"a":[1,]}\n'],
  ])('leaves %s alone', (_, lines) => {
    expect(new JsonLane('plain').encodeLines(Buffer.from(lines))).toBeUndefined();
  });

  it('finds days and times only where all texts are such', () => {
    const fieldsIn = (...values: string[]) => {
      const lines = values.map((value) => `{"a":${value}}\n`).join('');
      const encoded = new JsonLane('plain').encodeLines(Buffer.from(lines));
      return encoded && fieldsOf(encoded.columns);
    };
    const time = '"2024-01-31T09:30:00.5+08:00"';
    expect(fieldsIn('"2024-01-31"', 'null')).toEqual([{ name: 'a', type: 'date', nulls: true }]);
    expect(fieldsIn(time, time)).toEqual([{ name: 'a', type: 'text', also: 'timestamp', nulls: false }]);
    expect(fieldsIn(time, '"2024-01-31"')).toEqual([{ name: 'a', type: 'text', nulls: false }]);
    expect(fieldsIn('1', '2.5')).toEqual([{ name: 'a', type: 'number', nulls: false }]);
    expect(fieldsIn('null')).toEqual([{ name: 'a', type: undefined, nulls: true }]);
  });
});

async function* inChunks(file: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(file);
}

const SPREAD = {};
const SPREAD_LINES = Array.from({ length: 9000 }, (_, id) => `{"id":\n${id}}\n`).join('');

describe('NDJSON as text', () => {
  it.each([
    ['of plain records', () => undefined],
    ['with odd values here and there', (index: number) => (index % 9000 === 4000 ? { id: '007' } : undefined)],
    ['with records that are none', (index: number) => (index % 7000 === 6500 ? [index] : undefined)],
    ['with members that come and go', (index: number) => (index % 5 === 1 ? { id: index, other: null } : undefined)],
    ['of which the second half is another', (index: number) => (index > 15_000 ? { key: `${index}` } : undefined)],
    ['with records on several lines', (index: number) => (index === 20_000 ? SPREAD : undefined)],
    ['of which a column changes', (index: number) => (index > 15_000 ? { id: `${index}`, name: 'x' } : undefined)],
  ])('gives the same records in the same order, of a file %s', async (_, odd) => {
    const lines = Array.from({ length: 30_000 }, (_each, index) => {
      const name = index % 11 === 3 ? `several\nlines ${index}` : `a name that takes some room: ${index}`;
      const plain = { id: index, name, active: index % 2 === 0 };
      const record = odd(index) ?? plain;
      return record === SPREAD ? SPREAD_LINES : `${JSON.stringify(record)}\n`;
    });
    const request = { options: {}, from: 17, batchSize: 5000 };
    const asRows = await openNdjson(inChunks(lines.join('')), request);
    const asText = await openNdjson(inChunks(lines.join('')), request);
    const expected = await readAll(asRows.batches);
    const found = await readAll(asText.textBatches ?? asText.batches);
    expect(found.records).toEqual(expected.records);
    expect(found.rejects).toEqual(expected.rejects);
    expect(found.texts > 0).toBe(odd(1) === undefined);
  });
});

async function readAll(batches: AsyncGenerator<FileBatch, void>) {
  const records: [number, Row][] = [];
  const rejects: unknown[] = [];
  let texts = 0;
  for await (const batch of batches) {
    expect(batch.rows.length + batch.rejects.length).toBeLessThanOrEqual(5000);
    for (const [at, row] of batch.rows.entries()) records.push([batch.ordinals[at] ?? -1, row]);
    rejects.push(...batch.rejects);
    expect(batch.next).toBe(17 + records.length + rejects.length);
    if (!batch.text) continue;
    texts += 1;
    expect(rowsOf(Buffer.concat([...batch.text.chunks]), batch.text.fields)).toEqual(batch.rows);
    expect(batch.text.count).toBe(batch.rows.length);
  }
  return { records, rejects, texts };
}
