import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chunks } from './executor/formats/read-all.fixture.ts';
import { describeZstd, SKIPPABLE_FRAME, zstd } from './executor/formats/zstd.fixture.ts';
import { bodyOf } from './push-body.ts';

const MIB = 1024 * 1024;
const tooLarge = { code: 'too_large', message: 'An upload has at most 1 MiB, packed.' };

const unpacked = (parts: Uint8Array[], encoding?: string) =>
  buffer(bodyOf(chunks(Buffer.concat(parts), 65_536), encoding, MIB));

describe('the body of an upload', () => {
  it('is what came, or what it was packed of', async () => {
    expect((await unpacked([Buffer.from('a')])).toString()).toBe('a');
    expect((await unpacked([gzipSync('a'), gzipSync('b')], ' GZIP')).toString()).toBe('ab');
  });

  it('ends at its cap, though its members of gzip unpack to nothing', async () => {
    const empty = Buffer.alloc(MIB + 20, gzipSync(''));
    await expect(unpacked([empty], 'gzip')).rejects.toMatchObject(tooLarge);
  });

  it('is refused in another encoding', () => {
    expect(() => bodyOf(chunks(Buffer.alloc(0)), 'br')).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type' }),
    );
  });
});

describeZstd('the body of an upload packed by zstd', {
  there() {
    it('ends at its cap, though its frames hold nothing', async () => {
      const skipped = Buffer.alloc(MIB, SKIPPABLE_FRAME);
      await expect(unpacked([zstd('a'), skipped], 'zstd')).rejects.toMatchObject(tooLarge);
    });
  },
  missing() {
    it('is refused', () => {
      expect(() => bodyOf(chunks(Buffer.alloc(0)), 'zstd')).toThrow('zstd needs Node.js 22.15');
    });
  },
});
