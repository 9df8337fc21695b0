import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const LONGEST_COMMENT = 65_535;
const MOST_ENTRIES = 10_000;
const MOST_DIRECTORY_BYTES = 16 * 1024 * 1024;
const DEFLATED = 8;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packedBytes: number;
  readonly offset: number;
}

/**
 * Unpacks the XML parts of a zip without keeping them, before a reader does that keeps them all: what they come to is
 * counted, not believed.
 * @param inspect sees the text of each part, piece by piece; pieces overlap a little, so that nothing hides at a seam
 * @throws Error for a zip that is broken, or that is more than `maxBytes` unpacked
 */
export async function checkZip(
  file: string,
  maxBytes: number,
  inspect: (part: string, text: string) => void,
): Promise<void> {
  const handle = await open(file, 'r');
  try {
    let bytes = 0;
    for (const entry of await readDirectory(handle)) {
      if (!/\.(xml|rels)$/i.test(entry.name)) continue;
      let overlap = '';
      for await (const chunk of await contentOf(handle, file, entry)) {
        bytes += chunk.length;
        if (bytes > maxBytes)
          throw new Error(`it is more than ${Math.round(maxBytes / 1024 / 1024)} MiB when unpacked`);
        const text = overlap + chunk.toString('latin1');
        inspect(entry.name, text);
        overlap = text.slice(-64);
      }
    }
  } finally {
    await handle.close();
  }
}

async function bytesAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  if (bytesRead < length) throw new Error('its zip directory points outside of it');
  return bytes;
}

async function readDirectory(handle: FileHandle): Promise<Entry[]> {
  const { size } = await handle.stat();
  const tailBytes = Math.min(size, END_BYTES + LONGEST_COMMENT);
  const tail = await bytesAt(handle, size - tailBytes, tailBytes);
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end -= 1;
  if (end < 0) throw new Error('it is no zip, which an xlsx file is');
  const count = tail.readUInt16LE(end + 10);
  const directoryBytes = tail.readUInt32LE(end + 12);
  if (count > MOST_ENTRIES || directoryBytes > MOST_DIRECTORY_BYTES) throw new Error('its zip directory is too long');
  const directory = await bytesAt(handle, tail.readUInt32LE(end + 16), directoryBytes);
  const entries: Entry[] = [];
  for (let at = 0; at + ENTRY_BYTES <= directory.length && entries.length < count; ) {
    if (directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new Error('its zip directory is broken');
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
      name: directory.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes),
    });
    at += ENTRY_BYTES + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function contentOf(handle: FileHandle, file: string, entry: Entry): Promise<AsyncIterable<Buffer>> {
  const local = await bytesAt(handle, entry.offset, LOCAL_BYTES);
  if (local.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new Error('its zip directory points to no entry');
  const start = entry.offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (entry.method !== DEFLATED) return entry.packedBytes === 0 ? none() : read(file, start, entry.packedBytes);
  // Deflated data says itself where it ends; a shorter length that the directory told would hide the rest.
  return pipeline(read(file, start), createInflateRaw(), () => {});
}

function read(file: string, start: number, length?: number): Readable {
  return createReadStream(file, { start, ...(length === undefined ? {} : { end: start + length - 1 }) });
}

async function* none(): AsyncGenerator<Buffer> {}
