/** As much as a slow line takes in a part of the time that it is given. */
const PIECE_BYTES = 16 * 1024;

/**
 * The same bytes, watched: whoever takes none for `stallMs` although there are some is given up. Time in which the
 * bytes are still to come does not count.
 * @param stalled called once at most, while a piece waits to be taken
 */
export async function* watched(
  bytes: AsyncIterable<Buffer>,
  stallMs: number,
  stalled: () => void,
): AsyncGenerator<Buffer, void> {
  for await (const chunk of bytes) {
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      const timer = setTimeout(stalled, stallMs);
      try {
        yield chunk.subarray(start, start + PIECE_BYTES);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
