import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';

/**
 * A file that only grows, and of which a part counts as written: what stands behind that part is of somebody who died
 * before it was committed.
 */
export class FileLog {
  readonly #handle: FileHandle;
  /** Bytes that were appended, committed or not. */
  length: number;

  private constructor(handle: FileHandle, length: number) {
    this.#handle = handle;
    this.length = length;
  }

  /**
   * Opens a file, or makes it.
   * @param committed bytes that count; all that there are unless told
   * @returns undefined when the file has fewer
   */
  static async open(file: string, committed?: number): Promise<FileLog | undefined> {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o640);
    const { size } = await handle.stat();
    if (committed !== undefined && size < committed) {
      await handle.close();
      return undefined;
    }
    if (committed !== undefined && size > committed) await handle.truncate(committed);
    return new FileLog(handle, committed ?? size);
  }

  /** Durable when it resolves. */
  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.length + written);
      written += bytesWritten;
    }
    await this.#handle.datasync();
    this.length += bytes.length;
  }

  /** @returns fewer bytes only at the end */
  async read(offset: number, count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(Math.max(0, Math.min(count, this.length - offset)));
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, read, bytes.length - read, offset + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Gives a file its name for good: whoever reads it sees what was there before, or all of the new one. */
export async function settle(fresh: string, target: string, folder: string): Promise<void> {
  await rename(fresh, target);
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns undefined where there is no such file */
export async function readIfThere(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
