import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { createEncoder, encodeRows } from '../formats/encode-rows.ts';
import { ColumnSurvey, type RowEncoder } from '../formats/encoder.ts';
import { type FileFormat, formatOfName } from '../formats/file-format.ts';
import { openFile } from '../formats/open-file.ts';
import type { Column, Destination, FinishOutcome, SyncState, WriteBatch, WriteOutcome } from '../pipeline/contracts.ts';
import type { FileDestination as FileSpec } from '../spec/destinations.ts';
import type { Fence } from './database-engine.ts';
import { FileLog, settle } from './file-log.ts';
import { type ExportPaths, exportPaths } from './file-path.ts';
import { packRows, unpackRows } from './file-rows.ts';
import { FileState, type KeptFile } from './file-state.ts';

export interface FileDestinationOptions extends Fence {
  readonly spec: FileSpec;
  /** The folder that exports are confined to; made when it is not there. */
  readonly exportDir: string;
}

/**
 * Writes a file below the worker's export folder, each row once: how much of it counts stands beside it, and what a
 * crash has left behind that is cut off.
 *
 * `overwrite` gathers the rows beside the file and swaps it for a new one in `finish`. `append` adds to the file with
 * every write; only csv and ndjson can be added to, and a csv has the columns of its header for good.
 */
export function fileDestination(options: FileDestinationOptions): Destination {
  return new FileDestination(options);
}

const MEANT: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const LF = '\n'.charCodeAt(0);
const packed = promisify(gzip);

class FileDestination implements Destination {
  readonly exactlyOnce = true;
  readonly #options: FileDestinationOptions;
  readonly #format: FileFormat;
  readonly #gzip: boolean;
  readonly #append: boolean;
  #writing: Writing | undefined;

  constructor(options: FileDestinationOptions) {
    const { path, format = formatOfName(path), compression, mode = 'overwrite' } = options.spec;
    if (format === undefined) throw refused(`destination.format: the name ${path} does not tell it; name it`);
    if (mode === 'append' && format !== 'csv' && format !== 'ndjson') {
      throw refused(`destination.mode: ${format} cannot be added to; overwrite it, or write csv or ndjson`);
    }
    this.#options = options;
    this.#format = format;
    this.#gzip = compression === undefined ? path.endsWith('.gz') : compression === 'gzip';
    this.#append = mode === 'append';
  }

  async open(): Promise<SyncState | undefined> {
    return await this.#explained(async () => {
      const paths = await exportPaths(this.#options.exportDir, this.#options.spec.path);
      const state = new FileState(paths, this.#options);
      let last: SyncState | undefined;
      await state.open(async (kept) => {
        last = kept?.state ?? undefined;
        const own = last !== undefined && kept?.run_id === this.#options.runId;
        if (own && last?.complete) return { bytes: kept.bytes, writing: false, state: last };
        const log = this.#append ? await this.#openTarget(paths, kept) : await openRows(paths, own ? kept : undefined);
        // Rows that another run has gathered, or that are gone, are not gone on with.
        const intact = this.#append || (own && log.length === kept.bytes);
        if (last && !intact) last = { ...last, position: null };
        this.#writing = { paths, state, log, encoder: undefined };
        return { bytes: log.length, writing: true, state: last ?? null };
      });
      return last;
    });
  }

