import { RestServer } from '../support/rest-server.ts';
import { SyncGate } from './sync-gate.ts';
import type { Aim, Trace } from './sync-points.ts';
import {
  badOf,
  FIRST_PART,
  faultsAtEnd,
  faultsMidway,
  PAGE,
  RECORDS,
  readBy,
  recordOf,
  type SyncKind,
  standingOf,
} from './sync-records.ts';
import type { Sink } from './sync-sink.ts';

/** Asks the API. */
export type Call = (method: string, route: string, body?: object) => Promise<Record<string, unknown>>;

export interface CellParts {
  readonly kind: SyncKind;
  readonly sink: Sink;
  /** Tells cells of one kind and sink apart. */
  readonly copy: number;
  readonly call: Call;
  /** Stands before the sink, where that is a database. */
  readonly rows: SyncGate | undefined;
}

const PARTS = 3;

/** One kind of job, one destination; each round has a job and a table of its own. */
export class SyncCell {
  readonly kind: SyncKind;
  readonly sink: Sink;
  readonly #rows: SyncGate | undefined;
  readonly #reads: SyncGate;
  readonly #rest: RestServer;
  readonly #copy: number;
  readonly #call: Call;
  #round = 0;
  #available = RECORDS;
  /** As the API names it; none where records are sent in. */
  job: string | undefined;
  /** The run that is looked at. */
  run = 0;
  /** What it asks when nobody disturbs it. */
  trace: Trace = { rows: [], reads: [] };

  private constructor({ kind, sink, copy, call, rows }: CellParts, reads: SyncGate, rest: RestServer) {
    this.kind = kind;
    this.sink = sink;
    this.#copy = copy;
    this.#call = call;
    this.#rows = rows;
    this.#reads = reads;
    this.#rest = rest;
    const cell = this;
    rest.datasets.set('records', {
      get count() {
        return cell.#available;
      },
      record: (index) => recordOf(kind, index),
    });
  }

  static async open(parts: CellParts): Promise<SyncCell> {
    const rest = await RestServer.start();
    const reads = await SyncGate.open(Number(new URL(rest.url).port), 'http');
    return new SyncCell(parts, reads, rest);
  }

  get name(): string {
    return `${this.kind} to ${this.sink.engine}`;
  }

  /** Whether the run asks its database one thing after the other, the same each time, so that its points can be told. */
  get isSequential(): boolean {
    return this.kind !== 'parts' && this.#rows !== undefined;
  }

