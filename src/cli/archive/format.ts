/**
 * The format of a backup: a gzip stream of frames. A frame is one line of JSON; a `data` frame is followed by as many
 * bytes as it says, which continue the COPY text of the table that was named last. In this order:
 *
 *     {"frame":"header",…}     what it is, from which schema, which tables follow
 *     {"frame":"table",…}      then its data frames, then {"frame":"end","rows":…}; once for each table, those of the
 *                              warehouse last
 *     {"frame":"sequences",…}  read after the tables: never behind what is in them
 *     {"frame":"checksum",…}   SHA-256 of every byte before this line; nothing follows
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { CliFailure } from '../failure.ts';

/** 1 had no warehouse, and is read too. */
export const FORMAT = 2;
const READ_FORMATS = [1, FORMAT];

export interface TableEntry {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A partition that the migrations do not make. */
export interface PartitionEntry {
  readonly name: string;
  readonly parent: string;
  /** As PostgreSQL writes it: `FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')` or `DEFAULT`. */
  readonly bound: string;
}

/** A table of the warehouse, which no migration makes. */
export interface WarehouseTable {
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    /** As PostgreSQL writes it: `numeric(10,2)`. */
    readonly type: string;
    readonly required: boolean;
    /** As in pg_attribute: `a` always, `d` by default, or nothing. */
    readonly identity: '' | 'a' | 'd';
  }[];
  readonly indexes: readonly {
    readonly columns: readonly string[];
    readonly unique: boolean;
    readonly primary: boolean;
  }[];
}

export interface SequenceEntry {
  readonly name: string;
  readonly value: number;
  /** Whether `value` has been given out. */
  readonly called: boolean;
}

export interface Header {
  readonly frame: 'header';
  readonly format: number;
  /** The Longshore that wrote it. */
  readonly version: string;
  /** RFC 3339 */
  readonly created_at: string;
  /** Applied migrations, in order: the schema that the data fits. */
  readonly migrations: readonly string[];
  readonly tables: readonly TableEntry[];
  readonly partitions: readonly PartitionEntry[];
  /** Absent: the warehouse is not in it. */
  readonly warehouse?: readonly WarehouseTable[];
}

export interface TableFrame {
  readonly frame: 'table';
  readonly name: string;
  readonly in?: 'warehouse';
}

export type Frame =
  | Header
  | TableFrame
  | { readonly frame: 'data'; readonly bytes: number; readonly data: Buffer }
  | { readonly frame: 'end'; readonly rows: number }
  | { readonly frame: 'sequences'; readonly sequences: readonly SequenceEntry[] };

const LONGEST_LINE = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Frames as bytes, with the checksum behind the last of them. */
export async function* encodeFrames(frames: AsyncIterable<Frame>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const frame of frames) {
    const { data, ...head } = { data: undefined, ...frame };
    const line = Buffer.from(`${JSON.stringify(head)}\n`);
    hash.update(line);
    yield line;
    if (data === undefined) continue;
    hash.update(data);
    yield data;
  }
  yield Buffer.from(`${JSON.stringify({ frame: 'checksum', sha256: hash.digest('hex') })}\n`);
}

function damaged(what: string, cause?: unknown): CliFailure {
  return new CliFailure('failed', `The backup is damaged (${what}). Nothing was written.`, { cause });
}

/** Takes lines and byte counts out of a stream of chunks, whatever their borders. */
class Source {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** @returns false at the end of the stream */
  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) return false;
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  /** The next line with its line break; undefined at the end. */
  async line(): Promise<Buffer | undefined> {
    for (;;) {
      const at = this.#rest.indexOf(NEWLINE);
      if (at >= 0) return this.#take(at + 1);
      if (this.#rest.length > LONGEST_LINE) throw damaged('a line without an end');
      if (!(await this.#more())) {
        if (this.#rest.length > 0) throw damaged('it ends within a line');
        return undefined;
      }
    }
  }

  async bytes(length: number): Promise<Buffer> {
    while (this.#rest.length < length) if (!(await this.#more())) throw damaged('it ends within a table');
    return this.#take(length);
  }
}

type Head = { frame?: unknown; bytes?: unknown; sha256?: unknown };

function parseHead(line: Buffer): Head {
  try {
    return JSON.parse(line.toString('utf8')) as Head;
  } catch (error) {
    throw damaged('it is not a backup of Longshore, or was changed', error);
  }
}

/**
 * The frames of an unpacked backup. The last one is handed over before the checksum has been compared: whoever
 * writes must not commit until the iteration has ended.
 * @throws CliFailure for anything but a whole and unchanged backup
 */
export async function* decodeFrames(stream: Readable): AsyncGenerator<Frame> {
  const source = new Source(stream);
  const hash = createHash('sha256');
  let expected: unknown;
  try {
    for (let line = await source.line(); line; line = await source.line()) {
      if (expected !== undefined) throw damaged('something follows its end');
      const head = parseHead(line);
      if (head.frame === 'checksum') {
        expected = head.sha256;
        continue;
      }
      hash.update(line);
      if (head.frame !== 'data') {
        yield head as Frame;
        continue;
      }
      if (!Number.isSafeInteger(head.bytes) || Number(head.bytes) < 0) throw damaged('a length that is none');
      const data = await source.bytes(Number(head.bytes));
      hash.update(data);
      yield { frame: 'data', bytes: data.length, data };
    }
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code.startsWith('Z_'))
      throw damaged(code === 'Z_BUF_ERROR' ? 'it is cut short' : 'it cannot be unpacked', error);
    throw error;
  }
  if (expected === undefined) throw damaged('it is cut short');
  if (expected !== hash.digest('hex')) throw damaged('its checksum does not fit');
}

/** @throws CliFailure when it is no header that this version understands */
export function checkHeader(frame: Frame | undefined): Header {
  if (frame?.frame !== 'header') throw damaged('it is not a backup of Longshore');
  if (!READ_FORMATS.includes(frame.format)) {
    throw new CliFailure(
      'usage',
      `The backup has format ${frame.format}, made by Longshore ${frame.version}; this one reads up to ${FORMAT}: upgrade it.`,
    );
  }
  return frame;
}
