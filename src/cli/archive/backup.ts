import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { rfc3339 } from '../../kernel/clock.ts';
import { randomText } from '../../kernel/ids.ts';
import { packageVersion } from '../../kernel/package.ts';
import type { Queryable, Store } from '../../store/store.ts';
import { CliFailure } from '../failure.ts';
import { listMigrations, listPartitions, listSequences, listTables, quoteName, type SizedTable } from './catalog.ts';
import { encodeFrames, FORMAT, type Frame } from './format.ts';
import {
  holdWarehouseTables,
  listLeftOut,
  listWarehouseTables,
  type SizedWarehouseTable,
  warehouseName,
} from './warehouse.ts';

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly tables: number;
  readonly rows: number;
  /** What lies in the warehouse's schema and is not in the backup, a line each. */
  readonly left_out: readonly string[];
}

interface BackupOptions {
  /** Whether the tables of the warehouse go along, where they lie in this database. */
  readonly warehouse: boolean;
  onProgress: OnProgress;
}

/** `done` of `total` bytes as the tables lie on disk, which only roughly is what is written. */
type OnProgress = (done: number, total: number, table: string) => void;

/** COPY hands over tiny pieces for small rows: they are gathered into frames of about this size. */
const FRAME_BYTES = 256 * 1024;
const HOLD_TRIES = 10;

/** A table to be copied. */
interface Copied {
  readonly frame: Frame;
  /** For progress: what stands before it in the bar. */
  readonly title: string;
  readonly bytes: number;
  readonly select: string;
}

function ownTable({ name, columns, bytes }: SizedTable): Copied {
  const list = columns.map(quoteName).join(', ');
  const select = `SELECT ${list} FROM longshore.${quoteName(name)}`;
  return { frame: { frame: 'table', name }, title: name, bytes, select };
}

function warehouseTable({ name, columns, bytes }: SizedWarehouseTable): Copied {
  const list = columns.map((column) => quoteName(column.name)).join(', ');
  const select = `SELECT ${list} FROM ${warehouseName(name)}`;
  return { frame: { frame: 'table', name, in: 'warehouse' }, title: `data.${name}`, bytes, select };
}

async function* tableFrames(
  client: PoolClient,
  { frame, select }: Copied,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Frame> {
  const copy = client.query(copyTo(`COPY (${select}) TO STDOUT`));
  yield frame;
  let pieces: Buffer[] = [];
  let bytes = 0;
  const gathered = (): Frame => {
    const data = Buffer.concat(pieces);
    pieces = [];
    bytes = 0;
    onBytes(data.length);
    return { frame: 'data', bytes: data.length, data };
  };
  for await (const piece of copy as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= FRAME_BYTES) yield gathered();
  }
  if (bytes > 0) yield gathered();
  yield { frame: 'end', rows: copy.rowCount };
}

/** What a backup is made of, as the transaction sees it. */
interface Contents {
  readonly migrations: readonly string[];
  readonly tables: readonly SizedTable[];
  readonly warehouse: readonly SizedWarehouseTable[] | undefined;
}

function queryableOf(client: PoolClient): Queryable {
  return {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<Row & Record<string, unknown>>(sql, [...params])).rows,
  };
}

/**
 * Begins the transaction that sees one instant, and looks at what there is. A table of the warehouse that is swapped at
 * this very moment would seem empty to it: then another transaction begins.
 */
async function begin(client: PoolClient, withWarehouse: boolean): Promise<Contents> {
  const db = queryableOf(client);
  for (let tries = 1; ; tries += 1) {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const migrations = await listMigrations(db);
    if (migrations.length === 0)
      throw new CliFailure('notFound', 'The database holds nothing of Longshore: there is nothing to back up.');
    const tables = await listTables(db);
    const warehouse = withWarehouse ? await listWarehouseTables(db) : undefined;
    if (await holdWarehouseTables(db, warehouse ?? [])) return { migrations, tables, warehouse };
    await client.query('ROLLBACK');
    if (tries === HOLD_TRIES) throw new CliFailure('failed', 'The warehouse changes all the time; try again later.');
  }
}

async function* databaseFrames(
  client: PoolClient,
  { migrations, tables, warehouse }: Contents,
  onProgress: OnProgress,
  onRows: (rows: number) => void,
): AsyncGenerator<Frame> {
  const db = queryableOf(client);
  yield {
    frame: 'header',
    format: FORMAT,
    version: packageVersion,
    created_at: rfc3339(new Date()),
    migrations,
    tables: tables.map(({ name, columns }) => ({ name, columns })),
    partitions: await listPartitions(db),
    ...(warehouse ? { warehouse: warehouse.map(({ name, columns, indexes }) => ({ name, columns, indexes })) } : {}),
  };
  const copied = [...tables.map(ownTable), ...(warehouse ?? []).map(warehouseTable)];
  const total = copied.reduce((sum, table) => sum + table.bytes, 0);
  let before = 0;
  for (const table of copied) {
    let done = 0;
    for await (const frame of tableFrames(client, table, (bytes) => {
      done += bytes;
      onProgress(before + Math.min(done, table.bytes), total, table.title);
    })) {
      if (frame.frame === 'end') onRows(frame.rows);
      yield frame;
    }
    before += table.bytes;
  }
  yield { frame: 'sequences', sequences: await listSequences(db) };
}

/**
 * Writes everything that Longshore keeps in the database into `file`, as of one instant, while it goes on working.
 * The file appears under its name only when it is whole and on disk; it can be read by its owner alone. Syncs that
 * replace a table of the warehouse or change its columns wait until it is done.
 * @throws CliFailure `conflict` when the file is there already
 */
export async function backup(
  store: Store,
  file: string,
  { warehouse, onProgress }: BackupOptions,
): Promise<BackupReport> {
  const partial = `${file}.${randomText(8)}.partial`;
  const client = await store.connect();
  let failed = true;
  let rows = 0;
  let tables = 0;
  try {
    const contents = await begin(client, warehouse);
    const leftOut = warehouse ? await listLeftOut(queryableOf(client)) : [];
    const frames = databaseFrames(client, contents, onProgress, (count) => {
      rows += count;
      tables += 1;
    });
    const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(encodeFrames(frames)), createGzip(), target);
    await client.query('COMMIT');
    await claim(partial, file);
    failed = false;
    return { file, bytes: target.bytesWritten, tables, rows, left_out: leftOut };
  } finally {
    if (failed) await rm(partial, { force: true });
    // A connection in the midst of a COPY cannot be used again.
    client.release(failed);
  }
}

/** Puts the whole file in its place, unless something is there. */
async function claim(partial: string, file: string): Promise<void> {
  try {
    // Taken first, so that two backups to one name cannot both find it free.
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CliFailure('conflict', `${file} is there already; choose another name, or remove it.`);
  }
  await rename(partial, file);
}
