import { copyFile, open, stat, truncate } from 'node:fs/promises';

const LARGEST_BYTES = 10 * 1024 * 1024;

/**
 * Keeps a log that another process appends to below a bound: what it holds goes to `<file>.1`, and it begins anew.
 * Lines that come in between are lost.
 */
export async function boundLog(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found || found.size <= LARGEST_BYTES) return;
  await copyFile(file, `${file}.1`);
  await truncate(file);
}

/** What stands in `file` from byte `start` on, at most the last 64 kB of it; nothing if it cannot be read. */
export async function readLogFrom(file: string, start: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const from = Math.max(start, size - 65_536);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(Math.max(0, size - from)), position: from });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
