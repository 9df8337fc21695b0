import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A connection to PostgreSQL, and the schema that all names are looked up in. */
export interface Session {
  readonly client: pg.Client;
  readonly schema: string;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteNames(names: readonly string[]): string {
  return names.map(quoteName).join(', ');
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A table of the session's schema, quoted. */
export function qualified(session: Session, table: string): string {
  return `${quoteName(session.schema)}.${quoteName(table)}`;
}

/** @returns the rows; parameters are sent apart, so the statement is one alone */
export async function query<T extends object>(session: Session, sql: string, values: unknown[] = []): Promise<T[]> {
  const { rows } = await session.client.query<T & pg.QueryResultRow>(sql, values);
  return rows;
}

/** @returns how many rows it changed, of the last if there are several statements */
export async function execute(session: Session, sql: string, values?: unknown[]): Promise<number> {
  const result: unknown = values ? await session.client.query(sql, values) : await session.client.query(sql);
  const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult | undefined;
  return last?.rowCount ?? 0;
}

/**
 * What the stream takes before it is waited for. Little, so that rows go out while the next are encoded: it holds all
 * back until the server has said that it is ready, which is heard only once somebody waits.
 */
const BUFFERED_BYTES = 64 * 1024;

/**
 * Sends rows by COPY as they are encoded: the server loads the first while the next are being made.
 * @param sql a COPY … FROM STDIN
 */
export async function copy(session: Session, sql: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const stream = session.client.query(copyFrom(sql, { highWaterMark: BUFFERED_BYTES }));
  let failed = false;
  let wake = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    // From then on the stream is cut off from its connection: it must be touched no more.
    stream.on('error', (error) => {
      failed = true;
      reject(error);
      wake();
    });
  });
  // It is awaited at the end; until then it does not count as unhandled.
  ended.catch(() => {});
  try {
    for (const chunk of chunks) {
      if (failed) break;
      if (stream.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        stream.once('drain', resolve);
      });
    }
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }
  if (!failed && !stream.destroyed) stream.end();
  await ended;
}
