/** A dataset's records, read where they lie: in one snapshot, nothing held in memory but what is sent next. */
import { Readable } from 'node:stream';
import { WAREHOUSE_SCHEMA } from '../../../connections/drivers/login.ts';
import { AppError, invalidField } from '../../../kernel/errors.ts';
import { ExecutorError, type Json } from '../../../protocol/executor.ts';
import { isBookkeeping } from '../executor/datasets/profile.ts';
import { encodeRows } from '../executor/formats/encode-rows.ts';
import type { Column, Row } from '../executor/pipeline/contracts.ts';
import { jsonOf } from '../executor/pipeline/json-of.ts';
import { openPostgresReader } from '../executor/sources/database/postgresql.ts';
import { type DatabaseReader, onlyRow, type RawRow, type SourceColumn } from '../executor/sources/database/reader.ts';
import type { DatasetRow } from './queries/dataset.ts';
import { watched } from './stall.ts';
import { columnsOfTable, type Warehouse } from './warehouse.ts';

/** How long somebody waits for a page. */
const PAGE_MS = 15_000;
/** Records that are counted for a page; of more, the last count of the dataset is told. */
const COUNTED = 100_000;
const FETCHED = 2000;
/** A download of which nothing is taken for so long is ended: it holds a session, and a snapshot, of the warehouse. */
const STALL_MS = 60_000;
/** Sessions of the warehouse that this server holds at a time: downloads, which last, leave pages theirs. */
const PLACES = { page: 8, download: 8 };
const taken = { page: 0, download: 0 };

/** Text is what the reader asks for: each column converts its own. */
interface Table {
  readonly reader: DatabaseReader;
  readonly relation: string;
  readonly columns: readonly SourceColumn[];
  /** `, ` and what tells rows apart; empty where nothing does. */
  readonly order: string;
}

