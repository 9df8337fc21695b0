import type { Column, Reject, Row } from '../pipeline/contracts.ts';
import type { Compression } from './compression.ts';
import type { ConfinedLimits } from './confined-reader.ts';
import type { FileFormat } from './file-format.ts';
import { DEFAULT_LIMITS, openFile } from './open-file.ts';
import type { ReadOptions } from './reading.ts';

export interface ReadFile {
  readonly columns: readonly Column[] | undefined;
  readonly rows: Row[];
  readonly ordinals: number[];
  readonly rejects: Reject[];
}

interface How {
  readonly options?: ReadOptions;
  readonly from?: number;
  readonly batchSize?: number;
  readonly compression?: Compression;
  readonly limits?: Partial<ConfinedLimits>;
  /** Bytes a chunk, so that seams fall everywhere. */
  readonly chunk?: number;
}

export async function* chunks(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array, void> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Reads all of a file, and sees to it that batches are what they promise to be. */
export async function readFile(format: FileFormat, content: Uint8Array | string, how: How = {}): Promise<ReadFile> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { options = {}, from = 0, batchSize = 1000, compression = 'auto', limits } = how;
  const request = { options, from, batchSize };
  const input = chunks(bytes, how.chunk);
  const reader = await openFile(format, compression, input, request, { ...DEFAULT_LIMITS, ...limits });
  const read: ReadFile = { columns: reader.columns, rows: [], ordinals: [], rejects: [] };
  try {
    let next = from;
    for await (const batch of reader.batches) {
      const records = batch.rows.length + batch.rejects.length;
      if (records > batchSize || records === 0) throw new Error(`a batch of ${records} records`);
      next += records;
      if (batch.next !== next) throw new Error(`the batch says it ends before ${batch.next}, and it is ${next}`);
      read.rows.push(...batch.rows);
      read.ordinals.push(...batch.ordinals);
      read.rejects.push(...batch.rejects);
    }
  } finally {
    await reader.close();
  }
  return read;
}
