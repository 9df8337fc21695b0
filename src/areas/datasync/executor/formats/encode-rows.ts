import type { Row } from '../pipeline/contracts.ts';
import { csvEncoder } from './csv-encoder.ts';
import type { EncodeOptions, RowEncoder } from './encoder.ts';
import type { FileFormat } from './file-format.ts';
import { jsonEncoder, ndjsonEncoder } from './json-encoder.ts';

/** The libraries of parquet and excel are loaded only where they are used. */
export async function createEncoder(format: FileFormat, options: EncodeOptions = {}): Promise<RowEncoder> {
  switch (format) {
    case 'csv':
      return csvEncoder(options);
    case 'ndjson':
      return ndjsonEncoder();
    case 'json':
      return jsonEncoder();
    case 'parquet':
      return (await import('./parquet-encoder.ts')).parquetEncoder(options);
    case 'excel':
      return (await import('./excel-encoder.ts')).excelEncoder(options);
  }
}

/**
 * A file of rows, as it is made: `Readable.from(encodeRows(…))` is a body to send.
 * @param batches some rows at a time, read as they are asked for
 * @throws ExecutorError for rows that the format cannot hold
 */
export async function* encodeRows(
  format: FileFormat,
  batches: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  options: EncodeOptions = {},
): AsyncGenerator<Buffer, void> {
  const encoder = await createEncoder(format, options);
  for await (const rows of batches) {
    const bytes = encoder.encode(rows);
    if (bytes.length > 0) yield bytes;
  }
  const rest = await encoder.finish();
  if (rest.length > 0) yield rest;
}
