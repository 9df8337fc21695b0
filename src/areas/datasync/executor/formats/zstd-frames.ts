import { pipeline, type Transform } from 'node:stream';
import { unreadable } from './reading.ts';

/*
 * zstd data is any number of frames, one behind the other: who packs in parallel, or appends to a file, writes many.
 * Node.js unpacks the first one and takes that for all, and before version 24 it takes a frame that breaks off for a
 * whole one. So the frames are told apart here (RFC 8878, section 3.1), and each has a decompressor of its own.
 */

const MAGIC = 0xfd2fb528;
/** The last four bits are the writer's. */
const SKIPPABLE = 0x184d2a50;

const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const CHECKSUM_BYTES = 4;
const RLE = 1;
const RESERVED = 3;

/** What the bytes are that come next, once those that are passed over have come. */
type Part = 'magic' | 'skippable size' | 'descriptor' | 'block' | 'nothing';

const PART_BYTES: Readonly<Record<Part, number>> = {
  magic: 4,
  'skippable size': 4,
  descriptor: 1,
  block: 3,
  nothing: 0,
};

/** Walks along one frame to its end, whatever pieces it comes in. */
class FrameWalk {
  #part: Part = 'magic';
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
    switch (this.#part) {
      case 'magic':
        if (value === MAGIC) this.#part = 'descriptor';
        else if (value - (value % 16) === SKIPPABLE) this.#part = 'skippable size';
        else throw unreadable('the zstd data is broken: something else than another frame follows');
        return;
      case 'skippable size':
        this.#goOn('nothing', value);
        return;
      case 'descriptor':
        this.#readDescriptor(value);
        return;
      default:
        this.#readBlock(value);
    }
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

async function* nextFrame(feed: Feed): AsyncGenerator<Uint8Array, void> {
  const walk = new FrameWalk();
  while (!walk.ended) {
    if (!(await fill(feed))) throw unreadable('the zstd data is broken: it breaks off within a frame');
    const { rest } = feed;
    const length = walk.advance(rest);
    feed.rest = rest.subarray(length);
    yield rest.subarray(0, length);
  }
}

/**
 * Unpacks all frames of zstd data.
 * @param create a decompressor of one frame
 * @throws ExecutorError for data that is none, or breaks off; what the decompressor throws
 */
export async function* unpackFrames(
  input: AsyncIterable<Uint8Array>,
  create: () => Transform,
): AsyncGenerator<Buffer, void> {
  const feed: Feed = { pieces: input[Symbol.asyncIterator](), rest: new Uint8Array() };
  try {
    do {
      const frame = pipeline(nextFrame(feed), create(), () => {});
      yield* frame as AsyncIterable<Buffer>;
    } while (await fill(feed));
  } finally {
    await feed.pieces.return?.();
  }
}