  get #gates(): SyncGate[] {
    return this.#rows ? [this.#rows, this.#reads] : [this.#reads];
  }

  /** How many batches the run writes. */
  get batches(): number {
    return this.kind === 'push' ? 1 : Math.ceil(this.records / PAGE);
  }

  /** How many records the run reads. */
  get records(): number {
    return readBy(this.kind);
  }

  /** The ids of the records that the job refuses, in order. */
  get refused(): readonly number[] {
    return badOf(this.kind);
  }

  get #name(): string {
    return `${this.kind}_${this.#copy}_${this.#round}`;
  }

  get #table(): string {
    if (this.sink.engine === 'file') return `${this.#name}.ndjson`;
    return this.kind === 'push' ? `data.${this.#name}` : this.#name;
  }

  /** Whether the job has to run once before the run that is looked at. */
  get runsTwice(): boolean {
    return this.kind === 'incremental';
  }

  /** Makes a table and a job for another round. */
  async next(): Promise<void> {
    this.#round += 1;
    this.open();
    this.#available = this.runsTwice ? FIRST_PART : RECORDS;
    const standing = standingOf(this.kind);
    if (standing.length > 0) await this.sink.fill(this.#table, standing, this.kind !== 'overwrite');
    if (this.kind !== 'push') this.job = String((await this.#call('POST', '/v1/sync/jobs', this.#spec())).id);
  }

  /** The source has more than when it was read first. */
  grow(): void {
    this.#available = RECORDS;
  }

  async start(): Promise<void> {
    const { run_id } = await (this.job === undefined ? this.#push() : this.steer('start'));
    this.run = Number(String(run_id).replace('run_', ''));
  }

  steer(control: 'start' | 'pause' | 'resume' | 'cancel'): Promise<Record<string, unknown>> {
    return this.#call('POST', `/v1/sync/jobs/${this.job}/${control}`);
  }

  async #push(): Promise<Record<string, unknown>> {
    const records = Array.from({ length: RECORDS }, (_, index) => {
      const { id, ...data } = recordOf(this.kind, index);
      return { id, data };
    });
    const { request_id } = await this.#call('POST', '/v1/sync/push/batch', { source: this.#name, records });
    return await this.#call('GET', `/v1/sync/push/requests/${request_id}`);
  }

  #spec(): object {
    const { kind } = this;
    const incremental = kind === 'incremental';
    const merges = kind === 'upsert' || kind === 'mirror' || incremental;
    const endpoint = {
      path: '/records',
      pagination: { type: 'offset', limit: PAGE },
      ...(incremental ? { cursor_field: 'at' } : {}),
    };
    const base_url = `http://127.0.0.1:${this.#reads.port}/offset`;
    return {
      name: `${this.name}: ${this.#name}`,
      connector: { type: 'rest_api', config: { base_url, endpoints: [endpoint] } },
      transformations: [{ type: 'validation', config: { rules: [{ field: 'name', rule: 'required' }] } }],
      destination: {
        ...this.#place(),
        mode: merges ? 'upsert' : kind === 'overwrite' ? 'overwrite' : 'append',
        ...(merges ? { key_columns: ['id'] } : {}),
        ...(kind === 'mirror' ? { on_missing: 'delete', missing_threshold: 1 } : {}),
      },
      ...(incremental ? { sync_mode: 'incremental' } : {}),
      ...(kind === 'parts' ? { partitions: PARTS } : {}),
      batch_size: PAGE,
      retry_count: 100,
      // While a database is down, tries must not use themselves up; whatever waits is hastened when it is up again.
      retry_delay_seconds: 1,
    };
  }

  #place(): object {
    const { engine, database } = this.sink;
    if (!database) return { type: 'file', path: this.#table };
    const connection = { engine, host: '127.0.0.1', port: this.#rows?.port, ...database.login };
    return { type: 'database', connection, table: this.#table };
  }

  /** Counts from here. @returns a promise of the moment, which may never come; none is waited for unless told */
  arm(aim?: Aim): Promise<void> {
    for (const gate of this.#gates) void gate.arm();
    const gate = aim?.gate === 'rows' ? this.#rows : this.#reads;
    return aim && gate ? gate.arm(aim) : Promise.resolve();
  }

  /** Remembers what was asked since it was armed. */
  learn(): void {
    this.trace = { rows: [...(this.#rows?.trace ?? [])], reads: [...this.#reads.trace] };
  }

  /** Resolves when something like this is asked of the database, from now on; never where there is none. */
  asked(wanted: RegExp): Promise<void> {
    return this.#rows ? this.#rows.asked(wanted) : new Promise(() => undefined);
  }

  /** Nobody is connected to the database any more. */
  get isQuiet(): boolean {
    return this.#rows?.isQuiet ?? true;
  }

  /** Ends the conversations that were stopped. */
  open(): void {
    for (const gate of this.#gates) gate.open();
  }

  /** Lets through what was stopped, as if nothing had been. */
  release(): void {
    for (const gate of this.#gates) gate.release();
  }

  /** What is wrong with the table now that the run has ended. */
  async faults(): Promise<string[]> {
    const rows = (await this.sink.rows(this.#table)) ?? [];
    return faultsAtEnd(this.kind, rows).map((what) => `${this.name}: ${what}`);
  }

  /** What the run has left beside it. */
  async leftovers(): Promise<string[]> {
    const found = await this.sink.scratch(this.#name);
    return found.map((table) => `${this.name}: table ${table} is left over`);
  }

  /** What is wrong with the table while the run is broken off. */
  async faultsMidway(): Promise<string[]> {
    const rows = (await this.sink.rows(this.#table)) ?? [];
    return faultsMidway(this.kind, rows).map((what) => `${this.name}: ${what}`);
  }

  /** For people: what was asked last. */
  get story(): string {
    return [`${this.name}, run ${this.run}:`, ...this.#gates.flatMap(({ trace }) => trace.slice(-3))].join('\n  ');
  }

  async close(): Promise<void> {
    await Promise.all(this.#gates.map((gate) => gate.close()));
    await this.#rest.close();
  }
}
