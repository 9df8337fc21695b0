import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Row } from '../pipeline/contracts.ts';
import { encodeRows } from './encode-rows.ts';
import { DEFAULT_LIMITS, openFile } from './open-file.ts';
import { chunks, readFile } from './read-all.fixture.ts';
import { xlsxOf, zipOf } from './zip.fixture.ts';

const MIB = 1024 * 1024;
/** A file that is refused for good, in words. */
const refusal = (...parts: string[]) => ({
  name: 'ExecutorError',
  retryable: false,
  message: expect.stringMatching(new RegExp(parts.join('.*'))) as string,
});

describe('packed files', () => {
  it('are told by their first bytes, members after each other too', async () => {
    const packed = Buffer.concat([gzipSync('{"id":1}\n'), gzipSync('{"id":2}\n')]);
    expect((await readFile('ndjson', packed)).rows).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('are bombs when they grow beyond all measure, or beyond the cap', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * MIB, `{"t":"${'x'.repeat(10_000)}"}\n`));
    await expect(readFile('ndjson', bomb)).rejects.toMatchObject(refusal('250 times its size'));
    await expect(readFile('ndjson', bomb, { limits: { maxBytes: MIB } })).rejects.toMatchObject(
      refusal('more than 1 MiB when unpacked'),
    );
  });

  it('that go on without any content end at the cap', async () => {
    const empty = Buffer.alloc(MIB + 20, gzipSync(''));
    await expect(readFile('ndjson', empty, { limits: { maxBytes: MIB }, chunk: 65_536 })).rejects.toMatchObject(
      refusal('the gzip file is more than 1 MiB packed'),
    );
  });

  it('that are broken, cut off, or none at all are said to be', async () => {
    const packed = gzipSync('{"id":1}\n'.repeat(1000));
    await expect(readFile('ndjson', packed.subarray(0, -20))).rejects.toMatchObject(refusal('gzip data is broken'));
    await expect(readFile('ndjson', '{"id":1}', { compression: 'gzip' })).rejects.toMatchObject(refusal('gzip'));
    const broken = Buffer.from(packed);
    broken.fill(0xff, 15, 30);
    await expect(readFile('ndjson', broken)).rejects.toMatchObject(refusal('gzip data is broken'));
  });
});

describe('parquet', () => {
  const rows = Array.from({ length: 1000 }, (_, id): Row => ({ id, name: `名 ${id}`, at: new Date(id * 1000) }));
  const whole = buffer(encodeRows('parquet', [rows]));

  it.each<[string, (file: Buffer) => Buffer]>([
    ['is nothing', () => Buffer.alloc(0)],
    ['is text', () => Buffer.from('id,name\n1,x\n')],
    ['is cut off', (file) => file.subarray(0, file.length / 2)],
    ['has no beginning', (file) => file.subarray(file.length / 2)],
    ['lies about its footer', (file) => Buffer.concat([file.subarray(0, -8), Buffer.from('ffffff7f50415231', 'hex')])],
    ['has a footer of noise', (file) => Buffer.from(file).fill(0x5a, file.length - 200, file.length - 8)],
  ])('that %s is refused', async (_name, spoil) => {
    await expect(readFile('parquet', spoil(await whole))).rejects.toMatchObject(
      refusal('the parquet file cannot be read'),
    );
  });

  it('spoilt anywhere is read or refused, and nothing else', async () => {
    const file = await whole;
    const spot = fc.tuple(fc.integer({ min: 0, max: file.length - 1 }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(spot, { minLength: 1, maxLength: 8 }), async (spots) => {
        const spoilt = Buffer.from(file);
        for (const [at, byte] of spots) spoilt[at] = byte;
        const limits = { memoryMb: 128, silenceMs: 20_000 };
        const error = await readFile('parquet', spoilt, { limits }).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        if (error !== undefined) expect(error).toMatchObject({ name: 'ExecutorError', retryable: false });
      }),
      { numRuns: 12 },
    );
  });

  it('larger than its cap is refused before it fills the disk', async () => {
    const limits = { maxBytes: 1000 };
    await expect(readFile('parquet', await whole, { limits })).rejects.toMatchObject(refusal('larger than'));
  });
});

