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

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly tables: number;
  readonly rows: number;
}

/** `done` of `total` bytes as the tables lie on disk, which only roughly is what is written. */
type OnProgress = (done: number, total: number, table: string) => void;

/** COPY hands over tiny pieces for small rows: they are gathered into frames of about this size. */
const FRAME_BYTES = 256 * 1024;

async function* tableFrames(
  client: PoolClient,
  table: SizedTable,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Frame> {
  const columns = table.columns.map(quoteName).join(', ');
  const copy = client.query(copyTo(`COPY (SELECT ${columns} FROM longshore.${quoteName(table.name)}) TO STDOUT`));
  yield { frame: 'table', name: table.name };
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

async function* databaseFrames(
  client: PoolClient,
  onProgress: OnProgress,
  onRows: (rows: number) => void,
): AsyncGenerator<Frame> {
  const db: Queryable = {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<Row & Record<string, unknown>>(sql, [...params])).rows,
  };
  const migrations = await listMigrations(db);
  if (migrations.length === 0)
    throw new CliFailure('notFound', 'The database holds nothing of Longshore: there is nothing to back up.');
  const tables = await listTables(db);
  yield {
    frame: 'header',
    format: FORMAT,
    version: packageVersion,
    created_at: rfc3339(new Date()),
    migrations,
    tables: tables.map(({ name, columns }) => ({ name, columns })),
    partitions: await listPartitions(db),
  };
  const total = tables.reduce((sum, table) => sum + table.bytes, 0);
  let before = 0;
  for (const table of tables) {
    let copied = 0;
    for await (const frame of tableFrames(client, table, (bytes) => {
      copied += bytes;
      onProgress(before + Math.min(copied, table.bytes), total, table.name);
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
 * The file appears under its name only when it is whole and on disk; it can be read by its owner alone.
 * @throws CliFailure `conflict` when the file is there already
 */
export async function backup(store: Store, file: string, onProgress: OnProgress): Promise<BackupReport> {
  const partial = `${file}.${randomText(8)}.partial`;
  const client = await store.connect();
  let failed = true;
  let rows = 0;
  let tables = 0;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const frames = databaseFrames(client, onProgress, (count) => {
      rows += count;
      tables += 1;
    });
    const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(encodeFrames(frames)), createGzip(), target);
    await client.query('COMMIT');
    await claim(partial, file);
    failed = false;
    return { file, bytes: target.bytesWritten, tables, rows };
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
