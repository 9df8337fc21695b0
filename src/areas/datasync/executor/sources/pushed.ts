import type { Json } from '../../../../protocol/executor.ts';
import type { Batch, ReadFrom, Row, Source, ValueMap } from '../pipeline/contracts.ts';
import { type BatchRecords, PlacedBatch } from '../pipeline/placed-batch.ts';

/**
 * Records as they are pushed, `{id, data, metadata}`, as the rows of their dataset: the fields of `data` beside `_id`,
 * `_metadata` and, where the metadata says it, `_updated_at`. The server has judged them when they came. The source is
 * to give those that come as text in the form `pushed`.
 */
export function pushedRecords(source: Source): Source {
  return {
    total: async (from) => source.total?.(from),
    read: (from) => readPushed(source, from),
    close: () => source.close(),
  };
}

async function* readPushed(source: Source, from: ReadFrom): AsyncGenerator<Batch, Json | undefined> {
  const batches = source.read(from);
  for (;;) {
    const next = await batches.next();
    if (next.done) return next.value;
    yield new PlacedBatch(new PushedRecords(next.value), next.value.position);
  }
}

/** What comes as text is the rows' already. */
class PushedRecords implements BatchRecords {
  readonly #batch: Batch;
  #taken: ReturnType<typeof taken> | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  get text() {
    return this.#batch.text;
  }

  get rows() {
    this.#taken ??= taken(this.#batch);
    return this.#taken.rows;
  }

  get ordinals() {
    this.#taken ??= taken(this.#batch);
    return this.#taken.ordinals;
  }

  get rejects() {
    return this.#batch.rejects;
  }
}

/** What has no id stands in the place of a record that was not taken. */
function taken(batch: Batch): { rows: Row[]; ordinals: number[] } {
  const rows: Row[] = [];
  const ordinals: number[] = [];
  for (const [index, record] of batch.rows.entries()) {
    if (record.id === undefined) continue;
    rows.push(rowOf(record));
    ordinals.push(batch.ordinals[index] as number);
  }
  newestLast(rows, ordinals);
  return { rows, ordinals };
}

function rowOf({ id, data, metadata }: Row): Row {
  const row: Row = { _id: String(id), ...(data as ValueMap) };
  if (metadata === undefined) return row;
  row._metadata = metadata;
  const { updated_at: time } = metadata as ValueMap;
  if (typeof time === 'string') row._updated_at = new Date(time);
  return row;
}

/** Of rows with one id the destination takes the last: within a batch that is to be the newest. */
function newestLast(rows: Row[], ordinals: number[]): void {
  if (!rows.some((row) => row._updated_at !== undefined)) return;
  const places = new Map<string, number>();
  for (const [at, row] of rows.entries()) {
    const id = row._id as string;
    const before = places.get(id);
    const earlier = before === undefined ? undefined : rows[before];
    if (before !== undefined && earlier && (earlier._updated_at as Date) > (row._updated_at as Date)) {
      rows[before] = row;
      rows[at] = earlier;
      [ordinals[before], ordinals[at]] = [ordinals[at] as number, ordinals[before] as number];
    }
    places.set(id, at);
  }
}