describe('excel', () => {
  const cell = (address: string, value: number) => `<c r="${address}"><v>${value}</v></c>`;
  const header = '<row r="1"><c r="A1" t="inlineStr"><is><t>n</t></is></c></row>';

  it('is read, empty rows passed over', async () => {
    const file = xlsxOf(`${header}<row r="2">${cell('A2', 1)}</row><row r="9">${cell('A9', 2)}</row>`);
    expect((await readFile('excel', file)).rows).toEqual([{ n: 1 }, { n: 2 }]);
    expect((await readFile('excel', file, { options: { sheet: 'Data' } })).rows).toHaveLength(2);
    await expect(readFile('excel', file, { options: { sheet: 'Nothing' } })).rejects.toMatchObject(refusal('Nothing'));
  });

  it('with a cell in row 2^40, or in a column of no sheet, is refused', async () => {
    const row = 2 ** 40;
    const far = xlsxOf(`${header}<row r="${row}">${cell(`A${row}`, 1)}</row>`);
    await expect(readFile('excel', far)).rejects.toMatchObject(refusal('outside of what a sheet is', String(row)));
    const wide = xlsxOf(`${header}<row r="2">${cell('ZZZZZ2', 1)}</row>`);
    await expect(readFile('excel', wide)).rejects.toMatchObject(refusal('outside of what a sheet is'));
  });

  it('that unpacks to more than its cap is refused, whatever it says', async () => {
    const blanks = { name: 'xl/sharedStrings.xml', content: Buffer.alloc(50 * MIB, ' '), saidBytes: 10 };
    const bomb = xlsxOf(header, [blanks]);
    await expect(readFile('excel', bomb, { limits: { maxBytes: 10 * MIB } })).rejects.toMatchObject(
      refusal('more than 10 MiB when unpacked'),
    );
  });

  it('that takes too much memory ends its parser, and nobody else', async () => {
    const row = (index: number) => `<row r="${index}">${cell(`A${index}`, index)}${cell(`XFD${index}`, 1)}</row>`;
    const rows = Array.from({ length: 3000 }, (_, index) => row(index + 2)).join('');
    await expect(readFile('excel', xlsxOf(header + rows), { limits: { memoryMb: 96 } })).rejects.toMatchObject(
      refusal('needs more than 96 MiB of memory'),
    );
  });

  it.each<[string, Buffer]>([
    ['is no zip', Buffer.from('PK\x03\x04 and nothing else')],
    ['is another zip', zipOf([{ name: 'readme.txt', content: 'hello' }])],
    ['is cut off', xlsxOf(header).subarray(0, 300)],
    ['has no end to its XML', xlsxOf('<row r="1"><c r="A1"')],
    ['has an old format', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
  ])('that %s is refused', async (_name, file) => {
    await expect(readFile('excel', file)).rejects.toMatchObject({ name: 'ExecutorError', retryable: false });
  });
});

describe('a parser in its own process', () => {
  it('leaves nothing behind, read or not', async () => {
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'strangers-test-'));
    vi.stubEnv('TMPDIR', scratch);
    // The loader of TypeScript has a folder of its own there.
    const folders = async () => (await readdir(scratch)).filter((name) => name.startsWith('longshore-'));
    try {
      const bytes = await buffer(encodeRows('parquet', [[{ id: 1 }]]));
      const request = { options: {}, from: 0, batchSize: 10 };
      const reader = await openFile('parquet', 'auto', chunks(bytes), request);
      expect(await folders()).toHaveLength(1);
      await reader.close();
      await reader.close();
      expect(await folders()).toEqual([]);
      const nothing = openFile('parquet', 'auto', chunks(Buffer.from('nothing')), request);
      await expect(nothing).rejects.toThrow('cannot be read');
      expect(await folders()).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await rm(scratch, { recursive: true, force: true });
    }
  });

  it('ends with the signal, with its reason', async () => {
    const rows = Array.from({ length: 20_000 }, (_, id): Row => ({ id }));
    const bytes = await buffer(encodeRows('parquet', [rows]));
    const abort = new AbortController();
    const request = { options: {}, from: 0, batchSize: 10, signal: abort.signal };
    const reader = await openFile('parquet', 'auto', chunks(bytes), request, DEFAULT_LIMITS);
    await reader.batches.next();
    const reason = new Error('enough');
    abort.abort(reason);
    const rest = async () => {
      for await (const batch of reader.batches) expect(batch.rows.length).toBeGreaterThan(0);
    };
    await expect(rest()).rejects.toBe(reason);
    await reader.close();
  });

  it('that is caught in a loop is given up', async () => {
    const bytes = await buffer(encodeRows('parquet', [[{ id: 1 }]]));
    // No parser can even start in this time.
    await expect(readFile('parquet', bytes, { limits: { silenceMs: 1 } })).rejects.toMatchObject(
      refusal('got nowhere'),
    );
  });
});
