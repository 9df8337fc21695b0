import { pipeline, type Transform } from 'node:stream';
import { unreadable } from './reading.ts';

/*
 * zstd data is any number of frames, one behind the other: who packs in parallel, or appends to a file, writes many.
 * Node.js unpacks the first one and takes that for all, and before version 24 it takes a frame that breaks off for a
 * whole one. So the frames are told apart here (RFC 8878, section 3.1), and each has a decompressor of its own.
 */

/**
 * Of frames without content, so many more than of others are taken. Each costs a decompressor and only some bytes to
 * write, and no limit on what is unpacked ever ends them.
 */
const MOST_EMPTY_FRAMES = 4096;

const MAGIC = 0xfd2fb528;
const FRAME_BEGINNING = Buffer.from('28b52ffd', 'hex');
/** The last four bits are the writer's. */
const SKIPPABLE = 0x184d2a50;
const isSkippable = (magic: number) => magic - (magic % 16) === SKIPPABLE;

/** Whether data of this beginning is zstd; frames that are passed over may come first. */
export function isZstd(beginning: Buffer): boolean {
  if (beginning.length < 4) return false;
  const magic = beginning.readUInt32LE();
  return magic === MAGIC || isSkippable(magic);
}

const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const CHECKSUM_BYTES = 4;
const RLE = 1;
const RESERVED = 3;

/** What the bytes are that come next, once those that are passed over have come. */
type Part = 'descriptor' | 'block' | 'nothing';

const PART_BYTES: Readonly<Record<Part, number>> = {
  descriptor: 1,
  block: 3,
  nothing: 0,
};

/** Walks along one frame, from behind its magic number to its end, whatever pieces it comes in. */
class FrameWalk {
  #part: Part = 'descriptor';
  #passOver = 0;
  #value = 0;
  #bytes = 0;
  #checksum = 0;

  get ended(): boolean {
    return this.#part === 'nothing' && this.#passOver === 0;
  }

  /** @returns how many bytes of `piece` belong to the frame. @throws ExecutorError when it is none */
  advance(piece: Uint8Array): number {
    let at = 0;
    while (at < piece.length && !this.ended) {
      if (this.#passOver > 0) {
        const passed = Math.min(this.#passOver, piece.length - at);
        this.#passOver -= passed;
        at += passed;
        continue;
      }
      this.#value += (piece[at] ?? 0) * 256 ** this.#bytes;
      this.#bytes += 1;
      at += 1;
      if (this.#bytes < PART_BYTES[this.#part]) continue;
      this.#read(this.#value);
      this.#value = 0;
      this.#bytes = 0;
    }
    return at;
  }

  #read(value: number): void {
    if (this.#part === 'descriptor') this.#readDescriptor(value);
    else this.#readBlock(value);
  }

  #readDescriptor(descriptor: number): void {
    const isSingle = (descriptor & 0x20) !== 0;
    const sizeBytes = CONTENT_SIZE_BYTES[descriptor >> 6] ?? 0;
    this.#checksum = (descriptor & 4) === 0 ? 0 : CHECKSUM_BYTES;
    const contentSize = sizeBytes === 0 && isSingle ? 1 : sizeBytes;
    this.#goOn('block', (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + contentSize);
  }

  #readBlock(header: number): void {
    const type = (header >> 1) & 3;
    if (type === RESERVED) throw unreadable('the zstd data is broken: a block is of no known type');
    const size = type === RLE ? 1 : header >> 3;
    if ((header & 1) === 0) this.#goOn('block', size);
    else this.#goOn('nothing', size + this.#checksum);
  }

  #goOn(part: Part, passOver: number): void {
    this.#part = part;
    this.#passOver = passOver;
  }
}

interface Feed {
  readonly pieces: AsyncIterator<Uint8Array>;
  /** What has come and belongs to no frame yet. */
  rest: Uint8Array;
}

/** @returns whether anything is left */
async function fill(feed: Feed): Promise<boolean> {
  while (feed.rest.length === 0) {
    const { value, done } = await feed.pieces.next();
    if (done) return false;
    feed.rest = value;
  }
  return true;
}

/** The next bytes that have come, `most` at most. @throws ExecutorError when there are no more */
async function next(feed: Feed, most: number): Promise<Uint8Array> {
  if (!(await fill(feed))) throw unreadable('the zstd data is broken: it breaks off within a frame');
  const bytes = feed.rest.subarray(0, most);
  feed.rest = feed.rest.subarray(bytes.length);
  return bytes;
}

/** @throws ExecutorError when it breaks off */
async function nextNumber(feed: Feed): Promise<number> {
  const bytes = Buffer.alloc(4);
  for (let at = 0; at < 4; ) {
    const piece = await next(feed, 4 - at);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes.readUInt32LE();
}

/** The bytes of a frame whose magic number was read. */
async function* nextFrame(feed: Feed): AsyncGenerator<Uint8Array, void> {
  yield FRAME_BEGINNING;
  const walk = new FrameWalk();
  while (!walk.ended) {
    const rest = await next(feed, Number.POSITIVE_INFINITY);
    const length = walk.advance(rest);
    feed.rest = rest.subarray(length);
    yield rest.subarray(0, length);
  }
}

/**
 * Unpacks all frames of zstd data.
 * @param create a decompressor of one frame
 * @throws ExecutorError for data that is none, breaks off, or goes on without any content; what the decompressor throws
 */
export async function* unpackFrames(
  input: AsyncIterable<Uint8Array>,
  create: () => Transform,
): AsyncGenerator<Buffer, void> {
  const feed: Feed = { pieces: input[Symbol.asyncIterator](), rest: new Uint8Array() };
  let empty = 0;
  try {
    do {
      const magic = await nextNumber(feed);
      if (isSkippable(magic)) {
        for (let left = await nextNumber(feed); left > 0; ) left -= (await next(feed, left)).length;
        continue;
      }
      if (magic !== MAGIC) throw unreadable('the zstd data is broken: something else than another frame follows');
      let isEmpty = true;
      for await (const chunk of pipeline(nextFrame(feed), create(), () => {}) as AsyncIterable<Buffer>) {
        isEmpty = false;
        yield chunk;
      }
      empty = Math.max(0, empty + (isEmpty ? 1 : -1));
      if (empty > MOST_EMPTY_FRAMES) throw unreadable(`the zstd data has more than ${MOST_EMPTY_FRAMES} empty frames`);
    } while (await fill(feed));
  } finally {
    await feed.pieces.return?.();
  }
}
