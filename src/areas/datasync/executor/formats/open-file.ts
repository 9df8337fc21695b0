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
  const { beginning, whole } = await peek(unpacked(input, compression, limits.maxBytes), TELLING_BYTES);
  const other = unlikeFormat(format, beginning);
  if (other !== undefined) throw unreadable(`the file is not ${format}: it begins like ${other}`);
  switch (format) {
    case 'csv':
      return await openCsv(whole(), request);
    case 'ndjson':
      return await openNdjson(whole(), request);
    case 'json':
      return await openJson(whole(), request);
    case 'parquet':
    case 'excel':
      return await openConfined(format, whole(), request, limits);
  }
}