  async write(batch: WriteBatch): Promise<WriteOutcome> {
    return await this.#explained(async () => {
      const { state, log } = this.#opened();
      await state.check();
      if (batch.rows.length > 0) await log.append(await this.#bytes(batch));
      const outcome: WriteOutcome = {
        written: batch.rows.length,
        rejects: [],
        changes: [],
        changesOmitted: 0,
        conflicts: [],
      };
      await batch.beforeCommit(outcome);
      const written = batch.state.written + outcome.written;
      await state.commit({ bytes: log.length, writing: true, state: { ...batch.state, written } });
      return outcome;
    });
  }

  async finish(last: SyncState): Promise<FinishOutcome> {
    return await this.#explained(async () => {
      const { paths, state, log } = this.#opened();
      if (this.#append) {
        await state.commit({ bytes: log.length, writing: false, state: last });
        return { removed: 0 };
      }
      await this.#make(paths, log);
      await state.check();
      await settle(paths.fresh, paths.target, paths.folder);
      await state.commit({ bytes: 0, writing: false, state: last });
      await rm(paths.rows, { force: true });
      return { removed: 0 };
    });
  }

  async close(): Promise<void> {
    const writing = this.#writing;
    this.#writing = undefined;
    await writing?.log.close();
  }

  #opened(): Writing {
    if (!this.#writing) throw new Error('the destination was not opened');
    return this.#writing;
  }

  async #openTarget(paths: ExportPaths, kept: KeptFile | undefined): Promise<FileLog> {
    const { path } = this.#options.spec;
    const log = await FileLog.open(paths.target, kept?.writing ? kept.bytes : undefined);
    if (!log)
      throw refused(`${path} is shorter than what was written to it; put it back, or remove ${basename(paths.state)}`);
    if (log.length > 0 && (await log.read(0, 2)).equals(GZIP_MAGIC) !== this.#gzip) {
      await log.close();
      throw refused(`destination.compression: ${path} is there already, and is ${this.#gzip ? 'not ' : ''}packed`);
    }
    return log;
  }

  async #bytes({ rows }: WriteBatch): Promise<Buffer> {
    if (!this.#append) return packRows(rows);
    const { log } = this.#opened();
    const encoder = await this.#encoder();
    let bytes = encoder.encode(rows);
    // Packed data ends where it ends; a text may lack the end of its last line.
    if (!this.#gzip && log.length > 0 && (await log.read(log.length - 1, 1))[0] !== LF) {
      bytes = Buffer.concat([Buffer.from('\n'), bytes]);
    }
    // One member more: unpacked, they follow each other.
    return this.#gzip ? await packed(bytes) : bytes;
  }

  /** Adds to what there is: the header of a csv counts, and is not repeated. */
  async #encoder(): Promise<RowEncoder> {
    const writing = this.#opened();
    if (writing.encoder) return writing.encoder;
    const columns = this.#format === 'csv' && writing.log.length > 0 ? await headerOf(writing) : undefined;
    const escapeFormulas = this.#options.spec.escape_formulas ?? true;
    const options = { escapeFormulas, ...(columns ? { columns, header: false } : {}) };
    writing.encoder = await createEncoder(this.#format, options);
    return writing.encoder;
  }

  /** Makes the new file of the rows that were gathered. */
  async #make(paths: ExportPaths, log: FileLog): Promise<void> {
    const survey = new ColumnSurvey();
    if (this.#format !== 'ndjson' && this.#format !== 'json') {
      for await (const rows of unpackRows(log)) survey.see(rows);
    }
    const escapeFormulas = this.#options.spec.escape_formulas ?? true;
    const file = encodeRows(this.#format, unpackRows(log), { columns: survey.columns(), escapeFormulas });
    const out = createWriteStream(paths.fresh, { mode: 0o640 });
    await (this.#gzip ? pipeline(file, createGzip(), out) : pipeline(file, out));
    const handle = await open(paths.fresh, 'r');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** What the file system refuses, in words for the user. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (error instanceof ExecutorError || code === undefined || syscall === undefined) throw error;
      throw new ExecutorError(`${this.#options.spec.path} cannot be written to the export folder: ${code}`, {
        retryable: !MEANT.has(code),
        cause: error,
      });
    }
  }
}

interface Writing {
  readonly paths: ExportPaths;
  readonly state: FileState;
  readonly log: FileLog;
  encoder: RowEncoder | undefined;
}

function refused(message: string): ExecutorError {
  return new ExecutorError(message, { retryable: false });
}

/** Rows of this run that count; none where it begins, or where they are gone. */
async function openRows(paths: ExportPaths, own: KeptFile | undefined): Promise<FileLog> {
  const log = (await FileLog.open(paths.rows, own?.writing ? own.bytes : 0)) ?? (await FileLog.open(paths.rows, 0));
  if (!log) throw new Error('a file has fewer than no bytes');
  return log;
}

async function headerOf({ paths, log }: Writing): Promise<readonly Column[]> {
  const input = createReadStream(paths.target, { end: log.length - 1 });
  const request = { options: { infer_types: false, encoding: 'utf-8', delimiter: ',' }, from: 0, batchSize: 1 };
  const reader = await openFile('csv', 'auto', input, request);
  await reader.close();
  input.destroy();
  return reader.columns ?? [];
}
