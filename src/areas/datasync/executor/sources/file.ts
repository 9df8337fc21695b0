import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import { type Outbound, OutboundRefused, type OutboundStream } from '../../../../connections/outbound.ts';
import { ExecutorError, type Json } from '../../../../protocol/executor.ts';
import { retryAfter } from '../../../../protocol/retry-after.ts';
import { isSecretName } from '../../../../protocol/secret-names.ts';
import { maskUrl, secretsOfUrl } from '../../../../protocol/secret-urls.ts';
import { redact } from '../../../../sandbox/redactor.ts';
import type { ConfinedLimits } from '../formats/confined-reader.ts';
import { type FileFormat, formatOfMediaType, formatOfName } from '../formats/file-format.ts';
import type { RecordForm } from '../formats/json-template.ts';
import { openFile } from '../formats/open-file.ts';
import { type FileReader, unreadable } from '../formats/reading.ts';
import type { Batch, Column, ReadFrom, Source } from '../pipeline/contracts.ts';
import { PlacedBatch } from '../pipeline/placed-batch.ts';
import type { FileConfig } from '../spec.ts';

export interface FileSourceOptions {
  readonly config: FileConfig;
  readonly outbound: Outbound;
  /** Bytes of an uploaded file, by the number in its id; RunContext's. */
  openBlob(id: number): AsyncIterable<Uint8Array>;
  /** Records a batch, at most. */
  readonly batchSize: number;
  /** Of records that come as text, where they are JSON; plain unless told. */
  readonly form?: RecordForm;
  readonly signal: AbortSignal;
  /** Default: those of open-file.ts. */
  readonly limits?: ConfinedLimits;
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

const RETRYABLE = new Set([408, 425, 429]);

/** Opaque to everybody else. */
interface Position {
  /** Ordinal of the next record. */
  readonly record: number;
  /** What told this content of the URL from others; null where the server says nothing. */
  readonly version: string | null;
}

interface Input {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly format: FileFormat | undefined;
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
  #body: Readable | undefined;
  #opened: Opened | undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
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
        throw this.#failure(error);
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
    this.#body?.destroy();
    this.#body = undefined;
    await opened?.reader.close();
  }

  async #openAt(position: Json | undefined): Promise<Opened> {
    const at = position as unknown as Position | undefined;
    if (this.#opened && this.#opened.from !== (at?.record ?? 0)) await this.close();
    this.#opened ??= await this.#open(at);
    return this.#opened;
  }

  async #open(at: Position | undefined): Promise<Opened> {
    const { config, batchSize, form = 'plain', limits, signal } = this.#options;
    const { format: told, compression = 'auto', file_id, url, headers, ...options } = config;
    const from = at?.record ?? 0;
    try {
      signal.throwIfAborted();
      const { bytes, format = told, version } = url === undefined ? this.#upload() : await this.#download(url, told);
      if (at && at.version !== version) {
        throw unreadable(
          'the file behind the URL has changed since the run began; reset the job to read it from the beginning',
        );
      }
      if (format === undefined) {
        throw unreadable('config.format: neither name nor type of the file tells its format; name it');
      }
      const request = { options, from, batchSize, form, signal };
      return { reader: await openFile(format, compression, bytes, request, limits), version, from };
    } catch (error) {
      this.#body?.destroy();
      throw this.#failure(error);
    }
  }

  #upload(): Input {
    const { file_id, format } = this.#options.config;
    const id = /^file_(\d+)$/.exec(file_id ?? '')?.[1];
    if (id === undefined) throw unreadable('config: name the file_id of an uploaded file, or a url');
    return { bytes: this.#options.openBlob(Number(id)), format, version: null };
  }

  async #download(url: string, told: FileFormat | undefined): Promise<Input> {
    const { config, outbound, signal } = this.#options;
    const headers = config.headers ?? {};
    const answer = await outbound.stream(url, { headers, homeHeaders: Object.keys(headers), signal });
    this.#body = answer.body;
    // It may fail while nobody reads it; whoever does is told.
    answer.body.on('error', () => {});
    if (answer.status !== 200) throw refusal(answer);
    const type = String(answer.headers['content-type'] ?? '');
    const format = told ?? formatOfName(new URL(url).pathname) ?? formatOfMediaType(type);
    const version = answer.headers.etag ?? answer.headers['last-modified'];
    return { bytes: answer.body, format, version: version === undefined ? null : String(version) };
  }

  /** The same in words for the user, and without the secrets that were sent along. */
  #failure(error: unknown): unknown {
    const { config, signal } = this.#options;
    if (signal.aborted) return signal.reason;
    if (error instanceof ExecutorError || !(error instanceof Error) || config.url === undefined) return error;
    const { code } = error as NodeJS.ErrnoException;
    const told = Object.entries(config.headers ?? {}).filter(([name]) => isSecretName(name));
    const secrets = [...secretsOfUrl(config.url), ...told.map(([, value]) => value)];
    // Several addresses were tried in vain: the first says why.
    const reason = error instanceof AggregateError ? (error.errors[0] as Error).message : error.message;
    return new ExecutorError(redact(`${maskUrl(config.url)}: ${reason || code || error.name}`, secrets), {
      retryable: !(error instanceof OutboundRefused),
      cause: error,
    });
  }
}

function refusal({ status, headers, url }: OutboundStream): ExecutorError {
  const retryAfterMs = retryAfter(headers['retry-after']);
  return new ExecutorError(`${new URL(url).host} answered ${status} ${STATUS_CODES[status] ?? ''}`.trim(), {
    retryable: status >= 500 || RETRYABLE.has(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
