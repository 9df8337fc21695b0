import { constants, openAsBlob } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { sleep } from '../../kernel/clock.ts';
import { CliFailure } from '../failure.ts';
import type { Client } from './client.ts';
import { patiently } from './patience.ts';

/** What became of a push, once it is loaded; only what the commands read. */
export interface LoadView {
  readonly status: 'processing' | 'completed' | 'failed';
  /** Why the load has failed. */
  readonly error: string | null;
}

export interface RequestView extends LoadView {
  readonly accepted: number;
  readonly rejected: number;
}

export interface FileView extends LoadView {
  readonly file_id: string;
  readonly filename: string;
  readonly size_bytes: number;
  readonly records_count: number | null;
  readonly rejected_count: number;
  readonly errors: readonly { readonly line: number; readonly message: string }[];
}

export interface FileUpload {
  readonly file: string;
  /** From the file's name unless told. */
  readonly format?: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

async function openContent(file: string): Promise<Blob> {
  try {
    // It alone says why a file cannot be opened.
    await access(file, constants.R_OK);
    return await openAsBlob(file);
  } catch (error) {
    throw new CliFailure('usage', `Cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Uploads a file, read from disk as it is sent. */
export async function uploadFile(client: Client, { file, format, options, signal }: FileUpload): Promise<FileView> {
  const content = await openContent(file);
  const form = new FormData();
  if (format !== undefined) form.set('format', format);
  form.set('options', JSON.stringify(options));
  form.set('file', content, path.basename(file));
  const response = await client.send('POST', '/v1/sync/push/file', { body: form, signal });
  if (!response.ok) throw await client.refusal(response);
  return (await response.json()) as FileView;
}

/** Resolves when the load that `location` tells of has ended, whatever its outcome. */
export async function waitForLoad<T extends LoadView>(
  client: Client,
  location: string,
  signal: AbortSignal,
): Promise<T> {
  for (let pauseMs = 100; ; pauseMs = Math.min(1000, pauseMs * 1.5)) {
    const load = await patiently(signal, () => client.request<T>('GET', location, { signal }));
    if (load.status !== 'processing') return load;
    signal.throwIfAborted();
    await sleep(pauseMs, signal);
  }
}
