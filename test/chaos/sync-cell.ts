import { RestServer, type TestRecord } from '../support/rest-server.ts';
import { SyncGate } from './sync-gate.ts';
import type { Sink, SinkRow } from './sync-sink.ts';

/**
 * What a job may be told to do. mirror: an upsert that also deletes what the source no longer has. incremental: the
 * second run of a job, of which the first one has read half.
 */
export const SYNC_MODES = ['append', 'upsert', 'overwrite', 'mirror', 'incremental'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

const RECORDS = 60;
/** What is there when an incremental job runs first; the records after it have its last one's time. */
const FIRST_PART = 30;
const TIED = 8;
const PAGE = 10;
/** What the job refuses, by index; while there is any of that, nothing counts as vanished from the source. */
const badOf = (mode: SyncMode): readonly number[] => (mode === 'mirror' ? [] : [13, 37]);

/** Keys come twice where rows are merged, also within one page. */
function recordOf(mode: SyncMode, index: number): TestRecord {
  const repeats = mode === 'upsert' || mode === 'mirror';
  const id = repeats && index % 6 === 5 ? index - 2 : repeats && index % 11 === 10 ? index - 10 : index;
  return {
    id,
    name: badOf(mode).includes(index) ? null : `第 ${index} 行 🚢 "it's" \\ \t ${'é'.repeat(index % 3)}`,
    amount: index + 0.25,
    ...(index % 7 === 3 ? {} : { note: index % 5 === 0 ? null : `note ${index}` }),
    at: `2024-01-01T00:00:${String(Math.floor(index / TIED)).padStart(2, '0')}Z`,
  };
}

function rowOf({ id, name, amount, note, at }: TestRecord): SinkRow {
  return [
    Number(id),
    String(name),
    Number(amount),
    note === undefined || note === null ? null : String(note),
    String(at),
  ];
}

function goodRecords(mode: SyncMode): TestRecord[] {
  const indexes = Array.from({ length: RECORDS }, (_, index) => index).filter((index) => !badOf(mode).includes(index));
  return indexes.map((index) => recordOf(mode, index));
}

/** What was in the table before: some of its keys come again. */
const STANDING: readonly SinkRow[] = Array.from({ length: 40 }, (_, index) => {
  const id = index < 20 ? index * 3 : 1000 + index;
  return [id, `before ${id}`, id, 'old', '2020-01-01T00:00:00Z'];
});

const byText = (rows: readonly SinkRow[]) => rows.map((row) => JSON.stringify(row)).sort();

/** One kind of job, one destination; each round has a job and a table of its own. */
export class SyncCell {
  readonly mode: SyncMode;
  readonly sink: Sink;
  readonly gate: SyncGate;
  readonly rest: RestServer;
  #round = 0;
  #available = RECORDS;

  private constructor(mode: SyncMode, sink: Sink, gate: SyncGate, rest: RestServer) {
    this.mode = mode;
    this.sink = sink;
    this.gate = gate;
    this.rest = rest;
    const cell = this;
    rest.datasets.set('records', {
      get count() {
        return cell.#available;
      },
      record: (index) => recordOf(mode, index),
    });
  }

  static async open(mode: SyncMode, sink: Sink): Promise<SyncCell> {
    return new SyncCell(mode, sink, await SyncGate.open(sink.port, sink.protocol), await RestServer.start());
  }

  get name(): string {
    return `${this.mode} to ${this.sink.engine}`;
  }

  get table(): string {
    return `${this.mode}_${this.#round}`;
  }

  /** Whether the job has to run once before the run that is looked at. */
  get runsTwice(): boolean {
    return this.mode === 'incremental';
  }

  /** Makes ready for another round. @returns the job to make */
  async next(): Promise<object> {
    this.#round += 1;
    this.gate.open();
    this.rest.calm();
    this.#available = this.runsTwice ? FIRST_PART : RECORDS;
    const keyed = this.mode === 'upsert' || this.mode === 'mirror';
    if (keyed || this.mode === 'overwrite') await this.sink.fill(this.table, STANDING, keyed);
    return this.#job();
  }

  /** The source has more than when it was read first. */
  grow(): void {
    this.#available = RECORDS;
  }

  #job(): object {
    const { mode, sink } = this;
    const incremental = mode === 'incremental';
    const merges = mode !== 'append' && mode !== 'overwrite';
    const endpoint = {
      path: '/records',
      pagination: { type: 'offset', limit: PAGE },
      ...(incremental ? { cursor_field: 'at' } : {}),
    };
    return {
      name: `${this.name} ${this.#round}`,
      connector: { type: 'rest_api', config: { base_url: `${this.rest.url}/offset`, endpoints: [endpoint] } },
      transformations: [{ type: 'validation', config: { rules: [{ field: 'name', rule: 'required' }] } }],
      destination: {
        type: 'database',
        connection: { engine: sink.engine, host: '127.0.0.1', port: this.gate.port, ...sink.login },
        table: this.table,
        mode: merges ? 'upsert' : mode,
        ...(merges ? { key_columns: ['id'] } : {}),
        ...(mode === 'mirror' ? { on_missing: 'delete', missing_threshold: 1 } : {}),
      },
      ...(incremental ? { sync_mode: 'incremental' } : {}),
      batch_size: PAGE,
      retry_count: 50,
      retry_delay_seconds: 0,
    };
  }

  /** What the table holds when all is done. */
  get #expected(): SinkRow[] {
    const { mode } = this;
    const records = goodRecords(mode);
    if (mode === 'append' || mode === 'overwrite') return records.map(rowOf);
    const merged = new Map(mode === 'incremental' ? [] : STANDING.map((row) => [row[0], row]));
    for (const record of records) {
      const [id, name, amount, note, at] = rowOf(record);
      // A field that a record does not have leaves the row's alone.
      const kept = 'note' in record ? note : (merged.get(id)?.[3] ?? null);
      merged.set(id, [id, name, amount, kept, at]);
    }
    if (mode !== 'mirror') return [...merged.values()];
    const sent = new Set(records.map(({ id }) => id));
    return [...merged.values()].filter(([id]) => sent.has(id));
  }

  /** The ids of the records that the job refuses, in order. */
  get refused(): readonly number[] {
    return badOf(this.mode);
  }

  /** How many records the run reads: of an incremental one those that came since, ties with the last among them. */
  get records(): number {
    return this.mode === 'incremental' ? RECORDS - FIRST_PART : RECORDS;
  }

  /** What is wrong with the table now that the run has ended. */
  async faults(): Promise<string[]> {
    const found = byText((await this.sink.rows(this.table)) ?? []);
    const wanted = byText(this.#expected);
    return difference(found, wanted).map((what) => `${this.name}: ${what}`);
  }

  /** What is wrong with the table while the run is broken off: it may lack rows, and have none that are nowhere else. */
  async faultsMidway(): Promise<string[]> {
    const rows = await this.sink.rows(this.table);
    if (rows === undefined) return [];
    if (this.mode === 'overwrite') {
      const found = byText(rows);
      const isOld = difference(found, byText(STANDING)).length === 0;
      const isNew = difference(found, byText(this.#expected)).length === 0;
      return isOld || isNew ? [] : [`${this.name}: neither the old rows nor the new ones are there`];
    }
    const ids = rows.map(([id]) => id);
    const doubled = ids.filter((id, at) => ids.indexOf(id) !== at);
    const names = new Set([...STANDING, ...goodRecords(this.mode).map(rowOf)].map(([, name]) => name));
    const strange = rows.filter(([, name]) => !names.has(name));
    return [
      ...doubled.map((id) => `${this.name}: row ${id} is there twice`),
      ...strange.map((row) => `${this.name}: nobody has sent ${JSON.stringify(row)}`),
    ];
  }

  async close(): Promise<void> {
    await this.gate.close();
    await this.rest.close();
  }
}

/** Of two sorted lists of texts. */
function difference(found: readonly string[], wanted: readonly string[]): string[] {
  const [extra, missing] = [[...found], [...wanted]];
  for (const text of found) {
    const at = missing.indexOf(text);
    if (at < 0) continue;
    missing.splice(at, 1);
    extra.splice(extra.indexOf(text), 1);
  }
  return [...extra.map((text) => `${text} is too much`), ...missing.map((text) => `${text} is missing`)];
}
