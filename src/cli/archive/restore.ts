import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { WAREHOUSE_SCHEMA } from '../../connections/drivers/login.ts';
import { handOverWarehouse } from '../../connections/warehouse.ts';
import { packageRoot } from '../../kernel/package.ts';
import { migrate } from '../../store/migrate.ts';
import type { Queryable, Store } from '../../store/store.ts';
import { CliFailure } from '../failure.ts';
import { listTables, quoteName, schemaExists } from './catalog.ts';
import { checkHeader, decodeFrames, type Frame, type Header, type PartitionEntry, type TableFrame } from './format.ts';
import { createWarehouseTables, finishWarehouseTables, requireEmptyWarehouse, warehouseName } from './warehouse.ts';

export interface RestoreReport {
  readonly created_at: string;
  readonly tables: number;
  readonly rows: number;
  /** Applied after the data was there, because the backup is of an older version. */
  readonly migrated: readonly string[];
}

type OnProgress = (phase: 'checking' | 'restoring', done: number, total: number) => void;

const MIGRATIONS = path.join(packageRoot, 'src/store/migrations');

/** Hands over the frames of a file, read as a whole, and closes it in any case. */
async function readFrames(
  file: string,
  onBytes: (bytes: number) => void,
  use: (frames: AsyncGenerator<Frame>) => Promise<void>,
): Promise<void> {
  const packed = createReadStream(file);
  const unpacked = createGunzip();
  packed.on('data', () => onBytes(packed.bytesRead));
  // Its failure arrives at the reader as that of `unpacked`.
  const piping = pipeline(packed, unpacked).catch(() => undefined);
  try {
    await use(decodeFrames(unpacked));
  } finally {
    packed.destroy();
    unpacked.destroy();
    await piping;
  }
}

/** Reads the whole file once, so that nothing is written on account of one that is damaged. */
async function check(file: string, onBytes: (bytes: number) => void): Promise<Header> {
  let header: Header | undefined;
  await readFrames(file, onBytes, async (frames) => {
    for await (const frame of frames) header ??= checkHeader(frame);
  });
  return checkHeader(header);
}

/** @throws CliFailure `conflict` unless there is nothing of Longshore in the database yet */
async function requireEmpty(db: Queryable): Promise<void> {
  if (!(await schemaExists(db))) return;
  throw new CliFailure(
    'conflict',
    'The database already holds data of Longshore. Restore into an empty one: another --data-dir or DATABASE_URL, or drop the schema "longshore" yourself.',
  );
}

function safePartition({ name, parent, bound }: PartitionEntry): string {
  // The file is data, not a program: only what our own partitions look like is put into a statement.
  const known = /^(DEFAULT|FOR VALUES FROM \('[0-9-]+'\) TO \('[0-9-]+'\))$/.test(bound);
  if (!known)
    throw new CliFailure('failed', `The backup has a partition ${name} of an unknown sort. Nothing was written.`);
  return `CREATE TABLE IF NOT EXISTS longshore.${quoteName(name)} PARTITION OF longshore.${quoteName(parent)} ${bound}`;
}

/** The rows of the table that was named last, up to its end. Leaves the frames after that to the caller. */
async function* rowsOf(frames: AsyncIterator<Frame>, onEnd: (rows: number) => void): AsyncGenerator<Buffer> {
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    if (next.value.frame === 'data') yield next.value.data;
    if (next.value.frame === 'end') {
      onEnd(next.value.rows);
      return;
    }
  }
}

