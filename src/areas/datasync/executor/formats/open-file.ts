import { type Compression, peek, unpacked } from './compression.ts';
import { type ConfinedLimits, openConfined } from './confined-reader.ts';
import { openCsv } from './csv-reader.ts';
import { type FileFormat, TELLING_BYTES, unlikeFormat } from './file-format.ts';
import { openJson } from './json-reader.ts';
import { openNdjson } from './ndjson-reader.ts';
import { type FileReader, type ReadRequest, unreadable } from './reading.ts';

/** What strangers' files may cost. */
export const DEFAULT_LIMITS: ConfinedLimits = {
  maxBytes: 1024 * 1024 * 1024,
  memoryMb: 768,
  silenceMs: 300_000,
};

/**
 * Opens a file of any format for reading.
 * @param input its bytes, packed or not
 * @throws ExecutorError, not retryable, for what is no such file; whatever the input throws
 */
export async function openFile(
  format: FileFormat,
  compression: Compression,
  input: AsyncIterable<Uint8Array>,
  request: ReadRequest,
  limits: ConfinedLimits = DEFAULT_LIMITS,
): Promise<FileReader> {
  const { beginning, whole, close } = await peek(unpacked(input, compression, limits.maxBytes), TELLING_BYTES);
  const other = unlikeFormat(format, beginning);
  if (other !== undefined) {
    await close();
    throw unreadable(`the file is not ${format}: it begins like ${other}`);
  }
  switch (format) {
    case 'csv':
    case 'ndjson':
      return await openText(format, whole(), request);
    case 'json':
      return await openJson(whole(), request);
    case 'parquet':
    case 'excel':
      return await openConfined(format, whole(), request, limits);
  }
}

/** Opens a text that is not packed, or a part of one, whatever it begins like. */
export async function openText(
  format: 'csv' | 'ndjson',
  input: AsyncIterable<Uint8Array>,
  request: ReadRequest,
): Promise<FileReader> {
  return format === 'csv' ? await openCsv(input, request) : await openNdjson(input, request);
}
