import { open } from 'node:fs/promises';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead, type SchemaElement } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parseJson } from '../json-text.ts';
import type { Column, ColumnType, Value } from '../pipeline/contracts.ts';
import { uniqueNames } from './column-names.ts';
import { type ParsedFile, type ParseJob, ROWS_PER_MESSAGE } from './confined-protocol.ts';

/** Row groups are read whole up to twice this, longer ones in such parts: some writers make one of a whole file. */
const WINDOW_ROWS = 65_536;

/** Reads parquet, some rows of a row group at a time. @throws Error for what is none */
export async function parseParquet({ file, from }: ParseJob): Promise<ParsedFile> {
  const buffer = await fileBuffer(file);
  const metadata = await parquetMetadataAsync(buffer, { parsers: PARSERS });
  const columns = topLevel(metadata).map(columnOf);
  const names = uniqueNames(columns.map((column) => column.name));
  const total = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!Number.isSafeInteger(total) || total < 0) throw new Error('it says that it has an impossible number of rows');
  return {
    columns: columns.map(({ type }, index) => ({ name: names[index] ?? '', type })),
    total,
    rows: readRows({ buffer, metadata, columns }, from, total),
  };
}

async function fileBuffer(file: string): Promise<AsyncBuffer> {
  const handle = await open(file, 'r');
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      // What a broken file says of itself is not allocated before it is known to be there.
      if (!(start >= 0 && end >= start && end <= size)) throw new Error('it points outside of itself');
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new Error('it is shorter than it was');
      return bytes.buffer;
    },
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A text that is none is kept as the bytes that it is. */
function textOf(bytes: Uint8Array | null | undefined): string | Uint8Array | null | undefined {
  if (bytes === undefined || bytes === null) return bytes;
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes;
  }
}

const DAY_MS = 86_400_000;

const PARSERS = {
  dateFromDays: (days: number | undefined) =>
    days === undefined || days === null ? days : isoDay(new Date(days * DAY_MS)),
  stringFromBytes: textOf,
  jsonFromBytes: (bytes: Uint8Array | null | undefined) => {
    const text = textOf(bytes);
    if (typeof text !== 'string') return text;
    try {
      return parseJson(text);
    } catch {
      return text;
    }
  },
};

function isoDay(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : (date.toISOString().split('T')[0] ?? null);
}

interface ParquetColumn extends Column {
  /** From the library's value to ours; undefined = only what holds for all. */
  readonly convert: ((value: unknown) => Value) | undefined;
}

/** Of the nested schema only the elements right below the root, which are the columns. */
function topLevel({ schema }: FileMetaData): SchemaElement[] {
  const found: SchemaElement[] = [];
  let index = 1;
  const pass = (): void => {
    const children = schema[index]?.num_children ?? 0;
    index += 1;
    for (let child = 0; child < children && index < schema.length; child += 1) pass();
  };
  while (index < schema.length) {
    const element = schema[index];
    if (element) found.push(element);
    pass();
  }
  return found;
}

/** Also keeps the library from converting what it would not do exactly: decimals would become floating point. */
function columnOf(element: SchemaElement): ParquetColumn {
  const { name } = element;
  if ((element.num_children ?? 0) > 0 || element.repetition_type === 'REPEATED') {
    return { name, type: 'json', convert: undefined };
  }
  const logical = element.logical_type?.type;
  if (element.converted_type === 'DECIMAL' || logical === 'DECIMAL') {
    const scale = element.scale ?? (element.logical_type as { scale?: number } | undefined)?.scale ?? 0;
    delete element.converted_type;
    delete element.logical_type;
    return { name, type: 'decimal', convert: (value) => decimalText(value, scale) };
  }
  if (logical === 'JSON' && element.converted_type !== 'JSON') {
    return { name, type: 'json', convert: (value) => fromLibrary(PARSERS.jsonFromBytes(value as Uint8Array)) };
  }
  if (logical === 'TIME' || element.converted_type?.startsWith('TIME_')) {
    const unit = (element.logical_type as { unit?: string } | undefined)?.unit;
    const perSecond = unit === 'NANOS' ? 1_000_000_000 : element.type === 'INT32' ? 1000 : 1_000_000;
    return { name, type: 'text', convert: (value) => timeText(value, perSecond) };
  }
  return { name, type: typeOf(element), convert: undefined };
}

function typeOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): ColumnType {
  if (converted === 'DATE' || logical?.type === 'DATE') return 'date';
  if (converted?.startsWith('TIMESTAMP') || logical?.type === 'TIMESTAMP' || type === 'INT96') return 'timestamp';
  if (converted === 'JSON' || logical?.type === 'JSON') return 'json';
  if (converted === 'UTF8' || converted === 'ENUM') return 'text';
  if (logical?.type === 'STRING' || logical?.type === 'ENUM' || logical?.type === 'UUID') return 'text';
  switch (type) {
    case 'BOOLEAN':
      return 'boolean';
    case 'INT32':
    case 'INT64':
      return 'integer';
    case 'FLOAT':
    case 'DOUBLE':
      return 'number';
    default:
      return logical?.type === 'FLOAT16' ? 'number' : 'binary';
  }
}

function decimalText(value: unknown, scale: number): Value {
  if (value === null || value === undefined) return null;
  let unscaled: bigint;
  if (value instanceof Uint8Array) {
    // Big-endian, in two's complement.
    unscaled = 0n;
    for (const byte of value) unscaled = unscaled * 256n + BigInt(byte);
    unscaled = BigInt.asIntN(value.length * 8, unscaled);
  } else unscaled = BigInt(value as number | bigint);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits;
  return unscaled < 0n ? `-${text}` : text;
}

function timeText(value: unknown, perSecond: number): Value {
  if (value === null || value === undefined) return null;
  const ticks = Number(value);
  const seconds = Math.floor(ticks / perSecond);
  const two = (part: number) => String(part).padStart(2, '0');
  const fraction = String(ticks % perSecond)
    .padStart(String(perSecond).length - 1, '0')
    .replace(/0+$/, '');
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === '' ? time : `${time}.${fraction}`;
}

/** What the library answers, as our values: its bigints are those of a column's width, and missing ones undefined. */
function fromLibrary(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value !== 'object') return value as Value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(fromLibrary);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, fromLibrary);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fromLibrary(member)]));
}

interface ParquetSource {
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly columns: readonly ParquetColumn[];
}

async function* readRows(source: ParquetSource, from: number, total: number): AsyncGenerator<Value[][], void> {
  let groupStart = 0;
  for (const group of source.metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    const step = groupEnd - groupStart <= 2 * WINDOW_ROWS ? 2 * WINDOW_ROWS : WINDOW_ROWS;
    for (let start = Math.max(groupStart, from); start < groupEnd; start += step) {
      yield* transpose(await readWindow(source, start, Math.min(start + step, groupEnd)), source.columns);
    }
    groupStart = groupEnd;
    if (groupStart >= total) return;
  }
}

/** @returns the values of each column */
async function readWindow(source: ParquetSource, start: number, end: number): Promise<unknown[][]> {
  const { columns } = source;
  const found = columns.map(() => new Array<unknown>(end - start));
  const filled = columns.map(() => 0);
  const indexes = new Map(columns.map((column, index) => [column.name, index]));
  await parquetRead({
    file: source.buffer,
    metadata: source.metadata,
    rowStart: start,
    rowEnd: end,
    compressors,
    utf8: false,
    useOffsetIndex: true,
    geoparquet: false,
    parsers: PARSERS,
    onChunk: ({ columnName, columnData, rowStart, rowEnd }) => {
      const index = indexes.get(columnName);
      const values = index === undefined ? undefined : found[index];
      if (index === undefined || values === undefined) return;
      const last = Math.min(rowEnd, end);
      for (let row = Math.max(rowStart, start); row < last; row += 1) values[row - start] = columnData[row - rowStart];
      filled[index] = (filled[index] ?? 0) + Math.max(0, last - Math.max(rowStart, start));
    },
  });
  const short = filled.findIndex((count) => count !== end - start);
  if (short >= 0) throw new Error(`its column ${columns[short]?.name} has fewer values than it has rows`);
  return found;
}

function* transpose(values: readonly unknown[][], columns: readonly ParquetColumn[]): Generator<Value[][]> {
  const count = values[0]?.length ?? 0;
  for (let start = 0; start < count; start += ROWS_PER_MESSAGE) {
    const rows: Value[][] = [];
    for (let row = start; row < Math.min(start + ROWS_PER_MESSAGE, count); row += 1) {
      rows.push(columns.map(({ convert }, index) => (convert ?? fromLibrary)(values[index]?.[row])));
    }
    yield rows;
  }
}
