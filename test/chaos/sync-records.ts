import type { TestRecord } from '../support/rest-server.ts';
import type { Sink, SinkRow } from './sync-sink.ts';

/**
 * What a job may be told to do. mirror: an upsert that also deletes what the source no longer has. incremental: the
 * second run of a job, of which the first one has read half. parts: rows are appended by several runs. push: no job, but
 * records that are sent in, and the run that loads them. file: rows are appended to a file.
 */
export const SYNC_KINDS = ['append', 'upsert', 'overwrite', 'mirror', 'incremental', 'parts', 'push', 'file'] as const;
export type SyncKind = (typeof SYNC_KINDS)[number];

export const RECORDS = 60;
/** What is there when an incremental job runs first; the records after it have its last one's time. */
export const FIRST_PART = 30;
export const PAGE = 10;
const TIED = 8;

/** Whether there are jobs of the kind into such a sink; what is sent in goes to a PostgreSQL. */
export function suits(kind: SyncKind, engine: Sink['engine']): boolean {
  if (engine === 'file' || kind === 'file') return engine === kind;
  return kind !== 'push' || engine === 'postgresql';
}

/** Kinds that append, or replace all. */
const AS_SENT: readonly SyncKind[] = ['append', 'parts', 'overwrite', 'file'];
/** Kinds that write into a table which has rows already. */
const INTO_STANDING: readonly SyncKind[] = ['upsert', 'overwrite', 'mirror'];
/** Kinds whose records come again under the same keys, also within one page. */
const REPEATING: readonly SyncKind[] = ['upsert', 'mirror', 'push'];

/**
 * What the job refuses, by index. A mirror has none of that: nothing counts as vanished then. What is pushed is not held
 * against the job's rules.
 */
export function badOf(kind: SyncKind): readonly number[] {
  return kind === 'mirror' || kind === 'push' ? [] : [13, 37];
}

export function recordOf(kind: SyncKind, index: number): TestRecord {
  const repeats = REPEATING.includes(kind);
  const id = repeats && index % 6 === 5 ? index - 2 : repeats && index % 11 === 10 ? index - 10 : index;
  return {
    id,
    name: badOf(kind).includes(index) ? null : `第 ${index} 行 🚢 "it's" \\ \t ${'é'.repeat(index % 3)}`,
    amount: index + 0.25,
    ...(index % 7 === 3 ? {} : { note: index % 5 === 0 ? null : `note ${index}` }),
    at: `2024-01-01T00:00:${String(Math.floor(index / TIED)).padStart(2, '0')}Z`,
  };
}

function rowOf({ id, name, amount, note, at }: TestRecord): SinkRow {
  const told = note === undefined || note === null ? null : String(note);
  return [Number(id), String(name), Number(amount), told, String(at)];
}

function goodRecords(kind: SyncKind): TestRecord[] {
  const indexes = Array.from({ length: RECORDS }, (_, index) => index).filter((index) => !badOf(kind).includes(index));
  return indexes.map((index) => recordOf(kind, index));
}

/** What is in the table before: some of its keys come again. */
export function standingOf(kind: SyncKind): readonly SinkRow[] {
  if (!INTO_STANDING.includes(kind)) return [];
  return Array.from({ length: 40 }, (_, index) => {
    const id = index < 20 ? index * 3 : 1000 + index;
    return [id, `before ${id}`, id, 'old', '2020-01-01T00:00:00Z'];
  });
}

/** How many records the run reads: of an incremental one those that came since, ties with the last among them. */
export function readBy(kind: SyncKind): number {
  return kind === 'incremental' ? RECORDS - FIRST_PART : RECORDS;
}

/** What the table holds when all is done. */
function expectedOf(kind: SyncKind): SinkRow[] {
  const records = goodRecords(kind);
  if (AS_SENT.includes(kind)) return records.map(rowOf);
  const merged = new Map(standingOf(kind).map((row) => [row[0], row]));
  for (const record of records) {
    const [id, name, amount, note, at] = rowOf(record);
    // A field that a record does not have leaves the row's alone.
    const kept = 'note' in record ? note : (merged.get(id)?.[3] ?? null);
    merged.set(id, [id, name, amount, kept, at]);
  }
  if (kind !== 'mirror') return [...merged.values()];
  const sent = new Set(records.map(({ id }) => id));
  return [...merged.values()].filter(([id]) => sent.has(id));
}

/** What is wrong with a table when all is done. */
export function faultsAtEnd(kind: SyncKind, rows: readonly SinkRow[]): string[] {
  return difference(rows, expectedOf(kind));
}

/** What is wrong with it while the run is broken off: it may lack rows, and has none that are nowhere else. */
export function faultsMidway(kind: SyncKind, rows: readonly SinkRow[]): string[] {
  if (kind === 'overwrite') {
    const whole = [standingOf(kind), expectedOf(kind)].some((table) => difference(rows, table).length === 0);
    return whole ? [] : ['neither the old rows nor the new ones are there'];
  }
  const ids = rows.map(([id]) => id);
  const doubled = ids.filter((id, at) => ids.indexOf(id) !== at);
  const names = new Set([...standingOf(kind), ...goodRecords(kind).map(rowOf)].map(([, name]) => name));
  const strange = rows.filter(([, name]) => !names.has(name));
  return [
    ...doubled.map((id) => `row ${id} is there twice`),
    ...strange.map((row) => `nobody has sent ${JSON.stringify(row)}`),
  ];
}

function difference(found: readonly SinkRow[], wanted: readonly SinkRow[]): string[] {
  const [extra, missing] = [found, wanted].map((rows) => rows.map((row) => JSON.stringify(row))) as [
    string[],
    string[],
  ];
  for (const text of [...extra]) {
    const at = missing.indexOf(text);
    if (at < 0) continue;
    missing.splice(at, 1);
    extra.splice(extra.indexOf(text), 1);
  }
  return [...counted(extra, 'too much'), ...counted(missing, 'missing')];
}

function counted(rows: readonly string[], what: string): string[] {
  return rows.length === 0 ? [] : [`rows ${what}: ${rows.length}, such as ${rows[0]}`];
}
