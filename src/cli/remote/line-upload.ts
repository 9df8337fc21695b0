/**
 * Sends a file of lines to `/v1/sync/push/stream`, and goes on where it broke off. The server names how many bytes it
 * has taken when it is asked for more than that; so after a cut the upload goes on at what was sent, is told the true
 * place, and goes on there.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { sleep } from '../../kernel/clock.ts';
import { CliFailure } from '../failure.ts';
import type { Client } from './client.ts';
import { isAway, PATIENCE_MS } from './patience.ts';

const AGAIN_MS = 500;
const GZIP = Buffer.of(0x1f, 0x8b);
/** Of what goes over the wire: hardly slower than none. */
const GZIP_LEVEL = 1;

export interface RefusedLine {
  readonly line: number;
  readonly id: string | null;
  readonly code: string;
  readonly message: string;
}

/** The server's one answer, when it has all lines. */
export interface LinesTaken {
  readonly request_id: string;
  readonly accepted: number;
  readonly rejected: number;
  /** The first 100. */
  readonly errors: readonly RefusedLine[];
}

export interface LineUpload {
  /** A path, packed by gzip or not. */
  readonly file: string;
  readonly query: Readonly<Record<string, string | boolean | undefined>>;
  /** Bytes of the file that are read, packed as they are. */
  onProgress(done: number, total: number): void;
  /** The connection broke off, and it goes on at so many bytes. */
  onBreak(acceptedBytes: number): void;
  readonly signal: AbortSignal;
}

interface OpenedFile {
  readonly packed: boolean;
  readonly size: number;
}

async function look(file: string): Promise<OpenedFile> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
      return { packed: buffer.subarray(0, bytesRead).equals(GZIP), size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CliFailure('usage', `Cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Passes over the first `skipped` bytes, and hands on the rest. */
function passing(skipped: number, onBytes: (bytes: number) => void): Transform {
  let rest = skipped;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const passed = Math.min(rest, chunk.length);
      rest -= passed;
      onBytes(chunk.length - passed);
      done(null, chunk.subarray(passed));
    },
  });
}

/** The file's content from an offset on, as one request sends it. */
class Content {
  /** Unpacked bytes up to which it has been handed over. */
  sent: number;
  /** What was wrong with the file: the request then fails for no fault of the server's. */
  fault: CliFailure | undefined;
  readonly body: ReadableStream<Uint8Array>;
  readonly packed: boolean;

  constructor(upload: LineUpload, { packed, size }: OpenedFile, offset: number) {
    const { file, onProgress } = upload;
    this.sent = offset;
    this.packed = packed;
    let read = packed ? 0 : offset;
    const reading = passing(0, (bytes) => {
      read += bytes;
      onProgress(read, size);
    });
    const sending = passing(packed ? offset : 0, (bytes) => {
      this.sent += bytes;
    });
    const source = createReadStream(file, packed ? {} : { start: offset });
    const rest = packed ? [createGunzip(), sending, createGzip({ level: GZIP_LEVEL })] : [sending];
    pipeline([source, reading, ...rest], (error) => {
      // It is given up when its request has ended: no fault of the file's.
      if (!error || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.name === 'AbortError') return;
      this.fault = new CliFailure('usage', `Cannot read ${file}: ${error.message}`, { cause: error });
    });
    this.body = Readable.toWeb(rest.at(-1) ?? sending) as ReadableStream<Uint8Array>;
  }
}

/** Where an upload stands after one request: done, or to be continued. */
type Outcome = { readonly taken: LinesTaken } | { readonly accepted: number };

/** @throws CliFailure `unreachable` when the connection broke off; what the server refuses */
async function sendOnce(client: Client, upload: LineUpload, content: Content, key: string): Promise<Outcome> {
  const { query, signal } = upload;
  const offset = content.sent;
  const answered = new AbortController();
  const headers = {
    'content-type': 'application/x-ndjson',
    'idempotency-key': key,
    'x-request-offset': String(offset),
    ...(content.packed ? { 'content-encoding': 'gzip' } : {}),
  };
  try {
    const options = { query, headers, body: content.body, signal: AbortSignal.any([signal, answered.signal]) };
    const response = await client.send('POST', '/v1/sync/push/stream', options);
    if (response.ok) return { taken: (await response.json()) as LinesTaken };
    const accepted = response.headers.get('x-accepted-offset');
    if (response.status === 409 && accepted !== null && Number(accepted) < offset)
      return { accepted: Number(accepted) };
    throw await client.refusal(response);
  } catch (error) {
    throw content.fault ?? error;
  } finally {
    // Whatever of the body has not been sent: nobody waits for it any more.
    answered.abort();
  }
}

/**
 * Sends all lines. A connection that breaks off is made again, and so is one to a server that starts anew, as long as
 * something gets through once a minute.
 * @throws CliFailure
 */
export async function uploadLines(client: Client, upload: LineUpload): Promise<LinesTaken> {
  const opened = await look(upload.file);
  // One that is not there at all is not waited for.
  await client.get('/health/live');
  const key = randomUUID();
  let offset = 0;
  let giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const content = new Content(upload, opened, offset);
    try {
      const outcome = await sendOnce(client, upload, content, key);
      if ('taken' in outcome) return outcome.taken;
      offset = outcome.accepted;
      upload.onBreak(offset);
      giveUpAt = performance.now() + PATIENCE_MS;
    } catch (error) {
      if (!isAway(error) || upload.signal.aborted || performance.now() > giveUpAt) throw error;
      // The server has at most this; where it has less, it says so.
      offset = content.sent;
      await sleep(AGAIN_MS, upload.signal);
    }
  }
}
