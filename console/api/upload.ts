import { ApiError, toApiError } from './errors.ts';
import { csrfHeaders, sessionEnded } from './session.ts';
import type { JsonObject, UploadedFile } from './sync-model.ts';
import type { CreationHeaders } from './use-creation.ts';

export interface Upload {
  readonly file: File;
  /** How it is read and where it goes; `UploadOptions` in `docs/openapi/datasync.json`. */
  readonly options: JsonObject;
  readonly format: string | undefined;
}

interface UploadCalls {
  readonly signal: AbortSignal;
  readonly headers: CreationHeaders;
  /** @param part from 0 to 1 */
  onProgress(part: number): void;
}

function formOf({ file, options, format }: Upload): FormData {
  const form = new FormData();
  // The server begins to read the file at once, so what says how stands before it.
  if (format !== undefined) form.append('format', format);
  form.append('options', JSON.stringify(options));
  form.append('file', file);
  return form;
}

function responseOf(xhr: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const name of ['x-request-id', 'retry-after']) {
    const value = xhr.getResponseHeader(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(xhr.responseText, { status: xhr.status, headers });
}

/**
 * Sends a file. By XMLHttpRequest, since only that tells how much of a body is sent.
 * @throws ApiError; with status 0 when the server cannot be reached, or the signal has ended it
 */
export function upload(what: Upload, { signal, headers, onProgress }: UploadCalls): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', '/v1/sync/push/file');
    for (const [name, value] of Object.entries({ ...csrfHeaders(), ...headers })) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    xhr.onload = async () => {
      const response = responseOf(xhr);
      if (response.status === 401) sessionEnded();
      const body: unknown = await response.json().catch(() => undefined);
      if (response.ok && body !== undefined) resolve(body as UploadedFile);
      else reject(toApiError(response, body));
    };
    const unreachable = () => reject(new ApiError(0, ''));
    xhr.onerror = unreachable;
    xhr.onabort = unreachable;
    signal.addEventListener('abort', () => xhr.abort());
    xhr.send(formOf(what));
  });
}