async function openTable(warehouse: Warehouse, table: string, signal: AbortSignal): Promise<Table> {
  const options = { applicationName: 'longshore datasets', allowPrivate: true, signal };
  const reader = await openPostgresReader(warehouse.login, options, () => {});
  try {
    const relation = `${WAREHOUSE_SCHEMA}.${reader.dialect.quote(table)}`;
    const found = await reader.describe(relation);
    const keys = await reader.tableKey({ schema: WAREHOUSE_SCHEMA, table });
    const order = keys.length === 0 ? '' : ` ORDER BY ${keys.map((key) => reader.dialect.quote(key)).join(', ')}`;
    return { reader, relation, columns: found.filter(({ name }) => !isBookkeeping(name)), order };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** A reader's place, given back by the function that is answered. @throws AppError `unavailable` */
function takePlace(use: keyof typeof PLACES): () => void {
  if (taken[use] >= PLACES[use]) {
    const message = `this server reads ${PLACES[use]} datasets for a ${use} already; try again soon`;
    throw new AppError('unavailable', message, { retryAfterSeconds: 5 });
  }
  taken[use] += 1;
  let held = true;
  return () => {
    if (held) taken[use] -= 1;
    held = false;
  };
}

/** The warehouse's trouble, as the API tells it: what a client sent is never the fault of a read. */
function explained(error: unknown): unknown {
  if (!(error instanceof ExecutorError)) return error;
  return new AppError('unavailable', `the dataset cannot be read: ${error.message}`, { cause: error });
}

function selected({ columns, reader }: Table): string {
  // Of none, a row is still a row.
  return columns.map(({ name }) => reader.dialect.quote(name)).join(', ') || 'NULL';
}

function rowOf(columns: readonly SourceColumn[], raw: RawRow): Row {
  const row: Row = {};
  columns.forEach(({ name, convert }, index) => {
    const value = raw[index];
    row[name] = value === null || value === undefined ? null : convert(value);
  });
  return row;
}

export interface RecordPage {
  readonly columns: readonly Column[];
  readonly items: readonly { readonly [column: string]: Json }[];
  readonly total: number;
  /** Whether `total` was counted now. */
  readonly exact: boolean;
}

/** Only records whose `column` has this value, as text. */
export interface RecordFilter {
  readonly column: string;
  readonly value: string;
}

/** The columns that a dataset without a table will have. */
function declared({ schema }: DatasetRow): Column[] {
  return (schema?.columns ?? []).map(({ name, type }) => ({ name, type }));
}

/**
 * Some records, in the order of the table's key where it has one.
 * @throws AppError `validation` for a column that is not there, `unavailable` when it takes too long
 */
export async function readRecords(
  warehouse: Warehouse,
  dataset: DatasetRow,
  filter: RecordFilter | undefined,
  page: { readonly limit: number; readonly offset: number },
): Promise<RecordPage> {
  if (!(await columnsOfTable(warehouse, dataset.table_name))) {
    return { columns: declared(dataset), items: [], total: 0, exact: true };
  }
  const release = takePlace('page');
  const deadline = AbortSignal.timeout(PAGE_MS);
  try {
    const table = await openTable(warehouse, dataset.table_name, deadline);
    const abort = () => table.reader.abort();
    deadline.addEventListener('abort', abort);
    try {
      return await readPage(table, dataset, filter, page);
    } finally {
      deadline.removeEventListener('abort', abort);
      await table.reader.close();
    }
  } catch (error) {
    if (deadline.aborted) {
      const mend = 'download the dataset, or ask for a page nearer to its beginning';
      throw new AppError('unavailable', `reading took longer than ${PAGE_MS / 1000} s: ${mend}`, { cause: error });
    }
    throw explained(error);
  } finally {
    release();
  }
}

async function readPage(
  table: Table,
  dataset: DatasetRow,
  filter: RecordFilter | undefined,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<RecordPage> {
  const { reader, relation, columns, order } = table;
  if (filter && !columns.some(({ name }) => name === filter.column)) {
    throw invalidField('column', `the dataset has no column "${filter.column}"`);
  }
  const where = filter ? ` WHERE ${reader.dialect.quote(filter.column)}::text = $1` : '';
  const values = filter ? [filter.value] : [];
  const counting = `SELECT count(*) FROM (SELECT 1 FROM ${relation}${where} LIMIT ${COUNTED + 1}) counted`;
  const counted = Number((await onlyRow(reader, { sql: counting, values }))?.[0] ?? 0);
  const sql = `SELECT ${selected(table)} FROM ${relation}${where}${order} LIMIT ${limit} OFFSET ${offset}`;
  const items: { [column: string]: Json }[] = [];
  for await (const rows of reader.rows({ sql, values }, limit + 1)) {
    for (const raw of rows) items.push(jsonOf(rowOf(columns, raw)));
  }
  const exact = counted <= COUNTED;
  const total = exact || filter ? counted : Math.max(counted, dataset.records_count ?? 0);
  return { columns: columns.map(({ name, type }) => ({ name, type })), items, total, exact };
}

export const DOWNLOAD_FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type DownloadFormat = (typeof DOWNLOAD_FORMATS)[number];

/**
 * All records as a file. What can be refused is refused before the first byte; rows are read as the file is taken.
 * @param signal aborts when nobody takes it any more; it ends by itself when nothing is taken for a minute
 * @throws AppError `unavailable`
 */
export async function openDownload(
  warehouse: Warehouse,
  dataset: DatasetRow,
  format: DownloadFormat,
  signal: AbortSignal,
): Promise<Readable> {
  if (!(await columnsOfTable(warehouse, dataset.table_name))) {
    return Readable.from(encodeRows(format, [], { columns: declared(dataset) }), { objectMode: false });
  }
  const release = takePlace('download');
  try {
    const table = await openTable(warehouse, dataset.table_name, signal);
    const { reader, columns } = table;
    const abort = () => reader.abort();
    const types = columns.map(({ name, type }) => ({ name, type }));
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      signal.removeEventListener('abort', abort);
      release();
      void reader.close();
    };
    const bytes = encodeRows(format, batchesOf(table, end), { columns: types });
    const stalled = () => file.destroy(new Error(`nothing of the file was taken for ${STALL_MS / 1000} s`));
    const file: Readable = Readable.from(watched(bytes, STALL_MS, stalled), { objectMode: false });
    signal.addEventListener('abort', abort);
    // Also of a file of which nothing was ever taken.
    file.once('close', end);
    return file;
  } catch (error) {
    release();
    throw explained(error);
  }
}

/** @param end called behind the last row: whoever does not take the rest of the file needs no session for that */
async function* batchesOf(table: Table, end: () => void): AsyncGenerator<Row[]> {
  const { reader, relation, columns, order } = table;
  const sql = `SELECT ${selected(table)} FROM ${relation}${order}`;
  for await (const rows of reader.rows({ sql, values: [] }, FETCHED)) yield rows.map((raw) => rowOf(columns, raw));
  end();
}
