import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { jsonText } from '../destinations/schema-json.ts';
import type { Column, ColumnType, Row, Value } from '../pipeline/contracts.ts';
import { columnsOf, type EncodeOptions, plainText, type RowEncoder, refuseOthers, unwritable } from './encoder.ts';

/** Rows that are held before they are written: what readers of parquet take at once. */
const GROUP_ROWS = 50_000;
const DAY_MS = 86_400_000;

/** How a column is written. Texts and JSON are handed over as bytes, so that nothing converts them once more. */
interface Encoding {
  readonly element: Omit<SchemaElement, 'name'>;
  readonly encode: (value: Exclude<Value, null>, column: Column) => unknown;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const asText: Encoding = {
  element: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  encode: plainText,
};

const ENCODINGS: Readonly<Record<ColumnType, Encoding>> = {
  text: asText,
  // Of unknown precision, which parquet's own decimals must name.
  decimal: asText,
  boolean: {
    element: { type: 'BOOLEAN' },
    encode: (value, column) => (typeof value === 'boolean' ? value : misfit(value, column)),
  },
  integer: { element: { type: 'INT64' }, encode: integer },
  number: { element: { type: 'DOUBLE' }, encode: number },
  date: { element: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }, encode: day },
  timestamp: {
    element: {
      type: 'INT64',
      converted_type: 'TIMESTAMP_MICROS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    },
    encode: time,
  },
  json: {
    element: { type: 'BYTE_ARRAY', logical_type: { type: 'JSON' } },
    encode: (value) => bytesOf(jsonText(value)),
  },
  binary: {
    element: { type: 'BYTE_ARRAY' },
    encode: (value, column) => (value instanceof Uint8Array ? value : misfit(value, column)),
  },
};

function misfit(value: Value, { name, type }: Column): never {
  const text = value === null ? 'null' : plainText(value).slice(0, 100);
  throw unwritable(`${JSON.stringify(text)} in the column ${name} is no ${type}, which that column of the file holds`);
}

const INT64 = 2n ** 63n;

function integer(value: Exclude<Value, null>, column: Column): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  const isDigits = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  if (typeof value !== 'bigint' && !isDigits) misfit(value, column);
  const big = BigInt(value);
  return big >= -INT64 && big < INT64 ? big : misfit(value, column);
}

function number(value: Exclude<Value, null>, column: Column): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isNaN(parsed) ? misfit(value, column) : parsed;
}

function time(value: Exclude<Value, null>, column: Column): Date | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  const parsed = typeof value === 'string' ? new Date(value) : undefined;
  return parsed && !Number.isNaN(parsed.getTime()) ? parsed : misfit(value, column);
}

function day(value: Exclude<Value, null>, column: Column): number | null {
  const date = time(value, column);
  return date && Math.floor(date.getTime() / DAY_MS);
}

/** Writes parquet, a row group as soon as it is full. */
export function parquetEncoder({ columns }: EncodeOptions): RowEncoder {
  let file: ParquetFile | undefined;
  return {
    encode(rows) {
      file ??= rows.length === 0 && !columns ? undefined : new ParquetFile(columns ?? columnsOf(rows));
      return file?.add(rows) ?? Buffer.alloc(0);
    },
    finish() {
      file ??= new ParquetFile(columns ?? []);
      return file.finish();
    },
  };
}

class ParquetFile {
  readonly #columns: readonly Column[];
  readonly #names: ReadonlySet<string>;
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  #values: unknown[][];
  #count = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#names = new Set(columns.map((column) => column.name));
    this.#values = columns.map(() => []);
    const elements = columns.map(
      ({ name, type }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...ENCODINGS[type].element }),
    );
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: 'root', num_children: elements.length }, ...elements],
      createdBy: 'longshore',
    });
  }

  add(rows: readonly Row[]): Buffer {
    for (const row of rows) {
      refuseOthers(row, this.#names, 'parquet');
      this.#columns.forEach((column, index) => {
        const value = row[column.name] ?? null;
        this.#values[index]?.push(value === null ? null : ENCODINGS[column.type].encode(value, column));
      });
      this.#count += 1;
      if (this.#count >= GROUP_ROWS) this.#endGroup();
    }
    return this.#take();
  }

  finish(): Buffer {
    if (this.#count > 0) this.#endGroup();
    void this.#writer.finish();
    return this.#take();
  }

  #endGroup(): void {
    const columnData = this.#columns.map(({ name, type }, index) => ({
      name,
      data: this.#values[index] ?? [],
      // Of no use to a reader, and compared byte by byte.
      ...(type === 'json' || type === 'binary' ? { statistics: false } : {}),
    }));
    void this.#writer.write({ columnData, rowGroupSize: this.#count });
    this.#values = this.#columns.map(() => []);
    this.#count = 0;
  }

  /** What was written; `offset` goes on counting from the beginning of the file. */
  #take(): Buffer {
    const bytes = Buffer.from(this.#bytes.getBytes());
    this.#bytes.index = 0;
    return bytes;
  }
}