/** The statement that takes a table's rows. Names come from the catalogue: the file only chooses among them. */
function copyStatement(header: Header, frame: TableFrame, columns: ReadonlyMap<string, readonly string[]>): string {
  const { name } = frame;
  if (frame.in === 'warehouse') {
    const made = header.warehouse?.find((table) => table.name === name);
    if (!made) throw new CliFailure('failed', `The backup's table ${name} of the warehouse is not described in it.`);
    const list = made.columns.map((column) => quoteName(column.name)).join(', ');
    return `COPY ${warehouseName(name)} ${list === '' ? '' : `(${list})`} FROM STDIN`;
  }
  const wanted = header.tables.find((table) => table.name === name)?.columns ?? [];
  const present = columns.get(name);
  if (!present || wanted.length === 0 || wanted.some((column) => !present.includes(column))) {
    throw new CliFailure('failed', `The backup's table ${name} does not fit the schema that it names.`);
  }
  return `COPY longshore.${quoteName(name)} (${wanted.map(quoteName).join(', ')}) FROM STDIN`;
}

async function load(client: PoolClient, header: Header, frames: AsyncIterator<Frame>): Promise<number> {
  const db: Queryable = {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<Row & Record<string, unknown>>(sql, [...params])).rows,
  };
  const tables = await listTables(db);
  const columns = new Map(tables.map((table) => [table.name, table.columns]));
  const names = tables.map(({ name }) => `longshore.${quoteName(name)}`);
  // Triggers have acted when the rows were first written; and some forbid what only a restore may do.
  for (const name of names) await client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
  await client.query(`TRUNCATE ${names.join(', ')}`);
  for (const partition of header.partitions) await client.query(safePartition(partition));
  const { warehouse = [] } = header;
  if (warehouse.length > 0) await createWarehouseTables(client, warehouse);
  let rows = 0;
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const frame = next.value;
    if (frame.frame === 'table') {
      // Their text goes to PostgreSQL as it is.
      const copy = client.query(copyFrom(copyStatement(header, frame, columns)));
      await pipeline(Readable.from(rowsOf(frames, (count) => (rows += count))), copy);
    } else if (frame.frame === 'sequences') {
      for (const { name, value, called } of frame.sequences) {
        await client.query('SELECT setval($1::regclass, $2, $3)', [`longshore.${quoteName(name)}`, value, called]);
      }
    }
  }
  await finishWarehouseTables(client, warehouse);
  for (const name of names) await client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
  return rows;
}

/**
 * Puts a backup into an empty database: checks the whole file, makes the schema that it was taken of, loads all data in
 * one transaction, and brings the schema to this version. After a failure the database is as empty as before.
 * @throws CliFailure when the file is damaged or of a newer version, or the database is not empty
 */
export async function restore(store: Store, url: string, file: string, onProgress: OnProgress): Promise<RestoreReport> {
  const { size } = await stat(file).catch((error: Error) => {
    throw new CliFailure('notFound', `Cannot read ${file}: ${error.message}`);
  });
  const header = await check(file, (bytes) => onProgress('checking', bytes, size));
  const last = header.migrations.at(-1);
  if (last === undefined) throw new CliFailure('failed', 'The backup names no schema. Nothing was written.');
  await requireEmpty(store);
  if (header.warehouse) await requireEmptyWarehouse(store);
  try {
    await migrate(url, MIGRATIONS, { upTo: last });
    const client = await store.connect();
    let rows = 0;
    let failed = true;
    try {
      await client.query('BEGIN');
      await readFrames(
        file,
        (bytes) => onProgress('restoring', bytes, size),
        async (frames) => {
          rows = await load(client, header, frames);
        },
      );
      await client.query('COMMIT');
      failed = false;
    } finally {
      client.release(failed);
    }
    // To the role that workers reach it with, which is another one in every database.
    if (header.warehouse) await handOverWarehouse(store);
    const { applied } = await migrate(url, MIGRATIONS);
    const tables = header.tables.length + (header.warehouse?.length ?? 0);
    return { created_at: header.created_at, tables, rows, migrated: applied };
  } catch (error) {
    // It was not there before. Why the restore failed matters more than a failure to tidy up.
    const made = header.warehouse ? ['longshore', WAREHOUSE_SCHEMA] : ['longshore'];
    await store.query(`DROP SCHEMA IF EXISTS ${made.join(', ')} CASCADE`).catch(() => undefined);
    throw error;
  }
}
