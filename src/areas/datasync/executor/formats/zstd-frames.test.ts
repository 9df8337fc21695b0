import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, it, vi } from 'vitest';
import { zstdDecompressor } from './compression.ts';
import { chunks, readFile } from './read-all.fixture.ts';
import { describeZstd, SKIPPABLE_FRAME, ZSTD_LINE, zstd } from './zstd.fixture.ts';
import { unpackFrames } from './zstd-frames.ts';

const MIB = 1024 * 1024;
const refusal = (message: string) => ({
  name: 'ExecutorError',
  retryable: false,
  message: expect.stringContaining(message) as string,
});

describeZstd('files packed by zstd', { there, missing });

function there(): void {
  const lines = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => `{"id":${from + index},"name":"名 🏮"}\n`).join('');
  const ids = async (...how: Parameters<typeof readFile>) => (await readFile(...how)).rows.map(({ id }) => id);
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  it('are told by their first bytes, and read whatever pieces they come in', async () => {
    const packed = zstd(lines(0, 1000));
    for (const chunk of [1, 3, 1000, packed.length]) {
      expect(await ids('ndjson', packed, { chunk })).toEqual(upTo(1000));
    }
  });

  it('are read to the end of their last frame', async () => {
    const frames = [
      SKIPPABLE_FRAME,
      ...[zstd(lines(0, 10)), SKIPPABLE_FRAME, zstd(lines(10, 100_000)), zstd(''), zstd(lines(100_010, 1))],
    ];
    for (const chunk of [7, 65_536]) {
      expect(await ids('ndjson', Buffer.concat(frames), { chunk })).toEqual(upTo(100_011));
    }
  });

  it('may hold anything: what cannot be packed, what is the same all over, nothing', async () => {
    const noise = randomBytes(300_000).toString('base64');
    const same = 'x'.repeat(900_000);
    const content = `${JSON.stringify({ noise })}\n${JSON.stringify({ same })}\n`;
    expect((await readFile('ndjson', zstd(content), { chunk: 100_000 })).rows).toEqual([{ noise }, { same }]);
    expect((await readFile('ndjson', zstd(''))).rows).toEqual([]);
  });

  it('may have frames without content among the others, but not without end', async () => {
    const line = zstd(lines(1, 1));
    const skipped = Array<Buffer>(100_000).fill(SKIPPABLE_FRAME);
    expect(await ids('ndjson', Buffer.concat([line, ...skipped]), { chunk: 65_537 })).toEqual([1]);
    const empty = (count: number) => Array<Buffer>(count).fill(zstd(''));
    expect(await ids('ndjson', Buffer.concat([line, ...empty(4096), line, ...empty(1)]))).toEqual([1, 1]);
    await expect(readFile('ndjson', Buffer.concat([line, ...empty(4097), line]))).rejects.toMatchObject(
      refusal('the zstd data has more than 4096 empty frames'),
    );
    await expect(
      readFile('ndjson', Buffer.concat([line, ...skipped]), { limits: { maxBytes: MIB } }),
    ).rejects.toMatchObject(refusal('the zstd file is more than 1 MiB packed'));
  });

  it('make no decompressor for what is passed over', async () => {
    const frames = [SKIPPABLE_FRAME, zstd('a'), SKIPPABLE_FRAME, SKIPPABLE_FRAME, zstd('b')];
    const made = vi.fn(zstdDecompressor());
    const unpacked = await buffer(unpackFrames(chunks(Buffer.concat(frames), 3), made));
    expect([unpacked.toString(), made.mock.calls.length]).toEqual(['ab', 2]);
  });

  it('that break off anywhere are refused, and so is what follows them and is none', async () => {
    const packed = zstd(lines(0, 20));
    for (let length = 4; length < packed.length; length += 1) {
      await expect(readFile('ndjson', packed.subarray(0, length)), `${length} bytes`).rejects.toMatchObject(
        refusal('zstd data is broken'),
      );
    }
    const tail = Buffer.concat([packed, Buffer.from('{"id":21}\n')]);
    await expect(readFile('ndjson', tail)).rejects.toMatchObject(refusal('zstd data is broken'));
    const cut = Buffer.concat([packed, packed.subarray(0, 3)]);
    await expect(readFile('ndjson', cut)).rejects.toMatchObject(refusal('zstd data is broken'));
  });

  it('that are none are refused', async () => {
    const refused = refusal('zstd data is broken');
    await expect(readFile('ndjson', '{"id":1}\n', { compression: 'zstd' })).rejects.toMatchObject(refused);
    await expect(readFile('ndjson', '', { compression: 'zstd' })).rejects.toMatchObject(refused);
    const spoilt = zstd(lines(0, 1000)).fill(0x5a, 30, 60);
    await expect(readFile('ndjson', spoilt)).rejects.toMatchObject(refused);
  });

  it('are bombs when they grow beyond all measure, or beyond the cap, however many frames they have', async () => {
    const frame = zstd(Buffer.alloc(10 * MIB, `{"t":"${'x'.repeat(10_000)}"}\n`));
    const bomb = Buffer.concat(Array.from({ length: 10 }, () => frame));
    await expect(readFile('ndjson', bomb)).rejects.toMatchObject(refusal('250 times its size'));
    await expect(readFile('ndjson', bomb, { limits: { maxBytes: MIB } })).rejects.toMatchObject(
      refusal('the zstd file is more than 1 MiB when unpacked'),
    );
  });
}

function missing(): void {
  it('are refused with what is needed', async () => {
    await expect(readFile('ndjson', ZSTD_LINE)).rejects.toMatchObject(refusal('zstd needs Node.js 22.15'));
  });
}
