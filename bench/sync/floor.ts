import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COLUMNS } from './input.ts';

/** Runs statements on a database. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** @returns seconds that `COPY` takes to load a csv into a bare table, sent by the client that we use */
export async function copyCsv(url: string, file: string): Promise<number> {
  await execute(url, `DROP TABLE IF EXISTS bare; CREATE TABLE bare (${COLUMNS})`);
  const client = new pg.Client(url);
  await client.connect();
  try {
    const startedAt = performance.now();
    const stream = client.query(copyFrom('COPY bare FROM STDIN (FORMAT csv, HEADER)', { highWaterMark: 1024 * 1024 }));
    await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), stream);
    return (performance.now() - startedAt) / 1000;
  } finally {
    await client.end();
  }
}

/** @returns the same by psql; undefined where there is none */
export async function psqlCopy(url: string, file: string): Promise<number | undefined> {
  await execute(url, `DROP TABLE IF EXISTS bare; CREATE TABLE bare (${COLUMNS})`);
  const startedAt = performance.now();
  const psql = spawn('psql', [url, '-qc', `\\copy bare FROM '${file}' CSV HEADER`], { stdio: 'ignore' });
  try {
    const [code] = (await once(psql, 'exit')) as [number];
    return code === 0 ? (performance.now() - startedAt) / 1000 : undefined;
  } catch {
    return undefined;
  }
}
