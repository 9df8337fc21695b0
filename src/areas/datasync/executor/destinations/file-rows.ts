import { deserialize, serialize } from 'node:v8';
import type { Row } from '../pipeline/contracts.ts';
import type { FileLog } from './file-log.ts';

/**
 * Rows as they are, one batch after the other, until the file can be made of them: csv and parquet must know all
 * columns before the first row. Read only by the very job that has written it.
 */
const LENGTH_BYTES = 4;

export function packRows(rows: readonly Row[]): Buffer {
  const body = serialize(rows);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

/** The batches that were packed, in order. */
export async function* unpackRows(log: FileLog): AsyncGenerator<readonly Row[], void> {
  for (let offset = 0; offset < log.length; ) {
    const length = (await log.read(offset, LENGTH_BYTES)).readUInt32LE();
    offset += LENGTH_BYTES;
    yield deserialize(await log.read(offset, length)) as Row[];
    offset += length;
  }
}
