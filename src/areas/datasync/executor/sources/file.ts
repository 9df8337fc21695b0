import type { Json } from '../../../../protocol/executor.ts';
import type { ConfinedLimits } from '../formats/confined-reader.ts';
import { formatOfName } from '../formats/file-format.ts';
import type { RecordForm } from '../formats/json-template.ts';
import { openFile, openText } from '../formats/open-file.ts';
import { type FileReader, unreadable } from '../formats/reading.ts';
import type { BlockPart, FileShape } from '../partition.ts';
import type { Batch, Column, ReadFrom, Source } from '../pipeline/contracts.ts';
import { PlacedBatch } from '../pipeline/placed-batch.ts';
import { FileInput, type FileInputOptions } from './file-input.ts';
import { CHANGED } from './file-ranges.ts';

export interface FileSourceOptions extends FileInputOptions {
  /** Records a batch, at most. */
  readonly batchSize: number;
  /** Of records that come as text, where they are JSON; plain unless told. */
  readonly form?: RecordForm;
  /** Default: those of open-file.ts. */
  readonly limits?: ConfinedLimits;
  /** Only this part of it. */
  readonly block?: { readonly part: BlockPart; readonly file: FileShape };
}

/**
 * Reads an uploaded file, or one behind a URL. It goes on from a position by reading from the beginning again and
 * passing over the records before it; should the file behind the URL have changed meanwhile, it says so and stops.
 *
 * There is no cursor: a file is read whole, incrementally or not.
 */
export function fileSource(options: FileSourceOptions): Source {
  return new FileSource(options);
}

/** Opaque to everybody else. */
interface Position {
  /** Ordinal of the next record. */
  readonly record: number;
  /** What told this content of the URL from others; null where the server says nothing. */
  readonly version: string | null;
}

interface Opened {
  readonly reader: FileReader;
  readonly version: string | null;
  /** Ordinal of the first record that it gives. */
  readonly from: number;
}

class FileSource implements Source {
  readonly #options: FileSourceOptions;
  readonly #input: FileInput;
  #opened: Opened | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#input = new FileInput(options);
  }

  async columns(): Promise<readonly Column[] | undefined> {
    this.#opened ??= await this.#open(undefined);
    return this.#opened.reader.columns;
  }

  async total({ position }: ReadFrom): Promise<number | undefined> {
    const format = this.#options.config.format ?? formatOfName(this.#options.config.url ?? '');
    // Others would be read to their end for it.
    if (format !== 'parquet' && format !== 'excel') return undefined;
    const { reader, from } = await this.#openAt(position);
    return reader.total === undefined ? undefined : Math.max(0, reader.total - from);
  }

  async *read({ position, text: asText }: ReadFrom): AsyncGenerator<Batch, undefined> {
    const { signal } = this.#options;
    const { reader, version } = await this.#openAt(position);
    const batches = asText ? (reader.textBatches ?? reader.batches) : reader.batches;
    for (;;) {
      signal.throwIfAborted();
      const batch = await batches.next().catch((error: unknown) => {
        throw this.#input.failure(error);
      });
      signal.throwIfAborted();
      if (batch.done) return undefined;
      const behind: Position = { record: batch.value.next, version };
      yield new PlacedBatch(batch.value, { ...behind });
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#input.close();
    await opened?.reader.close();
  }

  async #openAt(position: Json | undefined): Promise<Opened> {
    const at = position as unknown as Position | undefined;
    if (this.#opened && this.#opened.from !== (at?.record ?? 0)) await this.close();
    this.#opened ??= await this.#open(at);
    return this.#opened;
  }

  async #open(at: Position | undefined): Promise<Opened> {
    const { block, signal } = this.#options;
    try {
      signal.throwIfAborted();
      return block ? await this.#openBlock(block, at) : await this.#openWhole(at);
    } catch (error) {
      this.#input.close();
      throw this.#input.failure(error);
    }
  }

  async #openWhole(at: Position | undefined): Promise<Opened> {
    const { config, batchSize, form = 'plain', limits, signal } = this.#options;
    const { compression = 'auto', file_id, url, headers, ...options } = config;
    const from = at?.record ?? 0;
    const { bytes, format, version } = await this.#input.open();
    if (at && at.version !== version) throw unreadable(CHANGED);
    if (format === undefined) {
      throw unreadable('config.format: neither name nor type of the file tells its format; name it');
    }
    const request = { options, from, batchSize, form, signal };
    return { reader: await openFile(format, compression, bytes, request, limits), version, from };
  }

  async #openBlock({ part, file }: NonNullable<FileSourceOptions['block']>, at: Position | undefined): Promise<Opened> {
    const { config, batchSize, signal } = this.#options;
    const { compression, file_id, url, headers, ...options } = config;
    const { format, version, text, csv } = file;
    const from = at?.record ?? 0;
    const bytes = await this.#input.openBlock(part, version);
    const request = { options, from, batchSize, signal, block: { line: part.line, text, csv } };
    return { reader: await openText(format, bytes, request), version, from };
  }
}
