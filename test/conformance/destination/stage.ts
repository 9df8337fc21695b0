import type { NetConnectOpts } from 'node:net';
import {
  type DatabaseDestinationOptions,
  openDatabaseDestination,
} from '../../../src/areas/datasync/executor/destinations/database.ts';
import type {
  Destination,
  Row,
  SyncState,
  WriteBatch,
  WriteOutcome,
} from '../../../src/areas/datasync/executor/pipeline/contracts.ts';
import type { DatabaseLogin, UrlLogin } from '../../../src/connections/drivers/login.ts';

/** A database to write to, on a real server. */
export interface DestinationUnderTest {
  readonly login: DatabaseLogin | UrlLogin;
  /** The same by way of a port of this machine, from which it goes on to `address`. */
  loginThrough(port: number): DatabaseLogin | UrlLogin;
  readonly address: NetConnectOpts;
  readonly schema: string | undefined;
  /** Runs statements one after the other. @returns the last one's rows */
  run(sql: string): Promise<Record<string, unknown>[]>;
  quote(name: string): string;
  /** All rows of a table as JSON would have them, times as RFC 3339 in UTC. */
  rows(table: string, orderBy?: string): Promise<Record<string, unknown>[]>;
  /** Column names with their types, in words of the contracts. */
  types(table: string): Promise<Record<string, string>>;
  tables(): Promise<string[]>;
  /** Ends the sessions of everybody who writes. */
  killWriters(): Promise<number>;
  /** Whether names that differ in case are different. */
  readonly caseful: boolean;
}

export type AttemptOptions = Partial<Omit<DatabaseDestinationOptions, 'login' | 'connect' | 'schema'>>;

const nobody = { written: 0, rejected: 0, cursor: null, complete: false, definition: 'd' };

/** One run's attempt: counts as the pipeline does. */
export class Attempt {
  readonly destination: Destination;
  readonly outcomes: WriteOutcome[] = [];
  state: SyncState;

  constructor(destination: Destination, runId: number) {
    this.destination = destination;
    this.state = { ...nobody, run_id: runId, position: null, read: 0 };
  }

  async open(): Promise<SyncState | undefined> {
    const found = await this.destination.open();
    if (found?.run_id === this.state.run_id) this.state = found;
    return found;
  }

  async write(rows: readonly Row[], beforeCommit: WriteBatch['beforeCommit'] = async () => {}): Promise<WriteOutcome> {
    const ordinals = rows.map((_, index) => this.state.read + index);
    const read = this.state.read + rows.length;
    const state = { ...this.state, read, position: read };
    const outcome = await this.destination.write({ rows, ordinals, state, beforeCommit });
    this.outcomes.push(outcome);
    const rejected = state.rejected + outcome.rejects.length;
    this.state = { ...state, written: state.written + outcome.written, rejected };
    return outcome;
  }

  async finish(): Promise<number> {
    this.state = { ...this.state, position: null, complete: true };
    return (await this.destination.finish(this.state)).removed;
  }

  /** Of all batches together. */
  sum(of: (outcome: WriteOutcome) => number): number {
    return this.outcomes.reduce((total, outcome) => total + of(outcome), 0);
  }
}

/** The database under test, and for each test a table and a job of its own, which attempts write to. */
export class DestinationStage {
  /** What the present test's attempts have logged. */
  logged: string[] = [];
  readonly #opened: Destination[] = [];
  #under: DestinationUnderTest | undefined;
  #number = 0;
  #runs = 100;

  /** Before all tests. */
  use(under: DestinationUnderTest): void {
    this.#under = under;
  }

  /** Before each test. */
  next(): void {
    this.#number += 1;
    this.logged = [];
  }

  /** After each test. */
  async close(): Promise<void> {
    for (const destination of this.#opened.splice(0)) await destination.close();
  }

  get under(): DestinationUnderTest {
    if (!this.#under) throw new Error('the database is not there yet');
    return this.#under;
  }

  /** The present test's, for names of what no other test has. */
  get number(): number {
    return this.#number;
  }

  get table(): string {
    return `t${this.#number}`;
  }

  get jobKey(): string {
    return `job_${this.#number}:0`;
  }

  /** The id of a run that several attempts are of; above those that attempts are given one by one. */
  get sharedRun(): number {
    return 9000 + this.#number;
  }

  attempt(options: AttemptOptions = {}, login = this.under.login): Attempt {
    this.#runs += 1;
    const given = {
      table: this.table,
      mode: 'upsert',
      keyColumns: ['id'],
      schemaPolicy: 'evolve',
      onMissing: 'keep',
      missingThreshold: 0.2,
      conflict: { strategy: 'source_wins' },
      changeEvents: true,
      fullRefresh: true,
      jobKey: this.jobKey,
      runId: this.#runs,
      epoch: 1,
      log: (level: string, message: string) => this.logged.push(`${level}: ${message}`),
      ...options,
    } as const;
    const connect = { applicationName: 'longshore test', allowPrivate: true };
    const destination = openDatabaseDestination({ ...given, login, connect, schema: this.under.schema });
    this.#opened.push(destination);
    return new Attempt(destination, given.runId);
  }

  /** A run from its first to its last batch. */
  async sync(batches: readonly (readonly Row[])[], options: AttemptOptions = {}): Promise<Attempt> {
    const run = this.attempt(options);
    await run.open();
    for (const batch of batches) await run.write(batch);
    await run.finish();
    await run.destination.close();
    return run;
  }

  rows(orderBy?: string): Promise<Record<string, unknown>[]> {
    return this.under.rows(this.table, orderBy);
  }

  async ids(): Promise<unknown[]> {
    return idsOf(await this.rows());
  }

  types(): Promise<Record<string, string>> {
    return this.under.types(this.table);
  }

  /** What a run keeps beside its table until it ends. */
  async tablesBeside(table = this.table): Promise<string[]> {
    return (await this.under.tables()).filter((other) => other.startsWith(`${table}__`));
  }
}

export const people = (count: number, from = 1): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: from + index, name: `name ${from + index}` }));

export const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => id);
