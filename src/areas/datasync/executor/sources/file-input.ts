import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import { type Outbound, OutboundRefused, type OutboundStream } from '../../../../connections/outbound.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { retryAfter } from '../../../../protocol/retry-after.ts';
import { isSecretName } from '../../../../protocol/secret-names.ts';
import { maskUrl, secretsOfUrl } from '../../../../protocol/secret-urls.ts';
import { redact } from '../../../../sandbox/redactor.ts';
import { type FileFormat, formatOfMediaType, formatOfName } from '../formats/file-format.ts';
import { unreadable } from '../formats/reading.ts';
import type { BlockPart } from '../partition.ts';
import type { FileConfig } from '../spec/files.ts';
import { exactly, firstRange, isEmpty, laterRange } from './file-ranges.ts';

export interface FileInputOptions {
  readonly config: FileConfig;
  readonly outbound: Outbound;
  /** Bytes of an uploaded file, by the number in its id; RunContext's. */
  openBlob(id: number, first?: number): AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface Input {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly format: FileFormat | undefined;
  /** What tells this content of the URL from others; null of an upload, and where the server says nothing. */
  readonly version: string | null;
}

const RETRYABLE = new Set([408, 425, 429]);
/** A part of what is unpacked on the way is no part of the file. */
const AS_IT_LIES = { 'accept-encoding': 'identity' } as const;

/** Where the bytes of a file come from: an upload, or a URL. */
export class FileInput {
  readonly #options: FileInputOptions;
  #body: Readable | undefined;

  constructor(options: FileInputOptions) {
    this.#options = options;
  }

  /** All of it. @throws ExecutorError; in words for the user after `failure` */
  async open(): Promise<Input> {
    const { url, format } = this.#options.config;
    if (url === undefined) return { bytes: this.#blob(), format, version: null };
    const answer = await this.#request(url, {});
    if (answer.status !== 200) throw refusal(answer);
    const version = answer.headers.etag ?? answer.headers['last-modified'];
    const found = version === undefined ? null : String(version);
    return { bytes: answer.body, format: format ?? formatOf(url, answer), version: found };
  }

  /**
   * All of it, if parts of it can be asked for.
   * @throws ExecutorError naming `partitions` where they cannot
   */
  async openDivisible(): Promise<Input> {
    const { url, format } = this.#options.config;
    if (url === undefined) return await this.open();
    const answer = await this.#request(url, { ...AS_IT_LIES, range: 'bytes=0-' });
    const known = format ?? formatOf(url, answer);
    if (isEmpty(answer)) return { bytes: exactly(answer.body, 0), format: known, version: null };
    if (answer.status !== 206 && answer.status !== 200) throw refusal(answer);
    const { size, version } = firstRange(answer);
    return { bytes: exactly(answer.body, size), format: known, version };
  }

  /** A part of it. @param version as it was when the parts were planned */
  async openBlock({ from, to, piece }: BlockPart, version: string | null): Promise<AsyncIterable<Uint8Array>> {
    const { url } = this.#options.config;
    if (from === to) return exactly(nothing(), 0);
    if (url === undefined) return exactly(this.#blob(piece?.number), to - from, from - (piece?.from ?? 0));
    const range = `bytes=${from}-${to - 1}`;
    const answer = await this.#request(url, { ...AS_IT_LIES, range, 'if-range': version ?? '' });
    if (answer.status === 206 || answer.status === 200 || answer.status === 412 || answer.status === 416) {
      laterRange(answer, { from, to, version });
      return exactly(answer.body, to - from);
    }
    throw refusal(answer);
  }

  close(): void {
    this.#body?.destroy();
    this.#body = undefined;
  }

  /** The same in words for the user, and without the secrets that were sent along. */
  failure(error: unknown): unknown {
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

  #blob(first = 0): AsyncIterable<Uint8Array> {
    const { file_id } = this.#options.config;
    const id = /^file_(\d+)$/.exec(file_id ?? '')?.[1];
    if (id === undefined) throw unreadable('config: name the file_id of an uploaded file, or a url');
    return this.#options.openBlob(Number(id), first);
  }

  async #request(url: string, own: Readonly<Record<string, string>>): Promise<OutboundStream> {
    const { config, outbound, signal } = this.#options;
    const told = Object.entries(config.headers ?? {});
    const headers = Object.fromEntries(told.filter(([name]) => !(name.toLowerCase() in own)));
    const answer = await outbound.stream(url, {
      headers: { ...headers, ...own },
      homeHeaders: Object.keys(headers),
      signal,
    });
    this.#body = answer.body;
    // It may fail while nobody reads it; whoever does is told.
    answer.body.on('error', () => {});
    return answer;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

function formatOf(url: string, { headers }: OutboundStream): FileFormat | undefined {
  return formatOfName(new URL(url).pathname) ?? formatOfMediaType(String(headers['content-type'] ?? ''));
}

function refusal({ status, headers, url }: OutboundStream): ExecutorError {
  const retryAfterMs = retryAfter(headers['retry-after']);
  return new ExecutorError(`${new URL(url).host} answered ${status} ${STATUS_CODES[status] ?? ''}`.trim(), {
    retryable: status >= 500 || RETRYABLE.has(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
