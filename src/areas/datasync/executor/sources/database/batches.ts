import { createHash } from 'node:crypto';
import { ExecutorError, type Json } from '../../../../../protocol/executor.ts';
import type { Batch, Reject, Row } from '../../pipeline/contracts.ts';
import { type Keyset, keyOf, sameKey } from './keyset.ts';
import { PendingRows } from './pending-rows.ts';
import type { CountedPlace } from './place.ts';
import type { ReadPlan } from './plan.ts';
import type { RawRow, SourceColumn } from './reader.ts';

type Records = Omit<Batch, 'position'>;

/** Rows of one key that are held in memory, so that a batch ends between keys. */
const MOST_OF_A_KEY = 100_000;
/** Of a refused row: as much as tells which it was. */
const RAW_CHARACTERS = 4096;

/**
 * Cuts rows into batches between two keys, so that reading on behind a batch's last key misses none of it.
 * @param first the ordinal of the first row
 */
export async function* keyedBatches(
  chunks: AsyncIterable<RawRow[]>,
  plan: ReadPlan,
  keyset: Keyset,
  { first, size }: { first: number; size: number },
): AsyncGenerator<Records & { readonly after: Json[]; readonly read: number }> {
  let read = first;
  const pending = new PendingRows(size);
  const batch = (rows: RawRow[]) => {
    const records = recordsOf(rows, plan.columns, read);
    read += rows.length;
    return { ...records, after: keyOf(keyset, rows.at(-1) ?? []), read };
  };
  for await (const chunk of chunks) {
    pending.add(chunk);
    for (;;) {
      const cut = betweenKeys(pending.rows, keyset, pending.enough);
      if (cut === undefined) break;
      yield batch(pending.take(cut));
    }
    if (pending.rows.length > size + MOST_OF_A_KEY) throw tooManyOfAKey(keyset);
  }
  if (pending.rows.length > 0) yield batch(pending.take(pending.rows.length));
}

/** The first place at or behind `from` where a key ends; undefined if it is not to be seen yet. */
function betweenKeys(rows: readonly RawRow[], keyset: Keyset, from: number): number | undefined {
  for (let at = from; at < rows.length; at += 1) {
    const [before, behind] = [rows[at - 1], rows[at]];
    if (before && behind && !sameKey(keyset, before, behind)) return at;
  }
  return undefined;
}

function tooManyOfAKey(keyset: Keyset): ExecutorError {
  const names = keyset.columns.map(({ name }) => name).join(', ');
  return new ExecutorError(
    `key_columns: more than ${MOST_OF_A_KEY} rows have the same ${names}; name columns that tell rows apart`,
    { retryable: false },
  );
}

/**
 * Cuts rows that nothing tells apart into batches of at most `size`, with a digest of all rows up to each batch's end.
 * @param start passes over as many rows, which must be the same as they were
 * @throws ExecutorError when they are not
 */
export async function* countedBatches(
  chunks: AsyncIterable<RawRow[]>,
  plan: ReadPlan,
  size: number,
  start: CountedPlace | undefined,
): AsyncGenerator<Records & CountedPlace> {
  const hash = createHash('sha256');
  let read = 0;
  const pending = new PendingRows(size);
  let toPass = start?.read ?? 0;
  const take = (count: number) => {
    const rows = pending.take(count);
    for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
    read += rows.length;
    return rows;
  };
  const digest = () => hash.copy().digest('hex');
  const batch = (rows: RawRow[]) => ({ ...recordsOf(rows, plan.columns, read - rows.length), read, digest: digest() });
  for await (const chunk of chunks) {
    pending.add(chunk);
    if (start && toPass > 0) {
      toPass -= take(toPass).length;
      if (toPass === 0 && digest() !== start.digest) throw otherRows();
    }
    for (let { enough } = pending; enough <= pending.rows.length; { enough } = pending) yield batch(take(enough));
  }
  if (toPass > 0) throw otherRows();
  if (pending.rows.length > 0) yield batch(take(pending.rows.length));
}

function otherRows(): ExecutorError {
  return new ExecutorError(
    'the rows came in another order than before, or were changed, and no key tells them apart: the run cannot go on where it was. Name key_columns, or begin the run anew',
    { retryable: false },
  );
}

function recordsOf(raws: readonly RawRow[], columns: readonly SourceColumn[], first: number): Records {
  const rows: Row[] = [];
  const ordinals: number[] = [];
  const rejects: Reject[] = [];
  for (const [index, raw] of raws.entries()) {
    try {
      rows.push(rowOf(raw, columns));
      ordinals.push(first + index);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      rejects.push({ ordinal: first + index, reason, raw: JSON.stringify(raw).slice(0, RAW_CHARACTERS) });
    }
  }
  return { rows, ordinals, rejects };
}

function rowOf(raw: RawRow, columns: readonly SourceColumn[]): Row {
  const row: Row = {};
  // By index: an iterator for each row would be felt.
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at];
    const value = raw[at];
    if (column) row[column.name] = value === null || value === undefined ? null : column.convert(value);
  }
  return row;
}
