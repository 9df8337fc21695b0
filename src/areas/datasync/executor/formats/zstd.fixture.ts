import zlib from 'node:zlib';
import { describe } from 'vitest';

/** From Node.js 22.15 on; not among the types of the oldest version that is supported. */
interface ZstdOfNewerNodes {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer<ArrayBuffer>;
}

const compress = (zlib as ZstdOfNewerNodes).zstdCompressSync;

/**
 * What there is to test depends on the Node.js. Neither is ever skipped, since CI runs on one that has zstd and on one
 * that has not.
 */
export function describeZstd(name: string, tests: { readonly there: () => void; readonly missing: () => void }): void {
  if (compress) describe(name, tests.there);
  else describe(`${name}, where Node.js has none of it`, tests.missing);
}

/** One frame. */
export function zstd(content: Uint8Array | string): Buffer<ArrayBuffer> {
  if (!compress) throw new Error(`Node.js ${process.versions.node} has no zstd`);
  return compress(Buffer.from(content));
}

/** A frame of the one line `{"id":1}`, made elsewhere, for where nothing can be packed. */
export const ZSTD_LINE = Buffer.from('28b52ffd04004900007b226964223a317d0a', 'hex');

/** A frame that readers pass over, as `pzstd` puts between others. */
export const SKIPPABLE_FRAME = Buffer.from('502a4d1804000000deadbeef', 'hex');
