import { addJsonRecord } from './json-record.ts';
import { BatchBuilder, type FileBatch, type FileReader, isTooLong, type ReadRequest } from './reading.ts';
import { type TextBlock, TOO_LONG, textBlocks } from './text-blocks.ts';

/** Reads JSON objects, one a line. Blank lines are none; lines that hold something else are refused, each by itself. */
export async function openNdjson(input: AsyncIterable<Uint8Array>, request: ReadRequest): Promise<FileReader> {
  const blocks = textBlocks(input, request.options.encoding ?? 'utf-8', request.block?.text);
  return { columns: undefined, batches: readNdjson(blocks, request), close: async () => void (await blocks.return()) };
}

async function* readNdjson(
  blocks: AsyncGenerator<TextBlock, void>,
  request: ReadRequest,
): AsyncGenerator<FileBatch, void> {
  const batch = new BatchBuilder(request);
  let line = request.block?.line ?? 1;
  for await (const { text, bad } of blocks) {
    const first = line;
    for (let start = 0; start < text.length; line += 1) {
      const found = text.indexOf('\n', start);
      const end = found < 0 ? text.length : found;
      if (!isBlank(text, start, end) && !batch.skip()) {
        const record = text.slice(start, end);
        const problem = bad?.get(line - first) ?? (isTooLong(record) ? TOO_LONG : undefined);
        if (problem === undefined) addJsonRecord(batch, record, line);
        else batch.reject(problem, record, line);
        if (batch.full) yield batch.take();
      }
      start = end + 1;
    }
  }
  if (!batch.empty) yield batch.take();
}

/** Blank by JSON's own measure: space, tab, CR. */
function isBlank(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return false;
  }
  return true;
}
