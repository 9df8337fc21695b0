import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { parsePointer } from '../json-pointer.ts';
import { decoderOf, encodingOfMark } from './encoding.ts';
import { addJsonRecord } from './json-record.ts';
import { JsonScanner } from './json-scanner.ts';
import {
  BatchBuilder,
  type FileBatch,
  type FileReader,
  MAX_RECORD_BYTES,
  type ReadRequest,
  unreadable,
} from './reading.ts';
import { bufferOf } from './text-blocks.ts';

const OPEN_ARRAY = '['.charCodeAt(0);
const CLOSE_ARRAY = ']'.charCodeAt(0);
const OPEN_OBJECT = '{'.charCodeAt(0);
const CLOSE_OBJECT = '}'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
/** Longer names are passed over like any other. */
const MAX_NAME_BYTES = 64 * 1024;

/**
 * Reads a JSON document: the array at `record_path`, record by record, or the one object that stands there. However
 * long the array is, one record of it is in memory.
 * @throws ExecutorError for what is no JSON document, and where nothing stands at the path
 */
export async function openJson(input: AsyncIterable<Uint8Array>, request: ReadRequest): Promise<FileReader> {
  const { encoding = 'utf-8' } = request.options;
  const scanner = new JsonScanner(asUtf8(input, encoding));
  return { columns: undefined, batches: readJson(scanner, request), close: () => scanner.close() };
}

/** JSON's own encoding; in it, brackets and quotes are never a part of another character. */
async function* asUtf8(input: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<Uint8Array, void> {
  let decoder: TextDecoder | undefined;
  let first = true;
  for await (const chunk of input) {
    let bytes = bufferOf(chunk);
    if (first && bytes.length > 0) {
      const mark = encodingOfMark(bytes);
      const encoding = mark?.encoding ?? decoderOf(label).encoding;
      if (encoding !== 'utf-8') decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
      bytes = bytes.subarray(mark?.length ?? 0);
      first = false;
    }
    yield decoder ? transcode(decoder, bytes) : bytes;
  }
  if (decoder) yield transcode(decoder, undefined);
}

function transcode(decoder: TextDecoder, bytes: Buffer | undefined): Buffer {
  try {
    return Buffer.from(bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode());
  } catch (error) {
    throw unreadable(`the file has bytes that are not ${decoder.encoding}; see config.encoding`, error);
  }
}

async function* readJson(scanner: JsonScanner, request: ReadRequest): AsyncGenerator<FileBatch, void> {
  const { record_path = '' } = request.options;
  const batch = new BatchBuilder(request);
  for (const name of parsePointer(record_path)) await enter(scanner, name, record_path);
  if ((await scanner.peek()) === OPEN_ARRAY) yield* readArray(scanner, batch);
  else await readRecord(scanner, batch);
  if (record_path === '' && (await scanner.peek()) !== undefined) {
    throw scanner.broken('something follows the document; is it ndjson?');
  }
  if (!batch.empty) yield batch.take();
}

async function* readArray(scanner: JsonScanner, batch: BatchBuilder): AsyncGenerator<FileBatch, void> {
  scanner.step();
  if ((await scanner.peek()) === CLOSE_ARRAY) return scanner.step();
  for (;;) {
    await readRecord(scanner, batch);
    if (batch.full) yield batch.take();
    const byte = await scanner.peek();
    if (byte !== COMMA && byte !== CLOSE_ARRAY) throw scanner.broken('a comma or ] is missing in the array of records');
    scanner.step();
    if (byte === CLOSE_ARRAY) return;
  }
}

async function readRecord(scanner: JsonScanner, batch: BatchBuilder): Promise<void> {
  const { bytes, whole, line } = await scanner.value(MAX_RECORD_BYTES);
  if (batch.skip()) return;
  const text = bytes.toString();
  if (!whole) {
    const hint = 'the records of a nested array are read by config.record_path';
    batch.reject(`the record is longer than ${MAX_RECORD_BYTES / 1024 / 1024} MiB; ${hint}`, text, line);
  } else if (!isUtf8(bytes)) batch.reject('the record has bytes that are not utf-8', text, line);
  else addJsonRecord(batch, text, line);
}

/** Goes on to the value of a member, or of an element where the scanner stands before an array. */
async function enter(scanner: JsonScanner, name: string, path: string): Promise<void> {
  const byte = await scanner.peek();
  const found =
    byte === OPEN_OBJECT ? await enterObject(scanner, name) : byte === OPEN_ARRAY && (await enterArray(scanner, name));
  if (!found) throw unreadable(`config.record_path: nothing stands at ${path} in the file`);
}

async function enterObject(scanner: JsonScanner, wanted: string): Promise<boolean> {
  scanner.step();
  while ((await scanner.peek()) !== CLOSE_OBJECT) {
    const name = nameOf(await scanner.value(MAX_NAME_BYTES));
    if ((await scanner.peek()) !== COLON) throw scanner.broken('a colon is missing');
    scanner.step();
    if (name === wanted) return true;
    await scanner.value(0);
    const byte = await scanner.peek();
    if (byte !== COMMA && byte !== CLOSE_OBJECT) throw scanner.broken('a comma or } is missing');
    if (byte === COMMA) scanner.step();
  }
  return false;
}

function nameOf({ bytes, whole }: { readonly bytes: Buffer; readonly whole: boolean }): string | undefined {
  if (!whole) return undefined;
  try {
    return JSON.parse(bytes.toString()) as string;
  } catch {
    return undefined;
  }
}

async function enterArray(scanner: JsonScanner, index: string): Promise<boolean> {
  if (!/^(0|[1-9]\d{0,9})$/.test(index)) return false;
  scanner.step();
  for (let left = Number(index); ; left -= 1) {
    if ((await scanner.peek()) === CLOSE_ARRAY) return false;
    if (left === 0) return true;
    await scanner.value(0);
    if ((await scanner.peek()) !== COMMA) return false;
    scanner.step();
  }
}
