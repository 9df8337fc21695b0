import { AppError } from '../../kernel/errors.ts';
import { hasZstd, unpacked } from './executor/formats/compression.ts';

/** Of one upload, as it comes and as it is unpacked. The route's description names it. */
export const MOST_STREAM_BYTES = 1024 * 1024 * 1024;

/**
 * The body of an upload, unpacked. How much may be unpacked of it is the upload's matter, which may have begun before.
 * @param encoding as `Content-Encoding` says it
 * @param mostBytes of what is packed
 * @throws AppError `unsupported_media_type` at once, `too_large`; ExecutorError for broken data
 */
export function bodyOf(
  body: AsyncIterable<Uint8Array>,
  encoding = 'identity',
  mostBytes = MOST_STREAM_BYTES,
): AsyncIterable<Uint8Array> {
  const method = encoding.trim().toLowerCase();
  if (method === 'identity') return body;
  if (method === 'gzip' || (method === 'zstd' && hasZstd)) {
    return unpacked(atMost(body, mostBytes), method, Number.MAX_SAFE_INTEGER);
  }
  const mend = `Content-Encoding must be gzip${hasZstd ? ', zstd' : ''} or left out.`;
  const missing = `zstd needs Node.js 22.15 or newer, and this server runs on ${process.versions.node}: `;
  throw new AppError('unsupported_media_type', method === 'zstd' ? missing + mend : mend);
}

/** What unpacks to nothing would never come to an end otherwise. */
async function* atMost(body: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      throw new AppError('too_large', `An upload has at most ${mostBytes / 1024 / 1024} MiB, packed.`);
    }
    yield chunk;
  }
}
